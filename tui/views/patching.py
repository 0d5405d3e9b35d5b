"""Activation patching: which single state, put in from another reading, carries its answer over."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static
from textual.worker import get_current_worker

from engine import PeepholeError, Trace
from engine.lenses.patching import transplant
from tui.lane import Lane
from tui.views.axis import clip, label
from tui.views.base import View
from tui.views.grid import Grid, whole
from tui.views.matrix import Matrix
from tui.views.question import Patched, Question, ask, default
from tui.views.scale import Scale


class EffectScale(Scale):
    """Effects, evenly from 0 to 1; what lies beyond has the colour of its end, and its number."""

    corner = "state of"

    def fraction(self, values: np.ndarray) -> np.ndarray:
        return np.clip(values, 0.0, 1.0)

    def digits(self, value: float, width: int) -> str:
        text = f"{value:.2f}" if abs(value) < 9.995 else f"{value:.0f}"
        text = text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text
        return self.palette.glyph("·", ".") if text in (".00", "-.00") else text

    def legend(self) -> Text:
        text = Text("effect 0 (says the same) ", no_wrap=True)
        for segment in self.palette.swatch(False, 9):
            text.append(segment.text, segment.style)
        text.append(" 1 (answers as the other), even scale")
        return text


class PatchingView(View):
    """Rows are layers, columns the rows of the text whose state is put in."""

    TITLE = "Patching"
    HELP = """\
# Activation patching

Two readings of the same length differ in a word or two, and the model answers them differently. For every
layer and row, **that one state** of the other reading is put into this one, everything after it is computed
anew, and we look at the answer, log2 p(word)/p(other word):

* *effect* 0: this state changes nothing; 1: the model now answers as in the other reading. Below 0 or
  above 1 it moves away from it, or beyond it.

A Transformer's state is the residual stream of a row after a block; a cell's is h, with c where it has one.
Of a pair the states of the source are the encoder's. Where a layer's number is near 1, that place carries
the answer. The last layer of the row that answers carries it by construction: nothing comes after.

`o` asks something else (another text, other words), `←` `→` choose a row, `↑` `↓` a layer. **Enter** puts
the chosen state in for good: the fork stands beside this reading, on the score.

