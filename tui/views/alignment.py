"""The alignment of a target with its source: a row for every word written, grown while it is written."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from tui.views.grid import Grid, labels
from tui.views.looks import legend
from tui.views.matrix import Matrix
from tui.views.scale import Scale
from tui.views.sight import CROSS, MEAN, Sight, Spot, share
from tui.views.vector import told_of
from tui.views.weights import WeightsView

TOLD = 4  # weights of a row that are named


class AlignmentView(WeightsView):
    """Cross-attention as an alignment: the source across, what is written down."""

    TITLE = "Alignment"
    HELP = """\
# Alignment

Across stands the **source**, down what the model **writes**, a row for each tick of the decoder: `8 →TH`
is row 8 of the score, whose prediction is TH. A cell is the weight with which that tick looked at that row
of the source, 0 to 1; a row adds up to 1. **◆** marks the largest of each row. The map grows while the
model writes.

Where source and target go in the same order the marks go down a diagonal; where the order of words
differs they cross. Colour is on a square-root scale; *entropy*, in bits, says how spread out a row is: 0 is
one row of the source alone, log2(n) all n rows alike.

A model **without attention** has no such map. Then the view shows what it has instead: the one vector that
crosses, unit by unit, the same for every word that is written.

An alignment is where the model looked, not why it wrote what it wrote (Jain & Wallace 2019).

