"""Small multiples: all heads of a layer as maps of a few characters, for finding the one to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.views.axis import clip
from tui.views.scale import BLANK, Scale


@dataclass(frozen=True)
class Panel:
    """One small map: `values` (rows, columns)."""

    name: str
    values: np.ndarray
    note: str = ""


def pool(levels: np.ndarray, by: int) -> np.ndarray:
    """The highest of every `by` x `by` levels, so that a single strong cell stays visible."""
    if by == 1:
        return levels
    rows, columns = (-(-size // by) for size in levels.shape)
    padded = np.full((rows * by, columns * by), BLANK)
    padded[: levels.shape[0], : levels.shape[1]] = levels
    return padded.reshape(rows, by, columns, by).max((1, 3))


class Layout(NamedTuple):
    """`across` panels in a row; a cell is drawn `zoom` x `zoom`, or stands for `by` x `by` of the map."""

    across: int
    zoom: int
    by: int


def arrange(shape: tuple[int, int], count: int, width: int, height: int, half: int) -> Layout:
    """How `count` maps of (rows, columns) are drawn largest.

    A panel has a line of its own for its name and a blank line and column after it; `half` map
    rows share a line.
    """
    best, largest = Layout(1, 1, max(shape)), 0.0
    for across in range(1, count + 1):
        down = -(-count // across)
        room = half * (height // down - 1), width // across - 3  # in rows and columns of cells
        if min(room) < 1:
            continue
        by = max(-(-size // fit) for size, fit in zip(shape, room, strict=True))
        zoom = min(fit // size for size, fit in zip(shape, room, strict=True)) if by == 1 else 1
        if zoom / by > largest:
            best, largest = Layout(across, zoom, by), zoom / by
    return best


class Multiples(Widget):
    """The grid. Where a map has more cells than room, each character stands for the highest of several."""

    DEFAULT_CSS = """
    Multiples { height: 1fr; }
    """

    class Picked(Message):
        """A panel was clicked."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self) -> None:
        super().__init__()
        self._panels: Sequence[Panel] = ()
        self._levels: list[np.ndarray] = []
        self._scale: Scale | None = None
        self._chosen = self._row = 0
        self._spans = np.zeros((0, 2), dtype=int)
        self.across, self.by, self.zoom = 1, 1, 1
        self._pitch = (1, 1)

    def show(
        self, panels: Sequence[Panel], chosen: int, scale: Scale, row: int, spans: np.ndarray
    ) -> None:
        """Draw panels of one shape, `spans` as in a `Grid`; `chosen` is marked, and the row in it.

        A row of -1 is none.
        """
        self._panels, self._chosen, self._scale = panels, chosen, scale
        self._row, self._spans = row, spans
        self._layout()
        self.refresh()

    def on_resize(self) -> None:
        self._layout()
        self.refresh()

    @property
    def _half(self) -> int:
        """Map rows that share a line: two where colours can be drawn as half blocks."""
        return 1 if self._scale is None or self._scale.plain else 2

    def _layout(self) -> None:
        if not self._panels or self._scale is None or not self.display:
            return
        shape = self._panels[0].values.shape
        width, height = self.size.width, self.size.height - 1  # the last line is for a note
        self.across, self.zoom, self.by = arrange(
            (max(1, shape[0]), max(1, shape[1])), len(self._panels), width, height, self._half
        )
        rows, cells = (-(-size // self.by) * self.zoom for size in shape)
        lines = -(-rows // self._half)
        down = -(-len(self._panels) // self.across)
        tall = max(lines + 1, min(lines + 2, height // down))
        names = max(len(f"{panel.name} {panel.note}") for panel in self._panels) + 2
        self._pitch = (max(cells + 3, min(names + 2, width // self.across)), tall)
        self._levels = [self._reduced(panel.values) for panel in self._panels]

    def _reduced(self, values: np.ndarray) -> np.ndarray:
        """Levels of a map after pooling or zooming, BLANK where nothing can be."""
        assert self._scale is not None
        columns, (first, stop) = np.arange(values.shape[1]), self._spans.T[..., None]
        inside = (columns >= first) & (columns < stop)
        levels = pool(np.where(inside, self._scale.levels(values), BLANK), self.by)
        return levels.repeat(self.zoom, 0).repeat(self.zoom, 1)

    def render_line(self, y: int) -> Strip:
        if y == self.size.height - 1:
            return self._note()
        line, inside = divmod(y, self._pitch[1])
        first = line * self.across
        segments: list[Segment] = []
        for index in range(first, min(first + self.across, len(self._levels))):
            part = self._heading(index) if inside == 0 else self._body(index, inside - 1)
            used = sum(segment.cell_length for segment in part)
            segments += [*part, Segment(" " * (self._pitch[0] - used))]
        strip = Strip(segments).apply_style(self.rich_style)
        return strip.adjust_cell_length(self.size.width, self.rich_style)

    def _note(self) -> Strip:
        """What a cell stands for where it stands for several."""
        words = f" a cell: the highest of {self.by} x {self.by}" if self.by > 1 else ""
        style = self._scale.quiet if self._scale else None
        strip = Strip([Segment(words, style)]).apply_style(self.rich_style)
        return strip.adjust_cell_length(self.size.width, self.rich_style)

    def _heading(self, index: int) -> list[Segment]:
        assert self._scale is not None
        panel, chosen = self._panels[index], index == self._chosen
        style = self._scale.loud if chosen else self._scale.quiet
        mark = self._scale.mark if chosen else " "
        text, room = f"{mark}{panel.name} {panel.note}".rstrip(), self._pitch[0] - 1
        if len(text) > room:  # the number says more than its unit, which the title says too
            text = f"{mark}{panel.name} {panel.note.partition(' ')[0]}"
        return [Segment(clip(text, room, self._scale.ellipsis), style)]

    def _body(self, index: int, line: int) -> list[Segment]:
        assert self._scale is not None
        levels, half = self._levels[index], self._half
        top = line * half
        if top >= len(levels):
            return []
        at = self._row // self.by * self.zoom
        here = index == self._chosen and top <= at + self.zoom - 1 and 0 <= at < top + half
        style = self._scale.loud
        segments = [Segment(self._scale.mark if here else " ", style)]
        upper = levels[top]
        lower = (
            levels[top + 1] if half == 2 and top + 1 < len(levels) else np.full_like(upper, BLANK)
        )
        for a, b in zip(upper.tolist(), lower.tolist(), strict=True):
            segments.append(self._scale.pair(a, b) if half == 2 else self._scale.single(a))
        return segments

    def on_click(self, event: events.Click) -> None:
        across, line = event.x // self._pitch[0], event.y // self._pitch[1]
        index = line * self.across + across
        if across < self.across and index < len(self._panels):
            self.post_message(self.Picked(index))
