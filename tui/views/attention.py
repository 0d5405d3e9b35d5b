"""The attention matrix of one head, full size, beside a grid of all heads of its layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Static

from engine.lenses import attention_entropy, rollout
from tui.views.axis import label
from tui.views.base import View
from tui.views.grid import Grid, causal, labels
from tui.views.matrix import Matrix
from tui.views.multiples import Multiples, Panel
from tui.views.scale import Scale

if TYPE_CHECKING:
    from engine import Trace

WIDE = 100  # from this width on, the grid of heads stands beside the matrix
MEAN, ROLLOUT = "mean", "rollout"


class AttentionView(View):
    """Who looks at whom: rows are the tokens that look, columns the tokens looked at."""

    TITLE = "Attention"
    HELP = """\
# Attention

Each **row** is a token that looks (the query), each **column** a token looked at (the key). A cell is
the **weight**: the share, 0 to 1, of that row's attention; every row adds up to 1. A token cannot look
at what comes after it, so the upper half is blank.

Cells show two decimals where there is room, and colour or shade on a square-root scale from 0 to 1, so
that the many small weights differ: the middle of the scale is 0.25.

*Entropy*, in bits, says how spread out a row is: 0 is one token alone, log2(t + 1) all tokens alike.
*mean* is the mean over the heads of the layer. *rollout* multiplies the layers together,
R = (A + I)/2 · R below (Abnar & Zuidema 2020).

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
        Binding("a", "grid", "All heads", id="attention.grid",
                tooltip="All heads of the layer as small maps"),
    ]  # fmt: skip

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.chosen = 0  # 0..heads-1 is a head, then (or at -2, -1) the mean and the rollout
        self._key: int | None = None  # as last chosen; until then the heaviest of each row
        self.grid = False  # where both do not fit, whether the grid is in front
        self._heaviest = 0
        self._of: tuple[Trace, int] | None = None
        self._entropy = self._rollout = np.zeros(0)

    def compose(self) -> ComposeResult:
        yield Static(id="title", markup=False)
        with Horizontal(id="maps"):
            yield Matrix()
            yield Multiples()
        yield Static(id="readout", markup=False)
        yield Static(id="legend", markup=False)

    def choose(self, of: str | None, unit: int | None, head: int | None) -> None:
        self.chosen = self.chosen if head is None else head
        if head is None and of in (MEAN, ROLLOUT):
            self.chosen = -2 if of == MEAN else -1

    @property
    def key(self) -> int:
        """The row that is looked at under the cursor: the one chosen, else the heaviest."""
        if self._key is None:
            return self._heaviest
        return min(self._key, self.cursor)

    @property
    def heads(self) -> int:
        return self.trace["weights"].shape[2] if self.trace and "weights" in self.trace else 0

    @property
    def depth(self) -> int:
        return self.trace["weights"].shape[1] if self.heads and self.trace else 0

    @property
    def layer_shown(self) -> int:
        last = self.depth - 1
        return last if self.at_layer is None else max(0, min(self.at_layer, last))

    def panels(self) -> list[Panel]:
        """All heads of the layer, their mean and the rollout, each with its (T, T) of shares."""
        assert self.trace is not None
        weights = self.trace["weights"][:, self.layer_shown]  # (T, heads, T)
        row, panels = self.cursor, []
        for head in range(self.heads):
            bits = self._entropy[self.layer_shown, head, row]
            panels.append(Panel(f"head {head}", weights[:, head], f"{bits:.2f} bits"))
        panels.append(Panel(MEAN, weights.mean(1)))
        panels.append(Panel(ROLLOUT, self._rollout[self.layer_shown]))
        return panels

    def on_resize(self) -> None:
        if self.trace is not None:
            self.updated()

    def updated(self) -> None:
        trace = self.trace
        if trace is None:
            return
        if not self.heads:
            self.query_one("#maps").display = False
            self.put("#title", f"{self.called} has no attention: it carries a state instead.")
            self.put("#readout", "Open a Transformer, or press Esc.")
            self.put("#legend", "")
            return
        self.query_one("#maps").display = True
        self._measure(trace)
        self.chosen %= self.heads + 2
        panels, scale = self.panels(), Scale(self.palette)
        panel = panels[self.chosen]
        self._heaviest = int(np.argmax(panel.values[self.cursor, : self.cursor + 1]))
        wide = self.size.width >= WIDE
        matrix, multiples = self.query_one(Matrix), self.query_one(Multiples)
        matrix.display, multiples.display = wide or not self.grid, wide or self.grid
        multiples.styles.width = "40%" if wide else "100%"
        multiples.styles.max_width = 72 if wide else None
        names, spans = labels(trace.tokens), causal(len(trace), self.shown)
        matrix.show(Grid(panel.values, names, names, spans), scale, self.cursor, self.key)
        multiples.show(panels, self.chosen, scale, self.cursor, spans)
        self.put("#title", self._title(panel))
        self.put("#readout", self._readout(panel))
        self.put("#legend", scale.legend())

    def _measure(self, trace: Trace) -> None:
        """Entropy and rollout, once for each trace and length."""
        if self._of is None or self._of[0] is not trace or self._of[1] != len(trace):
            self._of = (trace, len(trace))
            self._entropy = attention_entropy(trace)["bits"].array  # (layer, head, time)
            self._rollout = rollout(trace)["weights"].array  # (layer, time, key)

    def _title(self, panel: Panel) -> Text:
        text = f"attention · {self.called} · layer {self.layer_shown} · {panel.name}"
        if panel.note:
            text += f" · entropy of row {self.cursor}: {panel.note}"
        return Text(text, no_wrap=True)

    def _readout(self, panel: Panel) -> Text:
        assert self.trace is not None
        tokens, row, key = self.trace.tokens, self.cursor, self.key
        weight = float(panel.values[row, key])
        verb = "looks at" if self.chosen < self.heads + 1 else "is made of"
        text = f"{tokens[row]!r}({row}) {verb} {tokens[key]!r}({key}): {weight:.4f}"
        if (best := self._heaviest) != key:
            text += f"   most: {label(best, tokens)} {panel.values[row, best]:.4f}"
        return Text(text, "bold", no_wrap=True)

    def action_key(self, by: int) -> None:
        self._key = max(0, min(self.key + by, self.cursor))
        self.updated()

    def action_layer(self, by: int) -> None:
        if self.depth:
            self.at_layer = (self.layer_shown + by) % self.depth
            self.updated()

    def action_head(self, by: int) -> None:
        if self.heads:
            self.chosen = (self.chosen + by) % (self.heads + 2)
            self.updated()

    def action_grid(self) -> None:
        self.grid = not self.grid
        self.updated()

    def on_matrix_picked(self, event: Matrix.Picked) -> None:
        self._key = min(event.column, event.row)
        if event.row == self.cursor:
            self.updated()
        self.move_to(event.row)

    def on_multiples_picked(self, event: Multiples.Picked) -> None:
        self.chosen = event.index
        self.updated()
