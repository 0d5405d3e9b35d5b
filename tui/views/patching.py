"""Activation patching: which single state, put in from another reading, carries its answer over."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static
from textual.worker import get_current_worker

from engine import PeepholeError, Trace
from engine.lenses.patching import transplant
from tui.lane import Lane
from tui.views.computed import Cancelled, ComputedView, frozen
from tui.views.grid import Grid, whole
from tui.views.matrix import Matrix
from tui.views.patched import EffectScale, both_texts, carriers, place, readout
from tui.views.question import Patched, Question, ask, beside, default, heard


class PatchingView(ComputedView[Patched]):
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

If another lane of the same model reads a text of the same length, that is the other reading. `o` asks
something else (another text, other words), `←` `→` choose a row, `↑` `↓` a layer. **Enter** puts
the chosen state in for good: the fork stands beside this reading, on the score.

Vig et al. 2020, section 3; Meng et al. 2022, section 2.1.
"""
    DEFAULT_CSS = """
    PatchingView #title, PatchingView #readout, PatchingView #says, PatchingView #legend { height: 1; }
    PatchingView #title, PatchingView #readout { text-style: bold; }
    PatchingView #texts { height: 2; margin-bottom: 1; }
    PatchingView #wait { text-align: center; }
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
        self._question: Question | None = None  # what is computed or shown
        self._asked: Question | None = None  # by the user, of the trace on show
        self.chosen_place: int | None = None  # as chosen; until then the one that carries most

    @property
    def asked(self) -> tuple[str, ...]:
        """What was asked, in words: its row, both answers, and the other text where it differs."""
        question, trace = self._asked, self.trace
        if question is None or trace is None or len(question.tokens) != len(trace):
            return ()
        other = [f"{row} {question.tokens[row]}" for row in question.changed(trace.tokens)]
        return (str(question.row), question.word, question.instead, *other)

    @asked.setter
    def asked(self, said: tuple[str, ...]) -> None:
        self._asked = heard(self.trace, said) if self.trace is not None and said else None

    def compose(self) -> ComposeResult:
        yield Static(id="title", markup=False)
        yield Static(id="texts", markup=False)
        yield Static(id="wait", markup=False)
        yield Matrix()
        yield Static(id="readout", markup=False)
        yield Static(id="says", markup=False)
        yield Static(id="legend", markup=False)

    # Computing --------------------------------------------------------------------------------

    def updated(self) -> None:
        lane, trace = self.lane, self.trace
        if lane is None or trace is None:
            return
        first = not self._of
        if not first and self._of[:2] != (lane, trace):
            self._asked = None
        if self._asked is not None and len(self._asked.tokens) != len(trace):
            self._asked = None
        question = self._asked or self._posed(trace) or default(trace, self.cursor)
        if self.renew(lane, trace, question):
            self._question = question
            self.chosen_place = self.chosen_place if first else None
            self._begin(lane, trace, question)
        self.draw()

    def _posed(self, trace: Trace) -> Question | None:
        """What the lanes on the screen ask: another reading of the same length by the same model."""
        session = getattr(self.screen, "session", None)
        lanes = [lane for lane in session.lanes if lane is not self.lane] if session else []
        found = (beside(trace, lane.trace, self.cursor) for lane in lanes)
        return next((question for question in found if question is not None), None)

    def _begin(self, lane: Lane, trace: Trace, question: Question | None) -> None:
        model = lane.model
        if model is None:
            self.error = PeepholeError(
                "this trace has no model to run again", do="Open the model itself"
            )
        elif question is None:
            self.error = PeepholeError(
                "no other text to take states from yet", do="Press o to name one"
            )
        else:
            fixed = frozen(trace)

            def begin(layer: int) -> None:
                if get_current_worker().is_cancelled:
                    raise Cancelled
                self.app.call_from_thread(self._doing, fixed, question, layer)

            self.compute(lambda: ask(model, fixed, question, begin))

    # Drawing ----------------------------------------------------------------------------------

    @property
    def layer_shown(self) -> int:
        """The layer chosen, else the lowest: the last one decides the answer by construction."""
        assert self.found is not None
        return max(0, min(self.at_layer or 0, len(self.found.effect) - 1))

    @property
    def place(self) -> int:
        """The row under the cursor: the one chosen, else the one that carries most in the layer."""
        assert self.found is not None
        if self.chosen_place is None:
            return self.found.carrier(self.layer_shown)
        return max(0, min(self.chosen_place, self._last))

    @property
    def _last(self) -> int:
        """The last row whose state can decide the answer."""
        assert self.found is not None
        other = self.found.other
        return len(other) - 1 if other.source == len(other) else self.found.question.row - 1

    def draw(self) -> None:
        trace, found = self.trace, self.found
        if trace is None:
            return
        matrix, wait = self.query_one(Matrix), self.query_one("#wait", Static)
        texts = self.query_one("#texts", Static)
        matrix.display = texts.display = found is not None
        wait.display = found is None
        if found is None:
            self.put("#title", f"patching · {self.called}")
            self.wait(f"{self.error or 'reading the other text …'}", "readout", "says", "legend")
            return
        layers, rows = len(found.effect), self._last + 1
        names = [place(trace, found, row) for row in range(rows)]
        values = found.effect[::-1, :rows]
        scale = EffectScale(self.palette)
        grid = Grid(
            values,
            [f"layer {layer}" for layer in reversed(range(layers))],
            names,
            whole(layers, rows),
        )
        matrix.show(grid, scale, layers - 1 - self.layer_shown, self.place)
        words = f"patching · {self.called} · log2 p({found.word!r})/p({found.instead!r})"
        self.put("#title", Text(f"{words} at row {found.question.row}", no_wrap=True))
        self.put("#texts", both_texts(self.palette, trace, found, rows, self.size.width))
        self.put("#readout", readout(trace, found, self.layer_shown, self.place))
        self.put("#says", carriers(self.palette, trace, found, rows, self.size.width))
        self.put("#legend", scale.legend())

    def _doing(self, trace: Trace, question: Question, layer: int) -> None:
        """How far it is."""
        if self.is_mounted and self._question is question:
            count = int(trace.header.architecture.get("layers", 1))
            rows = len(trace) if trace.source == len(trace) else question.row
            words = f"layer {layer}, {layer + 1} of {count}: {rows} readings"
            self.put("#wait", f"{words}, each with one state of the other put in …")

    # Choosing ---------------------------------------------------------------------------------

    def action_place(self, by: int) -> None:
        if self.found is not None:
            self.chosen_place = max(0, min(self.place + by, self._last))
            self.draw()

    def action_layer(self, by: int) -> None:
        if self.found is not None:
            self.at_layer = max(0, min(self.layer_shown + by, len(self.found.effect) - 1))
            self.draw()

    def on_matrix_picked(self, event: Matrix.Picked) -> None:
        if self.found is not None:
            self.at_layer = len(self.found.effect) - 1 - event.row
            self.chosen_place = event.column
            self.draw()

    def action_other(self) -> None:
        """Ask what to compare."""
        lane, trace = self.lane, self.trace
        if lane is None or trace is None or lane.model is None:
            self.app.bell()
            return
        from tui.dialogs.patch import PatchDialog

        question = self._question if self.found is None else self.found.question
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
        if self.found is None or self.trace is None or fork is None:
            self.app.bell()
            return
        fork(*transplant(self.trace, self.found.other, self.place, self.layer_shown))
