"""Rows, sizes and arithmetic."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.errors import PeepholeError
from scenarios.lanes import At, Lane
from scenarios.measures.table import a_lane, a_list, existing, measure, whole


@measure("row")
def row(lane: Lane, at: At) -> int:
    """The number of a row."""
    return a_lane(lane).row(at)


@measure("rows")
def rows(lane: Lane) -> int:
    """How many rows were read, the start included."""
    return len(a_lane(lane).trace)


@measure("word")
def token(lane: Lane, at: At) -> str:
    """The word that a row reads."""
    return a_lane(lane).trace.tokens[existing(lane, at)]


@measure("parameters")
def size(lane: Lane) -> int:
    """How many numbers a model has learned."""
    return a_lane(lane).model.size


@measure("units")
def width(lane: Lane) -> int:
    """How many units a layer has."""
    return a_lane(lane).model.architecture.width


@measure("words")
def vocabulary(lane: Lane) -> int:
    """How many words a model knows."""
    return len(a_lane(lane).model.vocabulary)


@measure("updates")
def updates(lane: Lane) -> int:
    """How many training steps a model took, as its card says."""
    card = a_lane(lane).model.card
    if "updates" not in card:
        raise PeepholeError(f"the card of {lane.label} says no number of updates")
    return int(card["updates"])


@measure("as the values")
def max_(*values: Any) -> Any:
    """The largest of a list or of several values."""
    return _reduce(np.max, values)


@measure("as the values")
def min_(*values: Any) -> Any:
    """The smallest of a list or of several values."""
    return _reduce(np.min, values)


@measure("as the values")
def mean(*values: Any) -> Any:
    """The mean of a list or of several values."""
    return _reduce(np.mean, values)


@measure("as the values")
def sum_(*values: Any) -> Any:
    """The sum of a list or of several values."""
    return _reduce(np.sum, values)


@measure("row or place in the list, from 0")
def argmax(values: Any, first: int = 0, last: int = -1) -> int:
    """Where a list is largest, between two places (both included)."""
    return _place(np.nanargmax, values, first, last)


@measure("row or place in the list, from 0")
def argmin(values: Any, first: int = 0, last: int = -1) -> int:
    """Where a list is smallest, between two places (both included)."""
    return _place(np.nanargmin, values, first, last)


@measure("as the list")
def item(values: Any, place: int) -> Any:
    """One element of a list, from 0."""
    array = a_list(values)
    return array[whole(place, 0, len(array) - 1)].item()


@measure("as the value")
def abs_(value: Any) -> Any:
    """Without its sign."""
    return np.abs(value)


@measure("as the value")
def round_(value: float, digits: int = 0) -> float:
    """Rounded to so many digits."""
    return float(np.round(value, whole(digits, 0, 12)))


@measure("bits")
def log2(value: float) -> float:
    """Logarithm to base 2."""
    if not value > 0:
        raise PeepholeError(f"no logarithm of {value}")
    return float(np.log2(value))


@measure("no unit")
def power(base: float, times: int) -> float:
    """A number multiplied by itself so many times: what equal steps do to a gradient."""
    return float(base) ** whole(times, 0, 10**6)


@measure("slope, 0 to 1")
def tanh_slope(h: float) -> float:
    """The slope of tanh where it gives h: 1 - h²; each step multiplies the gradient by it."""
    if not -1 <= h <= 1:
        raise PeepholeError(f"tanh gives values between -1 and 1, not {h}")
    return float(1 - h * h)


@measure("decimal digits")
def log10(value: float) -> float:
    """Logarithm to base 10."""
    if not value > 0:
        raise PeepholeError(f"no logarithm of {value}")
    return math.log10(value)


def _reduce(function: Callable[..., Any], values: tuple[Any, ...]) -> Any:
    array = a_list(values[0] if len(values) == 1 and np.ndim(values[0]) else list(values))
    array = array[~np.isnan(array.astype(float))]
    return function(array).item()


def _place(function: Callable[..., Any], values: Any, first: int, last: int) -> int:
    array = a_list(values)
    last = len(array) - 1 if last == -1 else last
    first = whole(first, 0, len(array) - 1)
    return first + int(function(array[first : whole(last, first, len(array) - 1) + 1]))
