"""A heat strip: rows of a sequence downwards, updates to the right, one colour a cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.palette import Palette
from tui.views.axis import clip
from tui.views.scale import BLANK, Scale

LABEL = 10  # columns of row number and token; less where it is narrow
NARROW = 56  # columns below which rows have no tokens beside their numbers


@dataclass(frozen=True, eq=False)
class Map:
    """What is drawn.

    Attributes:
        levels: (rows, probes) levels of the scale, BLANK where nothing was measured.
        updates: (probes,) the updates of the columns, rising.
        until: where the axis of updates ends.
        last: the newest update of the run: the last probe is shown up to there.
        at: the column of this update is marked; None marks none.
        tokens: of the rows; empty where they are not known.
        row: marked, with its exact number elsewhere; None marks none.
        first: the earliest row that is reached by the last column; None where nothing is.
    """

    levels: np.ndarray
    updates: np.ndarray
    until: int
    last: int
    at: int | None = None
    tokens: Sequence[str] = ()
    row: int | None = None
    first: int | None = None


class HeatStrip(Widget):
    """Draws a `Map`; each cell is the newest probe at its update, and the highest of its rows."""

    DEFAULT_CSS = "HeatStrip { height: 1fr; width: 1fr; }"

    class Picked(Message):
        """A row was clicked."""

        def __init__(self, row: int) -> None:
            super().__init__()
            self.row = row

    def __init__(self) -> None:
        super().__init__()
        self._map: Map | None = None
        self._scale = Scale(Palette())
        self._cells = np.zeros((0, 0), int)
        self._marked = -1

    def show(self, drawn: Map, scale: Scale) -> None:
        """Draw another map."""
        self._map, self._scale = drawn, scale
        self._fit()
        self.refresh()

    def on_resize(self) -> None:
        self._fit()

    # Fitting --------------------------------------------------------------------------------------

    @property
    def half(self) -> int:
        """Rows of cells that share a line: two where colours can be drawn as half blocks."""
        return 1 if self._scale.plain else 2

    @property
    def label(self) -> int:
        """Columns beside the cells."""
        return LABEL if self.size.width >= NARROW and self._map and self._map.tokens else 5

    def _fit(self) -> None:
        """Cells for the room that there is: rows are stretched or pooled, probes held or left out."""
        drawn = self._map
        height, width = self.size.height * self.half, self.size.width - self.label - 1
        if drawn is None or not drawn.levels.size or height < 1 or width < 1:
            self._cells = np.zeros((0, 0), int)
            return
        updates = np.linspace(0, drawn.until, width)
        columns = np.searchsorted(drawn.updates, updates, side="right") - 1
        last = drawn.last
        cells = drawn.levels[:, np.maximum(columns, 0)]
        step = drawn.until / max(1, width)
        cells = np.where((columns >= 0) & (updates <= last + step), cells, BLANK)
        self._marked = int(np.clip(round(last / max(1, drawn.until) * (width - 1)), 0, width - 1))
        rows = len(cells)
        self._tops = _tops(rows, self.size.height, self.half)
        self._cells = np.stack(
            [
                cells[a : max(a + 1, b)].max(0)
                for a, b in zip(self._tops, self._tops[1:], strict=False)
            ]
        )

    @property
    def pooled(self) -> int:
        """How many rows of the sequence share a cell."""
        return max(1, -(-len(self._map.levels) // max(1, len(self._cells)))) if self._map else 1

    # Drawing --------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        width, palette = self.size.width, self._scale.palette
        blank = palette.style("text")
        top = y * self.half
        if self._map is None or top >= len(self._cells):
            return Strip([Segment(" " * width, blank)])
        cells = [self._label(y)]
        upper = self._cells[top]
        double = self.half == 2
        lower = self._cells[top + 1] if double and top + 1 < len(self._cells) else upper * 0 + BLANK
        for a, b in zip(upper.tolist(), lower.tolist(), strict=True):
            cells.append(self._scale.pair(a, b) if double else self._scale.single(a))
        if self._map.at is not None and self._marked + 2 < len(cells):
            glyph = palette.glyph("│", "|")
            cells[self._marked + 2] = Segment(glyph, palette.style("accent"))
        ground = Style(bgcolor=palette.look.background)
        strip = Strip(cells).apply_style(ground) if double else Strip(cells)
        return strip.adjust_cell_length(width, blank).simplify()

    def _label(self, y: int) -> Segment:
        """Number and token of the first row of a line, the chosen one or the first reached marked."""
        assert self._map is not None
        palette, drawn, wide = self._scale.palette, self._map, self.label
        top = y * self.half
        first, stop = self._tops[top], self._tops[min(top + self.half, len(self._tops) - 1)]
        stop = max(stop, first + 1)
        begun = [
            self._tops[i]
            for i in range(top, min(top + self.half, len(self._cells)))
            if i == 0 or self._tops[i] != self._tops[i - 1]
        ]
        row, kind, starts, mark = (begun or [first])[0], "muted", bool(begun), " "
        here = range(begun[0], stop) if begun else range(0)
        if drawn.row is not None and drawn.row in here:
            row, kind, mark = drawn.row, "accent", palette.glyph("▶", ">")
        elif drawn.first is not None and drawn.first in here:
            row, kind, mark = drawn.first, "good", palette.glyph("└", "`")
        text = f"{row:>3} " if starts else ""
        if starts and wide == LABEL:
            token = drawn.tokens[row] if row < len(drawn.tokens) else ""
            text += clip(token, wide - 5, palette.glyph("…", "~"))
        return palette.text(f"{mark}{text}"[:wide].ljust(wide), kind)

    def on_click(self, event: events.Click) -> None:
        top = event.y * self.half
        if self._map is not None and top < len(self._cells):
            self.post_message(self.Picked(int(self._tops[top])))


def _tops(rows: int, lines: int, half: int) -> list[int]:
    """The first row of each cell and, last, the number of rows; `half` cells a line at most.

    Where there are more lines than rows, a row has several, and begins on one of its own.
    """
    if rows <= lines:
        return [line * rows // lines for line in range(lines) for _ in range(half)] + [rows]
    cells = lines * half
    return [i * rows // cells for i in range(cells)] + [rows]