Vig et al. 2020, section 3; Meng et al. 2022, section 2.1.
"""
    DEFAULT_CSS = """
    PatchingView #title, PatchingView #readout, PatchingView #says, PatchingView #legend { height: 1; }
    PatchingView #title, PatchingView #readout { text-style: bold; }
    PatchingView #texts { height: 2; margin-bottom: 1; }
    PatchingView #wait { height: 1fr; text-wrap: wrap; content-align: center middle; text-align: center; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "place(-1)", "Place", id="patching.row.left", tooltip="The row before",
                key_display="← →"),
        Binding("right", "place(1)", "Place", id="patching.row.right", tooltip="The next row",
                show=False),
        Binding("up", "layer(1)", "Layer", id="patching.layer.up", tooltip="The layer above",
                show=False),
        Binding("down", "layer(-1)", "Layer", id="patching.layer.down", tooltip="The layer below",
                show=False),
        Binding("o", "other", "Other text", id="patching.other",
                tooltip="Another text to take states from, and the words that are asked for"),
        Binding("enter", "transplant", "Put it in", id="patching.transplant", key_display="Enter",
                tooltip="The reading with this state put in, beside this one"),
    ]  # fmt: skip

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._found: Patched | None = None
        self._error: PeepholeError | None = None
        self._of: tuple[Lane, Trace, Question | None] | None = None  # what is computed or shown
        self._asked: Question | None = None  # by the user, of the trace on show
        self._place: int | None = None  # as chosen; until then the one that carries most

    def compose(self) -> ComposeResult:
        yield Static(id="title", markup=False)
        yield Static(id="texts", markup=False)
        yield Static(id="wait", markup=False)
        yield Matrix()
        yield Static(id="readout", markup=False)
        yield Static(id="says", markup=False)
        yield Static(id="legend", markup=False)

    def on_resize(self) -> None:
        if self.trace is not None:
            self._draw()

    # Computing --------------------------------------------------------------------------------

    def updated(self) -> None:
        lane, trace = self.lane, self.trace
        if lane is None or trace is None:
            return
        if self._of is None or self._of[:2] != (lane, trace):
            self._asked = None
        if self._asked is not None and len(self._asked.tokens) != len(trace):
            self._asked = None
        question = self._asked or default(trace, self.cursor)
        if self._of != (lane, trace, question):
            self._of, self._found, self._error, self._place = (
                (lane, trace, question),
                None,
                None,
                None,
            )
            self._begin(lane, trace, question)
        self._draw()

    def _begin(self, lane: Lane, trace: Trace, question: Question | None) -> None:
        if lane.model is None:
            self._error = PeepholeError(
                "this trace has no model to run again", do="Open the model itself"
            )
        elif question is None:
            self._error = PeepholeError(
                "no other text to take states from yet", do="Press o to name one"
            )
        else:
            arrays = {name: trace[name] for name in trace.names}
            fixed = Trace.from_arrays(trace.header, trace.tokens[:], arrays)
            self.run_worker(
                lambda: self._compute(lane, fixed, question), thread=True, exclusive=True
            )

    def _compute(self, lane: Lane, trace: Trace, question: Question) -> None:
        worker = get_current_worker()
        found: Patched | None = None
        error: PeepholeError | None = None
        try:
            assert lane.model is not None
            found = ask(lane.model, trace, question)
        except PeepholeError as caught:
            error = caught
        if not worker.is_cancelled:
            self.app.call_from_thread(self._computed, found, error)

    def _computed(self, found: Patched | None, error: PeepholeError | None) -> None:
        if self.is_mounted:
            self._found, self._error = found, error
            self._draw()

    # Drawing ----------------------------------------------------------------------------------

    @property
    def layer_shown(self) -> int:
        """The layer chosen, else the lowest: the last one decides the answer by construction."""
        assert self._found is not None
        return max(0, min(self.at_layer or 0, len(self._found.effect) - 1))

    @property
    def place(self) -> int:
        """The row under the cursor: the one chosen, else the one that carries most in the layer."""
        assert self._found is not None
        if self._place is None:
            return self._found.carrier(self.layer_shown)
        return max(0, min(self._place, self._last))

    @property
    def _last(self) -> int:
        """The last row whose state can decide the answer."""
        assert self._found is not None
        other = self._found.other
        return len(other) - 1 if other.source == len(other) else self._found.question.row - 1

    def _draw(self) -> None:
        trace, found = self.trace, self._found
        if trace is None:
            return
        matrix, wait = self.query_one(Matrix), self.query_one("#wait", Static)
        texts = self.query_one("#texts", Static)
        matrix.display = texts.display = found is not None
        wait.display = found is None
        if found is None:
            self.put("#wait", f"{self._error}" if self._error else self._doing(trace))
            for part in ("title", "readout", "says", "legend"):
                self.put(f"#{part}", "")
            return
        layers, rows = len(found.effect), self._last + 1
        names = [self._label(trace, found, row) for row in range(rows)]
        values = found.effect[::-1, :rows]
        scale = EffectScale(self.palette)
        grid = Grid(
            values,
            [f"layer {layer}" for layer in reversed(range(layers))],
            names,
            whole(layers, rows),
        )
        matrix.show(grid, scale, layers - 1 - self.layer_shown, self.place)
        self.put("#title", self._title(found))
        self.put("#texts", self._texts(trace, found))
        self.put("#readout", self._readout(trace, found))
        self.put("#says", self._says(trace, found))
        self.put("#legend", scale.legend())

    def _doing(self, trace: Trace) -> str:
        assert self._of is not None
        question, layers = self._of[2], int(trace.header.architecture.get("layers", 1))
        count = layers * (question.row if question else 0)
        return f"reading {count} times with one state of the other reading put in, as one batch …"

    @staticmethod
    def _label(trace: Trace, found: Patched, row: int) -> str:
        own, other = trace.tokens[row], found.question.tokens[row]
        return label(row, trace.tokens) + (f"/{other}" if other != own else "")

    def _title(self, found: Patched) -> Text:
        words = f"patching · {self.called} · log2 p({found.word!r})/p({found.instead!r})"
        return Text(f"{words} at row {found.question.row}", no_wrap=True)

    def _texts(self, trace: Trace, found: Patched) -> Text:
        """Both readings with what they answer, and where they differ."""
        width, changed = self.size.width - 18, set(found.question.changed(trace.tokens))
        text = Text(no_wrap=True)
        for name, tokens, bits in (
            ("this ", trace.tokens, found.own),
            ("other", list(found.question.tokens), found.theirs),
        ):
            if text:
                text.append("\n")
            text.append(f"{name} {bits:+7.2f} bits  ", self.palette.style("muted"))
            line = Text(no_wrap=True)
            for row, token in enumerate(tokens[: self._last + 1]):
                style = "word" if row in changed else "muted"
                line.append(
                    f"[{token}] " if row in changed else f"{token} ", self.palette.style(style)
                )
            line.truncate(max(1, width), overflow="ellipsis")
            text.append_text(line)
        return text

    def _readout(self, trace: Trace, found: Patched) -> Text:
        layer, row = self.layer_shown, self.place
        effect, bits = (float(a[layer, row]) for a in (found.effect, found.bits))
        all_bits = found.theirs - found.own
        text = f"layer {layer} at {trace.tokens[row]!r}({row}): effect {effect:.4f}"
        return Text(f"{text}, {bits:+.2f} of {all_bits:+.2f} bits", no_wrap=True)

    def _says(self, trace: Trace, found: Patched) -> Text:
        """Which row carries the answer in each layer."""
        if (found.own > 0) == (found.theirs > 0):
            best = found.word if found.own > 0 else found.instead
            words = f"both readings prefer {best!r}: press o for two that differ"
            return Text(words, self.palette.style("bad"), no_wrap=True)
        parts = []
        for layer in range(len(found.effect)):
            row = found.carrier(layer)
            place = label(row, trace.tokens)
            parts.append(f"layer {layer}: {place} {found.effect[layer, row]:.2f}")
        words = f"carried most by  {' · '.join(parts)}"
        return Text(clip(words, self.size.width, self.palette.glyph("…", "~")), no_wrap=True)

    # Choosing ---------------------------------------------------------------------------------

    def action_place(self, by: int) -> None:
        if self._found is not None:
            self._place = max(0, min(self.place + by, self._last))
            self._draw()

    def action_layer(self, by: int) -> None:
        if self._found is not None:
            self.at_layer = max(0, min(self.layer_shown + by, len(self._found.effect) - 1))
            self._draw()

    def on_matrix_picked(self, event: Matrix.Picked) -> None:
        if self._found is not None:
            self.at_layer = len(self._found.effect) - 1 - event.row
            self._place = event.column
            self._draw()

    def action_other(self) -> None:
        """Ask what to compare."""
        lane, trace = self.lane, self.trace
        if lane is None or trace is None or lane.model is None:
            self.app.bell()
            return
        from tui.dialogs.patch import PatchDialog

        question = self._of[2] if self._of is not None else None
        question = question if self._found is None else self._found.question
        row = max(self.cursor, trace.source + 1 if trace.source < len(trace) else 0)
        question = question or Question(tuple(trace.tokens), row)

        def answer(asked: Question | None) -> None:
            if asked is not None and self.trace is trace:
                self._asked = asked
                self.updated()

        self.app.push_screen(PatchDialog(lane.model, trace, question), answer)

    def action_transplant(self) -> None:
        """Put the chosen state in for good: the screen makes the fork."""
        fork = getattr(self.screen, "fork", None)
        if self._found is None or self.trace is None or fork is None:
            self.app.bell()
            return
        fork(*transplant(self.trace, self._found.other, self.place, self.layer_shown))
