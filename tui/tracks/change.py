"""What an intervention changed: this lane against the one that it was forked from."""

from __future__ import annotations

import math

from rich.segment import Segment

from tui.tracks.base import Track


class ChangeTrack(Track):
    """Bits gained or lost at each token, and how far the hidden state moved."""

    NAME = "change"
    HELP = """What the intervention changed, row by row, against the reading beside it.

The number is the change of surprisal in bits: +2 makes the token four times less likely than it was. Where
the two lanes read different words (≠) there is none: those would be the surprises of two words. The
bar is |h' - h|, the distance between the two hidden states of the last layer (Euclidean norm, full at the
largest). Rows before the intervention are 0: what comes later cannot act back."""
    MARKED = True

    @property
    def claims(self) -> tuple[tuple[float, int], ...]:
        return ((1.5, 7), (9, 13))

    def title(self, width: int) -> str:
        short = self.palette.glyph("Δbits", "d bits")
        return f"{short} {self.palette.glyph('|Δh|', '|dh|')}" if width > 10 else short

    def scale(self, width: int) -> list[Segment]:
        if width <= 10:
            return [self.palette.text("bits", "muted")]
        return [self.palette.text(f"      0..{self.lane.largest_change():.2g}", "muted")]

    def cells(self, row: int, width: int) -> list[Segment]:
        bits, distance = self.lane.change(row)
        ground = self.ground(row)
        if math.isnan(bits) and row < self.lane.source:
            text, kind = " " * 6, "muted"
        elif self.lane.departs(row):
            text, kind = f"{self.palette.glyph('≠', '/='):>4}  ", "muted"
        elif math.isnan(bits):
            text, kind = self.palette.glyph("   –  ", "   -  "), "muted"
        else:
            text = f"{max(-99.9, min(99.9, bits)):+5.1f} "
            kind = "bad" if bits >= 0.05 else "good" if bits <= -0.05 else "muted"
        parts = [self.palette.text(text, kind, ground)]
        room, largest = width - 6, self.lane.largest_change()
        if room >= 3 and largest:
            parts += self.palette.bar(round(distance / largest * 2 * room), room, "muted", ground)
        return parts

    def reading(self) -> str:
        row = self.session.cursor
        parent = self.lane.parent
        if parent is None or row >= min(self.session.begun(self.lane), len(parent)):
            return "nothing to compare at this row"
        bits, distance = self.lane.change(row)
        token = self.lane.trace.tokens[row]
        moved = f"the hidden state moved by {distance:.4g}"
        if other := self.lane.departs(row):
            return (
                f"row {row} {token!r}: the other lane reads {other!r}, no bits to compare; {moved}"
            )
        if math.isnan(bits):
            return f"row {row} {token!r}: {moved}"
        return f"row {row} {token!r}: {bits:+.3f} bits of surprise, {moved}"

    def grown(self) -> None:
        self.refresh()
