"""Where words in a plot cover no curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tui.learning.plot import Axis, Curve


class Free:
    """Where a word covers no curve: the canvas in columns and lines, and what the curves take of it."""

    def __init__(
        self, curves: Sequence[Curve], axis: Axis, until: float, columns: int, lines: int
    ) -> None:
        self._axis, self._until, self._columns = axis, max(until, 1e-9), max(1, columns)
        self._lines = max(1, lines - 1)
        self._taken: set[tuple[int, int]] = set()
        for curve in curves:
            x, y = np.asarray(curve.x, float), np.asarray(curve.y, float)
            good = np.isfinite(x) & np.isfinite(y)
            if good.any():
                across = np.linspace(x[good][0], x[good][-1], 2 * self._columns)
                heights = np.interp(across, x[good], y[good])
                self._taken |= {
                    (round(a / self._until * (self._columns - 1)), self._line(h))
                    for a, h in zip(across.tolist(), heights.tolist(), strict=True)
                }

    def _line(self, height: float) -> int:
        low, high = self._axis.low, self._axis.high
        return round((height - low) / max(1e-12, high - low) * self._lines)

    def _over(self, words: str, line: int, left: bool) -> int:
        """How many of a word's places curves take."""
        n = len(words) + 2
        columns = range(n) if left else range(self._columns - n, self._columns)
        return sum((column, line) in self._taken for column in columns)

    def _x(self, left: bool) -> float:
        return self._until * (0.01 if left else 0.99)

    def end(self, words: str, height: float, left: bool) -> tuple[str, float, float]:
        """(alignment, x, y) of a word at an end of a line or beside it; `left` is the better end."""
        line = self._line(height)
        spots = [(line + up, side) for up in (0, 1, -1) for side in (left, not left)]
        there = [spot for spot in spots if 0 <= spot[0] <= self._lines]
        best, side = min(there, key=lambda spot: self._over(words, *spot))
        y = height + (best - line) * (self._axis.high - self._axis.low) / self._lines
        return "left" if side else "right", self._x(side), y

    def corner(self, words: str, height: float, other: float) -> tuple[str, float, float]:
        """(alignment, x, y) of a word in a corner, by preference on the right at the first height."""
        corners = [(height, False), (other, False), (height, True), (other, True)]
        y, left = min(corners, key=lambda spot: self._over(words, self._line(spot[0]), spot[1]))
        return "left" if left else "right", self._x(left), y
