"""Timing two ways of doing the same, turn by turn, so that a busy machine slows both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple


class Figure(NamedTuple):
    """One line of the report.

    Attributes:
        what: what was measured.
        ours, theirs: the two numbers, with their unit; theirs "" where there is only ours.
        value: the ratio or size that the aim is about.
        aim: that it should be at most (or at least, where `more`); None: it has no aim.
        unit: of `value`.
    """

    what: str
    ours: str
    theirs: str
    value: float
    aim: float | None = None
    unit: str = "x"
    more: bool = False

    def __str__(self) -> str:
        value = f"{self.value:.3g} {self.unit}"
        measured = f"{self.what:48}{self.ours:>12}{self.theirs:>12}{value:>11}"
        if self.aim is None:
            return measured
        met = self.value >= self.aim if self.more else self.value <= self.aim
        aim = f"{'>=' if self.more else '<='} {self.aim:g} {self.unit}"
        return f"{measured}   {aim:10}{'met' if met else 'MISSED'}"


HEAD = f"{'':48}{'ours':>12}{'theirs':>12}{'':>11}   aim"


def versus(
    ours: Callable[[], object], theirs: Callable[[], object], turns: int, each: int = 1
) -> tuple[float, float]:
    """Median seconds of each over turns A B A B ..., after one unmeasured turn of each.

    In a turn, `ours` runs `each` times: where it is far shorter, one hiccup of the machine would
    otherwise be its median.
    """
    seconds: tuple[list[float], list[float]] = ([], [])
    for turn in range(turns + 1):
        for which, f in enumerate((*[ours] * each, theirs)):
            began = time.perf_counter()
            f()
            if turn:
                seconds[which == each].append(time.perf_counter() - began)
    return statistics.median(seconds[0]), statistics.median(seconds[1])
