"""One row's attention with its numbers: scores -> weights -> context, for one head; from a trace alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine import Trace
from tui.views.sight import CROSS, SELF, sight


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


def lookup(
    trace: Trace, row: int, layer: int, head: int, dim: int, which: str = SELF
) -> Lookup | None:
    """The numbers of one head at one row; `dim` counts the head's dimensions from 0.

    `which` is `self` or `cross`, to the source; None where the row does not look so.
    """
    keys = sight(trace, which, row, len(trace)).seen(row)
    if not keys:
        return None
    here, p = slice(keys.start, keys.stop), "cross_" if which == CROSS else ""
    scores = trace[f"{p}scores"][row, layer, head, here].astype(np.float64)
    weights = trace[f"{p}weights"][row, layer, head, here].astype(np.float64)
    values = trace[f"{p}v"][here, layer, head, dim].astype(np.float64)
    width = trace[f"{p}q"].shape[-1]
    highest = scores.max()
    shares = np.exp(scores - highest) if np.isfinite(highest) else np.zeros(len(scores))
    found = tuple(
        Key(keys[k], scores[k] * width**0.5, scores[k], shares[k], weights[k], values[k])
        for k in np.argsort(-weights, kind="stable")
    )
    cut = any(
        record["kind"] == "cut_head" and (record["layer"], record["head"]) == (layer, head)
        for record in trace.header.interventions
    )
    return Lookup(found, width, dim, float(trace[f"{p}context"][row, layer, head, dim]), cut)


def residual(trace: Trace, row: int, layer: int, unit: int) -> float:
    """r: the residual stream before a block, which is x or the block below's h."""
    return float(trace["h"][row, layer - 1, unit] if layer else trace["x"][row, unit])
