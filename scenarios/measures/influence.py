"""What a prediction depends on, by gradient and by ablation."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import lenses
from engine.errors import PeepholeError
from scenarios.lanes import At, Lane
from scenarios.measures.table import a_lane, measure, of_model, pick, whole


@measure("nats per unit of the state")
def gradient(
    lane: Lane, at: At, to: At | None = None, of: str = "h", word: str = "", layer: int = -1
) -> Any:
    """|dL_at/dh_to|: how much the loss at one row depends on the state (h, c) or input (x) of an
    earlier one; the loss of `word` where one is given."""
    row = a_lane(lane).row(at)
    flow = of_model(lenses.gradient_flow, lane, row, word or None)
    if of not in flow:
        raise PeepholeError(f"no gradient of {of!r}", do=f"There are: {', '.join(flow)}")
    array = flow[of].array
    return pick(lane, array if array.ndim == 1 else array[:, layer], to)


@measure("bits")
def occlusion(lane: Lane, at: At, word: str, other: str, to: At | None = None) -> Any:
    """How much log2 p(word)/p(other) at a row loses when the input at another row is erased."""
    row = a_lane(lane).row(at)
    return pick(lane, of_model(lenses.occlusion, lane, row, word, other)["drop"].array, to)


@measure("bits")
def ablation(
    lane: Lane, at: At, word: str, other: str, unit: int, of: str = "h", layer: int = -1
) -> float:
    """How much log2 p(word)/p(other) at a row loses when a unit is held at 0 throughout."""
    drop = _ablation(lane, at, word, other, of)[layer]
    return float(drop[whole(unit, 0, len(drop) - 1)])


@measure("list of units")
def strongest(
    lane: Lane, at: At, word: str, other: str, n: int = 1, of: str = "h", layer: int = -1
) -> np.ndarray:
    """The n units whose ablation costs log2 p(word)/p(other) the most, the costliest first."""
    drop = _ablation(lane, at, word, other, of)[layer]
    return np.argsort(-drop, kind="stable")[: whole(n, 1, len(drop))]


@measure("list of units")
def weakest(
    lane: Lane, at: At, word: str, other: str, n: int = 1, of: str = "h", layer: int = -1
) -> np.ndarray:
    """The n units whose ablation changes log2 p(word)/p(other) the least: the control of `strongest`."""
    drop = np.abs(_ablation(lane, at, word, other, of)[layer])
    return np.argsort(drop, kind="stable")[: whole(n, 1, len(drop))]


def _ablation(lane: Lane, at: At, word: str, other: str, of: str) -> np.ndarray:
    """(layer, unit)"""
    found = a_lane(lane).row(at)
    return of_model(lenses.unit_ablation, lane, found, word, other, of)["drop"].array
