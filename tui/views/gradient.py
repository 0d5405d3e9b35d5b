"""The T x T gradient map: what every loss could learn from every state before it."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from engine import Named, PeepholeError
from engine.lenses.prediction import predicted
from engine.lenses.record import LONGEST_MAP
from tui.views.computed import ComputedView, frozen
from tui.views.flow import Flows, Maps, of_word, spans, unlike, whole
from tui.views.grid import Grid, labels
from tui.views.matrix import Matrix
from tui.views.question import by_row
from tui.views.reach import reach, readout
from tui.views.scale import DecadeScale


class GradientView(ComputedView[Flows]):
    """|dL_t/dh_k|: rows are losses t, columns states k, on the axes of the attention matrix."""

    TITLE = "Gradient"
    HELP = """\
# Gradient map

Row **t**, column **k**: |dL_t/dh_k|, the Euclidean norm of the derivative of the loss at row t by the
state at row k, in nats per unit of state. L_t = -ln p(token t | tokens before t). It says how much the
prediction of token t would change with the state at k: what a learner could learn from there.

A model that foretells decides L_t at row t - 1: from k = t on it is 0 by construction, and the map is
blank there. One that **labels** rows decides at row t, so k = t counts; L_t is then -ln p of its likeliest
label. If it reads the whole text at once, later rows count too. Rows that nothing predicts have no loss and
stay blank: a text's first row, a source and its `<s>`; where rows are labelled, each has one.

