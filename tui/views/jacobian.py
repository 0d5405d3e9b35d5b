"""The step Jacobian of one row, and what the product of the steps before it leaves of a change."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Static

from engine import PeepholeError, Trace
from tui.lane import Lane
from tui.views.computed import KnownView
from tui.views.curves import Curve, inks
from tui.views.digits import HIGH, digits
from tui.views.layered import LayeredView
from tui.views.numbers import num
from tui.views.product import Found, find, power
from tui.views.spectral import Lags, Plane

TALL = 24  # lines from which on there is room for large digits


class JacobianView(KnownView[Found], LayeredView):
    """Left the eigenvalues of this row's step, right |ds_t/ds_k| over the lag t - k."""

    KEPT = 64  # rows
    TITLE = "Jacobian"
    HELP = """\
# Step Jacobian

**Left**: the eigenvalues λ of ds_t/ds_(t-1), this row's step, in the complex plane with the unit circle:
`o` inside, `x` outside. If the step were repeated, a direction inside would die out, one outside would
grow, one off the real axis turns. The *spectral radius* ρ is the largest |λ|; the *norm* σ_max is the
largest factor by which this one step stretches any change. ρ never exceeds σ_max.

**Right**: `J` is |ds_t/ds_k|, the norm of the product of the steps k+1 to t, as log10 over the lag n = t - k.
It is what can be left at row t of a change at row k, and the most that a gradient keeps on the way back.
The lines are 0.9^n, 1^n and 1.1^n. Below: its exact value at the lag chosen with ← →, and the mean factor a
step.

The *belt* of an LSTM, `f`, is the product of one unit's forget gates: dc_t/dc_k along the straight road. Of
a GRU it is `z`, the product of its update gates (torch's form: z keeps).

`v` goes through s (all that is carried), h and c alone: dh_t/dh_(t-1) is what textbooks print, for an RNN
diag(1 - h²) W_hh; c alone is diag(f).

No unit; float64, and no product is a false zero. Hochreiter 1991; Bengio, Simard & Frasconi 1994; Pascanu,
Mikolov & Bengio 2013.
"""
    DEFAULT_CSS = """
    JacobianView #title, JacobianView #legend { height: 1; }
    JacobianView #title { text-style: bold; }
    JacobianView #numbers { height: auto; }
    JacobianView #wait { height: 1fr; text-wrap: wrap; content-align: center middle; }
    JacobianView #plots { height: 1fr; }
    JacobianView Plane { width: 2fr; }
    JacobianView Lags { width: 3fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "lag(1)", "Lag", id="jacobian.lag.more",
                tooltip="Another row to look back to: ← one earlier, → one later", key_display="← →"),
        Binding("right", "lag(-1)", "Lag", id="jacobian.lag.less",
                tooltip="Another row to look back to: ← one earlier, → one later", show=False),
        Binding("v", "of", "s / h / c", id="jacobian.of",
                tooltip="Of which state: all that is carried, h alone, c alone"),
        Binding("left_curly_bracket", "unit(-1)", "Unit", id="jacobian.unit.down",
                tooltip="The unit of the belt: { the one before, } the next", key_display="{ }"),
        Binding("right_curly_bracket", "unit(1)", "Unit", id="jacobian.unit.up",
                tooltip="The unit of the belt: { the one before, } the next", show=False),
    ]  # fmt: skip

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.of = "s"
        self.unit = 0
        self.lag: int | None = None  # as last chosen; until then the longest
        self._of_what: tuple[Lane, Trace] | None = None  # what `_found` is of
        self._found: Found | None = None  # what is drawn: of the row before while one is computed
        self._error: PeepholeError | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="title", markup=False)
        yield Static(id="wait", markup=False)
        with Horizontal(id="plots"):
            yield Plane()
            yield Lags()
        yield Static(id="numbers", markup=False)
        yield Static(id="legend", markup=False)

    def choose(self, of: str | None, unit: int | None, head: int | None) -> None:
        self.of = of if of in ("s", "h", "c") else self.of
        self.unit = self.unit if unit is None else unit

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where there is no Jacobian there is nothing to choose."""
        empty = self._found is None and self._error is not None
        return not empty or action not in ("lag", "of", "unit", "layer")

    # Computing --------------------------------------------------------------------------------

    def updated(self) -> None:
        lane, trace = self.lane, self.trace
        if lane is None or trace is None:
            return
        if self._of_what != (lane, trace):
            self._of_what, self._found = (lane, trace), None
        if self.of not in ("s", *trace.header.states):
            self.of = "s"
        row, of = self.cursor, self.of
        found = self.known((lane, trace, row, of), lambda: find(trace, lane.model, row, of))
        if isinstance(found, PeepholeError):
            self._found, self._error = None, found
        elif found is not None:
            self._found, self._error = found, None
        if found is not None or self._found is None:
            self._draw()  # else what is drawn stands until the next row is known

    # What is drawn ----------------------------------------------------------------------------

    def _draw(self) -> None:
        trace, found = self.trace, self._found
        if trace is None or not self.is_mounted:
            return
        self.refresh_bindings()
        self.query_one("#plots").display = found is not None
        self.query_one("#wait").display = found is None
        if found is None:
            waiting = f"computing the step Jacobian of {self.called} …"
            self.put("#wait", str(self._error) if self._error else waiting)
            self.put("#title", f"step Jacobian · {self.called}")
            for part in ("numbers", "legend"):
                self.put(f"#{part}", "")
            return
        self.unit %= int(trace["h"].shape[-1])
        layer, pens = self.layer_shown, inks(self.palette, self.app.current_theme.dark)
        both = " · s = (h, c)" if found.of == "s" and len(trace.header.states) > 1 else ""
        where = f"row {found.row} {trace.tokens[found.row]!r} · {self.called} · layer {layer}"
        self.put("#title", f"{where} · d{found.of}_t/d{found.of}_(t-1){both}")
        self.query_one(Plane).draw(
            self.palette, found.eigenvalues(layer), pens[0], pens[1], self.big
        )
        lags = self.query_one(Lags)
        lags.display = found.norms is not None and found.row > 0
        if lags.display:
            curves = [Curve("J", found.log_norms(layer).tolist(), pens[0])]
            if found.belt:
                belt = found.log_belts(layer)[:, self.unit].tolist()
                curves.insert(0, Curve(found.belt, belt, pens[2]))
            lags.draw(self.palette, curves, found.within(self.lag), self.big)
        said = self._large(found) if self.big else "\n".join(self._numbers(found))
        self.put("#numbers", Text(said, "bold" if self.big else "", no_wrap=True))
        legend = self._legend(found)
        self.put("#legend", Text(legend, style=self.palette.style("muted"), no_wrap=True))

    @staticmethod
    def _legend(found: Found) -> str:
        left = "left: eigenvalues λ, o inside the unit circle, x outside"
        if found.norms is None or not found.row:
            return left
        belt = f" and {found.belt}" if found.belt else ""
        return f"left: λ, o inside, x outside the circle · right: log10 J{belt} over lag n"

    def _numbers(self, found: Found) -> list[str]:
        """Every number of this row, and those of the chosen lag."""
        layer, lag = self.layer_shown, found.within(self.lag)
        lines = found.of_step(layer)
        if found.norms is None:
            return [*lines, "the product over many rows is not recorded: open the model itself"]
        if not found.row:
            return [*lines, "row 0 is the step out of the zero state: nothing lies before it"]
        lines.append(found.of_product(layer, lag))
        return [*lines, found.of_belt(layer, self.unit, lag)] if found.belt else lines

    def _large(self, found: Found) -> str:
        """ρ and J alone, in large digits where there is room for them."""
        layer, lag = self.layer_shown, found.within(self.lag)
        parts = [("ρ, largest |λ| =", num(found.radius(layer)))]
        if found.norms is not None and found.row:
            name = f"J = |d{found.of}_{found.row}/d{found.of}_{found.row - lag}| ="
            parts.append((name, power(float(found.log_norms(layer)[lag]))))
        if self.size.height < TALL or self.palette.ascii:
            return " · ".join(f"{name} {number}" for name, number in parts)
        lines = [""] * HIGH
        for name, number in parts:
            for at, piece in enumerate(digits(number)):
                lines[at] += f"{name if at == HIGH // 2 else '':<{len(name)}} {piece}    "
        return "\n".join(lines)

    # Choosing ---------------------------------------------------------------------------------

    def action_lag(self, by: int) -> None:
        if self._found is not None and self._found.row:
            self.lag = self._found.within(self._found.within(self.lag) + by)
            self._draw()

    def action_of(self) -> None:
        if self.trace is not None:
            kinds = ["s", *self.trace.header.states]
            self.of = kinds[(kinds.index(self.of) + 1) % len(kinds)]
            self.updated()

    def action_unit(self, by: int) -> None:
        self.unit += by
        self._draw()
