"""The table of measures, and what all of them need: lanes, rows, and lens results that are kept."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from engine.errors import PeepholeError
from scenarios.lanes import At, Lane

MEASURES: dict[str, Callable[..., Any]] = {}
UNITS: dict[str, str] = {}  # measure -> unit of its value


class Listed(NamedTuple):
    """A line of `peephole list measures`; `group` is what its module says of itself."""

    group: str
    name: str
    unit: str
    about: str


def listed() -> list[Listed]:
    """All measures, the ones of a group together."""
    return [
        Listed(
            (sys.modules[function.__module__].__doc__ or "").split("\n")[0],
            name,
            UNITS[name],
            " ".join((function.__doc__ or "").split()),
        )
        for name, function in MEASURES.items()
    ]


def measure(unit: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put a function into the table."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__.rstrip("_")
        if name in MEASURES:
            raise ValueError(f"two measures are called {name}")
        MEASURES[name], UNITS[name] = function, unit
        return function

    return register


def a_lane(lane: Any) -> Lane:
    if not isinstance(lane, Lane):
        raise PeepholeError(f"{lane!r} is not a lane", do="Name one of the scenario's lanes first")
    return lane


def existing(lane: Lane, at: At) -> int:
    """A row that was read."""
    found = a_lane(lane).row(at)
    if found >= len(lane.trace):
        raise PeepholeError(f"{lane.label} has rows 0 to {len(lane.trace) - 1}, not {found}")
    return found


def pick(lane: Lane, array: np.ndarray, at: At | None) -> Any:
    return array if at is None else float(array[existing(lane, at)])


def whole(number: Any, low: int, high: int) -> int:
    number = np.asarray(number)
    number = number.item() if number.size == 1 else None
    if not isinstance(number, int | float) or number != int(number) or not low <= number <= high:
        raise PeepholeError(f"{number} is not a whole number from {low} to {high}")
    return int(number)


def a_list(values: Any) -> np.ndarray:
    array = np.asarray(values)
    if array.ndim != 1 or array.dtype.kind not in "fiu" or not len(array):
        raise PeepholeError("not a list of numbers", do="Leave the row of a measure out")
    return array


@lru_cache(maxsize=512)
def of_trace(lens: Callable[..., Any], lane: Lane) -> Any:
    """What a lens says of a trace, kept: lanes are compared by identity and never change."""
    return lens(a_lane(lane).trace)


@lru_cache(maxsize=512)
def of_model(lens: Callable[..., Any], lane: Lane, *args: Any) -> Any:
    """What a lens says of a trace and its model, kept."""
    return lens(a_lane(lane).model, lane.trace, *args)
