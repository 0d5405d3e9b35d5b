"""Words in two contexts, and what a perfect reader would expect."""

from __future__ import annotations

import math

import numpy as np

from engine.errors import PeepholeError
from engine.text import tokenize
from scenarios.lanes import At, Lane
from scenarios.measures.table import existing, measure


@measure("cosine, 1 is the same direction")
def cosine(lane: Lane, at: At, other: Lane, to: At, of: str = "h", layer: int = -1) -> float:
    """Of the vectors at two rows, of one reading or of two: x is what is read (a row of the embedding,
    and the position where there is one), h what has become of it."""
    one, two = _vector(lane, at, of, layer), _vector(other, to, of, layer)
    if len(one) != len(two):
        raise PeepholeError(f"{of} of {lane.label} and of {other.label} differ in their size")
    sizes = float(np.linalg.norm(one) * np.linalg.norm(two))
    if not sizes:
        raise PeepholeError(f"{of} is zero there: it has no direction")
    return float(one @ two / sizes)


@measure("bits")
def to_expect(words: str, word: str) -> float:
    """-log2 of the probability that `word` has after these words in the grammar of the garden paths: the
    surprise of a reader who knows it by heart."""
    from scenarios.failures import garden

    p = garden.expected(tuple(tokenize(str(words))), str(word))
    if not p > 0:
        raise PeepholeError(f"the grammar never has {word!r} after {words!r}")
    return -math.log2(p) + 0.0


def _vector(lane: Lane, at: At, of: str, layer: int) -> np.ndarray:
    """(unit,), in float64"""
    row = existing(lane, at)
    axes = lane.trace.axes(of)
    if axes == ("time", "layer", "unit"):
        return np.asarray(lane.trace[of][row, layer], dtype=np.float64)
    if of != "x":
        raise PeepholeError(f"{of!r} is no vector of a row", do="Name x, h or another of units")
    return np.asarray(lane.trace[of][row], dtype=np.float64)
