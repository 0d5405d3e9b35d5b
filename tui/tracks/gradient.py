"""The gradient: what the loss at the cursor's token depends on, |dL_t/dh_k| for each row k."""

from __future__ import annotations

import math

import numpy as np
from rich.segment import Segment

from tui.lane import Lane
from tui.tracks.following import FollowingTrack
from tui.tracks.stage import Stage


class GradientTrack(FollowingTrack):
    """|dL_t/dh_k| as bars on a logarithmic scale; of c or x by choice."""

    NAME = "gradient"
    COMPARED = True
    HELP = """How much the loss at the cursor's token t depends on each row k before it: |dL_t/dh_k|, the
Euclidean norm, with L_t = -ln p(token t | tokens before it) in nats. Float64, on a logarithmic scale:
one step of the scale is a power of ten. It is also what the model could learn from at t: where the bar
has vanished, training on this token cannot reach.

A dashed line is the *cut* of truncated backpropagation (k1, k2), where the model was trained with it: what
stands above it is the whole gradient, which training never saw. (Williams & Peng 1990)

Of a target, L_t reaches across into the rows of its source: through the vector alone, or through attention.
Of a model that labels its rows, L_t is the loss of the likeliest label of row t.

L_t is decided one row above t, so row t and all later ones are 0 by construction. In a Transformer the
states h_k of the last layer act on no other row; its track therefore shows the inputs, |dL_t/dx_k|
(saliency), which every model has.

v changes between h, c and x; [ ] choose a layer; ← → a row k for the exact number. Pascanu, Mikolov &
Bengio 2013; Simonyan et al. 2013."""

    def __init__(self, stage: Stage, lane: Lane) -> None:
        super().__init__(stage, lane)
        states = lane.trace.header.states
        self.choices = (*states, "x") if states else ("x", "h")
        self.of = stage.by[id(lane)] = self.choices[0]
        self._cut: tuple[tuple[int, tuple[int, ...]], int] = ((-1, ()), 0)

    @property
    def claims(self) -> tuple[tuple[float, int], ...]:
        return ((4, 10), (11.5, 13), (21.5, 17))

    def vary(self) -> None:
        """The next of h, c, x."""
        self.take(self.choices[(self.choices.index(self.of) + 1) % len(self.choices)])

    def take(self, of: str) -> None:
        """One of h, c, x, where it is a choice here."""
        if of in self.choices and of != self.of:
            self.of = self.stage.by[id(self.lane)] = of
            self.refresh()

    def title(self, width: int) -> str:
        t = self.session.cursor
        if self.palette.ascii:
            return f"|dL{t}/d{self.of}k|"
        layer = f" L{self.layer_index}" if self.of != "x" and self.lane.layers > 1 else ""
        return f"|∂L{self.subscript(t)}/∂{self.of}ₖ|{layer}"

    def scale(self, width: int) -> list[Segment]:
        if reason := self.why_not():
            return [self.palette.text(reason[:width], "muted")]
        low, high = self._decades()
        ends = f"1e{low}", f"1e{high}"
        gap = max(1, width - sum(map(len, ends)))
        return [self.palette.text((ends[0] + " " * gap + ends[1])[:width], "muted")]

    def values(self) -> np.ndarray | None:
        row = self.session.cursor
        if (
            row >= self.session.begun(self.lane)
            or not self._lost
            or not self.lane.has_gradient(row)
        ):
            return None
        flow = self.lane.gradient(row)
        if self.of not in flow:
            return None
        array = flow[self.of].array
        return (array if array.ndim == 1 else array[:, self.layer_index])[
            : max(row + 1, self.lane.source)
        ]

    @property
    def _lost(self) -> bool:
        """Whether something predicts the cursor's token, so that there is a loss."""
        return self.session.cursor >= self.lane.gradients.first

    def why_not(self) -> str:
        row = self.session.cursor
        if row >= self.session.begun(self.lane):
            return ""
        if not self._lost:
            return "no loss"
        if self.lane.has_gradient(row):
            return "" if self.of in self.lane.gradient(row) else "too long"
        if self.lane.gradients.long and self.session.playing:
            return "when paused"
        return "computing" if self.lane.model else "not saved"

    def halves(self, value: float, width: int) -> int:
        if not value > 0:  # 0, or NaN: left out in a long text
            return 0
        low, high = self._decades()
        return max(1, round((math.log10(value) - low) / (high - low) * 2 * width))

    def _decades(self) -> tuple[int, int]:
        """One scale for what all lanes show, so that their bars compare; three decades at least."""
        shown = [(lane, self.stage.by.get(id(lane), self.of)) for lane in self.session.lanes]
        known = [d for lane, of in shown if (d := lane.gradients.decades(of))]
        high = max((d[1] for d in known), default=0)
        return min([high - 3, *(d[0] for d in known)]), high

    @property
    def cut(self) -> int:
        """The first row that truncated training took this loss back to; 0 where nothing was cut."""
        row = self.session.cursor
        if self._cut[0] != (row, self.lane.trace.header.truncation):
            self._cut = (
                (row, self.lane.trace.header.truncation),
                self.lane.gradients.cut_before(row),
            )
        return self._cut[1]

    def kind_of(self, row: int) -> str:
        return "faint" if row < self.cut else self.KIND

    def _line(self, width: int) -> Segment:
        """The cut, between what training could reach and what it could not."""
        k2, dash = self.lane.trace.header.truncation[1], self.palette.glyph("╌", "-")
        said = next(
            (t for t in (f" cut: k2 = {k2} ", f" cut k2={k2} ", f"k2={k2}", "") if len(t) <= width),
            "",
        )
        return self.palette.text(said.center(width, dash), "bad")

    def cells(self, row: int, width: int) -> list[Segment]:
        if row == self.cut - 1:
            return [self._line(width)]
        own = row == self.session.cursor and not self.lane.labels
        if own and self._lost and not self.why_not():
            mark = self.palette.glyph("◂ L", "< L")
            return [self.palette.text(mark + self.subscript(row), "muted")]
        return super().cells(row, width)

    def reading(self) -> str:
        t, values, chosen = self.session.cursor, self.values(), self.chosen()
        if t >= self.session.begun(self.lane):
            return self.beyond(t)
        if t == 0 or t == self.lane.source:
            return f"gradient: row {t} has no loss, nothing predicts it"
        if not self._lost:
            return f"gradient: row {t} is of the source, it has no loss · go to a row of the target"
        if values is None:
            return {
                "computing": "gradient: being computed",
                "when paused": "gradient: in a text this long, computed where the cursor rests",
                "too long": "gradient: not computed where something is held in a text this long",
            }.get(self.why_not(), "gradient: not recorded in this trace")
        if chosen is None:
            return f"|dL_{t}/d{self.of}_k| is 0 for every row k"
        token = self.lane.trace.tokens[chosen]
        largest = " (the largest)" if chosen == int(np.nanargmax(values)) else ""
        if self.lane.gradients.long:
            from engine.lenses.window import ROWS

            largest += f" · of the last {ROWS} rows"
        if chosen < self.cut:
            k1, k2 = self.lane.trace.header.truncation
            largest += f" · beyond the cut (k1 = {k1}, k2 = {k2}): training saw 0"
        name = f"|dL_{t}/d{self.of}_{chosen}|"
        return f"{name} = {values[chosen]:.4g} nats, k = {chosen} {token!r}{largest}"
