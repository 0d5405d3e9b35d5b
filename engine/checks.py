"""Refusing a field that cannot be what it should be, for records made by hand or read from a file."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from engine.errors import PeepholeError, shown


def word(item: object, name: str) -> None:
    """Refuse a field that is not a word."""
    if not isinstance(getattr(item, name), str):
        raise PeepholeError(f"{name} = {shown(getattr(item, name))} is not a word")


def whole(item: object, *names: str) -> None:
    """Make fields whole numbers from 0 up (also NumPy's); None stays where it is the default."""
    for name in names:
        value = getattr(item, name)
        if value is None and getattr(type(item), name, 0) is None:
            continue
        try:
            count = operator.index(value)
        except TypeError:
            count = -1
        if count < 0:
            raise PeepholeError(f"{name} = {shown(value)} is not a whole number from 0 up")
        object.__setattr__(item, name, count)


def numbers(value: Any) -> np.ndarray | None:
    """Finite numbers as an array, or None: not numbers, not finite, or ragged."""
    try:
        array = np.asarray(value if np.size(value) else np.zeros(0))
    except ValueError:
        return None
    return array if array.dtype.kind in "fiu" and np.isfinite(array).all() else None


def whole_number(value: Any, what: str, low: int, high: int) -> int:
    """A whole number from low to high.

    Raises:
        PeepholeError: it is not one.
    """
    if type(value) is not int or not low <= value <= high:
        raise PeepholeError(f"{what} = {shown(value)} is not a whole number from {low} to {high}")
    return value
