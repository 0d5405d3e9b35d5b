"""Curves over tokens: each drawn with its own letter, so that they can be told apart without colour."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.text import Text
from textual.app import RenderResult
from textual.color import Color
from textual_plotext import PlotextPlot

from tui.palette import Palette
from tui.views.axis import label, stagger, steps
from tui.views.plain import shown

TALL = 24  # lines from which on one more or less between two numbers of an axis is not seen
AXIS, RIGHT = 6, 5  # columns of the numbers beside the left axis, and beside the right one

# Okabe & Ito 2008, ordered so that neighbours differ most; lighter on dark, darker on light
ON_DARK = (
    (86, 180, 233),
    (230, 159, 0),
    (0, 200, 140),
    (240, 150, 200),
    (240, 228, 66),
    (255, 110, 40),
)
ON_LIGHT = ((0, 114, 178), (176, 84, 0), (0, 120, 88), (150, 60, 120), (40, 40, 40), (110, 110, 0))

IN_FEW = (14, 11, 10, 13, 15, 9)  # of the 16 colours that every terminal has
Ink = tuple[int, int, int] | int | str
PLAIN: Ink = "default"


def inks(palette: Palette, dark: bool) -> Sequence[Ink]:
    """The colours of the first curve, the second and so on; all alike where there are none."""
    if palette.colours == "none":
        return (PLAIN,) * len(IN_FEW)
    return IN_FEW if palette.colours == "few" else ON_DARK if dark else ON_LIGHT


@dataclass(frozen=True)
class Curve:
    """One line: a value for each row in sight (NaN where it has none), and the letter of its points."""

    mark: str
    values: Sequence[float]
    ink: Ink = PLAIN

    def known(self, first: int) -> tuple[list[int], list[float]]:
        """The rows that have a value, where row `first` is the first one in sight, and their values."""
        found = [(first + i, v) for i, v in enumerate(self.values) if math.isfinite(v)]
        return [row for row, _ in found], [value for _, value in found]


def under(
    palette: Palette,
    tokens: Sequence[str],
    rows: range,
    cursor: int,
    cell: int,
    most: int,
    width: int,
) -> Text:
    """Labels of the rows below their points, in up to `most` lines over `width` columns after the axis.

    Every so many rows have one where there is no room for all.
    """
    stride = 1 if cell >= 3 else -(-10 // cell)
    rows = rows[::stride]
    labels = [label(row, tokens) for row in rows]
    lines = steps(labels, cell * stride, most)
    text = Text(no_wrap=True)
    leader, ellipsis = palette.glyph("│", "|"), palette.glyph("…", "~")
    for i, pieces in enumerate(stagger(labels, cell * stride, lines, width, leader, ellipsis)):
        text.append(" " * (AXIS + 1 + cell // 2))
        for piece, owner in pieces:
            here = owner >= 0 and rows[owner] == cursor
            text.append(piece, "bold" if here else palette.style("muted"))
        if i < lines - 1:
            text.append("\n")
    return text


def stroke(palette: Palette, large: bool) -> str:
    """What lines are drawn with; thick ones can be seen from far away."""
    if palette.ascii:
        return "#" if large else "."
    return "hd" if large else "braille"


def block(plot: Any, at: tuple[float, float], mark: str, ink: Ink, side: str = "left") -> None:
    """A point that can be read from far away: its letter on three columns of its colour, else in brackets."""
    where = {"alignment": "center", "yside": side}
    if ink == PLAIN:
        plot.text(f"[{mark}]", *at, **where)
        return
    bright = not isinstance(ink, tuple) or 0.2126 * ink[0] + 0.7152 * ink[1] + 0.0722 * ink[2] > 110
    letter: Ink = 0 if not isinstance(ink, tuple) else (0, 0, 0) if bright else (255, 255, 255)
    plot.text(f" {mark} ", *at, color=letter, background=ink, style="bold", **where)


class Curves(PlotextPlot):
    """The plot; row r stands in the middle of column `cell` * (r - first) of the canvas."""

    def __init__(self) -> None:
        super().__init__()
        self.theme = "clear"  # the screen's own colours
        self._palette = Palette()
        self._bounds, self._top = (
            (0.0, 1.0),
            0.0,
        )  # of the left axis, and of the right one if there is any

    def render(self) -> RenderResult:
        self._rule(self.size.height)
        return shown(self._palette, super().render())  # type: ignore[arg-type]

    def draw(
        self,
        palette: Palette,
        curves: Sequence[Curve],
        bounds: tuple[float, float],
        first: int,
        cell: int,
        canvas: int,
        cursor: int,
        right: Curve | None = None,
        top: float = 1.0,
        large: bool = False,
    ) -> None:
        """Draw curves within `bounds`, and one on the right axis from 0 to `top`.

        `canvas` is how many columns there are between the axes, `cursor` the row that is marked;
        `large` is for those who sit far away.
        """
        plot: Any = self.plt
        self._palette = palette
        plot.clear_figure()
        low = first - (cell // 2) / cell
        plot.xlim(low, low + max(1, canvas - 1) / cell)
        plot.xticks([], [])
        quiet = Color.parse(palette.look.muted).rgb if palette.colours == "full" else PLAIN
        plot.vline(cursor, color=quiet)
        drawn = [(curve, "left") for curve in curves] + [(right, "right")] * (right is not None)
        for step in (self._line, self._points):
            for curve, side in reversed(
                drawn
            ):  # the first one, that it is about, is above all others
                if curve is not None:
                    step(palette, curve, first, side, large)
        self._bounds, self._top = bounds, top if right is not None else 0.0
        plot.ylim(*bounds, yside="left")
        if right is not None:
            plot.ylim(0, top, yside="right")
        self.refresh()

    def _rule(self, height: int) -> None:
        """Numbers at both axes, equally many lines from each to the next, in so many lines in all."""
        plot: Any = self.plt
        frame = 2 if height >= TALL else 0 if height < 4 else (height - 1) % 4 if height % 4 else 1
        lines, (low, high) = height - frame, self._bounds
        parts = 4 if height >= TALL or (lines % 4 == 1 and lines > 1) else 2 if lines > 2 else 1
        ticks = [low + (high - low) * i / parts for i in range(parts + 1)]
        plot.yticks(ticks, [f"{tick:>{AXIS}.4g}" for tick in ticks], yside="left")
        if self._top:
            ticks = [0, self._top / 2, self._top]
            plot.yticks(ticks, [f"{tick:<{RIGHT}.4g}" for tick in ticks], yside="right")
        plot.frame(not self._palette.ascii)
        plot.xaxes(frame > 0, frame > 1)

    def _line(self, palette: Palette, curve: Curve, first: int, side: str, large: bool) -> None:
        rows, values = curve.known(first)
        if len(rows) > 1:
            plot: Any = self.plt
            line = stroke(palette, large)
            plot.plot(rows, values, marker=line, color=curve.ink, yside=side)

    def _points(self, _: Palette, curve: Curve, first: int, side: str, large: bool) -> None:
        plot: Any = self.plt
        rows, values = curve.known(first)
        if large:
            for at in zip(rows, values, strict=True):
                block(plot, at, curve.mark, curve.ink, side)
        elif rows:
            plot.scatter(rows, values, marker=curve.mark, color=curve.ink, yside=side)
