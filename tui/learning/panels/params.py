"""The gradient of each parameter at the newest probe: bars on a logarithmic scale, with their numbers."""

from __future__ import annotations

import math

from rich.segment import Segment
from textual.app import ComposeResult
from textual.strip import Strip
from textual.widget import Widget

from engine.learning import derived
from engine.learning.derived import figure
from engine.learning.metrics import Param
from tui.learning.live import LiveRun
from tui.learning.panels.base import Panel, Words
from tui.palette import Palette
from tui.views.axis import clip

NUMBER = 9  # columns of a number
DECADES = 6  # powers of ten below the largest that bars show: a gradient of zero by theory is 1e-18
WIDE = 70  # columns from which on weights and changes have columns of their own
BAR = 6  # the narrowest bar that tells anything


class Bars(Widget):
    """A line a parameter: name, bar, numbers."""

    DEFAULT_CSS = "Bars { height: 1fr; width: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[str, Param]] = []
        self.top = 0
        self._palette, self._ends, self._reference = Palette(), (-1, 0), ""

    def show(
        self, palette: Palette, rows: list[tuple[str, Param]], ends: tuple[int, int], at: int | None
    ) -> None:
        """Draw other rows; `ends` are the powers of ten of the bars' ends, `at` the marked row."""
        self._palette, self.rows, self._ends, self.at = palette, rows, ends, at
        room = max(1, self.size.height - 1)
        if at is not None:
            self.top = max(min(self.top, at), at - room + 1)
        self.top = max(0, min(self.top, len(rows) - room))
        self.refresh()

    at: int | None = None

    @property
    def seen(self) -> int:
        """Up to which row they are in sight."""
        return self.top + max(0, self.size.height - 1)

    @property
    def _label(self) -> int:
        widest = max((len(name) for name, _ in self.rows), default=8)
        return min(widest, max(8, self.size.width // 3)) + 2

    @property
    def wide(self) -> bool:
        """Whether weights and changes are shown too."""
        return self.size.width >= WIDE

    def render_line(self, y: int) -> Strip:
        palette, width = self._palette, self.size.width
        numbers = NUMBER * (3 if self.wide else 1)
        bar = width - self._label - numbers - 1
        if y == 0:
            low, high = (f"1e{end}" for end in self._ends)
            scale = f"{low}{high:>{max(1, bar - len(low))}}" if bar >= BAR + 6 else ""
            more = f"{'weights':>{NUMBER}}{'change':>{NUMBER}}" if self.wide else ""
            text = f"{'':{self._label}}{scale:{max(0, bar)}} {'gradient':>{NUMBER - 1}}{more}"
            return Strip([palette.text(text, "muted")]).adjust_cell_length(width, palette.style())
        index = self.top + y - 1
        if index >= len(self.rows):
            return Strip([Segment(" " * width, palette.style())])
        name, param = self.rows[index]
        here = index == self.at
        mark = palette.glyph("▶", ">") if here else " "
        label = clip(name, self._label - 2, palette.glyph("…", "~"))
        kind = "accent" if here else "text"
        cells = [palette.text(f"{mark}{label:<{self._label - 1}}", kind)]
        if bar >= BAR and derived.log10([param.grad])[0] < self._ends[0]:
            cells.append(palette.text(f"{'<':{bar}}", "muted"))
        elif bar >= BAR:
            cells += palette.bar(self._halves(param.grad, bar), bar)
        cells.append(palette.text(f" {figure(param.grad, 3):>{NUMBER - 1}}", "text"))
        if self.wide:
            moved = derived.moved(param.update, param.weight)
            share = f"{figure(100 * moved)}%" if moved == moved else "-"
            cells.append(palette.text(f"{figure(param.weight, 3):>{NUMBER}}", "muted"))
            cells.append(palette.text(f"{share:>{NUMBER}}", "muted"))
        return Strip(cells).adjust_cell_length(width, palette.style()).simplify()

    def _halves(self, grad: float, bar: int) -> int:
        low, high = self._ends
        (power,) = derived.log10([grad])
        if power != power:
            return 0
        return max(1, round((power - low) / max(1, high - low) * 2 * bar))


class ParamsPanel(Panel):
    """The bars of one run."""

    KIND, NUMBER, NAME = "params", "2", "gradient by parameter"
    HELP = """\
# Gradient by parameter

The Euclidean norm of the gradient of each parameter at the newest probe, in nats per unit of weight, on a
logarithmic scale, before clipping. With room also the norm of the **weights** and how much of it the last
update **changed**. Bars go six powers of ten down; `<` marks what is smaller still, as the gradient of an
attention's b_k: it is zero by theory.

**Together** is the norm of all of them, on the same held-out sequences; the line above the panels has that
of the newest training batch.

It is summed over all time steps: an early step whose gradient has vanished cannot be seen here, for the
late ones hide it. Panel 3 shows the steps one by one.

↑ ↓ choose a parameter, whose numbers stand below.
"""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.at: int | None = None

    def made_of(self) -> tuple[object, ...]:
        return (*super().made_of(), self.at)

    def body(self) -> ComposeResult:
        yield Bars()

    @property
    def run(self) -> LiveRun:
        return self.runs[0]

    def _rows(self, run: LiveRun) -> list[tuple[str, Param]]:
        probe = run.probe(self.desk.shown(run))
        return list(probe.params.items()) if probe is not None else []

    def title(self) -> str:
        return f"{self.NAME} · norm, log scale"

    def draw(self) -> None:
        grads = [param.grad for run in self.desk.runs for _, param in self._rows(run)]
        ends = derived.decades(grads, DECADES)
        self.query_one(Bars).show(self.palette, self._rows(self.run), ends, self.at)

    def words(self) -> Words:
        rows = self._rows(self.run)
        if not rows:
            return [(" nothing was measured yet", "muted")]
        if self.at is not None and self.at < len(rows):
            name, p = rows[self.at]
            moved = derived.moved(p.update, p.weight)
            return [
                (f" {name}: gradient {figure(p.grad, 3)}", "text"),
                (f", weights {figure(p.weight, 3)}", "text"),
                (f", changed by {figure(100 * moved)}%" if moved == moved else "", "text"),
            ]
        probe = self.run.probe(until := self.desk.shown(self.run))
        total = math.hypot(*(p.grad for _, p in rows))
        clip_at = self.run.knobs(until).get("clip", 0)
        clipped = f", before clipping at {clip_at:g}" if clip_at else ", not clipped"
        below = len(rows) - self.query_one(Bars).seen
        more = f" · {below} more: {self.palette.glyph('↓', 'down')}" if below > 0 else ""
        said = f" together {figure(total, 3)} on the probe"
        at = f" at update {probe.update}" if probe is not None else ""
        return [(said, "text"), (more, "muted"), (at, "muted"), (clipped, "muted")]

    def move(self, by: int) -> bool:
        rows = len(self._rows(self.run))
        if rows:
            at = self.at if self.at is not None else (-1 if by > 0 else rows)
            self.at = max(0, min(rows - 1, at + by))
        return True