Bahdanau, Cho & Bengio 2014, figure 3; Luong, Pham & Manning 2015; Vaswani et al. 2017, section 3.2.3.
"""
    DEFAULT_CSS = """
    AlignmentView #title, AlignmentView #readout { height: 1; }
    AlignmentView #row, AlignmentView #legend { height: 1; }
    AlignmentView #title { text-style: bold; }
    AlignmentView Matrix { height: 1fr; }
    AlignmentView #vector { height: 1fr; display: none; padding: 1 0 0 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "key(-1)", "Source row", id="alignment.key.left", show=False,
                tooltip="The row of the source, or the unit, before it"),
        Binding("right", "key(1)", "Source row", id="alignment.key.right", key_display="←→",
                tooltip="The next row of the source, or unit of the vector"),
        Binding("h,right_curly_bracket", "head(1)", "Head", id="alignment.head.next",
                tooltip="The next head, then the mean", key_display="h"),
        Binding("H,left_curly_bracket", "head(-1)", "Head", id="alignment.head.previous",
                tooltip="The head before", show=False),
    ]  # fmt: skip

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.head: int | None = None  # None is the mean
        self.unit = 0  # of the vector

    def compose(self) -> ComposeResult:
        yield Static(id="title", markup=False)
        yield Matrix()
        yield Static(id="vector", markup=False)
        yield Static(id="row", markup=False)
        yield Static(id="readout", markup=False)
        yield Static(id="legend", markup=False)

    def choose(self, of: str | None, unit: int | None, head: int | None) -> None:
        self.head = head if head is not None else None if of == MEAN else self.head
        self.unit = self.unit if unit is None else unit

    # What there is ----------------------------------------------------------------------------

    @property
    def kind(self) -> str:
        return CROSS

    @property
    def head_shown(self) -> int | None:
        """The head on show; None is the mean of several."""
        if self.heads == 1:
            return 0
        return None if self.head is None else min(self.head, self.heads - 1)

    def shares(self, seen: Sight) -> np.ndarray:
        """(target row, source row) of the layer and head on show."""
        assert self.trace is not None
        source = self.trace.source
        found = self.trace["cross_weights"][source:, self.layer_shown, :, :source]
        return found.mean(1) if self.head_shown is None else found[:, self.head_shown]

    def written(self) -> list[str]:
        """What each tick of the target writes; of the last one what it finds likeliest."""
        assert self.trace is not None
        trace, source = self.trace, self.trace.source
        last = trace.header.vocabulary[int(np.argmax(trace["logits"][-1]))]
        return [*trace.tokens[source + 1 :], last]

    # Drawing ----------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No key for a choice that there is not."""
        if action == "layer":
            return len(self.depth) > 1
        return bool(self.depth) and self.heads > 1 if action == "head" else True

    def updated(self) -> None:
        trace = self.trace
        if trace is None:
            return
        pair = 0 < trace.source < len(trace)
        looks = pair and "cross_weights" in trace
        self.refresh_bindings()
        self.query_one(Matrix).display = looks
        self.query_one("#vector").display = pair and not looks
        if looks:
            self._map()
        elif pair:
            self._vector()
        else:
            self.put("#title", f"{self.called} reads no source, so there is nothing to align.")
            for line in ("#row", "#readout", "#legend"):
                self.put(line, "")
            self.put("#row", 'Open a model of pairs: peephole open spell-bahdanau "through"')

    def _map(self) -> None:
        trace = self.trace
        assert trace is not None
        seen, scale = self.seen, AlignmentScale(self.palette)
        values = self.shares(seen)
        at = self.under(seen, values)
        arrow = self.palette.glyph("→", ">")
        first = trace.header.decoding.get("first", len(trace))
        hidden = self.palette.glyph("·", ".")  # what it will write is not known yet
        names = [
            f"{row} {arrow}{hidden if row >= max(self.shown, first - 1) else word}"
            for row, word in zip(seen.rows, self.written(), strict=True)
        ]
        best = np.zeros(values.shape, dtype=bool)
        best[np.arange(len(values)), values.argmax(-1)] = True
        columns = labels(trace.tokens, 0, trace.source)
        grid = Grid(values, names, columns, seen.spans, best)
        row, key = (at.row - trace.source, at.key) if at else (-1, -1)
        self.query_one(Matrix).show(grid, scale, row, key)
        self.put("#title", self._title())
        self.put("#row", self._row(seen, values, at))
        self.put("#readout", self._readout(seen, values, at))
        self.put("#legend", legend(trace, scale))

    def _title(self) -> Text:
        text = f"alignment · {self.called}"
        if len(self.depth) > 1:
            text += f" · layer {self.layer_shown}"
        if self.heads > 1:
            head = self.head_shown
            text += f" · {f'mean of {self.heads} heads' if head is None else f'head {head}'}"
        return Text(text, no_wrap=True)

    def _row(self, seen: Sight, values: np.ndarray, at: Spot | None) -> Text:
        """The cursor's row in numbers: entropy, and the heaviest weights."""
        assert self.trace is not None
        assert self.lane is not None
        if at is None:
            return Text("Nothing is written yet: the map grows with every word.", no_wrap=True)
        shares, tokens = values[at.row - seen.rows.start], self.trace.tokens
        bits = self.lane.lens("attention_entropy")["cross_bits"].array[self.layer_shown]
        if self.head_shown is not None:
            spread = f"entropy {bits[self.head_shown, at.row]:.2f}"
        else:
            spread = f"mean entropy {bits[:, at.row].mean():.2f}"
        heavy = np.argsort(-shares, kind="stable")[:TOLD]
        parts = [
            f"{tokens[key]} {shares[key]:.2f}" for key in heavy.tolist() if shares[key] >= 0.005
        ]
        of = f" of {np.log2(len(shares)):.2f} bits"
        return Text(f"row {at.row}: {' · '.join(parts)} · {spread}{of}", no_wrap=True)

    def _readout(self, seen: Sight, values: np.ndarray, at: Spot | None) -> Text:
        if at is None:
            return Text("")
        assert self.trace is not None
        word, key = self.written()[at.row - seen.rows.start], self.trace.tokens[at.key]
        weight = share(seen, values, at.row, at.key)
        most = " (the largest)" if at.key == int(values[at.row - seen.rows.start].argmax()) else ""
        text = f"writing {word!r}({at.row}) it looks at {key!r}({at.key}): {weight:.4f}{most}"
        return Text(text, "bold", no_wrap=True)

    def _vector(self) -> None:
        assert self.lane is not None
        told = told_of(self.lane, self.cursor, self.unit, self.palette, self.size)
        for selector, what in told.items():
            self.put(selector, what)

    # Choosing ---------------------------------------------------------------------------------

    def action_key(self, by: int) -> None:
        trace = self.trace
        if trace is None or not 0 < trace.source < len(trace):
            return
        if self.depth:
            super().action_key(by)
            return
        self.unit = max(0, min(self.unit + by, trace["h"].shape[-1] - 1))
        self.updated()

    def action_head(self, by: int) -> None:
        if self.depth and self.heads > 1:
            choices = [*range(self.heads), None]
            self.head = choices[(choices.index(self.head_shown) + by) % len(choices)]
            self.updated()


class AlignmentScale(Scale):
    """Shares of a look at the source."""

    corner = "writes"
