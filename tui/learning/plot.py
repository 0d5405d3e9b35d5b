"""A plot over updates: lines with a letter each, levels that are named, and the update on show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from textual.app import RenderResult
from textual.color import Color
from textual_plotext import PlotextPlot

from tui.learning.free import Free
from tui.palette import Palette
from tui.views.curves import PLAIN, Ink, inks
from tui.views.plain import shown

AXIS = 5  # columns of the numbers beside the axis
APART = 24  # columns between two letters of a line
TALL = 12  # lines from which on the numbers of updates have a line of their own

Points = Sequence[float] | np.ndarray


@dataclass(frozen=True, eq=False)
class Curve:
    """One line: values at updates, the letter that marks it ("" for a line that is alone), its name."""

    mark: str
    x: Points
    y: Points
    ink: Ink = PLAIN
    name: str = ""


@dataclass(frozen=True)
class Level:
    """A height that means something, with its name."""

    at: float
    name: str
    left: bool = False  # whether its name stands at the left end, where the curve is elsewhere


@dataclass(frozen=True)
class Axis:
    """The upright axis; `ticks` are (height, label) pairs."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]


def linear(low: float, high: float, parts: int = 4) -> Axis:
    """An axis with evenly spaced numbers."""
    steps = ((high - low) / p for p in (parts, 5, 3))
    step = next((s for s in steps if float(f"{s:.2g}") == round(s, 12)), (high - low) / parts)
    parts = round((high - low) / step)
    heights = [low + (high - low) * i / parts for i in range(parts + 1)]
    return Axis(low, high, tuple((h, f"{h:.3g}") for h in heights))


def powers(low: int, high: int) -> Axis:
    """An axis of log10 values, labelled with the powers of ten themselves."""
    every = max(1, math.ceil((high - low) / 5))
    heights = range(high, low - 1, -every)
    return Axis(low, high, tuple((float(h), f"1e{h}") for h in reversed(heights)))


def ink(palette: Palette, dark: bool, index: int) -> Ink:
    """The colour of the line number `index`; the same for a run in every panel."""
    found = inks(palette, dark)
    return found[index % len(found)]


class Plot(PlotextPlot):
    """Draws what `draw` was given last; never by itself."""

    DEFAULT_CSS = "Plot { height: 1fr; width: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.theme = "clear"  # the screen's own colours
        self.can_focus = False
        self._palette = Palette()
        self._what: tuple[Any, ...] | None = None

    def render(self) -> RenderResult:
        if self._what is not None:
            self._draw(*self._what)
        return shown(self._palette, super().render())  # type: ignore[arg-type]

    def draw(
        self,
        palette: Palette,
        curves: Sequence[Curve],
        axis: Axis,
        until: float,
        at: float | None = None,
        levels: Sequence[Level] = (),
        captions: tuple[str, ...] = (),
        below: bool = False,
    ) -> None:
        """Draw curves over updates 0..`until`; `at` is the update that is looked back at.

        The first of `captions` that has room stands in a corner, the upper or the lower right one where no
        curve is there.
        """
        what = (palette, curves, axis, until, at, levels, captions, below)
        if self._what is None or not _same(what, self._what):
            self._what = what
            self.refresh()

    def _draw(
        self,
        palette: Palette,
        curves: Sequence[Curve],
        axis: Axis,
        until: float,
        at: float | None,
        levels: Sequence[Level],
        captions: tuple[str, ...],
        below: bool,
    ) -> None:
        plot: Any = self.plt
        self._palette = palette
        width, height = self.size
        plot.clear_figure()
        if width < AXIS + 8 or height < 3:
            return
        plot.xlim(0, until)
        plot.ylim(axis.low, axis.high)
        quiet = Color.parse(palette.look.muted).rgb if palette.colours == "full" else PLAIN
        faint = Color.parse(palette.look.faint).rgb if palette.colours == "full" else PLAIN
        dash = palette.glyph("╌", "-")
        free = Free(curves, axis, until, width - AXIS - 2, height)
        inside = [level for level in levels if axis.low <= level.at <= axis.high]
        for level in inside:
            plot.plot([0, until], [level.at, level.at], marker=dash, color=faint)
        if at is not None:
            plot.vline(at, color=quiet)
        for index, curve in enumerate(curves):
            self._line(palette, curve, until, width - AXIS - 2, index / len(curves))
        for level in inside:
            side, x, y = free.end(level.name, level.at, level.left)
            plot.text(level.name, x, y, color=quiet, background="default", alignment=side)
        caption = next((words for words in captions if len(words) < width - AXIS - 3), "")
        if caption:
            y, other = (axis.low, axis.high) if below else (axis.high, axis.low)
            side, x, y = free.corner(caption, y, other)
            plot.text(caption, x, y, color=quiet, background="default", alignment=side)
        few = self._few(axis.ticks, height)
        plot.yticks([h for h, _ in few], [f"{name:>{AXIS}}" for _, name in few])
        if height >= TALL:
            ticks = [until * i / 4 for i in range(5)]
            plot.xticks(ticks, [f"{t:.0f}" for t in ticks])
        else:
            plot.xticks([], [])
            plot.xaxes(False, False)  # their two lines are worth more as curve

    @staticmethod
    def _few(ticks: Sequence[tuple[float, str]], height: int) -> list[tuple[float, str]]:
        """As many numbers as there is room for, the lowest and the highest among them."""
        parts = len(ticks) - 1
        fits = (
            n for n in range(1, parts + 1) if parts % n == 0 and parts / n <= max(1, height // 3)
        )
        return list(ticks[:: next(fits, max(1, parts))])

    def _line(
        self, palette: Palette, curve: Curve, until: float, canvas: int, share: float
    ) -> None:
        plot: Any = self.plt
        x, y = np.asarray(curve.x, float), np.asarray(curve.y, float)
        good = np.isfinite(x) & np.isfinite(y)
        x, y = x[good], y[good]
        if not len(x):
            return
        line, alone = ("*", "*") if palette.ascii else ("braille", "•")
        if len(x) > 1:
            plot.plot(x.tolist(), y.tolist(), marker=line, color=curve.ink)
        else:
            plot.scatter(x.tolist(), y.tolist(), marker=curve.mark or alone, color=curve.ink)
        if not curve.mark:
            return
        spots = np.unique(
            np.append(np.searchsorted(x, _spots(x, until, canvas, share)), len(x) - 1)
        )
        spots = spots[spots < len(x)]
        plot.scatter(x[spots].tolist(), y[spots].tolist(), marker=curve.mark, color=curve.ink)


def _same(what: tuple[Any, ...], before: tuple[Any, ...]) -> bool:
    """Whether two drawings are the same: most plots change only when a probe came in."""
    curves, others = what[1], before[1]
    if (what[0], *what[2:]) != (before[0], *before[2:]) or len(curves) != len(others):
        return False
    return all(
        (a.mark, a.ink) == (b.mark, b.ink)
        and np.array_equal(a.x, b.x)
        and np.array_equal(a.y, b.y, True)
        for a, b in zip(curves, others, strict=True)
    )


def _spots(x: np.ndarray, until: float, canvas: int, share: float) -> np.ndarray:
    """Where the letters of a line stand, apart enough to leave the line visible between them.

    `share` of the way to the next one they stand further on: lines that cross hide no letters.
    """
    apart = until * APART / max(1, canvas)
    return np.arange(x[0] + apart * (0.5 + share / 2), x[-1], apart) if apart > 0 else x[:1]
