"""The equations of a model with this row's numbers in them."""

from __future__ import annotations

from typing import ClassVar

from rich.console import Group, RenderableType
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from tui.views.axis import label
from tui.views.equation_large import large_strip, large_text
from tui.views.formula import architecture_of
from tui.views.formula_text import cell_text, unit_strip
from tui.views.layered import LayeredView
from tui.views.lookup_text import block_text

LOW = 8  # lines below which all units leave theirs to the equations
TALL = 34  # lines from which on all units stand below, where all is large


class EquationView(LayeredView):
    """A cell's equations with one unit's numbers, or one head's lookup; drawn from the trace alone."""

    TITLE = "Equation"
    HELP = """\
# Equation

The model's own equations, each with the numbers of **one unit** at **this row** under it. σ is the
logistic function, ⊙ multiplies unit by unit, ' marks the value of the row before (0 before the first).

* A sum inside σ or tanh is not recorded: it is recovered from the value. Where the value is so close to
  its end that its digits no longer tell, only a bound is given, such as `> 14`.
* A bar shows a gate from 0 (shut) to 1 (open), anything else from the middle: left is minus, right plus.
* A value that an intervention holds says so: the equation does not lead to it.

A decoder with attention: the rows of the source that fit best, with their scores and weights; row j is of
the source, and h_j its state.

For a Transformer: one head at one row, from scores over weights to the context, the heaviest keys first,
then the block's sums for one unit of the residual stream. Of a model of pairs, a row of the source shows
the encoder's block, a row of the target the decoder's, which looks twice: at itself and at the source.

Where not all of it fits, Shift+↓ and Shift+↑ (or the mouse wheel) show the rest.

LSTM: Hochreiter & Schmidhuber 1997, Gers et al. 2000. GRU: Cho et al. 2014, in torch's form. Attention:
Bahdanau et al. 2014, Luong et al. 2015, Vaswani et al. 2017.
"""
    DEFAULT_CSS = """
    EquationView #title { height: 1; text-style: bold; }
    EquationView #more { height: 1; color: $text-muted; display: none; }
    EquationView #body { height: 1fr; scrollbar-size-vertical: 1; }
    EquationView.-ascii #body { scrollbar-size-vertical: 0; }
    EquationView #text { height: auto; }
    EquationView #strip { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "unit(-1)", "Unit", id="equation.unit.left", tooltip="The unit before; → is the next",
                key_display="← →"),
        Binding("right", "unit(1)", "Unit", id="equation.unit.right", tooltip="The next unit",
                show=False),
        Binding("h,right_curly_bracket", "head(1)", "Head", id="equation.head.next",
                tooltip="The next attention head", key_display="h"),
        Binding("H,left_curly_bracket", "head(-1)", "Head", id="equation.head.previous",
                tooltip="The head before", show=False),
        Binding("shift+up", "page(-1)", "Scroll", id="equation.scroll.up",
                tooltip="What stands above", show=False),
        Binding("shift+down", "page(1)", "Scroll", id="equation.scroll.down",
                tooltip="What stands below", show=False),
    ]  # fmt: skip

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.unit = self.head = 0
        self._begins: int | None = None  # the line to scroll to, as soon as all is laid out

    def compose(self) -> ComposeResult:
        yield Static(id="title", markup=False)
        with VerticalScroll(id="body", can_focus=False):
            yield Static(id="text", markup=False)
        yield Static(id="more", markup=False)
        yield Static(id="strip", markup=False)

    def on_mount(self) -> None:
        body = self.query_one("#body")
        self.watch(body, "scroll_y", self._scrolled, init=False)
        self.watch(
            body, "virtual_size", self._scrolled, init=False
        )  # laid out, perhaps later than told

    def _scrolled(self) -> None:
        self.call_after_refresh(self._tell)

    def choose(self, of: str | None, unit: int | None, head: int | None) -> None:
        self.unit = self.unit if unit is None else unit
        self.head = self.head if head is None else head

    @property
    def scrolled(self) -> int:
        """How many lines stand above the first one in sight."""
        if self._begins is not None or not self.is_mounted:
            return self._begins or 0
        return round(self.query_one("#body", VerticalScroll).scroll_target_y)

    @scrolled.setter
    def scrolled(self, lines: int) -> None:
        self._begins = lines

    def on_resize(self) -> None:
        if self.trace is not None:
            self.updated()

    @property
    def width(self) -> int:
        """How many units a layer has."""
        return int(self.trace["h"].shape[-1]) if self.trace is not None else 1

    @property
    def heads(self) -> int:
        """How many heads a block has; attention of a recurrent decoder needs no choice of one."""
        return self.lane.heads if self.lane is not None and "q" in self.lane.trace else 0

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return bool(self.heads) if action == "head" else True

    def updated(self) -> None:
        trace, lane = self.trace, self.lane
        if trace is None or lane is None:
            return
        self.unit %= self.width
        layer, row = self.layer_shown, self.cursor
        title = f"equation · {self.called} · row {label(row, trace.tokens)} · layer {layer}"
        if self.heads:
            self.head %= self.heads
            title += f" · head {self.head}"
        title += f" · unit {self.unit} of {self.width}"
        self.put("#title", Text(title, no_wrap=True))
        self.put("#text", self._text(layer))
        drawn = large_strip if self.big else unit_strip
        self.put("#strip", drawn(self.palette, lane, row, layer, self.unit, self.size.width))
        # where all is large, the equations need the lines of the units first
        self.query_one("#strip").display = self.size.height >= (TALL if self.big else LOW)
        self.refresh_bindings()
        self.call_after_refresh(self._tell)

    def _tell(self) -> None:
        """Say how much there is beyond the edges, and which key shows it."""
        if not self.is_mounted:
            return
        body, more = self.query_one("#body", VerticalScroll), self.query_one("#more", Static)
        lines = self.query_one("#text", Static).outer_size.height
        room = self._room[1]  # not the body's own: it may not yet have given the strip its lines
        if more.display != (lines > room):
            more.display = lines > room
            self.call_after_refresh(
                self._tell
            )  # a line less, and a scroll bar: what fits is another
            return
        begins, self._begins = self._begins, None
        if begins is not None:
            body.scroll_to(y=begins, animate=False)
        if more.display:
            above = round(body.scroll_target_y)
            below = max(0, lines - above - (room - 1))
            up, down = self.palette.glyph("↑", "up"), self.palette.glyph("↓", "down")
            ways = [f"{above} lines above: Shift+{up}"] * (above > 0)
            ways += [f"{below} lines below: Shift+{down}"] * (below > 0)
            self.put("#more", " · ".join(ways))

    @property
    def _room(self) -> tuple[int, int]:
        """Columns and lines for the equations: beside a scroll bar, between the title and all units."""
        width, height = self.size
        strip = (3 if height >= TALL else 0) if self.big else 2 * (height >= LOW)
        return max(1, width - 1), max(1, height - 1 - strip)

    def _text(self, layer: int) -> RenderableType:
        assert self.trace is not None
        assert self.lane is not None
        architecture = architecture_of(self.trace)
        if "weights" in self.trace:
            parts = block_text(
                self.palette, self.trace, architecture, self.cursor, layer, self.head, self.unit,
                self._room if self.big else None, self._room[0],
            )  # fmt: skip
        elif self.big:
            parts = large_text(
                self.palette, self.lane, architecture, self.cursor, layer, self.unit, self._room
            )
        else:
            parts = cell_text(
                self.palette, self.lane, architecture, self.cursor, layer, self.unit, self._room
            )
        room = self._room[0]
        for part in parts:
            part.no_wrap = part.no_wrap and part.cell_len <= room  # a long one goes on below
        return Group(*parts)

    def action_unit(self, by: int) -> None:
        self.unit = (self.unit + by) % self.width
        if self.trace is not None:
            self.updated()

    def action_head(self, by: int) -> None:
        self.head = (self.head + by) % max(1, self.heads)
        if self.trace is not None:
            self.updated()

    def action_page(self, by: int) -> None:
        body = self.query_one("#body", VerticalScroll)
        body.scroll_relative(y=by * max(1, body.size.height - 1), animate=False)
