"""Blocks, boxes, dots and triangles as shapes: drawn, they meet at the edges of cells in every viewer.

A cell is 8 wide and 16 high. A shape is a path in SVG's words with its corner at (0, 0), and how much of the
ink it has, which is less than all of it for shades.
"""

from __future__ import annotations

from functools import lru_cache

WIDE, HIGH = 8, 16
Shape = tuple[tuple[tuple[float, float, float, float], ...], str, float]
"""Rectangles (x, y, width, height), a path of anything else, and the share of ink."""

_QUADRANTS = {"▖": 4, "▗": 8, "▘": 1, "▙": 13, "▚": 9, "▛": 7, "▜": 11, "▝": 2, "▞": 6, "▟": 14}
_SHADES = {"░": 0.25, "▒": 0.5, "▓": 0.75, "█": 1.0}
_PATHS = {
    "▲": "M0 13l4-9 4 9z",
    "▼": "M0 4l4 9 4-9z",
    "▴": "M1.5 11l2.5-5 2.5 5z",
    "▾": "M1.5 6l2.5 5 2.5-5z",
    "▵": "M1.5 11l2.5-5 2.5 5zM2.9 10.1h2.2l-1.1-2.3z",
    "▿": "M1.5 6l2.5 5 2.5-5zM2.9 6.9h2.2l-1.1 2.3z",
    "▶": "M.5 3.5l7 4.5-7 4.5z",
    "◀": "M7.5 3.5l-7 4.5 7 4.5z",
    "▸": "M2 5l4.5 3-4.5 3z",
    "◂": "M6 5l-4.5 3 4.5 3z",
}
# Which ways a line goes from the middle: left, right, up, down; 1 is light, 2 heavy.
_LINES = {
    "─": (1, 1, 0, 0), "│": (0, 0, 1, 1), "┌": (0, 1, 0, 1), "┐": (1, 0, 0, 1),
    "└": (0, 1, 1, 0), "┘": (1, 0, 1, 0), "├": (0, 1, 1, 1), "┤": (1, 0, 1, 1),
    "┬": (1, 1, 0, 1), "┴": (1, 1, 1, 0), "┼": (1, 1, 1, 1), "╭": (0, 1, 0, 1),
    "╮": (1, 0, 0, 1), "╰": (0, 1, 1, 0), "╯": (1, 0, 1, 0), "╴": (1, 0, 0, 0),
    "╶": (0, 1, 0, 0), "╵": (0, 0, 1, 0), "╷": (0, 0, 0, 1), "━": (2, 2, 0, 0),
    "┃": (0, 0, 2, 2), "┏": (0, 2, 0, 2), "┓": (2, 0, 0, 2), "┗": (0, 2, 2, 0),
    "┛": (2, 0, 2, 0), "╺": (0, 2, 0, 0), "╸": (2, 0, 0, 0), "╹": (0, 0, 2, 0),
    "╻": (0, 0, 0, 2),
}  # fmt: skip


@lru_cache(maxsize=512)
def shape(char: str) -> Shape | None:
    """How a character is drawn; None where it is a letter like others, for a font."""
    code = ord(char[0])
    if char in _SHADES:
        return ((0, 0, WIDE, HIGH),), "", _SHADES[char]
    if char in _PATHS:
        return (), _PATHS[char], 1.0
    if char in _LINES:
        return tuple(_line(*_LINES[char])), "", 1.0
    if char in _QUADRANTS:
        half = (WIDE / 2, HIGH / 2)
        on = [i for i in range(4) if _QUADRANTS[char] >> i & 1]
        return tuple((i % 2 * half[0], i // 2 * half[1], *half) for i in on), "", 1.0
    if char == "·":
        return ((3, 7, 2, 2),), "", 1.0
    if 0x2581 <= code <= 0x2587:  # from below, in eighths
        high = (code - 0x2580) * HIGH / 8
        return ((0, HIGH - high, WIDE, high),), "", 1.0
    if 0x2589 <= code <= 0x258F:  # from the left, in eighths
        return ((0, 0, (0x2590 - code) * WIDE / 8, HIGH),), "", 1.0
    if char in "▀▐▔▕":
        high, wide = {"▀": (8, 8), "▐": (16, 4), "▔": (2, 8), "▕": (16, 1)}[char]
        return ((WIDE - wide, 0, wide, high),), "", 1.0
    if 0x2800 <= code <= 0x28FF:
        return tuple(_braille(code - 0x2800)), "", 1.0
    return None


def _line(left: int, right: int, up: int, down: int) -> list[tuple[float, float, float, float]]:
    """Light lines are one wide, heavy ones two; each goes from an edge to beyond the middle."""
    x, y = WIDE / 2, HIGH / 2
    across, along = max(left, right), max(up, down)
    found: list[tuple[float, float, float, float]] = []
    if across:
        begin = 0 if left else x
        end = WIDE if right else x + max(along, 1)
        found.append((begin, y, end - begin, across))
    if along:
        begin = 0 if up else y
        end = HIGH if down else y + max(across, 1)
        found.append((x, begin, along, end - begin))
    return found


def _braille(bits: int) -> list[tuple[float, float, float, float]]:
    """Two by four dots; bits 0 to 2 are the left column's first three, 6 and 7 the lowest row."""
    places = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]
    return [(1 + 4 * x, 1 + 4 * y, 2, 2) for i, (x, y) in enumerate(places) if bits >> i & 1]
