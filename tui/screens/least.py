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
    screen.query_one("#small", Static).update(wanting(size, needs, who))
    return not small


def wanting(size: Size, needs: tuple[int, int], who: str) -> str:
    """That a terminal is too small, in as many words as it has room for; above a line with the keys."""
    wanted, found = f"{needs[0]} x {needs[1]}", f"this is {size.width} x {size.height}"
    for said in (
        f"{who} needs {wanted}\n{found}",
        f"{who} needs\n{wanted}\n{found}",
        f"{who}\nneeds\n{wanted}",
        f"needs {wanted}\n{found}",
        f"needs {wanted}",
        f"needs\n{wanted}",
    ):
        lines = said.splitlines()
        if len(lines) < size.height and max(map(len, lines)) <= size.width:
            return said
    return wanted
