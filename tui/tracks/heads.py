"""All attention heads at once: a column a head, how much the cursor's token looked at each row."""

from __future__ import annotations

import numpy as np
from rich.segment import Segment

from tui.tracks.following import FollowingTrack


class HeadsTrack(FollowingTrack):
    """weight(t, k) of every head of every layer as colours."""

    NAME = "heads"
    HELP = """Where each attention head of the cursor's token t looked: a column a head, from layer 0 to the
last one, on each row k the weight (t, k) from 0 (dark) to 1 (bright).

← → choose a head: the attention track then shows it alone. X cuts it, { } go through the heads too."""

    @property
    def columns(self) -> int:
        """How many heads there are in all."""
        return self.lane.layers * self.lane.heads

    @property
    def claims(self) -> tuple[tuple[float, int], ...]:
        return ((20, self.columns + 1), (20.5, 2 * self.columns + self.lane.layers))

    def title(self, width: int) -> str:
        return "heads" if width < 12 else "heads by layer"

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
        if row >= len(self.lane):
            return None
        return self.lane.attention(row, self.layer_index, self.session.head)

    def cells(self, row: int, width: int) -> list[Segment]:
        t = self.session.cursor
        if row > t or t >= len(self.lane):
            return []
        wide = self._wide(width)
        weights = self.lane.trace["weights"][t, :, :, row].tolist()  # (layer, head)
        parts = []
        for layer in weights:
            parts += [self.palette.unit(w) for w in layer for _ in range(wide)]
            if wide > 1:
                parts.append(self.palette.text(" "))
        return parts

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
        if t >= len(self.lane):
            return "this lane has read all it has"
        head = 0 if self.session.head is None else min(self.session.head, self.lane.heads - 1)
        values = self.lane.attention(t, self.layer_index, head)
        k = int(np.argmax(values))
        token = self.lane.trace.tokens[k]
        where = f"layer {self.layer_index} head {head}"
        return f"{where} looks most at row {k} {token!r}: weight({t}, {k}) = {values[k]:.4f}"
