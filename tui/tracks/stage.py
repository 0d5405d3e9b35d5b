"""What all tracks of a screen share: the session, how things look, and on which line a row stands."""

from __future__ import annotations

from dataclasses import dataclass, field

from tui.palette import Palette
from tui.session import Session

CONTEXT = 3  # rows that stay in sight above the cursor when the score scrolls on


@dataclass
class Stage:
    """What all tracks of a screen share.

    Attributes:
        top: the first row in sight.
        banner: whether each lane has its name above its tracks.
        dividers: the rows above which the end of a source is drawn, in order.
        gap: how many lines that takes.
        by: what the gradient of each lane (its id) is by: h, c or x.
        tall: lines of a row, and `wide` columns of a unit; where both are 1, two units may share a column.
    """

    session: Session
    palette: Palette
    top: int = 0
    banner: bool = False
    dividers: tuple[int, ...] = ()
    gap: int = 2
    tall: int = 1
    wide: int = 1
    by: dict[int, str] = field(default_factory=dict)

    @property
    def header(self) -> int:
        """How many lines stand above the rows: (lane,) title, scale."""
        return 3 if self.banner else 2

    def line(self, row: int) -> int:
        """The first line of a row below the header; below 0 above the top."""
        above = sum(self.top < divider <= row for divider in self.dividers)
        return (row - self.top) * self.tall + self.gap * above

    def follow(self, height: int) -> bool:
        """Scroll so that the cursor is on one of `height` lines; whether that moved anything."""
        before, cursor, last = self.top, self.session.cursor, self.session.rows - 1
        rows = max(1, height // self.tall)
        if self._below(cursor, height):
            self.top = cursor - min(CONTEXT, rows // 2)
        elif cursor < before:
            self.top = max(0, cursor - rows + 1 + min(CONTEXT, rows // 2))
            while self._below(cursor, height):  # a divider takes lines of rows
                self.top += 1
        wanted, self.top = self.top, max(0, last + 1 - rows)
        while self._below(last, height):
            self.top += 1
        self.top = max(0, min(wanted, self.top))  # no further than there are rows
        return self.top != before

    def begin_with(self, row: int, height: int) -> bool:
        """Begin with a row on `height` lines, unless that hides the cursor; whether that moved anything."""
        before, self.top = self.top, row
        if self.follow(height):
            self.top = before
        return self.top != before

    def _below(self, row: int, height: int) -> bool:
        """Whether not all of a row is on one of `height` lines; the first one in sight always counts."""
        return row > self.top and self.line(row) + self.tall > height

    def at(self, line: int) -> tuple[int, int]:
        """The row on a line below the header, and -1 on its first line, -2 on the next one.

        Of a divider its row, and which of its lines, from 0.
        """
        for divider in self.dividers:
            begins = (divider - self.top) * self.tall
            if divider <= self.top or line < begins:
                continue
            if line < begins + self.gap:
                return divider, line - begins
            line -= self.gap
        row, part = divmod(line, self.tall)
        return self.top + row, -1 - part
