"""A map with tokens on both axes, in cells wide enough to hold their numbers where there is room.

Rows are what looks (or loses), columns what is looked at (or could be learned from); where nothing can
be it is blank. Only what is seen is drawn, so a long text costs no more than a short one.
"""

from __future__ import annotations

import numpy as np
from rich.cells import cell_len
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.views.axis import clip, stagger, steps
from tui.views.grid import Grid, whole
from tui.views.scale import Scale

NARROWEST, WIDEST = 2, 10  # columns of a cell
LARGE = (6, 2)  # columns and lines of a cell at least, where few and large ones are wanted
TALLEST = 3  # lines of a cell
LABEL = 13  # columns of a row's label
EMPTY = Grid(np.zeros((0, 0)), (), (), whole(0, 0))


class Matrix(Widget):
    """The map itself; the view that owns it decides what a move of its cursor means."""

    DEFAULT_CSS = """
    Matrix { height: 1fr; width: 1fr; }
    """

    class Picked(Message):
        """A cell was clicked."""

        def __init__(self, row: int, column: int) -> None:
            super().__init__()
            self.row, self.column = row, column

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._grid = EMPTY
        self._scale: Scale | None = None
        self.row, self.column = 0, 0
        self._top, self._left = 0, 0  # the first row and column in sight
        self.aside = self.head = 1  # columns of row labels, lines of column labels
        self.cell = NARROWEST  # columns of one cell
        self.tall = 1  # lines of one cell
        self._wide = self._high = 1  # cells in sight
        self._laid = Size()  # the size that all this is for

    def show(self, grid: Grid, scale: Scale, row: int, column: int) -> None:
        """Draw a map with the cursor at (row, column); a row or column of -1 is none of them."""
        self._grid, self._scale = grid, scale
        self.row, self.column = row, column
        self._follow()
        self.refresh()

    def on_resize(self) -> None:
        self._follow()
        self.refresh()

    def _measure(self) -> None:
        """Lay out for the present size and labels."""
        self._laid = self.size
        rows, columns = self._grid.rows, self._grid.columns
        longest = max(map(cell_len, rows), default=0)
        self.aside = 2 + min(longest, LABEL, max(4, self.size.width // 4))
        corner = len(self._scale.corner) + 1 if self._scale is not None else 0
        self.aside = max(self.aside, min(corner, self.size.width // 4))
        room, count = self.size.width - self.aside, max(1, len(columns))
        least, low = LARGE if getattr(self.screen, "big", False) else (NARROWEST, 1)
        self.cell = max(least, min(WIDEST, room // count))
        self._wide = max(1, room // self.cell)
        longest = min(max(map(cell_len, columns), default=0), LABEL)
        self.head = steps(["x" * longest], self.cell, max(1, min(6, self.size.height // 4)))
        lines = self.size.height - self.head
        fitting = min(TALLEST, (self.cell + 1) // 2, lines // max(1, len(rows)))
        self.tall = max(low, fitting)
        if self._halves and low < 2 and lines < 2 * len(rows) + 1:
            self.tall = 1  # there is no line for the lower half of the last row
        self._high = max(1, (lines - self._halves) // self.tall)

    @property
    def _halves(self) -> bool:
        """Whether a cell is a line with half a line above and below it: its digits stand in the middle."""
        return self.tall == 2 and self._scale is not None and not self._scale.plain

    @property
    def middle(self) -> int:
        """The line of a cell that has its digits."""
        return 1 if self._halves else (self.tall - 1) // 2

    @property
    def columns(self) -> range:
        """The columns that are in sight."""
        return range(self._left, min(len(self._grid.columns), self._left + self._wide))

    def _follow(self) -> None:
        """Scroll so that the cursor is in sight, and no further than the map goes."""
        self._measure()
        self._left = _window(self._left, self._wide, self.column, len(self._grid.columns))
        self._top = _window(self._top, self._high, self.row, len(self._grid.rows))

    def render_line(self, y: int) -> Strip:
        if not self._grid.rows or self._scale is None:
            return Strip.blank(self.size.width, self.rich_style)
        if self.size != self._laid:  # drawn before it is told of its size, as after being hidden
            self._follow()
        if y < self.head:
            segments = self._axis(y)
        else:
            row, line = divmod(y - self.head, self.tall)
            at = self._top + row
            segments = self._edge(at) if self._halves and not line else self._row(at, line)
        strip = Strip(segments).apply_style(self.rich_style)
        return strip.adjust_cell_length(self.size.width, self.rich_style)

    def _axis(self, y: int) -> list[Segment]:
        assert self._scale is not None
        scale = self._scale
        quiet, loud = scale.quiet, scale.loud
        labels = [self._grid.columns[column] for column in self.columns]
        room = self.size.width - self.aside
        pieces = stagger(labels, self.cell, self.head, room, scale.leader, scale.ellipsis)[y]
        here = self.column - self._left
        corner = scale.corner if y == self.head - 1 else ""
        return [
            Segment(f"{clip(corner, self.aside - 1, scale.ellipsis):<{self.aside}}", quiet),
            *(Segment(text, loud if owner == here else quiet) for text, owner in pieces),
        ]

    def _row(self, row: int, line: int) -> list[Segment]:
        """One line of a row of cells; names and digits stand in its middle line."""
        if row >= len(self._grid.rows):
            return []
        assert self._scale is not None
        here, middle = row == self.row, line == self.middle
        name = clip(self._grid.rows[row], self.aside - 2, self._scale.ellipsis)
        mark = self._scale.mark if here and middle else " "
        text = f"{mark}{name if middle else '':<{self.aside - 1}}"
        segments = [Segment(text, self._scale.loud if here else self._scale.quiet)]
        for column in self.columns:
            segments.append(self._cell(row, column, middle))
        return segments

    def _edge(self, row: int) -> list[Segment]:
        """The line between two rows: half of it belongs to each."""
        return [
            Segment(" " * self.aside),
            *(self._half(row - 1, row, column) for column in self.columns),
        ]

    def _half(self, upper: int, lower: int, column: int) -> Segment:
        """The lower half of a cell above the upper half of another, as far as they are there."""
        above, below = self._ground(upper, column), self._ground(lower, column)
        if above is None:
            glyph, style = ("▄", Style(color=below)) if below else (" ", Style())
        else:
            glyph, style = "▀", Style(color=above, bgcolor=below)
        return Segment(glyph * self.cell, style)

    def _ground(self, row: int, column: int) -> Color | None:
        """The colour of a cell; None where there is none in sight."""
        assert self._scale is not None
        if not max(0, self._top) <= row < len(self._grid.rows):
            return None
        first, stop = self._grid.spans[row]
        if not first <= column < stop:
            return None
        _, style = self._scale.cell(float(self._grid.values[row, column]), self.cell, False)
        return style.bgcolor

    def _cell(self, row: int, column: int, middle: bool) -> Segment:
        assert self._scale is not None
        first, stop = self._grid.spans[row]
        if not first <= column < stop:
            return Segment(" " * self.cell)
        text, style = self._scale.cell(float(self._grid.values[row, column]), self.cell, middle)
        if middle and self._grid.marked is not None and self._grid.marked[row, column]:
            text, style = self._scale.marked(text, style)
        if middle and (row, column) == (self.row, self.column):
            if self.cell < 4 or (text[0] == text[-1] == " "):
                inside = text.strip() if self.cell > 3 else ""
                text = f"[{inside:^{self.cell - 2}}]"
            style = self._scale.chosen(style)
        return Segment(text, style)

    def at(self, x: int, y: int) -> tuple[int, int] | None:
        """The (row, column) under a point of the widget, or None beside the map."""
        row = self._top + (y - self.head) // self.tall
        column = self._left + (x - self.aside) // self.cell
        inside = y >= self.head and x >= self.aside and row < len(self._grid.rows)
        return (row, column) if inside and column in self.columns else None

    def on_click(self, event: events.Click) -> None:
        spot = self.at(event.x, event.y)
        if spot is not None:
            self.post_message(self.Picked(*spot))


def _window(start: int, fit: int, at: int, total: int) -> int:
    """The first of `fit` things in sight so that `at` is, moving `start` as little as needed."""
    if 0 <= at < start:
        start = at
    elif at >= start + fit:
        start = at - fit + 1
    return max(0, min(start, total - fit))
