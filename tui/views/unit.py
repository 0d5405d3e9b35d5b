"""One unit through time: any of its values as curves over the tokens, and its exact numbers."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from tui.lane import Lane
from tui.scales import nice_scale
from tui.views.axis import clip, label
from tui.views.curves import AXIS, PLAIN, RIGHT, Curve, Curves, Ink, inks, under
from tui.views.digits import HIGH, digits
from tui.views.layered import LayeredView
from tui.views.numbers import num

BITS = "bits"
LARGE = (8, 16)  # columns of a token at least and at most, where few and large ones are wanted
LOW = 8  # lines below which the row before leaves its line to the curves
EACH = 10  # columns of a number and its name: without room for all, there are those of the curves
TALL = 24  # lines from which on there is room for large digits


class UnitView(LayeredView):
    """Curves of one unit's values; the letter of the value marks each token."""

    TITLE = "One unit"
    HELP = """\
# One unit through time

The chosen values of **one unit**, one point a token, drawn with the letter of the value (`h`, `c`, `f` …)
and joined by a line, so that curves can be told apart without colour. Where curves coincide, the first of
them is seen. The upright line is the cursor.

* The left axis has no unit: gates lie from 0 to 1, h between -1 and 1 (for an LSTM, a GRU or an RNN), a
  cell state c and a Transformer's residual stream have no bound. The axis is symmetric about 0 and
  reaches to the next round number; with gates alone it goes from 0 to 1.
* `d` adds the **surprisal** of each token in bits, -log2 p(token | tokens before), as `s`, right axis.
* Under the plot: the exact numbers in this row and in the one before.
"""
    DEFAULT_CSS = """
    UnitView #title { height: 1; text-style: bold; }
    UnitView Curves { height: 1fr; }
    UnitView #axis { height: auto; }
    UnitView #numbers { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "row(-1)", "Row", id="unit.row.left", tooltip="The token before",
                show=False),
        Binding("right", "row(1)", "Row", id="unit.row.right", tooltip="The next token",
                show=False),
        Binding("up", "unit(-1)", "Unit", id="unit.up", tooltip="The unit before; ↓ is the next",
                key_display="↑ ↓"),
        Binding("down", "unit(1)", "Unit", id="unit.down", tooltip="The next unit", show=False),
        Binding("v", "values(1)", "Curves", id="unit.values",
                tooltip="Other curves: each value alone, then gates, states, all"),
        Binding("V", "values(-1)", "Curves", id="unit.values.back", tooltip="The curves before",
                show=False),
        Binding("d", "bits", "Bits", id="unit.bits", tooltip="Surprisal of each token, in bits"),
    ]  # fmt: skip

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.unit = 0
        self.names: tuple[str, ...] = ()  # the curves; the model's first state until one is chosen
        self.bits = False
        self._first = 0  # the first row in sight

    def compose(self) -> ComposeResult:
        yield Static(id="title", markup=False)
        yield Curves()
        yield Static(id="axis", markup=False)
        yield Static(id="numbers", markup=False)

    def choose(self, of: str | None, unit: int | None, head: int | None) -> None:
        if of:
            wanted = of.replace(",", " ").split()
            self.bits = BITS in wanted
            self.names = tuple(name for name in wanted if name != BITS)
        self.unit = self.unit if unit is None else unit

    def on_resize(self) -> None:
        if self.trace is not None:
            self.updated()

    @property
    def known(self) -> tuple[str, ...]:
        """The values that there are curves of."""
        return self.lane.units if self.lane is not None else ()

    @property
    def gates(self) -> tuple[str, ...]:
        return self.trace.header.gates if self.trace is not None else ()

    @property
    def states(self) -> tuple[str, ...]:
        return self.trace.header.states if self.trace is not None else ()

    @property
    def curves(self) -> tuple[str, ...]:
        """The values that are drawn."""
        return tuple(name for name in self.names if name in self.known) or ("h",)

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
        title = f"unit {self.unit} of {width} · {self.called} · layer {self.layer_shown}"
        self.put("#title", Text(f"{title}  ") + self._choices())
        canvas = self.size.width - AXIS - 2 - (RIGHT if self.bits else 0)
        least, most = LARGE if self.big else (1, 14)
        cell = max(least, min(most, (canvas - 5) // len(trace)))  # the last label needs some room
        count = min(len(trace), max(1, canvas // cell))
        self._first = max(0, min(self.cursor - count // 2, len(trace) - count))
        self._draw_plot(lane, canvas, cell, count)
        rows, lines = range(self._first, self._first + count), max(1, min(4, self.size.height // 7))
        room = self.size.width - AXIS - 1 - cell // 2
        axis = under(self.palette, trace.tokens, rows, self.cursor, cell, lines, room)
        self.put("#axis", axis)
        self.put("#numbers", self._large(lane) if self.big else self._numbers(lane))

    def _ink(self, name: str) -> Ink:
        """The colour of a curve: always the same for a value of this model."""
        found = inks(self.palette, self.app.current_theme.dark)
        return found[[*self.known, BITS].index(name) % len(found)]

    def _choices(self) -> Text:
        """` i [f] g  o  c [h] bits`: the curves that there are, those on show in brackets."""
        text = Text(no_wrap=True)
        for name in self.known:
            self._choice(text, name, name, name in self.curves)
        self._choice(text, f"s: {BITS}" if self.bits else BITS, BITS, self.bits)
        return text

    def _choice(self, text: Text, words: str, name: str, on: bool) -> None:
        style = _style(self._ink(name) if on else PLAIN)
        text.append(f"[{words}]" if on else f" {words} ", style)

    def _draw_plot(self, lane: Lane, canvas: int, cell: int, count: int) -> None:
        start, stop = self._first, self._first + count
        curves = [
            Curve(name, self.values(name)[start : min(stop, self.shown)].tolist(), self._ink(name))
            for name in self.curves
        ]
        bits, top = None, 1.0
        if self.bits:
            bits = Curve(
                "s",
                [lane.bits(row) for row in range(start, min(stop, self.shown))],
                self._ink(BITS),
            )
            top = nice_scale(max((b for b in bits.values if math.isfinite(b)), default=1.0))
        self.query_one(Curves).draw(
            self.palette,
            curves,
            self._bounds(start, stop),
            start,
            cell,
            canvas,
            self.cursor,
            bits,
            top,
            self.big,
        )

    def _bounds(self, start: int, stop: int) -> tuple[float, float]:
        """The left axis: 0..1 for gates alone, else round and symmetric about 0."""
        assert self.trace is not None
        sizes = [np.abs(self.values(name)[start:stop]) for name in self.curves]
        largest = max(float(np.max(size, initial=0.0, where=~np.isnan(size))) for size in sizes)
        if all(name in self.gates for name in self.curves):
            return 0.0, 1.0
        bound = nice_scale(max(largest, 1e-6))
        return -bound, bound

    def _numbers(self, lane: Lane) -> Text:
        """Every value of the unit in this row and in the row before."""
        assert self.trace is not None
        text = Text(no_wrap=True)
        before = 2 if self.size.height >= LOW else 1
        for row in range(self.cursor, max(-1, self.cursor - before), -1):
            loud, bits = row == self.cursor, lane.bits(row)
            text.append("" if loud else "\n")
            surprisal = f"{bits:.2f}" if math.isfinite(bits) else "no"
            text.append(f"{label(row, self.trace.tokens):<10} {surprisal:>5} bits", "bold" * loud)
            for name in (
                self.known if self.size.width >= EACH * (2 + len(self.known)) else self.curves
            ):
                if math.isnan(value := float(self.values(name)[row])):
                    continue  # a row of a source does not have all that the target's have
                style = "bold" if loud and name in self.curves else self.palette.style("muted")
                text.append(f"  {name} {num(value)}", style)
        return text

    def _large(self, lane: Lane) -> Text:
        """Only this row, and only what is drawn, in large digits where there is room for them."""
        assert self.trace is not None
        bits, row = lane.bits(self.cursor), label(self.cursor, self.trace.tokens)
        found = [(name, num(float(self.values(name)[self.cursor])), name) for name in self.curves]
        if self.bits and math.isfinite(bits):
            found.append(("s", f"{bits:.2f}", BITS))
        text, high = Text(no_wrap=True), self.size.height >= TALL and not self.palette.ascii
        for line in range(HIGH if high else 1):
            middle = line == HIGH // 2 or not high
            text.append("\n" if line else "")
            text.append(f"{clip(row, 14) if middle else '':<14}", "bold")
            for mark, number, name in found:
                style = f"bold {_style(self._ink(name))}".strip()
                text.append(f"  {mark} " if middle else "    ", style)
                text.append(digits(number)[line] if high else number, style)
        return text

    # Choosing ---------------------------------------------------------------------------------

    def action_unit(self, by: int) -> None:
        self.unit += by
        self.updated()

    @property
    def sets(self) -> list[tuple[str, ...]]:
        """The curves that `v` goes through: each alone, then gates, states and all together."""
        together = (
            tuple(name for name in self.known if name in group)
            for group in (self.gates, self.states, self.known)
        )
        return list(dict.fromkeys([*((name,) for name in self.known), *filter(None, together)]))

    def action_values(self, by: int) -> None:
        sets, now = self.sets, self.curves
        at = sets.index(now) if now in sets else -1
        self.names = sets[(at + by) % len(sets)]
        self.updated()

    def action_bits(self) -> None:
        self.bits = not self.bits
        self.updated()


def _style(ink: Ink) -> str:
    """The colour of a curve as rich says it."""
    return f"rgb({','.join(map(str, ink))})" if isinstance(ink, tuple) else ""
