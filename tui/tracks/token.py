"""The rows themselves: number and token, with the cursor; what is not read yet is dim."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment

from engine.text import END
from tui.reading import CROSS
from tui.tracks.base import Track

PAIR = """The rows: above the source, which ends with </s>, below the target, which begins with <s>. What
stands between them is all that the target can know of the source.

A recurrent net reads a row a tick. A Transformer reads all rows that are given at once, a *layer* a tick;
what it writes itself comes a row a tick. Rows that are not written yet show a dot. The cursor (▶) is the row
that gradient and attention are about: they show what *its* token depends on.

↓ ↑ move it, Space plays tick by tick, i reads another source, f has the right target read (teacher forcing)
or lets the model write by itself, d says how it chooses its words."""
WHOLE = """The rows: all of them are read, and each gets a label. A Transformer computes all rows at once, a
*layer* a tick; a recurrent net that reads both ways comes from both ends at once. The cursor (▶) is the row
that gradient and attention are about: they show what *its* label depends on.

↓ ↑ move it, Space plays tick by tick, i reads another text."""


WIDE = 80  # columns of the screen from which on the line below has room for more words
NUMBERED = "row token"  # the title of rows with their numbers


class TokenTrack(Track):
    """Row number and token."""

    NAME = "tokens"
    HELP = """The rows: one tick of the model each, with the token that it read.

Row 0 is the start token <s>. Rows that have not been read yet are dim. The cursor (▶) is the row that
gradient and attention are about: they show what *its* token depends on.

↓ ↑ move it, Space plays, a click puts it on a row."""
    MARKED = True

    def about(self) -> str:
        if self.lane.whole:
            return WHOLE
        return PAIR if self.lane.source else self.HELP

    @property
    def claims(self) -> tuple[tuple[float, int], ...]:
        longest = max((len(word) for word in self.lane.trace.tokens[:400]), default=4)
        longest = max(longest, len(END) + 2) if self._crosses else longest  # with its mark
        most, digits = min(3 + max(5, longest), 21), self._digits
        numbered = max(digits + most, len(NUMBERED) + 1)
        if self._again:
            return ((0, min(most, 12)), (8, most), (10, numbered))
        return ((0, digits + min(most, 12)), (8, numbered))

    def title(self, width: int) -> str:
        return NUMBERED if width >= len(NUMBERED) and self._numbered else NUMBERED[4:]

    @property
    def _again(self) -> bool:
        """Whether the rows of another lane have the same numbers, which may then be enough."""
        return bool(self.lane.source) and self.lane is not self.session.lanes[0]

    @property
    def _numbered(self) -> bool:
        return not self._again or self.size.width >= self.claims[-1][1]

    @property
    def _digits(self) -> int:
        """Columns of a row's number."""
        return len(str(max(1, len(self.lane) - 1)))

    def _number(self, row: int) -> str:
        """A row's number and a blank, where there is room for it."""
        return f"{row:>{self._digits}} " if self._numbered else ""

    @property
    def _crosses(self) -> bool:
        """Whether the last row of the source is all that the target knows of it."""
        lane = self.lane
        return bool(lane.source) and not lane.whole and CROSS not in lane.looks

    def cells(self, row: int, width: int) -> list[Segment]:
        here = row == self.session.cursor
        ground = self.ground(row)
        mark = self.palette.glyph("▶", ">") if here else " "
        number = self._number(row)
        parts = [
            self.palette.text(mark, "accent", ground),
            self.palette.text(number, "accent" if here else "muted", ground),
        ]
        room = width - len(number) - 1
        word = self.palette.text(self._word(row, room), "text", ground)
        if row != self.lane.source - 1 or not self._crosses:
            return [*parts, word]
        crosses = self.palette.text(self.palette.glyph(" ▼", " v"), "accent", ground)
        return [*parts, word, crosses]  # the one row that crosses

    def future(self, row: int, width: int) -> list[Segment]:
        number = self._number(row)
        word = self._word(row, width - len(number) - 1)
        if row >= self.lane.trace.header.decoding.get("first", len(self.lane)):
            word = self.palette.glyph("·", ".")  # what it will write is not known yet
        return [self.palette.text(f" {number}{word}", "faint")]

    def _word(self, row: int, room: int) -> str:
        word = self.lane.trace.tokens[row]
        if self.palette.ascii:
            word = word.encode("ascii", "replace").decode()
        if cell_len(word) <= room:
            return word
        return set_cell_size(word, max(0, room - 1)) + self.palette.glyph("…", "~")

    def reading(self) -> str:
        row, lane = self.session.cursor, self.lane
        if row >= self.session.begun(lane):
            return self.beyond(row)
        if lane.source and row < lane.source and not lane.whole:
            last = " and ends it" if row == lane.source - 1 else ""
            return f"row {row} {lane.trace.tokens[row]!r} is of the source{last}"
        if not self.session.has(lane, row):
            return self.beyond(row)
        if lane.labels:
            label, p = lane.top(row)[0]
            return f"row {row} {lane.trace.tokens[row]!r}: its label is {label!r} ({p:.3f})"
        if lane.source and row == lane.source:
            word, p = lane.top(row)[0]
            return f"row {row}: <s>, where the target starts; expects {word!r} next ({p:.3f})"
        if row == 0:
            return "row 0: <s>, where every text starts"
        word, p = self.lane.top(row)[0]
        bits = self.lane.bits(row)
        token = self.lane.trace.tokens[row]
        if self.lane.answers is not None and self.lane.asked(row - 1) and bits == bits:
            return f"row {row} {token!r}: the answer of row {row - 1}; {bits:.2f} bits of surprise"
        if not self.lane.asked(row):
            return f"row {row} {token!r}: nothing is asked here"
        if not self.lane.predicts:
            return f"row {row} {token!r}: it answers {word}"
        cost = "bits of surprise" if self.screen.size.width >= WIDE else "bits"
        return f"row {row} {token!r}: {bits:.2f} {cost}; expects {word!r} next ({p:.3f})"
