"""Which rows teach: the share of the gradient of W_hh that arrives from each row."""

from __future__ import annotations

import numpy as np
from rich.segment import Segment

from engine import Named
from tui.tracks.following import FollowingTrack

NUMBER = 6  # columns of the number before the bar
MANY = 64  # rows from which on nothing is computed while it plays


class SharesTrack(FollowingTrack):
    """The signed share of dL_t/dW_hh that each row k adds, as a number and a bar."""

    NAME = "share by lag"
    key = "share"  # what a scenario calls it
    HELP = """What the loss at the cursor's token t would teach the recurrent weights, by where it comes from.
W_hh is used at every row, so its gradient is a sum over rows: dL_t/dW_hh = sum over k of h_(k-1) δ_k. A row's
share is how much of the whole its part adds along it: <part_k, G> / |G|², in percent; all rows of a layer add
up to 100 %, one below 0 works against the rest. L_t = -ln p(token t | tokens before it). Float64.

Rows far back with 0 % teach nothing: what happened there cannot be learned from this token, even where the
*sum*, which most monitors show, looks healthy. Row 0 has no state before it, so it never has a share.
(Pascanu, Mikolov & Bengio 2013, equations 3-4)

← → choose a row k for the exact number, [ ] a layer."""

    @property
    def claims(self) -> tuple[tuple[float, int], ...]:
        return ((28.5, 14), (30.5, 19))

    def title(self, width: int) -> str:
        t = self.session.cursor
        if self.palette.ascii:
            return f"dL{t}/dW by k"
        layer = f" L{self.layer_index}" if self.lane.layers > 1 else ""
        long = f"∂L{self.subscript(t)}/∂W by row{layer}"
        return long if len(long) <= width else f"∂L{self.subscript(t)}/∂W by k"

    def scale(self, width: int) -> list[Segment]:
        if reason := self.why_not():
            return [self.palette.text(reason[:width], "muted")]
        room = width - NUMBER
        return [self.palette.text("share 0".ljust(NUMBER + room - 4) + "100%", "muted")]

    def _found(self) -> dict[str, Named] | None:
        row, shares = self.session.cursor, self.lane.shares
        if not self._later() and shares.missing(row):
            self.post_message(self.Needs(self, lambda: shares.compute(row)))
        found = shares.of(row)
        return dict(found) if found else None

    def _later(self) -> bool:
        """Whether a row is too much to compute at every step of playing."""
        return self.session.playing and len(self.lane) > MANY

    def rested(self) -> None:
        self.refresh()

    def values(self) -> np.ndarray | None:
        """(k,): the size of each row's share."""
        shares = self.shares()
        return None if shares is None else np.abs(shares)

    def shares(self) -> np.ndarray | None:
        """(k,): each row's share with its sign, up to the row before the cursor's."""
        found = self._found()
        row = self.session.cursor
        return None if found is None else found["share"].array[:row, self.layer_index]

    def why_not(self) -> str:
        row, shares = self.session.cursor, self.lane.shares
        if row == 0:
            return "no loss"
        if not shares.possible:
            return "too long" if self.lane.model else "not saved"
        if row >= len(self.lane) or self._found() is not None:
            return ""
        if shares.of(row) is not None:
            return "no loss"
        return "when paused" if self._later() else "computing"

    def halves(self, value: float, width: int) -> int:
        return round(min(value, 1.0) * 2 * width)

    def cells(self, row: int, width: int) -> list[Segment]:
        cursor = self.session.cursor
        if row == cursor and row and not self.why_not():
            mark = self.palette.glyph("◂ L", "< L")
            return [self.palette.text(mark + self.subscript(row), "muted")]
        shares = self.shares() if row < cursor else None
        if shares is None:
            return []
        share = float(shares[row])
        some = f"{share:+5.0%} " if abs(share) >= 0.005 else "  <1% " if share else "    0 "
        number = self.palette.text(some, "text" if abs(share) >= 0.005 else "muted")
        return [number, *self._bar(row, np.abs(shares), width - NUMBER)]

    def reading(self) -> str:
        t, found, chosen = self.session.cursor, self._found(), self.chosen()
        if found is None or chosen is None:
            if found is not None:
                return f"dL_{t}/dW_hh is 0"
            return {
                "no loss": "share by lag: nothing predicts this row",
                "computing": "share by lag: being computed",
                "when paused": "share by lag: computed where the cursor rests",
                "too long": "share by lag: not computed in a text this long",
            }.get(self.why_not(), "share by lag: not recorded in this trace")
        norm, share = (float(found[n].array[chosen, self.layer_index]) for n in ("norm", "share"))
        whose = f"row {chosen} {self.lane.trace.tokens[chosen]!r}"
        return f"{whose} adds {100 * share:+.3g} % of dL_{t}/dW_hh · its part: {norm:.3g} nats"
