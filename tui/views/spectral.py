"""The two plots of the Jacobian view: eigenvalues in the complex plane, and norms over lags."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from textual.app import RenderResult
from textual.color import Color
from textual_plotext import PlotextPlot

from tui.palette import Palette
from tui.scales import nice_scale
from tui.views.curves import PLAIN, Curve, Ink, block, stroke
from tui.views.plain import shown

LABEL = 5  # columns of the numbers beside an axis
MORE = 4  # powers of ten below the last curve that the others are followed for
GUIDES = (0.9, 1.0, 1.1)  # factors a step that are drawn for comparison


class Plot(PlotextPlot):
    """A plot in the screen's own colours, in ASCII where only that can be shown."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.theme = "clear"
        self._palette = Palette()
        self._again: Callable[[], None] | None = None  # draws the same once more

    def on_resize(self) -> None:
        if self._again is not None:
            self._again()

    def render(self) -> RenderResult:
        return shown(self._palette, super().render())  # type: ignore[arg-type]

    def _begin(self, palette: Palette) -> tuple[Any, Ink]:
        """An empty figure, and the colour of lines that only help to read it."""
        plot: Any = self.plt
        self._palette = palette
        plot.clear_figure()
        if palette.ascii:
            plot.frame(False)
        return plot, Color.parse(palette.look.muted).rgb if palette.colours == "full" else PLAIN

    @property
    def canvas(self) -> tuple[int, int]:
        """Columns and lines between the axes."""
        frame = 0 if self._palette.ascii else 2
        return max(1, self.size.width - LABEL - frame), max(1, self.size.height - 1 - frame)


class Plane(Plot):
    """The complex plane with the unit circle; both axes have the same unit, so it is round."""

    def draw(
        self,
        palette: Palette,
        values: np.ndarray,
        inside: Ink,
        outside: Ink,
        large: bool = False,
    ) -> None:
        """Draw eigenvalues: `o` where |λ| <= 1 and `x` beyond; `large` is for those who sit far away."""
        self._again = lambda: self.draw(palette, values, inside, outside, large)
        plot, quiet = self._begin(palette)
        columns, lines = self.canvas
        if min(columns, lines) < 3:
            return  # not laid out yet, or no room
        largest = float(np.abs(values).max(initial=0.0))
        bound = 1.15 if largest <= 1.1 else 1.05 * largest
        right, up = columns // 2, lines // 2  # where 0 stands, in the middle of a cell
        # a column's share; a line is two columns high
        unit = bound / min(columns - 1 - right, 2 * (lines - 1 - up))
        width, height = unit * min(right, columns - 1 - right), 2 * unit * min(up, lines - 1 - up)
        plot.xlim(-unit * right, unit * (columns - 1 - right))
        plot.ylim(-2 * unit * up, 2 * unit * (lines - 1 - up))
        step = 1.0 if bound < 2 else nice_scale(bound / 2.5)
        ticks = [step * i for i in range(-int(height / step), int(height / step) + 1)]
        plot.yticks(ticks, [f"{tick:>{LABEL}g}" for tick in ticks])
        ticks = [step * i for i in range(-int(width / step), int(width / step) + 1)]
        plot.xticks(ticks, [f"{tick:g}" for tick in ticks])
        line = stroke(palette, large)
        angle = np.linspace(0, 2 * math.pi, 60 if palette.ascii else 400)
        circle = [(math.cos(a), math.sin(a)) for a in angle]
        circle = [(x, y) for x, y in circle if abs(x) <= width and abs(y) <= height]
        if circle:
            plot.scatter(*zip(*circle, strict=True), marker=line, color=quiet)
        plot.scatter([0], [0], marker="+", color=quiet)
        far = np.abs(values) > 1
        for where, mark, ink in ((~far, "o", inside), (far, "x", outside)):
            if large:
                for value in values[where]:
                    block(plot, (float(value.real), float(value.imag)), mark, ink)
            elif where.any():
                plot.scatter(
                    values[where].real.tolist(), values[where].imag.tolist(), marker=mark, color=ink
                )
        self.refresh()


class Lags(Plot):
    """log10 of norms over the lag, beside what 0.9, 1 and 1.1 a step would come to."""

    def draw(
        self, palette: Palette, curves: Sequence[Curve], lag: int, large: bool = False
    ) -> None:
        """Draw curves of log10 values, one a lag from 0 on; the lag that is chosen is marked.

        The last curve is seen whole; the others leave the plot where they fall far below it.
        """
        self._again = lambda: self.draw(palette, curves, lag, large)
        plot, quiet = self._begin(palette)
        columns, lines = self.canvas
        if min(columns, lines) < 3:
            return
        last = max(1, max(len(curve.values) for curve in curves) - 1)
        sizes = [[v for v in curve.values if math.isfinite(v)] for curve in curves]
        low, high = min([-1.0, *sizes[-1]]), max([1.0, *sizes[-1]])
        rest = [v for other in sizes[:-1] for v in other]
        low, high = min([low, *(v for v in rest if v > low - MORE)]), max([high, *rest])
        margin = 0.04 * (high - low)
        low, high = low - margin, high + margin
        pad = 2 * last / columns
        plot.xlim(-pad, last + pad)
        plot.ylim(low, high)
        step = nice_scale((high - low) / 5)
        ticks = [step * i for i in range(math.ceil(low / step), int(high / step) + 1)]
        plot.yticks(ticks, [f"{tick:>{LABEL}g}" for tick in ticks])
        across = max(1, int(nice_scale(last / max(2, columns // 12))))
        plot.xticks(list(range(0, last + 1, across)))
        plot.vline(lag, color=quiet)
        line, wide = stroke(palette, large), 10 if large else 3
        thin = stroke(palette, False)
        for factor in GUIDES:
            slope = math.log10(factor)
            end = min(last, (high if slope > 0 else low) / slope) if slope else last
            plot.plot([0, end], [0, slope * end], marker=thin, color=quiet)
        for curve in curves:
            known = [(x, y) for x, y in enumerate(curve.values) if low <= y <= high]
            if not known:
                continue
            xs, ys = map(list, zip(*known, strict=True))
            if len(xs) > 1:
                plot.plot(xs, ys, marker=line, color=curve.ink)
            every = -(-len(xs) * wide // columns) if len(xs) * wide > columns else 1
            if large:
                for at in known[::every]:
                    block(plot, at, curve.mark, curve.ink)
                continue
            plot.scatter(xs[::every], ys[::every], marker=curve.mark, color=curve.ink)
        for factor in GUIDES:
            slope = math.log10(factor)
            end = 0.92 * (min(last, (high if slope > 0 else low) / slope) if slope else last)
            plot.text(f"{factor:g}^n", end, slope * end, color=quiet, background="default")
        if lines >= 14:
            plot.xlabel("lag n = t - k")
        self.refresh()
