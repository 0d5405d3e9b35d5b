"""Sequential steps as they can be counted by hand, and the work as torch's own counter finds it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import engine
from engine.arrays import Backend
from engine.decoding import Decoding
from engine.errors import PeepholeError
from engine.models import LanguageModel
from engine.ticks import ticks, work
from tests.engine import papers, twins
from tests.engine.build import build, ids, tokens

SOURCE, TARGET = ["w1", "w2", "w3"], ["w4", "w5"]  # 4 rows with </s>, 3 rows with <s>


def counted(trace: engine.Trace) -> tuple[tuple[int, ...], str]:
    found = ticks(trace)
    assert found.total == found.of_row[-1]
    return found.of_row, found.per


@pytest.mark.parametrize("layers", [1, 3])
def test_a_recurrent_net_takes_a_tick_a_row(layers: int) -> None:
    trace = engine.run(build("gru", layers=layers), tokens(5))
    assert counted(trace) == ((1, 2, 3, 4, 5), "a row")
    pair = papers.pair_model("lstm", layers=layers)
    trace = engine.run(pair, ["a", "b", "c"], target=["d", "e"])
    assert counted(trace) == ((1, 2, 3, 4, 5, 6, 7), "a row")


def test_both_ways_take_the_whole_source_before_anything_is_there() -> None:
    trace = engine.run(papers.tagger("gru", layers=2), ["a", "b", "c"])
    assert counted(trace) == ((8,) * 4, "a row")  # 4 rows with <s>, each layer 4 ticks
    pair = papers.pair_model("gru", bidirectional=True)
    trace = engine.run(pair, ["a", "b", "c"], target=["d"])
    assert counted(trace) == ((4, 4, 4, 4, 5, 6), "a row")


@pytest.mark.parametrize("layers", [1, 3])
def test_a_transformer_takes_a_tick_a_layer_for_all_rows_that_are_given(layers: int) -> None:
    for length in (2, 9):
        trace = engine.run(build("transformer", layers=layers), tokens(length))
        assert counted(trace) == ((layers,) * length, "a layer")
    trace = engine.run(twins.pair_model("encoder", layers=layers), SOURCE)
    assert counted(trace) == ((layers,) * 4, "a layer")
    trace = engine.run(twins.pair_model(layers=layers), SOURCE, target=TARGET)
    assert counted(trace) == ((layers,) * 4 + (2 * layers,) * 3, "a layer")


def test_a_target_that_is_written_takes_a_tick_a_token() -> None:
    model = twins.pair_model()
    trace = engine.run(model, SOURCE, most=3)
    written = len(trace) - 4
    assert counted(trace) == ((2,) * 4 + tuple(range(3, 3 + written)), "a layer, then a token")
    trace = engine.run(build("transformer"), tokens(5), decoding=Decoding.parse("greedy"), most=3)
    assert len(trace) > 5
    after = tuple(range(3, 3 + len(trace) - 5))
    assert counted(trace) == ((2,) * 5 + after, "a layer, then a token")


def flops(model: LanguageModel, batch: np.ndarray) -> int:
    """As torch counts them in its own matrix products, two to a multiply-add."""
    model = model.to(Backend("torch"))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model.architecture.logits(model.params, batch)
    return counter.get_total_flops()


@pytest.mark.parametrize("family", ["elman", "gru", "lstm", "transformer"])
def test_work_is_what_torch_counts(family: str) -> None:
    model: Any = build(family, layers=3)
    for n in (1, 7):
        assert 2 * work(model.architecture, n) == flops(model, ids((n,)))


@pytest.mark.parametrize("norm", ["post", "pre"])
def test_work_of_encoder_and_decoder_is_what_torch_counts(norm: str) -> None:
    source, target = twins.pairs()
    model = twins.pair_model(norm=norm)
    both = np.concatenate((source[0], target[0]))
    assert 2 * work(model.architecture, 9, 5) == flops(model, both)
    model = twins.pair_model("encoder", norm=norm)
    assert 2 * work(model.architecture, 5) == flops(model, source[0])


def test_work_grows_with_the_square_only_where_rows_look_at_rows() -> None:
    def second(family: str) -> int:
        f = [work(build(family).architecture, n) for n in (10, 20, 30)]
        return f[2] - 2 * f[1] + f[0]

    assert second("lstm") == 0
    squares = 30**2 - 2 * 20**2 + 10**2
    assert second("transformer") == 2 * (2 * 6) * squares  # 2 layers of 2 n² d


def test_a_kind_that_nobody_counted_is_refused() -> None:
    with pytest.raises(PeepholeError, match="no count of the work of a bidirectional model"):
        work(papers.tagger("gru").architecture, 4)
