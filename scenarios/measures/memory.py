"""What a gate keeps: products of gates, half-lives, and a GRU as a moving average."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from engine import run
from engine.errors import PeepholeError
from engine.interventions import from_record
from engine.lenses.batch import in_float64
from scenarios.lanes import At, Lane
from scenarios.measures.inside import units_of
from scenarios.measures.table import a_lane, existing, measure, whole


@measure("share, 0 to 1")
def kept(
    lane: Lane, start: At, end: At, unit: int | None = None, gate: str = "f", layer: int = -1
) -> Any:
    """How much of what a unit holds at one row is still there at a later one, if nothing else is
    written: the gate's values in between, multiplied. Without a unit: the list of all."""
    first, last = existing(lane, start), existing(lane, end)
    if first > last:
        raise PeepholeError(f"row {first} is not before row {last}")
    shares = units_of(lane, gate)[first + 1 : last + 1, layer].astype(float).prod(0)
    return shares if unit is None else float(shares[whole(unit, 0, len(shares) - 1)])


@measure("steps")
def half_life(keep: float) -> float:
    """After how many steps half is left, if each step keeps this share: ln 0.5 / ln keep."""
    if not 0 < keep < 1:
        raise PeepholeError(f"a share that is kept lies between 0 and 1, not at {keep}")
    return math.log(0.5) / math.log(keep)


@measure("steps")
def window(keep: float) -> float:
    """How many steps a moving average looks over that keeps this share in each: 1 / (1 - keep)."""
    if not 0 <= keep < 1:
        raise PeepholeError(f"a share that is kept lies between 0 and 1, not at {keep}")
    return 1 / (1 - keep)


@measure("list of weights")
def average(lane: Lane, at: At, unit: int, layer: int = -1) -> np.ndarray:
    """The weight of every row's candidate n in a GRU's h at one row: 1 - z of that row, times every z
    since. With the share of the empty start, which is `kept` from before row 0, they add up to 1."""
    row, z = existing(lane, at), _gru(lane, layer)[0]
    weights = np.zeros(len(z))
    weights[: row + 1] = _weights(z[: row + 1, whole(unit, 0, z.shape[1] - 1)][:, None])[:, 0]
    return weights


@measure("as h")
def average_error(lane: Lane, layer: int = -1) -> float:
    """The largest difference between a GRU's h and that weighted sum of its candidates, over all rows
    and units, read again in float64."""
    z, n, h = _gru(lane, layer)
    sums = [(_weights(z[: t + 1]) * n[: t + 1]).sum(0) for t in range(len(h))]
    return float(np.abs(np.array(sums) - h).max())


def _weights(z: np.ndarray) -> np.ndarray:
    """(1 - z_k) Π z_j over the later rows j, for each row k of z (rows, units)."""
    later = np.cumprod(z[::-1], axis=0)[::-1]  # from row k on
    return (1 - z) * np.concatenate([later[1:], np.ones_like(z[:1])])


@lru_cache(maxsize=64)
def _gru(lane: Lane, layer: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """z, n and h (rows, units) of a GRU, in float64."""
    if getattr(a_lane(lane).model.architecture, "cell", "") != "gru":
        raise PeepholeError(f"{lane.label} is no GRU")
    held = [from_record(record) for record in lane.trace.header.interventions]
    trace = run(in_float64(lane.model), lane.trace.tokens, held)
    z, n, h = (trace[name][:, layer] for name in "znh")
    return z, n, h