`w` takes the loss of another word in this row: what would have made *that* word likelier.
`v` goes through h, c (an LSTM's cell state) and x (the input vector: saliency).

After a Transformer's last block no row looks at another: there only the row that decides is not 0.

Colour and digits are **log10**, over the six powers of ten below the largest value of the map; computed
in float64, because in float32 small gradients become false zeros.

*Reach*: how far back (and on, where later rows count) the gradient stays above 1/1000 of its largest value
in that row, and the median of that over the rows read so far that have a loss.

Pascanu, Mikolov & Bengio 2013, section 2; saliency: Simonyan et al. 2013, Li et al. 2016.
"""
    DEFAULT_CSS = """
    GradientView #title, GradientView #readout, GradientView #reach, GradientView #legend { height: 1; }
    GradientView #title, GradientView #readout { text-style: bold; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "source(-1)", "State", id="gradient.source.left",
                tooltip="The state one token earlier", show=False),
        Binding("right", "source(1)", "State", id="gradient.source.right",
                tooltip="The state one token later", show=False),
        Binding("w", "word", "Word", id="gradient.word",
                tooltip="The loss of another word in this row"),
        Binding("v", "of", "h / c / x", id="gradient.of",
                tooltip="By which state: hidden state, cell state or input"),
    ]  # fmt: skip

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.of = "h"
        self.chosen_source: int | None = None  # as last chosen; until then the largest of each row
        self._words: dict[
            int, str
        ] = {}  # whose loss was asked for, by row; "" is the word read there
        self._sought: tuple[Flows, tuple[int, str]] | None = None  # what of them is computed

    def compose(self) -> ComposeResult:
        yield Static(id="title", markup=False)
        yield Static(id="wait", markup=False)
        yield Matrix()
        yield Static(id="readout", markup=False)
        yield Static(id="reach", markup=False)
        yield Static(id="legend", markup=False)

    def choose(self, of: str | None, unit: int | None, head: int | None) -> None:
        self.of = of or self.of

    # Computing --------------------------------------------------------------------------------

    def updated(self) -> None:
        lane, trace = self.lane, self.trace
        if lane is None or trace is None:
            return
        first = not self._of
        if self.renew(lane, len(trace)):
            self._words = self._words if first else {}
            if len(trace) > LONGEST_MAP and "gradient_map" not in trace.lenses:
                self.error = PeepholeError(
                    f"the map of {len(trace)} tokens would have {len(trace) ** 2:,} cells",
                    do=f"It is drawn for up to {LONGEST_MAP}; the score shows any single row of it",
                )
            elif "gradient_map" in trace.lenses:
                self.found = Flows(trace.lenses["gradient_map"])
            else:
                fixed = frozen(trace)
                self.compute(lambda: Flows(whole(lane, fixed)))
        self.draw()

    # Drawing ----------------------------------------------------------------------------------

    @property
    def flows(self) -> Flows:
        """What is on show: no map until it is known, nor where no row has a loss."""
        return self.found or Flows({})

    @property
    def maps(self) -> Maps:
        return self.flows.maps

    @property
    def kinds(self) -> list[str]:
        """What there is a map of, h first."""
        return sorted(self.maps, key="hcx".find)

    @property
    def named(self) -> Named:
        return self.maps[self.of]

    @property
    def depth(self) -> int:
        """How many layers the present map has; 1 for x, which has none."""
        return self.named.array.shape[-1] if "layer" in self.named.axes else 1

    @property
    def layer_shown(self) -> int:
        """The layer chosen; else the last one, and for a Transformer the last that is looked at.

        No row looks at another one's state after the last block: those derivatives are 0.
        """
        last = self.depth - 1
        if self.at_layer is not None:
            return max(0, min(self.at_layer, last))
        return max(0, last - 1) if self.lane is not None and self.lane.heads else last

    @property
    def map(self) -> np.ndarray:
        """(T, T) of the chosen state and layer."""
        array = self.named.array
        return array[..., self.layer_shown] if "layer" in self.named.axes else array

    @property
    def source(self) -> int:
        """The state under the cursor: the one chosen, else the largest of the row."""
        if self.chosen_source is not None:
            return min(self.chosen_source, self._latest)
        return int(np.argmax(self.map[self.cursor, : self._latest + 1]))

    @property
    def _latest(self) -> int:
        """The last state that the loss of the cursor's row can depend on."""
        assert self.trace is not None
        return max(0, int(spans(self.trace, self.shown)[self.cursor, 1]) - 1)

    @property
    def _loses(self) -> bool:
        """Whether the cursor's row has a loss."""
        return self.trace is not None and self.cursor in predicted(self.trace)

    def draw(self) -> None:
        trace = self.trace
        if trace is None:
            return
        matrix, wait = self.query_one(Matrix), self.query_one("#wait", Static)
        matrix.display, wait.display = bool(self.maps), not self.maps
        name = self.called
        if not self.maps:
            n = len(trace)
            doing = f"computing {n} x {n} gradients of {name} as one batch …"
            nothing = doing if len(predicted(trace)) else "No row has a loss yet: read another."
            self.wait(str(self.error or nothing), "title", "readout", "reach", "legend")
            return
        if self.of not in self.maps:
            self.of = self.kinds[0]
        values = self.map
        scale = DecadeScale(self.palette, float(values.max(initial=0.0)), self.named.unit)
        names = labels(trace.tokens)
        grid = Grid(values, names, names, spans(trace, self.shown))
        matrix.show(grid, scale, self.cursor, self.source if self._loses else -1)
        layer = f" · layer {self.layer_shown}" if "layer" in self.named.axes else ""
        title = f"gradient · {name} · |dL_t/d{self.of}_k|{layer}"
        self.put("#title", f"{title} · largest {values[: self.shown].max():.3g}")
        source = self.source if self._loses else None
        self.put("#readout", readout(trace, values, self.of, self.cursor, source, self.flows.words))
        self.put(
            "#reach", reach(trace, values, self.cursor, self.shown, self._loses, self.size.width)
        )
        self.put("#legend", scale.legend())
        self._seek()

    # Other words ------------------------------------------------------------------------------

    @property
    def losses(self) -> tuple[str, ...]:
        """`7 cats`: the rows that take another word's loss, with that word."""
        return tuple(f"{row} {word}" for row, word in sorted(self._words.items()) if word)

    @losses.setter
    def losses(self, said: tuple[str, ...]) -> None:
        if self.trace is not None:
            self._words = by_row(said, predicted(self.trace), set(self.trace.header.vocabulary))

    def _seek(self) -> None:
        """Have a row computed whose loss is to be another word's than it is."""
        lane, trace, flows = self.lane, self.trace, self.found
        if lane is None or trace is None or lane.model is None or flows is None:
            return
        found, sought = unlike(flows, self._words), self._sought
        if found is not None and (sought is None or sought[0] is not flows or sought[1] != found):
            self._sought, fixed = (flows, found), frozen(trace)
            self.compute(lambda: of_word(lane, fixed, flows, *found))

    # Moving -----------------------------------------------------------------------------------

    def action_source(self, by: int) -> None:
        if self.maps:
            self.chosen_source = max(0, min(self.source + by, self._latest))
            self.draw()

    def action_of(self) -> None:
        if self.maps:
            kinds = self.kinds
            self.of = kinds[(kinds.index(self.of) + 1) % len(kinds)]
            self.draw()

    def action_word(self) -> None:
        """Ask whose loss to take in this row."""
        lane, trace, row = self.lane, self.trace, self.cursor
        if lane is None or trace is None or not self.maps or lane.model is None or not self._loses:
            self.app.bell()
            return
        from tui.dialogs.word import WordDialog

        of = self._of

        def answer(word: str | None) -> None:
            if word is not None and self._of == of:
                self._words[row] = word
                self._seek()

        self.app.push_screen(WordDialog(trace, row, self.flows.words.get(row, "")), answer)

    def action_layer(self, by: int) -> None:
        if self.maps:
            self.at_layer = (self.layer_shown + by) % self.depth
            self.draw()

    def on_matrix_picked(self, event: Matrix.Picked) -> None:
        self.chosen_source = event.column
        if event.row == self.cursor:
            self.draw()
        self.move_to(event.row)
