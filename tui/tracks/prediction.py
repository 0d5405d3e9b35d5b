"""What comes next: the likeliest next words after each row."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment

from tui.scales import short
from tui.tracks.base import Track

WORD = 8  # columns of a word and a blank; with mark and probability 12


class PredictionTrack(Track):
    """The next word that the model finds likeliest, and more where there is room."""

    NAME = "next word"
    HELP = """What the model expects to read next, after the token of this row: the likeliest words, each
with its probability (.31 is 31 %).

A row's prediction is about the row *below* it. Where it was right the word is marked with ✓. Rows of a source
predict nothing. Where the model writes by itself (free running) nothing is right or wrong: ▸ marks the word
that it chose and then read. A tagger's labels are about the row itself.

f changes between free running and teacher forcing, where the right target is read whatever it predicts."""
    MARKED = True

    def free(self, row: int) -> bool:
        """Whether what comes after a row is what the model itself chose."""
        said = self.lane.trace.header.decoding
        return bool(said) and row + 1 >= said.get("first", 0)

    @property
    def claims(self) -> tuple[tuple[float, int], ...]:
        return ((2, 13), (12, 25), (14, 37))

    def title(self, width: int) -> str:
        if self.lane.labels:
            return "label"
        if not self.lane.predicts or self.lane.answers is not None:
            return "answer"
        return "writes next" if self.free(len(self.lane)) else "next word"

    def scale(self, width: int) -> list[Segment]:
        return [self.palette.text("probability"[:width] if self.lane.predicts else "", "muted")]

    def cells(self, row: int, width: int) -> list[Segment]:
        ground = self.ground(row)
        if not self.lane.asked(row) or not self.session.has(self.lane, row):
            return [self.palette.text("", "muted", ground)]
        came = self.lane.came(row, self.session.begun(self.lane))
        wrong = " " if self.lane.answers is None else self.palette.glyph("✗", "!")
        yes = self.palette.glyph("▸", ">") if self.free(row) else self.palette.glyph("✓", "*")
        parts = []
        for rank, (word, p) in enumerate(self.lane.top(row, max(1, width // 12))):
            kind = "word" if rank == 0 else "muted"
            right = yes if word == came else " " if rank else wrong
            right = right if self.lane.predicts else " "
            if cell_len(word) >= WORD:
                word = set_cell_size(word, WORD - 2) + self.palette.glyph("…", "~")
            number = short(p) if p >= 0.005 else "<1%" if p == p else ""
            text = f"{right}{set_cell_size(word, WORD)}{number}"
            parts.append(self.palette.text(text, kind, ground))
        return parts

    def moved(self, before: int, rows: Iterable[int]) -> None:
        # the row above a new one now knows whether it was right
        super().moved(before, {*rows, *(row - 1 for row in rows if row)})

    def reading(self) -> str:
        row = self.session.cursor
        if not self.session.has(self.lane, row):
            return self.beyond(row)
        token = f"row {row} {self.lane.trace.tokens[row]!r}"
        if row < self.lane.source and not self.lane.whole:
            return f"{token} is of the source: nothing is predicted here"
        if not self.lane.asked(row):
            return f"{token}: nothing is asked here"
        right = f"; right is {self.lane.answers[row]}" if self.lane.answers is not None else ""
        if not self.lane.predicts:
            return f"after {token} it answers {self.lane.top(row)[0][0]}{right}"
        words = ", ".join(f"{word} {p:.4f}" for word, p in self.lane.top(row, 3))
        if self.lane.labels:
            return f"label of {token}: {words}{right}"
        return f"after {token} it expects: {words}{right}"
