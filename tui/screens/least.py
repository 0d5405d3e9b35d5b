"""What a screen needs at least, and what it says where the terminal is smaller."""

from __future__ import annotations

from textual.geometry import Size
from textual.screen import Screen
from textual.widgets import Static


def fits(screen: Screen, size: Size, needs: tuple[int, int], who: str) -> bool:
    """Whether the terminal has the columns and lines that are needed; if not, `#small` says so.

    The screen has the class `-small` meanwhile.
    """
    small = size.width < needs[0] or size.height < needs[1]
    screen.set_class(small, "-small")
    said = f"{who} needs {needs[0]} x {needs[1]}\nthis is {size.width} x {size.height}"
    screen.query_one("#small", Static).update(said)
    return not small
