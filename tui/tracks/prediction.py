"""What comes next: the likeliest next words after each row."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment

from tui.tracks.base import Track

WORD = 8  # columns of a word and a blank; with mark and probability 12


class PredictionTrack(Track):
    """The next word that the model finds likeliest, and more where there is room."""

    NAME = "next word"
    HELP = """What the model expects to read next, after the token of this row: the likeliest words, each
with its probability (.31 is 31 %).

A row's prediction is about the row *below* it. Where it was right the word is marked with ✓."""
    MARKED = True

    @property
    def claims(self) -> tuple[tuple[float, int], ...]:
        return ((2, 13), (12, 25), (14, 37))

    def title(self, width: int) -> str:
        return "next word" if self.lane.predicts and self.lane.answers is None else "answer"

    def scale(self, width: int) -> list[Segment]:
        return [self.palette.text("probability"[:width] if self.lane.predicts else "", "muted")]

    def cells(self, row: int, width: int) -> list[Segment]:
        ground = self.ground(row)
        tokens = self.lane.trace.tokens
        if not self.lane.asked(row):
            return [self.palette.text("", "muted", ground)]
        came = tokens[row + 1] if row + 1 < min(len(tokens), self.session.shown) else ""
        wrong = " " if self.lane.answers is None else self.palette.glyph("✗", "!")
        if self.lane.answers is not None:
            came = self.lane.answers[row]
        parts = []
        for rank, (word, p) in enumerate(self.lane.top(row, max(1, width // 12))):
            kind = "word" if rank == 0 else "muted"
            right = self.palette.glyph("✓", "*") if word == came else " " if rank else wrong
            right = right if self.lane.predicts else " "
            if cell_len(word) >= WORD:
                word = set_cell_size(word, WORD - 2) + self.palette.glyph("…", "~")
            p = min(p, 0.99) if p == p else p
            number = f"{p:.2f}"[1:] if p >= 0.005 else "<1%" if p == p else ""
            text = f"{right}{set_cell_size(word, WORD)}{number}"
            parts.append(self.palette.text(text, kind, ground))
        return parts

    def moved(self, before: int, rows: Iterable[int]) -> None:
        # the row above a new one now knows whether it was right
        super().moved(before, {*rows, *(row - 1 for row in rows if row)})

    def reading(self) -> str:
        row = self.session.cursor
        if row >= len(self.lane):
            return "this lane has read all it has"
        token = f"row {row} {self.lane.trace.tokens[row]!r}"
        if not self.lane.asked(row):
            return f"{token}: nothing is asked here"
        right = f"; right is {self.lane.answers[row]}" if self.lane.answers is not None else ""
        if not self.lane.predicts:
            return f"after {token} it answers {self.lane.top(row)[0][0]}{right}"
        words = ", ".join(f"{word} {p:.4f}" for word, p in self.lane.top(row, 3))
        return f"after {token} it expects: {words}{right}"
