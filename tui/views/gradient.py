"""The T x T gradient map: what every loss could learn from every state before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import ClassVar

import numpy as np
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static
from textual.worker import get_current_worker

from engine import Named, PeepholeError
from engine.lenses.prediction import predicted
from engine.lenses.record import LONGEST_MAP
from tui.lane import Lane
from tui.views.axis import label
from tui.views.base import View
from tui.views.flow import Maps, frozen, of_word, reaches, reaches_on, spans, whole
from tui.views.grid import Grid, labels
from tui.views.matrix import Matrix
from tui.views.scale import DecadeScale

EMPTY: Mapping[int, str] = MappingProxyType({})


class GradientView(View):
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
    GradientView #wait { height: 1fr; text-wrap: wrap; content-align: center middle; }
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
        self._source: int | None = None  # as last chosen; until then the largest of each row
        self._maps: Maps = {}
        self._of_what: tuple[Lane, int] | None = None  # what `_maps` belongs to, or is computed for
        self._error: PeepholeError | None = None
        self._words: Mapping[int, str] = EMPTY  # rows whose loss is that of another word

    def compose(self) -> ComposeResult:
        yield Static(id="title", markup=False)
        yield Static(id="wait", markup=False)
        yield Matrix()
        yield Static(id="readout", markup=False)
        yield Static(id="reach", markup=False)
        yield Static(id="legend", markup=False)

    def choose(self, of: str | None, unit: int | None, head: int | None) -> None:
        self.of = of or self.of

    def on_resize(self) -> None:
        if self.trace is not None:
            self._draw()  # how much is said depends on the width

    # Computing --------------------------------------------------------------------------------

    def updated(self) -> None:
        lane, trace = self.lane, self.trace
        if lane is None or trace is None:
            return
        if self._of_what != (lane, len(trace)):
            self._of_what, self._maps, self._error = (lane, len(trace)), {}, None
            self._words = EMPTY
            if len(trace) > LONGEST_MAP and "gradient_map" not in trace.lenses:
                self._error = PeepholeError(
                    f"the map of {len(trace)} tokens would have {len(trace) ** 2:,} cells",
                    do=f"It is drawn for up to {LONGEST_MAP}; the score shows any single row of it",
                )
            elif "gradient_map" in trace.lenses:
                self._maps = trace.lenses["gradient_map"]
            else:
                fixed = frozen(trace)
                self._work(lambda: whole(lane, fixed))
        self._draw()

    def _work(self, compute: Callable[[], Maps], words: Mapping[int, str] = EMPTY) -> None:
        """Compute maps as one batch off the interface's thread; only the last ones asked for count."""
        self.run_worker(lambda: self._compute(compute, words), thread=True, exclusive=True)

    def _compute(self, compute: Callable[[], Maps], words: Mapping[int, str]) -> None:
        worker = get_current_worker()
        maps: Maps = {}
        error: PeepholeError | None = None
        try:
            maps = compute()
        except PeepholeError as caught:
            error = caught
        if not worker.is_cancelled:
            self.app.call_from_thread(self._computed, maps, error, words)

    def _computed(self, maps: Maps, error: PeepholeError | None, words: Mapping[int, str]) -> None:
        if self.is_mounted:
            self._maps, self._error, self._words = maps, error, words
            self._draw()

    # Drawing ----------------------------------------------------------------------------------

    @property
    def kinds(self) -> list[str]:
        """What there is a map of, h first."""
        return sorted(self._maps, key="hcx".find)

    @property
    def named(self) -> Named:
        return self._maps[self.of]

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
        if self._source is not None:
            return min(self._source, self._latest)
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

    def _draw(self) -> None:
        trace = self.trace
        if trace is None:
            return
        matrix, wait = self.query_one(Matrix), self.query_one("#wait", Static)
        matrix.display, wait.display = bool(self._maps), not self._maps
        name = self.called
        if not self._maps:
            n = len(trace)
            doing = f"computing {n} x {n} gradients of {name} as one batch …"
            nothing = doing if len(predicted(trace)) else "No row has a loss yet: read another."
            self.put("#wait", f"{self._error}" if self._error else nothing)
            for part in ("title", "readout", "reach", "legend"):
                self.put(f"#{part}", "")
            return
        if self.of not in self._maps:
            self.of = self.kinds[0]
        values = self.map
        scale = DecadeScale(self.palette, float(values.max(initial=0.0)), self.named.unit)
        names = labels(trace.tokens)
        grid = Grid(values, names, names, spans(trace, self.shown))
        matrix.show(grid, scale, self.cursor, self.source if self._loses else -1)
        layer = f" · layer {self.layer_shown}" if "layer" in self.named.axes else ""
        title = f"gradient · {name} · |dL_t/d{self.of}_k|{layer}"
        self.put("#title", f"{title} · largest {values[: self.shown].max():.3g}")
        self.put("#readout", self._readout(values))
        self.put("#reach", self._reach(values))
        self.put("#legend", scale.legend())

    def _readout(self, values: np.ndarray) -> Text:
        assert self.trace is not None
        tokens, t, k = self.trace.tokens, self.cursor, self.source
        if not self._loses:
            what = "a row of the source" if t < self.trace.source else "the start token"
            return Text(f"nothing predicts {what}: it has no loss", no_wrap=True)
        word = self._words.get(t) or (tokens[t] if self.trace.header.ahead else self._label(t))
        loss = (
            f"{word!r}({t})" if self.trace.header.ahead else f"label {word!r} of {tokens[t]!r}({t})"
        )
        text = f"|dL/d{self.of}| of {loss} by {self.of} at {tokens[k]!r}({k}): "
        return Text(f"{text}{values[t, k]:.4g}", no_wrap=True)

    def _label(self, row: int) -> str:
        """The likeliest label of a row, whose loss it is."""
        assert self.trace is not None
        return self.trace.header.vocabulary[int(self.trace["logits"][row].argmax())]

    def _reach(self, values: np.ndarray) -> Text:
        assert self.trace is not None
        t, tokens, rows = self.cursor, self.trace.tokens, predicted(self.trace)
        lost = slice(rows.start, self.shown)
        back, on = reaches(values), reaches_on(values)
        both = self.trace.source == len(self.trace)  # rows later than the loss count too
        median = ""
        if len(back[lost]):
            median = f"median {np.median(back[lost]):.0f}"
            median += f" back, {np.median(on[lost]):.0f} on" if both else ""
        if not self._loses:
            return Text(f"reach: {median}" if median else "", no_wrap=True)
        nothing = "nothing" if self.trace.header.ahead else "itself"
        first = label(t - back[t], tokens) if back[t] else nothing
        found = f"{back[t]} back, to {first}"
        if both:
            found = f"{back[t]} back, {on[t]} on, {label(t - back[t], tokens)} to {label(t + on[t], tokens)}"
        found += f"; {median}"
        for above in (" (above 1e-3 of the row's largest)", " (> 1e-3 of the largest)", ""):
            text = f"reach{above}: {found}"
            if len(text) <= self.size.width:
                break
        return Text(text, no_wrap=True)

    # Moving -----------------------------------------------------------------------------------

    def action_source(self, by: int) -> None:
        if self._maps:
            self._source = max(0, min(self.source + by, self._latest))
            self._draw()

    def action_of(self) -> None:
        if self._maps:
            kinds = self.kinds
            self.of = kinds[(kinds.index(self.of) + 1) % len(kinds)]
            self._draw()

    def action_word(self) -> None:
        """Ask whose loss to take in this row."""
        lane, trace, row = self.lane, self.trace, self.cursor
        if lane is None or trace is None or not self._maps or lane.model is None or not self._loses:
            self.app.bell()
            return
        from tui.dialogs.word import WordDialog

        fixed, maps = frozen(trace), self._maps

        def answer(word: str | None) -> None:
            if word is not None and self._of_what == (lane, len(fixed)):
                words = {**self._words, row: word}
                self._work(lambda: of_word(lane, fixed, maps, row, word), words)

        self.app.push_screen(WordDialog(trace, row, self._words.get(row, "")), answer)

    def action_layer(self, by: int) -> None:
        if self._maps:
            self.at_layer = (self.layer_shown + by) % self.depth
            self._draw()

    def on_matrix_picked(self, event: Matrix.Picked) -> None:
        self._source = event.column
        if event.row == self.cursor:
            self._draw()
        self.move_to(event.row)
