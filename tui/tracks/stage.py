"""What all tracks of a screen share: the session, how things look, and on which line a row stands."""

from __future__ import annotations

from dataclasses import dataclass

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
    """

    session: Session
    palette: Palette
    top: int = 0
    banner: bool = False
    dividers: tuple[int, ...] = ()
    gap: int = 2

    @property
    def header(self) -> int:
        """How many lines stand above the rows: (lane,) title, scale."""
        return 3 if self.banner else 2

    def line(self, row: int) -> int:
        """The line below the header on which a row stands; below 0 above the top."""
        above = sum(self.top < divider <= row for divider in self.dividers)
        return row - self.top + self.gap * above

    def follow(self, height: int) -> bool:
        """Scroll so that the cursor is on one of `height` lines; whether that moved anything."""
        before, cursor, last = self.top, self.session.cursor, self.session.rows - 1
        if self.line(cursor) >= height:
            self.top = cursor - min(CONTEXT, height // 2)
        elif cursor < before:
            self.top = max(0, cursor - height + 1 + min(CONTEXT, height // 2))
            while self.line(cursor) >= height:  # a divider takes lines of rows
                self.top += 1
        wanted, self.top = self.top, max(0, last + 1 - height)
        while self.line(last) >= height:
            self.top += 1
        self.top = max(0, min(wanted, self.top))  # no further than there are rows
        return self.top != before

    def at(self, line: int) -> tuple[int, int]:
        """The row on a line below the header, and -1; or of a divider its row, and which of its lines."""
        row = self.top + line
        for divider in self.dividers:
            if divider <= self.top or row < divider:
                continue
            if row < divider + self.gap:
                return divider, row - divider
            row -= self.gap
        return row, -1
