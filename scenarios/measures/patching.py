"""Activation patching: what one state of another reading carries over of its answer."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from engine import lenses
from scenarios.lanes import At, Lane
from scenarios.measures.table import a_lane, existing, measure, whole


@measure("effect, 0 to 1")
def patched(
    lane: Lane, other: Lane, at: At, word: str, instead: str, to: At, layer: int = 0
) -> float:
    """How much of the answer of another lane at a row, log2 p(word)/p(instead), comes along with the state
    of one layer and row put in from there alone: 0 nothing, 1 all (Meng et al. 2022)."""
    effect = _effect(lane, other, at, word, instead)
    return float(effect[whole(layer, 0, len(effect) - 1), existing(lane, to)])


@measure("row")
def carrier(lane: Lane, other: Lane, at: At, word: str, instead: str, layer: int = 0) -> int:
    """The first row whose state, put in alone from another lane, carries most of its answer (to 0.01)."""
    effect = _effect(lane, other, at, word, instead)
    row = effect[whole(layer, 0, len(effect) - 1)]
    return int(np.argmax(row >= row.max() - 0.01))


def _effect(lane: Lane, other: Lane, at: At, word: str, instead: str) -> np.ndarray:
    return _patching(a_lane(lane), a_lane(other), a_lane(lane).row(at), word, instead)


@lru_cache(maxsize=64)
def _patching(lane: Lane, other: Lane, row: int, word: str, instead: str) -> np.ndarray:
    """(layer, row)"""
    found = lenses.patching(lane.model, lane.trace, other.trace, row, word, instead)
    return found["effect"].array
