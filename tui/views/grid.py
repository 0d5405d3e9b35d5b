"""What a map is: numbers with a label for every row and column, and where numbers can be at all.

In every map here the cells of a row that can hold a number lie side by side: a causal row sees itself and
what is before it, an encoder's row sees the whole source, a decoder's row sees the source too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tui.views.axis import label


@dataclass(frozen=True)
class Grid:
    """One map.

    Attributes:
        values: (rows, columns); what lies outside the spans is never looked at.
        rows, columns: their labels, e.g. `2 cats`.
        spans: (rows, 2) integers: row i has a number in the columns from spans[i, 0] up to, but not
            at, spans[i, 1]; nowhere where both are the same.
        marked: (rows, columns), cells that have a mark, such as the largest of each row; None: none.
    """

    values: np.ndarray
    rows: Sequence[str]
    columns: Sequence[str]
    spans: np.ndarray
    marked: np.ndarray | None = None


def causal(rows: int, read: int, own: bool = True) -> np.ndarray:
    """Spans of rows that see what is before them, and with `own` themselves; `read` rows were read."""
    spans = np.zeros((rows, 2), dtype=int)
    spans[:read, 1] = np.arange(read) + own
    return spans


def whole(rows: int, columns: int, read: int | None = None) -> np.ndarray:
    """Spans of rows that see every column; `read` of the rows were read so far, by default all."""
    spans = np.zeros((rows, 2), dtype=int)
    spans[:read, 1] = columns
    return spans


def labels(tokens: Sequence[str], start: int = 0, stop: int | None = None) -> list[str]:
    """`2 cats` for every row from `start` on: a row's number is that in the trace, wherever it stands."""
    return [label(row, tokens) for row in range(start, len(tokens) if stop is None else stop)]
