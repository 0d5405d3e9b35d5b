"""One row's attention with its numbers: scores -> weights -> context, for one head; from a trace alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine import Trace


@dataclass(frozen=True)
class Key:
    """One row that is looked at.

    Attributes:
        row: which.
        dot: q · k, so that score = dot / √d_h.
        score: as recorded.
        share: exp(score - highest score), what the softmax adds up.
        weight: as recorded.
        value: v of this row in the chosen dimension.
    """

    row: int
    dot: float
    score: float
    share: float
    weight: float
    value: float


@dataclass(frozen=True)
class Lookup:
    """What one head does at one row.

    Attributes:
        keys: every row that can be looked at, the heaviest first.
        width: d_h, the dimensions of the head.
        dim: the dimension whose numbers stand in `Key.value` and `context`.
        context: the sum of weight times value in that dimension, as recorded.
        cut: the head is cut by an intervention, so its context is 0.
    """

    keys: tuple[Key, ...]
    width: int
    dim: int
    context: float
    cut: bool


def lookup(trace: Trace, row: int, layer: int, head: int, dim: int) -> Lookup:
    """The numbers of one head at one row; `dim` counts the head's dimensions from 0."""
    scores = trace["scores"][row, layer, head, : row + 1].astype(np.float64)
    weights = trace["weights"][row, layer, head, : row + 1].astype(np.float64)
    values = trace["v"][: row + 1, layer, head, dim].astype(np.float64)
    width = trace["q"].shape[-1]
    shares = np.exp(scores - scores.max())
    keys = tuple(
        Key(int(k), scores[k] * width**0.5, scores[k], shares[k], weights[k], values[k])
        for k in np.argsort(-weights, kind="stable")
    )
    cut = any(
        record["kind"] == "cut_head" and (record["layer"], record["head"]) == (layer, head)
        for record in trace.header.interventions
    )
    return Lookup(keys, width, dim, float(trace["context"][row, layer, head, dim]), cut)


def residual(trace: Trace, row: int, layer: int, unit: int) -> float:
    """r: the residual stream before a block, which is x or the block below's h."""
    return float(trace["h"][row, layer - 1, unit] if layer else trace["x"][row, unit])
