"""Activation patching against forks made one by one, and what must follow at the ends of a model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import engine
from engine import Hold, LanguageModel, PeepholeError, Trace, lenses
from engine.arrays import Backend
from engine.models.encoder_decoder import EncoderDecoder
from engine.text import SPECIAL, Vocabulary
from tests.engine import twins
from tests.engine.build import CELLS, build

PAIRS = ("pair gru", "lstm both ways", "bahdanau", "transformer pair")
WORDS = (*SPECIAL, *(f"w{i}" for i in range(9)))
FIRST, SECOND = ["w1", "w4", "w2", "w3", "w5"], ["w1", "w6", "w2", "w3", "w7"]


def make(family: str, layers: int = 2) -> LanguageModel:
    if family == "transformer pair":
        return twins.pair_model()
    if family in (*CELLS, "transformer"):
        return build(family, layers=layers)
    kinds: dict[str, dict[str, Any]] = {
        "pair gru": {"cell": "gru", "layers": layers},
        "lstm both ways": {"cell": "lstm", "layers": layers, "bidirectional": True},
        "bahdanau": {"cell": "gru", "attention": "bahdanau"},
    }
    architecture = EncoderDecoder(words=len(WORDS), width=6, embed=5, **kinds[family])
    params = architecture.init(np.random.default_rng(0))
    params = {name: 2 * array for name, array in params.items()}
    model = LanguageModel(family, architecture, params, Vocabulary(WORDS), digest="0" * 12)
    return model.to(Backend(dtype="float64"))


def read(model: LanguageModel, words: list[str]) -> Trace:
    target = ["w2", "w8"] if hasattr(model.architecture, "reads") else None
    return engine.run(model, words, target=target)


def odds(trace: Trace, row: int) -> float:
    return lenses.log_odds(trace, row, "w1", "w2")


@pytest.mark.parametrize("family", ["lstm", "gru", "elman", "transformer", *PAIRS])
def test_every_place_equals_a_fork_of_its_own(family: str) -> None:
    model = make(family)
    trace, other = read(model, FIRST), read(model, SECOND)
    row = len(trace)  # what comes after the last row
    found = lenses.patching(model, trace, other, row, "w1", "w2")
    layers = model.architecture.layers
    assert found["effect"].axes == ("layer", "source")
    assert found["effect"].array.shape == (layers, len(trace))
    own, their = odds(trace, row), odds(other, row)
    for layer in range(layers):
        for at in range(row):
            holds = lenses.transplant(trace, other, at, layer)
            bits = odds(engine.fork(model, trace, *holds), row) - own
            assert found["bits"].array[layer, at] == pytest.approx(bits, abs=1e-9)
            assert found["effect"].array[layer, at] == pytest.approx(bits / (their - own), abs=1e-8)
    assert abs(found["effect"].array).max() > 0.01


def test_the_last_layer_of_the_row_that_predicts_carries_everything() -> None:
    model = build("transformer", layers=3)
    trace, other = read(model, FIRST), read(model, SECOND)
    effect = lenses.patching(model, trace, other, 5, "w1", "w2")["effect"].array
    assert effect[2, 4] == pytest.approx(1)
    np.testing.assert_allclose(
        effect[2, :4], 0, atol=1e-9
    )  # earlier rows have nothing above them to go through
    assert not effect[:, 5:].any()


@pytest.mark.parametrize("cell", ["lstm", "gru", "elman"])
def test_the_state_of_one_layer_is_all_that_crosses_a_row(cell: str) -> None:
    """After the last differing word a single layer's state is everything there is."""
    model = build(cell, layers=1)
    trace, other = read(model, [*FIRST, "w8"]), read(model, [*SECOND, "w8"])
    effect = lenses.patching(model, trace, other, 7, "w1", "w2")["effect"].array
    np.testing.assert_allclose(effect[0, 5:7], 1, atol=1e-9)
    assert abs(effect[0, 1]) < 1e-9  # both begin alike
    assert abs(effect[0, 3] - 1) > 1e-3  # the last word that differs is still to come


@pytest.mark.parametrize("family", ["pair gru", "lstm both ways"])
def test_without_attention_the_encoders_vector_is_the_source(family: str) -> None:
    """The bottleneck: a decoder given another source's vector says what it would say of that source."""
    model = make(family)
    trace, other = read(model, FIRST), read(model, [*SECOND, "w8", "w3"])
    fork = engine.fork(model, trace, *lenses.transplant(trace, other))
    np.testing.assert_allclose(
        fork["logits"][trace.source :], other["logits"][other.source :], atol=1e-12
    )
    assert not np.allclose(fork["logits"][trace.source :], trace["logits"][trace.source :])


def test_what_was_done_to_a_reading_is_done_to_the_patched_one_too() -> None:
    model = build("gru")
    held = Hold("z", 0.3, 0, (1, 2))
    trace, other = engine.run(model, FIRST, [held]), read(model, SECOND)
    found = lenses.patching(model, trace, other, 6, "w1", "w2")["bits"].array
    fork = engine.fork(model, trace, *lenses.transplant(trace, other, 3, 1))
    assert found[1, 3] == pytest.approx(odds(fork, 6) - odds(trace, 6), abs=1e-9)


@pytest.mark.parametrize(
    ("second", "row", "message"),
    [
        (FIRST, 6, "say the same"),
        (SECOND[:-1], 5, "same length"),
        (SECOND, 9, "nothing predicts row 9"),
        (SECOND, 0, "nothing predicts row 0"),
    ],
)
def test_readings_that_do_not_fit_are_refused(second: list[str], row: int, message: str) -> None:
    model = build("gru")
    with pytest.raises(PeepholeError, match=message):
        lenses.patching(model, read(model, FIRST), read(model, second), row, "w1", "w2")


def test_a_transplant_needs_a_row_and_the_same_kind() -> None:
    gru, lstm = build("gru"), build("lstm")
    trace = read(gru, FIRST)
    with pytest.raises(PeepholeError, match="no encoder"):
        lenses.transplant(trace, trace)
    with pytest.raises(PeepholeError, match="different kinds"):
        lenses.transplant(trace, read(lstm, FIRST), 2)
    with pytest.raises(PeepholeError, match="rows 0 to 5, not 6"):
        lenses.transplant(trace, trace, 6)
