"""Token labels along a horizontal axis: staggered, with a leader down to each column.

Full words beside each other need more width than a map's columns have. Standing them in steps

    0 <s>       3 that      6 the
    │   1 the   │   4 sat   │
    │   │   2 cats  │   5 on│

keeps them readable from left to right, which vertical text is not.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size


def label(row: int, tokens: Sequence[str]) -> str:
    """`2 cats`: how every axis names a row."""
    return f"{row} {tokens[row]}"


def clip(text: str, width: int, ellipsis: str = "…") -> str:
    """The text in at most `width` columns, with an ellipsis where it was cut."""
    if cell_len(text) <= width:
        return text
    if width <= 0:
        return ""
    return set_cell_size(text, width - 1).rstrip() + ellipsis if width > 1 else ellipsis


def steps(labels: Sequence[str], cell: int, most: int) -> int:
    """How many rows staggered labels need when a column is `cell` wide; at least 1, at most `most`."""
    longest = max((cell_len(text) for text in labels), default=0)
    return max(1, min(most, -(-(longest + 1) // cell)))


def stagger(
    labels: Sequence[str],
    cell: int,
    rows: int,
    width: int,
    leader: str = "│",
    ellipsis: str = "…",
) -> list[list[tuple[str, int]]]:
    """The pieces (text, column that it belongs to or -1) of each of `rows` lines, `width` wide.

    Label j starts in line j mod `rows` at column j and runs over the columns to its right; below it
    stands its leader. It is cut before the next label of its line, and covers leaders in its way.
    """
    lines = []
    for row in range(rows):
        pieces: list[tuple[str, int]] = []
        at = 0
        for j, text in enumerate(labels):
            start = j * cell
            if j % rows > row or start < at:
                continue
            if start > at:
                pieces.append((" " * (start - at), -1))
            piece = clip(text, rows * cell - 1, ellipsis) if j % rows == row else leader
            piece = set_cell_size(piece, min(cell_len(piece), max(0, width - start)))
            pieces.append((piece, j))
            at = start + cell_len(piece)
        pieces.append((" " * max(0, width - at), -1))
        lines.append(pieces)
    return lines
