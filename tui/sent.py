"""Reading what another process sent: every field is checked before anything is done with it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from engine.errors import PeepholeError, shown

COUNT = 1_000_000  # that no whole number is above
LETTERS = 200  # of a word or a name

T = TypeVar("T")
Check = Callable[[Any], Any]  # the value as it is kept; raises ValueError


def made(kind: Callable[..., T], found: Any, checks: Mapping[str, Check]) -> T:
    """Something made of the fields of a JSON object.

    Raises:
        PeepholeError: it is no object, has another field, or one that does not pass its check.
    """
    if not isinstance(found, dict):
        raise PeepholeError(f"not what was expected: {shown(found)}")
    fields = {}
    for name, value in found.items():
        if name not in checks:
            raise PeepholeError(f"not what was expected: it has {shown(name)}")
        try:
            fields[name] = checks[name](value)
        except (ValueError, OverflowError):
            raise PeepholeError(f"not what was expected: {name} = {shown(value)}") from None
    return kind(**fields)


def held(true: bool) -> None:
    """Refuse a value where something does not hold."""
    if not true:
        raise ValueError


def text(most: int = LETTERS, breaks: bool = False) -> Check:
    """Printable, since a terminal obeys what it is sent; `breaks` allows several lines."""

    def check(value: Any) -> str:
        held(isinstance(value, str) and len(value) <= most)
        held((value.replace("\n", "") if breaks else value).isprintable())
        return str(value)

    return check


def flag(value: Any) -> bool:
    held(isinstance(value, bool))
    return bool(value)


def whole(low: int = 0, high: int = COUNT) -> Check:
    """A whole number from low to high."""

    def check(value: Any) -> int:
        held(type(value) is int and low <= value <= high)
        return int(value)

    return check


def number(low: float, high: float) -> Check:
    """A number from low to high."""

    def check(value: Any) -> float:
        held(type(value) in (int, float) and math.isfinite(value) and low <= value <= high)
        return float(value)

    return check


def perhaps(check: Check) -> Check:
    """None, or what another check says."""
    return lambda value: None if value is None else check(value)


def one(*known: str) -> Check:
    """One of these words."""

    def check(value: Any) -> str:
        held(isinstance(value, str) and value in known)
        return str(value)

    return check


def many(check: Check, most: int) -> Check:
    """A list, as a tuple."""

    def several(value: Any) -> tuple[Any, ...]:
        held(isinstance(value, list) and len(value) <= most)
        return tuple(check(item) for item in value)

    return several


def some(*checks: Check) -> Check:
    """A list of as many things as there are checks, as a tuple."""

    def these(value: Any) -> tuple[Any, ...]:
        held(isinstance(value, list) and len(value) == len(checks))
        return tuple(check(item) for check, item in zip(checks, value, strict=True))

    return these
