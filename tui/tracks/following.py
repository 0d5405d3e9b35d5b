"""Tracks about the cursor's token: a number for each row before it, drawn as a bar.

They are quantised to half cells, and a step draws only those rows again whose bar changed its length.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from rich.segment import Segment

from tui.lane import Lane
from tui.tracks.base import Track
from tui.tracks.stage import Stage

SUBSCRIPT = str.maketrans("0123456789k", "₀₁₂₃₄₅₆₇₈₉ₖ")


class FollowingTrack(Track):
    """Bars over the rows k for the cursor's row t. Subclasses give `values` and `halves`.

    Attributes:
        KIND: the colour of the bars.
        probe: the row k whose exact number is told; None is the row with the largest.
    """

    KIND = "bar"

    def __init__(self, stage: Stage, lane: Lane) -> None:
        super().__init__(stage, lane)
        self.probe: int | None = None
        self._drawn: dict[int, object] = {}

    def values(self) -> np.ndarray | None:
        """(k,): a number for each row up to the cursor's; None where it is not known (yet)."""
        raise NotImplementedError

    def halves(self, value: float, width: int) -> int:
        """How many half cells of a bar stand for a number."""
        raise NotImplementedError

    def why_not(self) -> str:
        """Why there are no values."""
        return ""

    def chosen(self) -> int | None:
        """The row k whose number is told."""
        values = self.values()
        if values is None or not len(values) or not np.any(values > 0):
            return None
        if self.probe is not None and self.probe < len(values):
            return self.probe
        return int(np.nanargmax(values))

    def cells(self, row: int, width: int) -> list[Segment]:
        values = self.values()
        if values is None or row >= len(values):
            return []
        return self._bar(row, values, width)

    def _bar(self, row: int, values: np.ndarray, width: int) -> list[Segment]:
        kind = "accent" if row == self.chosen() and self.has_focus else self.kind_of(row)
        return self.palette.bar(self.halves(float(values[row]), width), width, kind)

    def kind_of(self, row: int) -> str:
        """The colour of a row's bar."""
        return self.KIND

    def moved(self, before: int, rows: Iterable[int]) -> None:
        self.probe = None
        self.redraw()

    def redraw(self) -> None:
        """Draw those rows in sight again that look different from before."""
        looks = self._looks()
        changed = [row for row in looks if looks[row] != self._drawn.get(row)]
        changed += [row for row in self._drawn if row not in looks]
        self._drawn = looks
        self.refresh_rows(changed)
        self.refresh_header()

    def _looks(self) -> dict[int, object]:
        """What each row in sight looks like, as something to compare."""
        top, width = self.stage.top, self.size.width - 1
        bottom = top + self.size.height - self.stage.header
        rows = range(top, min(bottom, self.session.begun(self.lane)))
        return {row: self.cells(row, width) for row in rows} if width > 0 else {}

    def select(self, by: int) -> bool:
        values, chosen = self.values(), self.chosen()
        if values is None or chosen is None or not 0 <= chosen + by < len(values):
            return False
        self.probe = chosen + by
        self.redraw()
        return True

    def grown(self) -> None:
        self.refresh()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def subscript(self, number: int | str) -> str:
        """A number as an index."""
        return self.palette.glyph(str(number).translate(SUBSCRIPT), str(number))
