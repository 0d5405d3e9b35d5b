"""Where a beat stops: at a row, at a word, or where a condition first holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine import conditions, lenses
from engine.errors import PeepholeError
from engine.text import SPECIAL
from engine.trace import Named
from scenarios.lanes import Lane
from scenarios.measures import of_model


def row(lanes: Sequence[Lane], stop: int | str | None) -> int:
    """The row at which a beat with these lanes stops, the first of them leading; None is the last.

    Raises:
        PeepholeError: there is none, or another lane is too short for it.
    """
    short = min(lanes, key=lambda lane: len(lane.trace))
    if stop is None:
        return len(short.trace) - 1
    found = _first(lanes[0], str(stop)) if is_condition(stop) else lanes[0].row(stop)
    if found >= len(short.trace):
        raise PeepholeError(
            f"{short.label} never reaches row {found}: it has rows 0 to {len(short.trace) - 1}"
        )
    return found


def is_condition(stop: int | str) -> bool:
    """Whether a stop is a condition and not a row or a word."""
    special = isinstance(stop, str) and stop.partition("#")[0] in SPECIAL
    return isinstance(stop, str) and not special and any(c in stop for c in " <>=|")


def _first(lane: Lane, text: str) -> int:
    """The first row at which a condition holds."""
    condition = conditions.parse(text)
    condition.check(lane.trace)

    def lookup(_: str, row: int) -> Mapping[str, Named]:
        return of_model(lenses.gradient_flow, lane, row)

    for row in range(len(lane.trace)):
        if condition.holds(lane.trace, row, lookup):
            return row
    raise PeepholeError(f"never reached: {condition} at no row of {lane.label}")
