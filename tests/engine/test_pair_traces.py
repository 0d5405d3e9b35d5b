"""Traces of models that read a source and write a target: one column of rows, two halves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from engine import LanguageModel, PeepholeError, Vocabulary, load_trace, save_trace
from engine.cells import Equation
from engine.runner import Run
from engine.text import END, SPECIAL, START
from engine.trace import Trace

WORDS = (*SPECIAL, "a", "b", "c")


@dataclass(frozen=True)
class Echo:
    """A pair model that can be foretold: it copies its source, whatever it reads; 2 heads, 2 layers."""

    words: int = len(WORDS)
    layers: int = 2
    heads: int = 2
    width: int = 3
    kind: str = "echo"
    reads = "source"
    gates = ()
    states = ()
    equations: ClassVar[tuple[Equation, ...]] = ()

    @property
    def axes(self) -> dict[str, tuple[str, ...]]:
        weights = ("layer", "head", "key")
        return {
            **{"x": ("input",), "scores": weights, "weights": weights, "h": ("layer", "unit")},
            **{"cross_scores": weights, "cross_weights": weights, "logits": ("word",)},
        }

    def read(self, params: Any, ids: Any, do: Any = None) -> Any:
        s = len(ids)
        scores = np.tile(np.arange(s, dtype=float), (2, s, 1))  # (heads, S, S)
        return (ids, 0), {
            "x": np.outer(ids, np.ones(3)),
            "scores": (scores, scores),
            "weights": (scores / scores.sum(-1, keepdims=True),) * 2,
            "h": (np.outer(ids, np.ones(3)), -np.outer(ids, np.ones(3))),
        }

    def step(self, params: Any, state: Any, ids: Any, do: Any = None, row: int = 0) -> Any:
        source, u = state
        own, cross = np.ones((2, u + 1)), np.zeros((2, len(source)))
        cross[:, u] = 1.0
        logits = np.eye(self.words)[source[u]]
        values = {"x": np.zeros(3), "scores": (own, own), "weights": (own, own)}
        values |= {"h": (np.ones(3), np.ones(3)), "cross_scores": (cross, cross)}
        return (source, u + 1), {**values, "cross_weights": (cross, cross), "logits": logits}


MODEL = LanguageModel("echo", Echo(), {"E": np.zeros((6, 3))}, Vocabulary(WORDS))  # type: ignore[arg-type]


def written(source: tuple[str, ...] = ("a", "c", "b", END)) -> Trace:
    stepper = Run(MODEL, source=source)
    stepper.feed(START)
    while (token := WORDS[int(stepper.trace["logits"][-1].argmax())]) != END:
        stepper.feed(token)
    return stepper.trace


def test_the_target_stands_below_its_source() -> None:
    trace = written()
    assert trace.tokens == ["a", "c", "b", END, START, "a", "c", "b"]
    assert trace.source == 4
    assert trace.names == tuple(MODEL.architecture.axes)  # in the order of computing, not of coming


def test_what_a_row_does_not_have_is_nan_or_no_attention() -> None:
    trace = written()
    assert np.isnan(trace["logits"][:4]).all()
    assert np.isfinite(trace["logits"][4:]).all()
    assert (trace["cross_weights"][:4] == 0).all()
    assert np.isneginf(trace["cross_scores"][:4]).all()
    assert np.isfinite(trace["h"]).all()


def test_the_keys_of_each_half_are_rows_of_the_trace() -> None:
    trace = written()
    weights, cross = trace["weights"], trace["cross_weights"]  # (row, layer, head, key)
    assert (weights[:4, ..., 4:] == 0).all()  # a source does not see the target
    assert weights[0, 0, 0, 3] == 0.5  # it looks ahead within the source
    assert (weights[5, ..., :4] == 0).all()
    assert (weights[5, ..., 4:6] == 1).all()  # a target's own rows come after the source's
    assert (weights[5, ..., 6:] == 0).all()
    np.testing.assert_array_equal(cross[6, 0, 0], np.eye(8)[2])


def test_a_long_source_has_room_for_keys_ahead() -> None:
    trace = Run(MODEL, source=("a",) * 50).trace
    assert trace["weights"].shape == (50, 2, 2, 50)
    assert trace["weights"][0, 1, 1, 49] == pytest.approx(49 / (49 * 25))


def test_a_pair_goes_through_a_file(tmp_path: Path) -> None:
    trace = written()
    path = save_trace(trace, tmp_path / "pair.safetensors")
    again = load_trace(path)
    assert (again.source, again.tokens, again.id) == (trace.source, trace.tokens, trace.id)
    for name in trace.names:
        np.testing.assert_array_equal(again[name], trace[name])


def test_the_halves_are_part_of_what_a_run_is() -> None:
    assert written().id != Run(MODEL, source=tuple(written().tokens)).trace.id


def test_a_file_cannot_have_more_source_than_rows(tmp_path: Path) -> None:
    trace = written()
    object.__setattr__(trace.header, "source", 9)
    path = save_trace(trace, tmp_path / "pair.safetensors")
    with pytest.raises(PeepholeError, match="9 rows in a trace of 8"):
        load_trace(path)
