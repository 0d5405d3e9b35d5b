"""The attention matrix of one head, full size, beside a grid of all heads of its layer."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Static

from tui.views.grid import Grid, labels
from tui.views.looks import legend, readout, title, without
from tui.views.matrix import Matrix
from tui.views.multiples import Multiples, Panel
from tui.views.scale import Scale
from tui.views.scores import Scores
from tui.views.sight import (
    MEAN,
    ROLLOUT,
    SELF,
    WEIGHTS,
    Sight,
    as_slice,
    kinds,
    panels,
)
from tui.views.weights import WeightsView

WIDE = 100  # from this width on, the grid of heads stands beside the matrix
WIDEST = 150  # and beside the scores of a row
SCORES = "scores"
LAYER, EVERY = "layer", "every"


class AttentionView(WeightsView):
    """Who looks at whom: rows are the tokens that look, columns the tokens looked at."""

    TITLE = "Attention"
    HELP = """\
# Attention

Each **row** is a token that looks (the query), each **column** a token looked at (the key). A cell is
the **weight**: the share, 0 to 1, of that row's attention; every row adds up to 1.

A language model's token cannot look at what comes after it, so that half is blank. A model of pairs has
three such maps: its encoder sees the whole source in both directions, its decoder sees the target so far,
and *cross-attention* (`w`) looks from the target's rows to the source's.

Cells show two decimals where there is room, and colour or shade on a square-root scale from 0 to 1, so
that the many small weights differ: the middle of the scale is 0.25.

*Entropy*, in bits, says how spread out a row is: 0 is one token alone, log2(n) all n tokens alike.
*mean* is the mean over the heads of the layer. *rollout* multiplies the layers together,
R = (A + I)/2 · R below (Abnar & Zuidema 2020). `a` shows all heads as small maps, then those of every layer.

`d` shows where the weights of this row come from: q · k of every key, scaled by 1/√d_h, masked, and after
the softmax. Additive attention (Bahdanau et al. 2015) has no q · k: there it is the score and the weight.

Attention is **not an explanation** of the output: compare it with the gradient view and with ablation
on the same tokens.

