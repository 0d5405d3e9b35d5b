"""Ablation: take something away and measure what the prediction loses."""

from __future__ import annotations

import numpy as np

from engine.arrays import Array, constant, log_softmax, to_numpy
from engine.errors import PeepholeError
from engine.interventions import Rows
from engine.lenses.batch import Acting, ids_of
from engine.lenses.prediction import deciding
from engine.models import LanguageModel, reads
from engine.trace import Named, Trace


def unit_ablation(
    model: LanguageModel,
    trace: Trace,
    row: int,
    word: str,
    other: str,
    name: str = "h",
    value: float = 0.0,
    start: int = 0,
) -> dict[str, Named]:
    """`drop` (layer, unit): bits of log2 p(word)/p(other) at a row that each unit is worth.

    Every unit of `name` in turn is held at `value` from row `start` on. Above 0, the model prefers
    `word` less without it. For an LSTM hold `c`; Lakretz et al. 2019 find number units this way.
    """
    architecture = model.architecture
    if architecture.axes.get(name) != ("layer", "unit"):
        raise PeepholeError(f"{model.name} has no units of {name!r} to ablate")
    layers, width = architecture.layers, architecture.width

    def hold(which: str, computed: Array, layer: int, at: Rows) -> Array:
        if which != name:
            return computed
        mask = np.zeros((1 + layers * width, width))  # item 1 + layer*width + unit holds one unit
        mask[1 + layer * width + np.arange(width), np.arange(width)] = 1.0
        if isinstance(at, slice):
            rows = np.arange(at.start, at.stop) >= start
            mask = mask[:, None, :] * rows[:, None]
        elif at < start:
            return computed
        return computed * constant(1 - mask, computed) + constant(mask * value, computed)

    odds = _odds(model, trace, row, word, other, Acting(trace, hold), 1 + layers * width)
    drop = (odds[0] - odds[1:]).reshape(layers, width)
    return {"drop": Named(drop, ("layer", "unit"), "bits")}


def occlusion(
    model: LanguageModel, trace: Trace, row: int, word: str, other: str
) -> dict[str, Named]:
    """`drop` (source,): bits of log2 p(word)/p(other) at a row that each token's input is worth.

    Each row's input vector x_k in turn is held at 0 (Li, Monroe & Jurafsky 2016, erasure). Above 0,
    the model prefers `word` less without that token. Rows that come too late are 0.
    """
    n = len(trace)

    def erase(name: str, computed: Array, layer: int, at: Rows) -> Array:
        if name != "x":
            return computed
        keep = np.ones((1 + n, n))
        keep[1 + np.arange(n), np.arange(n)] = 0.0  # item 1 + k loses row k
        return computed * constant(keep[:, at, None], computed)

    odds = _odds(model, trace, row, word, other, Acting(trace, erase), 1 + n)
    return {"drop": Named(odds[0] - odds[1:], ("source",), "bits")}


def _odds(
    model: LanguageModel, trace: Trace, row: int, word: str, other: str, do: Acting, items: int
) -> np.ndarray:
    """log2 p(word)/p(other) at a row, for each of `items` copies of the run under `do`."""
    at = deciding(trace, row)
    a, b = model.vocabulary.encode([word, other])
    seen = len(trace) if reads(model.architecture) == "whole" else at + 1
    ids = np.repeat(ids_of(model, trace)[None, :seen], items, axis=0)
    logits = model.architecture.logits(model.params, ids, do)[:, at]  # (items, V)
    log_p = to_numpy(log_softmax(logits)).astype(np.float64)
    return (log_p[:, a] - log_p[:, b]) / np.log(2)
