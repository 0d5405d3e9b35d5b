"""Attention: how much the cursor's token looked at each row."""

from __future__ import annotations

import numpy as np
from rich.segment import Segment

from tui.tracks.following import FollowingTrack


class AttentionTrack(FollowingTrack):
    """weight(t, k) of one head, or the mean over the heads of a layer, as bars."""

    NAME = "attention"
    KIND = "attention"
    HELP = """How much the cursor's token t looked at each row k: the attention weight (t, k), 0 to 1; a
row's weights sum to 1. The mean over the heads of a layer, or one head.

It says where the model looked, not why it answered: compare it with the gradient on the same rows, or cut
the head and see what changes. (Vaswani et al. 2017, section 3.2; Jain & Wallace 2019 on the caution)

[ ] choose a layer, { } a head, ← → a row k for the exact number, X cuts the head, - cuts the edge t→k."""

    @property
    def claims(self) -> tuple[tuple[float, int], ...]:
        return ((2.5, 10), (11, 13), (21.5, 17))

    @property
    def head(self) -> int | None:
        """The selected head; None is the mean."""
        head = self.session.head
        return None if head is None else min(head, self.lane.heads - 1)

    def title(self, width: int) -> str:
        where = f"L{self.layer_index}" + ("" if self.head is None else f"H{self.head}")
        mean = " mean" if self.head is None else ""
        longer = (f"attention {where}{mean}", f"attention {where}", f"att {where}")
        return next((title for title in longer if len(title) <= width), longer[-1])

    def scale(self, width: int) -> list[Segment]:
        values, chosen = self.values(), self.chosen()
        if self.has_focus and values is not None and chosen is not None:
            return [self.palette.text(f"k={chosen}: {values[chosen]:.2f}"[:width], "accent")]
        return [self.palette.text("0".ljust(width - 1) + "1", "muted")]

    def values(self) -> np.ndarray | None:
        row = self.session.cursor
        return (
            self.lane.attention(row, self.layer_index, self.head) if row < len(self.lane) else None
        )

    def halves(self, value: float, width: int) -> int:
        return round(value * 2 * width) if value >= 0.005 else 0

    def reading(self) -> str:
        t, values, chosen = self.session.cursor, self.values(), self.chosen()
        if values is None or chosen is None:
            return "attention: nothing to show at this row"
        token = self.lane.trace.tokens[chosen]
        head = "mean of the heads" if self.head is None else f"head {self.head}"
        largest = " (the largest)" if chosen == int(np.argmax(values)) else ""
        where = f"layer {self.layer_index}, {head}"
        return f"weight({t}, {chosen}) = {values[chosen]:.4f} on {token!r}{largest} · {where}"
