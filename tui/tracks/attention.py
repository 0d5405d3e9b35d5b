"""Attention: how much the cursor's token looked at each row."""

from __future__ import annotations

import numpy as np
from rich.cells import cell_len, set_cell_size
from rich.segment import Segment

from tui.reading import CROSS, SELF
from tui.scales import short
from tui.tracks.following import FollowingTrack


class AttentionTrack(FollowingTrack):
    """weight(t, k) of one head, or the mean over the heads of a layer, as bars."""

    NAME = "attention"
    KIND = "attention"
    COMPARED = True
    HELP = """How much the cursor's token t looked at each row k: the attention weight (t, k), 0 to 1; a
row's weights sum to 1. The mean over the heads of a layer, or one head.

*Cross* attention is a target's row looking at the rows of its source, *self* attention a row looking at its
own half: in a source to both sides, in a target (and a language model) only at itself and back.

The rows of a target also name what *they* looked at most, with its weight (▴ th .83).

It says where the model looked, not why it answered: compare it with the gradient on the same rows, or cut
the head and see what changes. (Vaswani et al. 2017, section 3.2; Bahdanau et al. 2014; Luong et al. 2015;
Jain & Wallace 2019 on the caution)

w changes between cross and self, [ ] choose a layer, { } a head, ← → a row k for the exact number, X cuts the
head, - cuts the edge t→k, + lets t look at k alone."""

    @property
    def claims(self) -> tuple[tuple[float, int], ...]:
        return ((2.5, 10), (11, 13), (21.5, 17))

    @property
    def head(self) -> int | None:
        """The selected head; None is the mean."""
        head = self.session.head
        return None if head is None or self.lane.heads < 2 else min(head, self.lane.heads - 1)

    @property
    def look(self) -> str:
        """What is looked at from the cursor's row: `cross`, `self`, or nothing."""
        row = self.session.cursor
        return self.lane.look(row, self.session.which) if row < len(self.lane) else ""

    @property
    def looked_in(self) -> int:
        """The layer on show: of a model that looks in one layer only, that one."""
        row = self.session.cursor
        if row >= self.session.begun(self.lane) or not self.look:
            return self.layer_index
        return self.lane.look_layer(row, self.layer_at(row), self.look)

    def title(self, width: int) -> str:
        where = f"L{self.looked_in}" + ("" if self.head is None else f"H{self.head}")
        mean = " mean" if self.head is None and self.lane.heads > 1 else ""
        name = "attention"
        if CROSS in self.lane.looks and (self.look or self.session.which) == SELF:
            name = "self"
        elif SELF in self.lane.looks and CROSS in self.lane.looks:
            name = "cross"
        longer = (f"{name} {where}{mean}", f"{name} {where}", f"{name[:3]} {where}")
        return next((title for title in longer if len(title) <= width), longer[-1])

    def scale(self, width: int) -> list[Segment]:
        return [self.palette.text("0".ljust(width - 1) + "1", "muted")]

    def values(self) -> np.ndarray | None:
        row = self.session.cursor
        if row >= self.session.begun(self.lane) or self.layer_at(row) < 0:
            return None
        return self.lane.attention(row, self.looked_in, self.head, self.session.which)

    def cells(self, row: int, width: int) -> list[Segment]:
        lane = self.lane
        across = row >= lane.source > 0 and lane.look(row, self.session.which) == CROSS
        if not across or self.layer_at(row) < 0:
            return super().cells(row, width)
        shares = lane.attention(row, self.layer_at(row), self.head, CROSS)
        best = int(np.argmax(shares))  # of this row of the target, whatever the cursor's looks at
        share = short(shares[best])
        arrow, room = self.palette.glyph("▴", "^"), width - len(share) - 2
        word = lane.trace.tokens[best]
        if cell_len(word) > room:
            word = set_cell_size(word, max(0, room - 1)) + self.palette.glyph("…", "~")
        return [self.palette.text(f"{arrow}{set_cell_size(word, room)} {share}", "muted")]

    def halves(self, value: float, width: int) -> int:
        return round(value * 2 * width) if value >= 0.005 else 0

    def crossing(self) -> str:
        return "looks" if CROSS in self.lane.looks else ""

    def reading(self) -> str:
        t, values, chosen = self.session.cursor, self.values(), self.chosen()
        if t >= self.session.begun(self.lane):
            return self.beyond(t)
        if values is None or chosen is None:
            if t < self.lane.source:
                return f"attention: row {t} is of the source, and looks at nothing"
            return "attention: nothing to show at this row"
        token = self.lane.trace.tokens[chosen]
        head = "mean of the heads" if self.head is None else f"head {self.head}"
        head = f", {head}" if self.lane.heads > 1 else ""
        largest = " (the largest)" if chosen == int(np.argmax(values)) else ""
        what = f"{self.look}-attention, " if self.lane.source else ""
        where = f"{what}layer {self.looked_in}{head}"
        return f"weight({t}, {chosen}) = {values[chosen]:.4f} on {token!r}{largest} · {where}"
