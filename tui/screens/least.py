"""What a screen needs at least, and what it says where the terminal is smaller."""

from __future__ import annotations

from typing import Any

from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static


class Small(Static):
    """Says that the terminal is too small, and keeps the focus for when it is not."""

    def __init__(self) -> None:
        super().__init__(id="small")
        self._kept: Widget | None = None

    def keep(self, screen: Screen[Any]) -> None:
        """Take the focus: a widget that is hidden with it would hand it on to another, or to none."""
        self._kept = screen.focused
        screen.set_focus(None)

    def give_back(self, screen: Screen[Any]) -> None:
        """Give the focus back, unless something else got it meanwhile or what had it is gone."""
        kept, self._kept = self._kept, None
        if kept is not None and kept.is_attached and screen.focused is None:
            screen.set_focus(kept)


def fits(screen: Screen[Any], size: Size, needs: tuple[int, int], who: str) -> bool:
    """Whether the terminal has the columns and lines that are needed; if not, its `Small` says so.

    The screen has the class `-small` meanwhile, and nothing has the focus.
    """
    small = size.width < needs[0] or size.height < needs[1]
    was, told = screen.has_class("-small"), screen.query_one(Small)
    screen.set_class(small, "-small")
    told.update(wanting(size, needs, who))
    if small and not was:
        told.keep(screen)
    elif was and not small:
        told.give_back(screen)
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
