"""The gradient of each time step, probe after probe: how far back learning reaches."""

from __future__ import annotations

import numpy as np
from textual.app import ComposeResult

from engine.learning import derived
from engine.learning.derived import figure
from engine.learning.metrics import Layer, Probe
from tui.learning.live import LiveRun
from tui.learning.panels.base import Lines, Panel, Words
from tui.learning.strip import HeatStrip, Map
from tui.palette import Palette
from tui.views.scale import BLANK, DecadeScale

ROOM = 9  # lines from which on the axis has one of its own
WIDE = 56  # columns from which on the name is said in full and the colours have room


class ShareScale(DecadeScale):
    """Powers of ten below 1."""

    def __init__(self, palette: Palette) -> None:
        super().__init__(palette, 1.0, "share")


class ThroughTimePanel(Panel):
    """Rows downwards, updates to the right, |dL/dh_t| as colour."""

    KIND, NUMBER, NAME = "time", "3", "gradient through time"
    HELP = """\
# Gradient through time

**The key picture.** Each row is a time step t of the sequence, as in the score: the first token on top, the
question at the bottom. Each column is an update. The colour is |dL/dh_t|, the Euclidean norm of the
derivative of the loss by the hidden state at that step, the mean over the held-out probe sequences:
**how much of the error arrives there**. Where it is dark, nothing can be learned from that step.

A gradient that vanishes leaves only the rows at the bottom bright. When a network learns to remember, you
see the bright part grow upwards until it meets the row that matters.

* First form: each column relative to its own largest norm, log10 over six powers of ten. The loss falls
  while a run learns, and all gradients with it: only their shares tell how far they reach.
* `v`: the norms themselves, in nats per unit of state, log10 over twelve powers of ten; then the same of an
  LSTM's cell state c.
* **Reach** (the mark └): the earliest row that gets at least 1/1000 of the largest norm.

Everything is computed in float64: in float32 small gradients become false zeros. ↑ ↓ choose a row for its
exact number, ← → go back to earlier updates. Pascanu, Mikolov & Bengio 2013, section 2.
"""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.form = 0

    def made_of(self) -> tuple[object, ...]:
        others = [(run.metrics, len(run.metrics.probes)) for run in self.desk.runs]
        return (*super().made_of(), self.form, *others)

    def body(self) -> ComposeResult:
        yield HeatStrip()
        yield Lines(id="axis")

    # What there is --------------------------------------------------------------------------------

    @property
    def run(self) -> LiveRun:
        return self.runs[0]

    @property
    def forms(self) -> list[tuple[str, bool]]:
        """(state, whether as shares): what `v` goes through."""
        layer = layer_of(self._newest, self.desk.layer)
        states = list(layer.time) if layer else ["h"]
        states.sort(key="hc".find)
        return [(state, share) for state in states for share in (True, False)]

    @property
    def _newest(self) -> Probe | None:
        return self.run.probe(self.desk.shown(self.run))

    def _form(self) -> tuple[str, bool]:
        forms = self.forms
        return forms[self.form % len(forms)]

    def _norms(self, probe: Probe | None) -> np.ndarray:
        layer = layer_of(probe, self.desk.layer)
        state = self._form()[0]
        return layer.time[state] if layer is not None and state in layer.time else np.zeros(0)

    def title(self) -> str:
        state, share = self._form()
        how = " / largest, log10" if share else ", nats per unit, log10"
        layer = layer_of(self._newest, self.desk.layer)
        several = layer is not None and self._newest is not None and len(self._newest.layers) > 1
        name = self.NAME if self.size.width >= WIDE else "through time"
        return f"{name} · |dL/d{state}_t|{how}" + (f", {layer.name}" if several and layer else "")

    # Drawing --------------------------------------------------------------------------------------

    def draw(self) -> None:
        strip = self.query_one(HeatStrip)
        run, desk = self.run, self.desk
        until = desk.shown(run)
        probes = [p for p in run.probes(until) if len(self._norms(p))]
        scale = self._scale()
        if probes:
            rows = max(len(self._norms(p)) for p in probes)
            levels = np.full((rows, len(probes)), BLANK)
            for column, probe in enumerate(probes):
                norms = self._norms(probe)
                sizes = derived.relative(norms) if self._form()[1] else norms
                levels[: len(norms), column] = scale.levels(np.maximum(sizes, derived.LEAST))
            found = derived.reach(self._norms(probes[-1]))
            first = found.of - found.steps if found.of else None
        else:
            levels, first = np.zeros((0, 0), int), None
        tokens = run.tokens
        updates = np.array([p.update for p in probes])
        drawn = Map(levels, updates, desk.until, until, desk.at, tokens, desk.row, first)
        strip.show(drawn, scale)
        axis = self.query_one("#axis", Lines)
        axis.display = self.size.height >= ROOM
        axis.say(self.palette, [self._axis(strip.label)])

    def _scale(self) -> DecadeScale:
        if self._form()[1]:
            return ShareScale(self.palette)
        largest = max(
            (float(np.nanmax(n)) for run in self.desk.runs for p in run.metrics.probes
             if len(n := self._norms(p))), default=1.0,
        )  # fmt: skip
        return WideScale(self.palette, largest)

    def _axis(self, label: int) -> Words:
        width = self.size.width - label - 1
        until = self.desk.until
        ends = (
            [f"{until * i // 4}" for i in range(5)]
            if width > 50 and until >= 20
            else ["0", f"{until}"]
        )
        text, at = "", 0
        for i, end in enumerate(ends):
            place = round(i * (width - 1) / (len(ends) - 1))
            place = min(max(place - len(end) // 2, at), width - len(end))
            text += " " * (place - at) + end
            at = place + len(end)
        return [(" " * label + text, "muted")]

    def legend(self) -> Words:
        scale = self._scale()
        low = "1e-6" if self._form()[1] else f"{figure(scale.largest * 1e-12, 1)}"
        high = "1" if self._form()[1] else f"{figure(scale.largest, 1)}"
        swatch = 9 if self.size.width >= WIDE else 5
        return [(f" {low} ", "muted"), *self.palette.swatch(False, swatch), (f" {high} ", "muted")]

    def words(self) -> Words:
        norms = self._norms(self._newest)
        if not len(norms):
            return [(" no gradient of time steps was recorded", "muted")]
        found, state = derived.reach(norms), self._form()[0]
        row = self.desk.row
        mark = f"{self.palette.glyph('└', '`')} " if found.of else " "
        words: Words = [
            (
                f"{mark}reaches {found.steps} of {found.of} steps",
                "good" if reaches(found) else "bad",
            )
        ]
        if row is not None and row < len(norms):
            words.append((f" · row {row}: |dL/d{state}| = {figure(norms[row], 3)}", "text"))
        else:
            words.append((f" · largest {figure(np.nanmax(norms))}", "text"))
            words.append((f", row 0 {figure(norms[0])}", "text"))
        update = self._newest.update if self._newest else 0
        strip = self.query_one(HeatStrip)
        pooled = f" · {strip.pooled} rows a cell" if strip.pooled > 1 else ""
        return [*words, (f" · at update {update}", "muted"), (pooled, "muted")]

    def move(self, by: int) -> bool:
        rows = len(self._norms(self._newest))
        if rows:
            row = self.desk.row if self.desk.row is not None else (-1 if by > 0 else rows)
            self.desk.row = max(0, min(rows - 1, row + by))
        return True

    def vary(self) -> bool:
        self.form = (self.form + 1) % len(self.forms)
        return True

    def on_heat_strip_picked(self, event: HeatStrip.Picked) -> None:
        self.desk.row = event.row
        self.update()


class WideScale(DecadeScale):
    """The norms themselves, over twelve powers of ten."""

    def fraction(self, values: np.ndarray) -> np.ndarray:
        high = np.log10(self.largest)
        return np.clip((derived.log10(values) - high + 12) / 12, 0.0, 1.0)

    def __init__(self, palette: Palette, largest: float) -> None:
        super().__init__(palette, largest, "nats per unit")


def layer_of(probe: Probe | None, index: int) -> Layer | None:
    """A layer of a probe; -1 is the last one that others depend on.

    Of a Transformer that is the last but one: after the last block no row looks at another.
    """
    if probe is None or not probe.layers:
        return None
    last = len(probe.layers) - 1
    if index < 0 and last and probe.layers[last].kind == "transformer":
        return probe.layers[last - 1]
    return probe.layers[min(index, last) if index >= 0 else last]


def reaches(found: derived.Reach) -> bool:
    """Whether a gradient arrives at the first row."""
    return found.of > 0 and found.steps >= found.of - 1
