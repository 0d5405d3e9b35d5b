"""JSON lines: one object a row, numbers that read back as exactly the same."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from engine import Trace
from tui.export.tracks import Track


def lines(trace: Trace, tracks: Sequence[Track]) -> Iterator[str]:
    """One line a row: `row`, `token`, of a pair its `part`, and each track's numbers by its name.

    A track of several axes is nested in their order, without `time`; one over the words is an object
    with the words as keys. null: no such number (NaN). JSON has no infinity: "Infinity", "-Infinity".
    """
    words = trace.header.vocabulary
    by_word = len(set(words)) == len(words)
    for row, token in enumerate(trace.tokens):
        line: dict[str, Any] = {"row": row, "token": token}
        if trace.source:
            line["part"] = part(trace, row)
        for track in tracks:
            numbers = plain(track.array[row])
            if by_word and track.axes[1:] == ("word",) and len(numbers) == len(words):
                numbers = dict(zip(words, numbers, strict=True))
            line[track.name] = numbers
            if track.words is not None:
                line[called(track)] = [word or None for word in track.words[row].tolist()]
        yield json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n"


def part(trace: Trace, row: int) -> str:
    """Which half of a pair a row is of."""
    return "source" if row < trace.source else "target"


def called(track: Track) -> str:
    """The name of the words that a track is about, e.g. `top_k.words`."""
    return f"{track.name.rpartition('.')[0]}.words"


def plain(array: Any) -> Any:
    """Nested lists of numbers that JSON can say."""
    array = np.asarray(array)
    if array.dtype.kind in "iub" or np.isfinite(array).all():
        return array.tolist()
    if array.ndim:
        return [plain(part) for part in array]
    number = float(array)
    return None if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
