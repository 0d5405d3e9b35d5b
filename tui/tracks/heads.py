"""All attention heads at once: a column a head, how much the cursor's token looked at each row."""

from __future__ import annotations

import numpy as np
from rich.segment import Segment

from tui.reading import CROSS
from tui.tracks.following import FollowingTrack


class HeadsTrack(FollowingTrack):
    """weight(t, k) of every head of every layer as colours."""

    NAME = "heads"
    HELP = """Where each attention head of the cursor's token t looked: a column a head, from layer 0 to the
last one, on each row k the weight (t, k) from 0 (dark) to 1 (bright). Of a target's row it is
cross-attention, its look at the source, or with w self-attention, its look at the target so far.

← → choose a head: the attention track then shows it alone. X cuts it, { } go through the heads too."""

    @property
    def columns(self) -> int:
        """How many heads there are in all."""
        return self.lane.layers * self.lane.heads

    @property
    def claims(self) -> tuple[tuple[float, int], ...]:
        return ((20, self.columns + 1), (20.5, 2 * self.columns + self.lane.layers))

    def title(self, width: int) -> str:
        look = f"{self._look} " if len(self.lane.looks) > 1 and width >= 11 else ""
        return f"{look}heads" if width < 12 + len(look) else f"{look}heads by layer"

    @property
    def _look(self) -> str:
        """What is looked at from the cursor's row."""
        row = self.session.cursor
        return self.lane.look(row, self.session.which) if row < len(self.lane) else ""

    def scale(self, width: int) -> list[Segment]:
        wide = self._wide(width)
        parts = []
        for layer in range(self.lane.layers):
            for head in range(self.lane.heads):
                mine = (layer, head) == (self.layer_index, self.session.head)
                parts.append(
                    self.palette.text(str(head % 10).ljust(wide), "accent" if mine else "muted")
                )
            if wide > 1:
                parts.append(self.palette.text(" "))
        return parts

    def _wide(self, width: int) -> int:
        return 2 if width >= 2 * self.columns + self.lane.layers - 1 else 1

    def values(self) -> np.ndarray | None:
        row = self.session.cursor
        if row >= self.session.begun(self.lane) or self.layer_at(row) < 0:
            return None
        return self.lane.attention(row, self.layer_at(row), self.session.head, self.session.which)

    def cells(self, row: int, width: int) -> list[Segment]:
        t, values = self.session.cursor, self.values()
        if values is None or row >= len(values):
            return []
        wide = self._wide(width)
        name = "cross_weights" if self._look == CROSS else "weights"
        known = self.lane.trace[name][t, : self.session.depth(self.lane, t), :, row].tolist()
        parts: list[Segment] = []
        for layer in known:  # (layer, head)
            parts += [self.palette.unit(w) for w in layer for _ in range(wide)]
            if wide > 1:
                parts.append(self.palette.text(" "))
        return parts

    def crossing(self) -> str:
        return "looks" if CROSS in self.lane.looks else ""

    def select(self, by: int) -> bool:
        heads = self.lane.heads
        at = self.layer_index * heads + (self.session.head or 0)
        at = at + by if self.session.head is not None else at
        if not 0 <= at < self.columns:
            return False
        self.session.layer, self.session.head = divmod(at, heads)
        return True

    def reading(self) -> str:
        t = self.session.cursor
        if t >= self.session.begun(self.lane) or self.layer_at(t) < 0:
            return self.beyond(t)
        head = 0 if self.session.head is None else min(self.session.head, self.lane.heads - 1)
        values = self.lane.attention(t, self.layer_at(t), head, self.session.which)
        if not len(values):
            return f"heads: row {t} looks at nothing"
        k = int(np.argmax(values))
        token = self.lane.trace.tokens[k]
        where = f"layer {self.layer_at(t)} head {head}"
        return f"{where} looks most at row {k} {token!r}: weight({t}, {k}) = {values[k]:.4f}"
