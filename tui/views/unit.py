"""One unit through time: any of its values as curves over the tokens, and its exact numbers."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static
from textual_plotext import PlotextPlot

from tui.lane import Lane, nice_scale
from tui.views.axis import label, stagger, steps
from tui.views.base import View
from tui.views.numbers import num

# Okabe & Ito 2008, ordered so that neighbours differ most on a dark and on a light ground
ON_DARK = (
    (86, 180, 233),
    (230, 159, 0),
    (0, 200, 140),
    (240, 150, 200),
    (240, 228, 66),
    (255, 110, 40),
)
ON_LIGHT = ((0, 114, 178), (176, 84, 0), (0, 120, 88), (150, 60, 120), (40, 40, 40), (110, 110, 0))
AXIS, RIGHT = 6, 5  # columns of the numbers beside the left axis, and beside the right one
BITS = "bits"


class UnitView(View):
    """Curves of one unit's values; the letter of the value marks each token."""

    TITLE = "One unit"
    HELP = """\
# One unit through time

The chosen values of **one unit**, one point a token, drawn with the letter of the value (`h`, `c`, `f` …)
and joined by a line, so that curves can be told apart without colour. The upright line is the cursor.

* The left axis has no unit: gates lie from 0 to 1, h between -1 and 1 (for an LSTM, a GRU or an RNN), a
  cell state c and a Transformer's residual stream have no bound. The axis is symmetric about 0 and
  reaches to the next round number; with gates alone it goes from 0 to 1.
* `b` adds the **surprisal** of each token in bits, -log2 p(token | tokens before), on the right axis.
* Under the plot: the exact numbers in this row and in the one before.
"""
    DEFAULT_CSS = """
    UnitView #title { height: 1; text-style: bold; }
    UnitView PlotextPlot { height: 1fr; }
    UnitView #axis { height: auto; }
    UnitView #numbers { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "row(-1)", "Row", id="unit.row.left", tooltip="The token before",
                show=False),
        Binding("right", "row(1)", "Row", id="unit.row.right", tooltip="The next token",
                show=False),
        Binding("up", "unit(-1)", "Unit", id="unit.up", tooltip="The unit before",
                key_display="↑ ↓"),
        Binding("down", "unit(1)", "Unit", id="unit.down", tooltip="The next unit", show=False),
        Binding("v", "next_value", "Value", id="unit.value", tooltip="The next value, alone"),
        *(Binding(str(n), f"curve({n - 1})", "Curve", id=f"unit.curve.{n}",
                  tooltip=f"Curve {n} on or off", show=n == 1, key_display="1-9")
          for n in range(1, 10)),
        Binding("b", "bits", "Bits", id="unit.bits", tooltip="Surprisal of each token, in bits"),
    ]  # fmt: skip

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.unit = 0
        self.at_layer: int | None = None  # None is the last one
        self.names: tuple[str, ...] = ()  # the curves; the model's first state until one is chosen
        self.bits = False
        self._first = 0  # the first row in sight

    def compose(self) -> ComposeResult:
        yield Static(id="title", markup=False)
        plot = PlotextPlot()
        plot.theme = "clear"  # the screen's own colours
        yield plot
        yield Static(id="axis", markup=False)
        yield Static(id="numbers", markup=False)

    def point(
        self,
        *,
        of: str | None = None,
        unit: int | None = None,
        layer: int | None = None,
        head: int | None = None,
    ) -> None:
        if of:
            wanted = of.replace(",", " ").split()
            self.bits = BITS in wanted
            self.names = tuple(name for name in wanted if name != BITS)
        self.unit = self.unit if unit is None else unit
        self.at_layer = self.at_layer if layer is None else layer
        if self.trace is not None and self.is_mounted:
            self.updated()

    def on_resize(self) -> None:
        if self.trace is not None:
            self.updated()

    @property
    def known(self) -> tuple[str, ...]:
        """The values that there are curves of."""
        return self.lane.units if self.lane is not None else ()

    @property
    def curves(self) -> tuple[str, ...]:
        """The values that are drawn."""
        return tuple(name for name in self.names if name in self.known) or ("h",)

    @property
    def depth(self) -> int:
        return int(self.trace["h"].shape[1]) if self.trace is not None else 1

    @property
    def layer_shown(self) -> int:
        return (
            self.depth - 1 if self.at_layer is None else max(0, min(self.at_layer, self.depth - 1))
        )

    def values(self, name: str) -> np.ndarray:
        """(time,) of a value of the chosen unit."""
        assert self.trace is not None
        return self.trace[name][:, self.layer_shown, self.unit]

    # Drawing ----------------------------------------------------------------------------------

    def updated(self) -> None:
        trace, lane = self.trace, self.lane
        if trace is None or lane is None or not self.size.width:
            return
        width = int(trace["h"].shape[-1])
        self.unit %= width
        title = f"unit {self.unit} of {width} · {trace.header.model} · layer {self.layer_shown}"
        self.query_one("#title", Static).update(Text(f"{title}  ") + self._choices())
        canvas = self.size.width - AXIS - 2 - (RIGHT if self.bits else 0)
        cell = max(1, min(10, canvas // len(trace)))
        count = min(len(trace), max(1, canvas // cell))
        self._first = max(0, min(self.cursor - count // 2, len(trace) - count))
        self._draw_plot(lane, canvas, cell, count)
        self._draw_axis(cell, count)
        self.query_one("#numbers", Static).update(self._numbers(lane))

    def _ink(self, name: str) -> tuple[int, int, int] | None:
        """The colour of a curve: always the same for a value of this model."""
        if self.palette.colours != "full":
            return None
        colours = ON_DARK if self.app.current_theme.dark else ON_LIGHT
        return colours[([*self.known, BITS].index(name)) % len(colours)]

    def _choices(self) -> Text:
        """`1 i  [2 f]  3 g …`: what each digit switches, the curves on show in brackets."""
        text = Text(no_wrap=True)
        for n, name in enumerate(self.known, 1):
            self._choice(text, f"{n} {name}", name, name in self.curves)
        self._choice(text, f"b {BITS}", BITS, self.bits)
        return text

    def _choice(self, text: Text, words: str, name: str, on: bool) -> None:
        ink = self._ink(name) if on else None
        style = f"rgb({','.join(map(str, ink))})" if ink else "not bold" if not on else ""
        text.append(f"[{words}]" if on else f" {words} ", style)

    def _draw_plot(self, lane: Lane, canvas: int, cell: int, count: int) -> None:
        widget, palette = self.query_one(PlotextPlot), self.palette
        plot: Any = widget.plt
        first = self._first
        rows = list(range(first, first + count))
        plot.clear_figure()
        low = first - (cell // 2) / cell  # so that a row's point stands in the middle of its cell
        plot.xlim(low, low + max(1, canvas - 1) / cell)
        plot.xticks([], [])
        plot.vline(self.cursor, color=None if palette.colours != "full" else "gray+")
        for name in self.curves:
            self._curve(rows, self.values(name)[first : first + count].tolist(), name, name, "left")
        low_y, high_y = self._bounds(first, first + count)
        ticks = [low_y + (high_y - low_y) * i / 4 for i in range(5)]
        plot.ylim(low_y, high_y, yside="left")
        plot.yticks(ticks, [f"{tick:>{AXIS}.4g}" for tick in ticks], yside="left")
        if self.bits:
            bits = [lane.bits(row) for row in rows]
            top = nice_scale(max((b for b in bits if math.isfinite(b)), default=1.0))
            known = [(row, bit) for row, bit in zip(rows, bits, strict=True) if math.isfinite(bit)]
            if known:
                self._curve([r for r, _ in known], [b for _, b in known], BITS, "s", "right")
            plot.ylim(0, top, yside="right")
            plot.yticks([0, top / 2, top], [f"{t:<{RIGHT}.4g}" for t in (0, top / 2, top)], "right")
        if palette.ascii:
            plot.frame(False)
        widget.refresh()

    def _curve(self, rows: list[int], values: list[float], name: str, mark: str, side: str) -> None:
        plot: Any = self.query_one(PlotextPlot).plt
        ink = self._ink(name)
        line = "." if self.palette.ascii else "braille"
        if len(rows) > 1:
            plot.plot(rows, values, marker=line, color=ink, yside=side)
        plot.scatter(rows, values, marker=mark, color=ink, yside=side)

    def _bounds(self, start: int, stop: int) -> tuple[float, float]:
        """The left axis: 0..1 for gates alone, else round and symmetric about 0."""
        assert self.trace is not None
        gates = self.trace.header.gates
        largest = max(float(np.abs(self.values(name)[start:stop]).max()) for name in self.curves)
        if all(name in gates for name in self.curves):
            return 0.0, 1.0
        bound = nice_scale(max(largest, 1e-6))
        return -bound, bound

    def _draw_axis(self, cell: int, count: int) -> None:
        """Token labels under their points; every so many where there is no room for all."""
        assert self.trace is not None
        stride = 1 if cell >= 3 else -(-10 // cell)
        rows = range(self._first, self._first + count, stride)
        labels = [label(row, self.trace.tokens) for row in rows]
        lines = steps(labels, cell * stride, 4)
        room = self.size.width - AXIS - 1 - cell // 2
        text = Text(no_wrap=True)
        leader = self.palette.glyph("│", "|")
        for i, pieces in enumerate(stagger(labels, cell * stride, lines, room, leader)):
            text.append(" " * (AXIS + 1 + cell // 2))
            for piece, owner in pieces:
                here = owner >= 0 and rows[owner] == self.cursor
                text.append(piece, "bold" if here else self.palette.style("muted"))
            if i < lines - 1:
                text.append("\n")
        self.query_one("#axis", Static).update(text)

    def _numbers(self, lane: Lane) -> Text:
        """Every value of the unit in this row and in the row before."""
        assert self.trace is not None
        text = Text(no_wrap=True)
        for row in range(self.cursor, max(-1, self.cursor - 2), -1):
            loud, bits = row == self.cursor, lane.bits(row)
            text.append("" if loud else "\n")
            surprisal = f"{bits:.2f}" if math.isfinite(bits) else "no"
            text.append(f"{label(row, self.trace.tokens):<10} {surprisal:>5} bits", "bold" * loud)
            for name in self.known:
                style = "bold" if loud and name in self.curves else self.palette.style("muted")
                text.append(f"  {name} {num(float(self.values(name)[row]))}", style)
        return text

    # Choosing ---------------------------------------------------------------------------------

    def action_unit(self, by: int) -> None:
        self.unit += by
        self.updated()

    def action_layer(self, by: int) -> None:
        self.at_layer = (self.layer_shown + by) % self.depth
        self.updated()

    def action_next_value(self) -> None:
        if self.known:
            at = self.known.index(self.curves[0]) if len(self.curves) == 1 else -1
            self.names = (self.known[(at + 1) % len(self.known)],)
            self.updated()

    def action_curve(self, index: int) -> None:
        if index < len(self.known):
            name, now = self.known[index], self.curves
            wanted = [n for n in self.known if (n in now) != (n == name)]
            self.names = tuple(wanted) or now  # the last curve stays
            self.updated()

    def action_bits(self) -> None:
        self.bits = not self.bits
        self.updated()
