"""CSV (RFC 4180, UTF-8): long, one number a line, or wide, one row a line.

A spreadsheet takes a cell that begins with = + - or @ for a formula, whatever quotes are around it. Tokens
may begin so; such a cell gets a ' before it, and to keep this reversible, so does one that already has
such a ' before such a sign. Whoever takes a ' off every cell that looks like this has the tokens again.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator, Sequence

from engine import Trace
from tui.export.lines import called, part
from tui.export.tracks import Track

ORDER = (
    "step", "candidate", "layer", "head", "unit", "input", "dim", "depth", "rank", "source", "key", "word",
)  # fmt: skip
FORMULA = re.compile(r"'*(\s*[=+\-@＝＋－＠]|[\t\r\n])")


def safe(text: str) -> str:
    """Text as a cell that no spreadsheet computes."""
    return f"'{text}" if FORMULA.match(text) else text


def long(trace: Trace, tracks: Sequence[Track]) -> Iterator[str]:
    """One number a line: row, token, of a pair part, track, a column for each axis of any track, value.

    The column of an axis is empty where a track has no such axis; `word` has words, all others count
    from 0. An empty value is NaN.
    """
    used = {axis for track in tracks for axis in track.axes} - {"time"}
    used |= {"word"} if any(track.words is not None for track in tracks) else set()
    axes = [axis for axis in ORDER if axis in used] + sorted(used - set(ORDER))
    writer = _Writer()
    pair = ["part"] if trace.source else []
    yield writer.line(["row", "token", *pair, "track", *axes, "value"])
    for track in tracks:
        inner = track.axes[1:] if track.rows else track.axes
        labels = [_labels(trace, track, axis) for axis in inner]
        places = [axes.index(axis) for axis in inner]
        cells = []  # of one row: the columns of the axes
        for index in itertools.product(*labels):
            cell = [""] * len(axes)
            for place, label in zip(places, index, strict=True):
                cell[place] = safe(label)
            cells.append(cell)
        rows = enumerate(trace.tokens) if track.rows else [("", "")]
        for row, token in rows:
            array = track.array[row] if isinstance(row, int) else track.array
            if track.words is not None:
                at = axes.index("word")
                words = track.words[row] if isinstance(row, int) else track.words
                for cell, word in zip(cells, words.ravel().tolist(), strict=True):
                    cell[at] = safe(word)
            of = [part(trace, row) if isinstance(row, int) else ""] * len(pair)
            head = [str(row), safe(token), *of, safe(track.name)]
            numbers = map(_cell, array.ravel().tolist())
            yield writer.lines([*head, *cell, n] for cell, n in zip(cells, numbers, strict=True))


def wide(trace: Trace, tracks: Sequence[Track]) -> Iterator[str]:
    """One row of the trace a line: row, token, of a pair part, then a column for each number, as `f.0.17`."""
    columns = {track.name: (track, track.array) for track in tracks}
    columns |= {called(t): (t, t.words) for t in tracks if t.words is not None}
    writer, names = _Writer(), ["row", "token", *(["part"] if trace.source else [])]
    for name, (track, _) in columns.items():
        labels = [_labels(trace, track, axis) for axis in track.axes[1:]]
        names += [safe(".".join((name, *index))) for index in itertools.product(*labels)]
    yield writer.line(names)
    for row, token in enumerate(trace.tokens):
        cells = [str(row), safe(token), *([part(trace, row)] if trace.source else [])]
        for _, array in columns.values():
            cells += map(_cell, array[row].ravel().tolist())
        yield writer.line(cells)


class _Writer:
    """The csv module's writer, line by line as text."""

    def __init__(self) -> None:
        self._buffer = io.StringIO(newline="")
        self._writer = csv.writer(self._buffer)

    def line(self, cells: Sequence[str]) -> str:
        return self.lines([cells])

    def lines(self, lines: Iterator[Sequence[str]] | Sequence[Sequence[str]]) -> str:
        self._writer.writerows(lines)
        text = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        return text


def _labels(trace: Trace, track: Track, axis: str) -> list[str]:
    """What stands for each place along an axis: a word, if no two are the same, else a number from 0."""
    size, words = track.array.shape[track.axes.index(axis)], trace.header.vocabulary
    if axis == "word" and size == len(words) == len(set(words)):
        return list(words)
    return [str(i) for i in range(size)]


def _cell(value: float | str) -> str:
    """A word, or the shortest text that reads back as the same double; nothing for NaN."""
    if isinstance(value, str):
        return safe(value)
    return "" if value != value else repr(value)
