"""How far back a change, and with it a gradient, can travel."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import lenses
from engine.errors import PeepholeError
from scenarios.lanes import At, Lane
from scenarios.measures.table import a_lane, existing, measure, of_model, of_trace, pick, whole


@measure("no unit")
def product(
    lane: Lane, start: At | None = None, end: At = -1, of: str = "s", layer: int = -1
) -> Any:
    """How much of a small change of the state at one row can be left at a later one: the norm of the
    product of all step Jacobians between them. `of` is s (the whole state), h, or c: the product of an
    LSTM's forget gates. Row -1 is the last."""
    found, last = _products(lane, end, of)
    if start is not None and existing(lane, start) > last:
        raise PeepholeError(f"row {existing(lane, start)} is not before row {last}")
    return pick(lane, found["norm"].array[:, layer], start)


@measure("no unit, a step")
def factor(lane: Lane, start: At, end: At = -1, of: str = "s", layer: int = -1) -> float:
    """The mean factor a step of that product: the one that, multiplied by itself, gives it."""
    found = pick(lane, _products(lane, end, of)[0]["factor"].array[:, layer], start)
    if not np.isfinite(found):
        raise PeepholeError("a factor needs an earlier and a later row")
    return float(found)


@measure("no unit")
def radius(lane: Lane, at: At | None = None, layer: int = -1) -> Any:
    """Spectral radius of a step's Jacobian: what the slowest direction is multiplied by if the step is
    repeated for ever."""
    radii = of_model(lenses.spectrum, lane)["radius"].array
    return pick(lane, radii[:, layer], at)


@measure("share of the whole gradient, signed")
def lag_share(lane: Lane, at: At, to: At | None = None, layer: int = -1) -> Any:
    """Which part of the gradient that the recurrent weights get from the loss at one row comes by way
    of an earlier row; all rows together make 1."""
    shares = of_model(lenses.lag_shares, lane, a_lane(lane).row(at))["share"].array
    return pick(lane, shares[:, layer], to)


@measure("share of the whole gradient")
def share_within(lane: Lane, at: At, rows: int, layer: int = -1) -> float:
    """How much of that gradient comes by way of the last so many rows."""
    row = a_lane(lane).row(at)
    return float(lag_share(lane, at, layer=layer)[max(0, row - whole(rows, 1, row)) : row].sum())


@measure("row")
def cut(lane: Lane, at: At) -> int:
    """The first row that training took the loss of a row back to: not 0 where backpropagation was
    truncated (k1, k2)."""
    from engine.truncation import windows

    row = a_lane(lane).row(at)
    if row < 1:
        raise PeepholeError("nothing predicts row 0")
    return windows(row, *(lane.trace.header.truncation or (0, 0)))[-1].first


@measure("slope, 0 to 1")
def slope(lane: Lane, at: At | None = None, layer: int = -1) -> Any:
    """The mean slope of a cell's tanh over its units, 1 - h² in an RNN: every step back multiplies the
    gradient by it."""
    name, found = _squashed(lane)
    return pick(lane, found[name].array[:, layer].mean(-1), at)


@measure("fraction of units")
def saturated(lane: Lane, at: At | None = None, layer: int = -1) -> Any:
    """Share of the units whose tanh is flat: beyond 0.9 of either sign, where its slope is below 0.19."""
    name, found = _squashed(lane)
    return pick(lane, found[f"{name}.saturated"].array[:, layer], at)


def _squashed(lane: Lane) -> tuple[str, Any]:
    """The value that a cell squashes, h or n or c, and the slopes of all that it does."""
    found = of_trace(lenses.saturation, lane)
    if not found:
        raise PeepholeError(f"{lane.label} has nothing that saturates")
    return next(iter(found)), found


def _products(lane: Lane, end: At, of: str) -> tuple[Any, int]:
    """What is left at a row of a change at each row before it, and that row's number."""
    last = len(a_lane(lane).trace) - 1
    row = last if isinstance(end, int) and end == -1 else existing(lane, end)
    return of_model(lenses.product_norms, lane, row, of), row
