"""Surprisal: how unexpected each token was, in bits."""

from __future__ import annotations

import math

from rich.segment import Segment

from tui.tracks.base import Track

MOST = 12.0  # bits that fill the bar: a word of 1 in 4,096


class BitsTrack(Track):
    """Surprisal in bits, as a number and a bar."""

    NAME = "surprisal"
    HELP = f"""How unexpected each token was: surprisal = -log2 p(token | tokens before it), in bits.

0 bits: the model was certain. 1 bit: a coin toss. The bar is full at {MOST:g} bits. Row 0 has none:
nothing comes before it; nor have the rows of a source, and <s> below them. (Shannon 1948)"""
    MARKED = True
    COMPARED = True

    @property
    def claims(self) -> tuple[tuple[float, int], ...]:
        # little surprises a model in what it wrote itself
        written = self.lane.trace.header.decoding
        return ((3.5 if written else 1, 6), (13, 11))

    def title(self, width: int) -> str:
        return "bits" if width < 14 else "bits surprisal"

    def scale(self, width: int) -> list[Segment]:
        return [self.palette.text(f"0…{MOST:g}".replace("…", self.dots), "muted")]

    @property
    def dots(self) -> str:
        return self.palette.glyph("…", "..")

    def cells(self, row: int, width: int) -> list[Segment]:
        bits, ground = self.lane.bits(row), self.ground(row)
        if not self.session.has(self.lane, row):
            return [self.palette.text("", "muted", ground)]
        if math.isnan(bits):
            dash = "" if row < self.lane.source else self.palette.glyph("   –", "   -")
            return [self.palette.text(dash, "muted", ground)]
        shown = f"{bits:4.1f} " if bits < 99.95 else " >99 "
        text = self.palette.text(shown, "text", ground)
        room = width - 5
        if room < 3:
            return [text]
        return [text, *self.palette.bar(round(bits / MOST * 2 * room), room, "muted", ground)]

    def reading(self) -> str:
        row = self.session.cursor
        if row >= self.session.begun(self.lane):
            return self.beyond(row)
        bits = self.lane.bits(row)
        if row < self.lane.source:
            return f"surprisal: row {row} is of the source, which is given and not predicted"
        if math.isnan(bits):
            return f"surprisal: nothing predicts row {row}"
        token = self.lane.trace.tokens[row]
        return f"surprisal of row {row} {token!r} = {bits:.3f} bits: it had p = {2**-bits:.4g}"