Scaled dot-product attention: Vaswani et al. 2017, section 3.2.
"""
    DEFAULT_CSS = """
    AttentionView #title, AttentionView #readout, AttentionView #legend { height: 1; }
    AttentionView #title { text-style: bold; }
    AttentionView #maps { height: 1fr; }
    AttentionView Multiples { width: 40%; max-width: 72; padding-left: 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "key(-1)", "Key", id="attention.key.left", tooltip="The token before it",
                show=False),
        Binding("right", "key(1)", "Key", id="attention.key.right", tooltip="The token after it",
                show=False),
        Binding("h,right_curly_bracket", "head(1)", "Head", id="attention.head.next",
                tooltip="The next head, then the mean and the rollout", key_display="h"),
        Binding("H,left_curly_bracket", "head(-1)", "Head", id="attention.head.previous",
                tooltip="The head before", show=False),
        Binding("w", "which", "Self/cross", id="attention.which",
                tooltip="Self-attention, or the target's to the source"),
        Binding("d", "scores", "Scores", id="attention.scores",
                tooltip="This row's scores before and after scaling, mask and softmax"),
        Binding("a", "grid", "All heads", id="attention.grid",
                tooltip="All heads of the layer as small maps, then those of every layer"),
    ]  # fmt: skip

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.chosen = 0  # 0..heads-1 is a head, then come the mean and the rollout
        self._wanted = ""  # `mean` or `rollout`, until it is known which number that is
        self.which: str | None = None  # self or cross; None is the one that says most
        self.scores = False  # whether this row's scores are in front
        self.grid = ""  # small maps in front, of this LAYER or of EVERY one; "" is the matrix

    def compose(self) -> ComposeResult:
        yield Static(id="title", markup=False)
        with Horizontal(id="maps"):
            yield Matrix()
            yield Scores()
            yield Multiples()
        yield Static(id="readout", markup=False)
        yield Static(id="legend", markup=False)

    def choose(self, of: str | None, unit: int | None, head: int | None) -> None:
        self.chosen = self.chosen if head is None else head
        words = (of or "").split()
        if head is None:
            self._wanted = next((word for word in words if word in (MEAN, ROLLOUT)), "")
        self.which = next((word for word in words if word in WEIGHTS), self.which)
        self.scores = self.scores if of is None else SCORES in words

    @property
    def map_chosen(self) -> int:
        """Which map was chosen: the number in its layer."""
        return self.chosen

    @map_chosen.setter
    def map_chosen(self, number: int) -> None:
        self.chosen, self._wanted = number, ""

    # What there is ----------------------------------------------------------------------------

    @property
    def kind(self) -> str:
        """Which attention is on show: the one chosen, else the one across once it has begun."""
        found = kinds(self.trace) if self.trace is not None else []
        if self.which in found or not found or self.trace is None:
            return self.which or SELF
        return found[-1] if self.shown > self.trace.source else found[0]

    def of_layer(self, seen: Sight, layer: int) -> list[Panel]:
        """The small maps of a layer."""
        assert self.lane is not None
        bits = self.lane.lens("attention_entropy")[f"{seen.prefix}bits"]  # (layer, head, time)
        rolled = self.lane.lens("rollout")["weights"].array if seen.which == SELF else None
        return panels(self.lane.trace, seen, layer, self.cursor, bits.array, rolled)

    def panels(self, seen: Sight) -> list[Panel]:
        """The small maps of the layer on show, of which one is chosen."""
        found = self.of_layer(seen, self.layer_shown)
        names = [panel.name for panel in found]
        if self._wanted in names:
            self.chosen, self._wanted = names.index(self._wanted), ""
        self.chosen %= len(found)
        return found

    def shares(self, seen: Sight) -> np.ndarray:
        return self.panels(seen)[self.chosen].values

    # Drawing ----------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "which":
            return self.trace is not None and len(kinds(self.trace)) > 1
        return self.heads > 1 or self.kind == SELF if action in ("head", "grid") else True

    def updated(self) -> None:
        trace = self.trace
        if trace is None:
            return
        self.refresh_bindings()
        self.query_one("#maps").display = bool(self.heads)
        if not self.heads:
            self.put("#title", without(trace, self.called))
            self.put("#readout", "Open a Transformer, or press Esc.")
            self.put("#legend", "")
            return
        seen = self.seen
        found, scale = self.panels(seen), Scale(self.palette)
        panel = found[self.chosen]
        at = self.under(seen, panel.values)
        row, key = (at.row, at.key) if at else (self.cursor, -1)
        names = labels(trace.tokens)
        rows, columns = as_slice(seen.rows), as_slice(seen.columns)
        grid = Grid(panel.values, names[rows], names[columns], seen.spans)
        here = row - rows.start if row in seen.rows else -1
        beside = key - columns.start if key in seen.columns else -1
        wide = self.size.width >= (WIDEST if self.scores else WIDE) and not self.big
        scores = self.query_one(Scores)
        matrix, multiples = self.query_one(Matrix), self.query_one(Multiples)
        front = wide or not self.grid or len(found) == 1
        matrix.display, scores.display = front and not self.scores, front and self.scores
        multiples.display = len(found) > 1 and (wide or bool(self.grid))
        multiples.styles.width = "40%" if wide else "100%"
        multiples.styles.max_width = 72 if wide else None
        matrix.show(grid, scale, here, beside)
        small, chosen = found, self.chosen
        if self.grid == EVERY:
            small = [
                replace(each, name=f"L{layer} {each.name}")
                for layer in self.depth
                for each in self.of_layer(seen, layer)
            ]
            chosen += self.depth.index(self.layer_shown) * len(found)
        multiples.show(small, chosen, scale, here, seen.spans)
        if self.scores:
            scores.show(self.palette, trace, seen, row, self.layer_shown, self._head, key)
        name = f"head {self._head}" if self.scores else panel.name
        parts = [seen.called, self.called, f"layer {self.layer_shown}"]
        parts += [name] * (len(found) > 1)
        self.put("#title", title(parts, self.cursor, panel.note, self.size.width))
        self.put("#readout", readout(trace.tokens, panel, seen, at, self.cursor))
        self.put("#legend", scores.legend() if self.scores else legend(trace, scale))

    @property
    def _head(self) -> int:
        """The head whose scores are shown: the mean and the rollout have none of their own."""
        return self.chosen if self.chosen < self.heads else 0

    # Choosing ---------------------------------------------------------------------------------

    def action_head(self, by: int) -> None:
        if self.heads:
            self.chosen += by  # taken into their number when they are drawn
            self.updated()

    def action_which(self) -> None:
        if self.trace is not None:
            found = kinds(self.trace)
            self.which = found[(found.index(self.kind) + 1) % len(found)]
            self.chosen, self.chosen_key = min(self.chosen, self.heads - 1), None
            self.updated()

    def action_scores(self) -> None:
        self.scores = not self.scores
        self.updated()

    def action_grid(self) -> None:
        """All heads of the layer, then those of every layer, then the matrix alone again."""
        wide = self.size.width >= WIDE  # where the layer's heads always stand beside the matrix
        states = [*[""] * (not wide), LAYER, *[EVERY] * (len(self.depth) > 1)]
        at = states.index(self.grid) if self.grid in states else 0
        self.grid = states[(at + 1) % len(states)]
        self.updated()

    def on_multiples_picked(self, event: Multiples.Picked) -> None:
        layer, self.chosen = divmod(event.index, len(self.of_layer(self.seen, 0)))
        if self.grid == EVERY:
            self.at_layer = self.depth[layer]
        self.updated()
