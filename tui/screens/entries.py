"""The list on home: a line an entry, under headings, the marked one with a sign."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.style import Style
from rich.text import Text
from textual import on
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.palette import Palette
from tui.views.axis import clip
from tui.views.plain import plain

if TYPE_CHECKING:
    from tui.screens.choices import Choice

WIDEST = 150  # columns beyond which a line is no easier to read
ABOUT = 100  # columns from which on there is room for what an entry is about
TITLE = 46  # columns of a title then, with its year
MARK = 3  # columns of the mark before it
KINDS = {
    "tour": "",
    "scenario": "Scenarios",
    "text": "Your sentences",
    "run": "Your runs",
    "train": "Train one yourself",
    "model": "Models",
}


class Entries(OptionList):
    """What there is to open."""

    DEFAULT_CSS = f"""
    Entries {{
        height: 1fr; max-width: {WIDEST + 2}; margin: 0 1; border: none; padding: 0;
        background: $background; scrollbar-size-vertical: 1;
    }}
    """

    def __init__(self) -> None:
        super().__init__(markup=False)
        self.can_focus = False  # the keys are the search line's
        self.palette = Palette()
        self._listed: list[Choice | str] = []  # text is a heading
        self._marked: int | None = None  # the entry that was drawn as the marked one

    @property
    def chosen(self) -> Choice | None:
        """The entry under the mark."""
        at = self.highlighted
        found = self._listed[at] if at is not None and at < len(self._listed) else None
        return None if isinstance(found, str) else found

    def fill(self, choices: Sequence[Choice], headed: bool, keep: bool = False) -> None:
        """List these choices, with their headings or without; `keep` the mark where it is."""
        at = self.highlighted if keep else None
        self._listed = []
        last = ""
        for choice in choices:
            heading = choice.group or KINDS[choice.kind]
            if headed and heading != last:
                self._listed.append(heading)
            last = heading
            self._listed.append(choice)
        self._marked = None
        self.clear_options()
        self.add_options(self._option(i) for i in range(len(self._listed)))
        first = next(
            (i for i, entry in enumerate(self._listed) if not isinstance(entry, str)), None
        )
        self.highlighted = first if at is None else min(at, len(self._listed) - 1)
        if self.highlighted is not None and self.highlighted <= 1:
            self.scroll_home(animate=False)  # with the heading above the first

    def move(self, by: int) -> None:
        """Mark the entry so many further down."""
        for _ in range(abs(by)):
            self.action_cursor_down() if by > 0 else self.action_cursor_up()

    @on(OptionList.OptionHighlighted)
    def _highlighted(self) -> None:
        for index in {self._marked, self.highlighted} - {None}:
            if index is not None and index < len(self._listed):
                self.replace_option_prompt_at_index(index, self._option(index).prompt)
        self._marked = self.highlighted

    def _option(self, index: int) -> Option:
        entry, look = self._listed[index], self.palette.look
        quiet, dots = Style(color=look.muted), self.palette.glyph("…", "~")
        if isinstance(entry, str):
            return Option(
                Text(f" {self._readable(entry)}", Style(color=look.primary)), disabled=True
            )
        width = max(20, min(WIDEST, self.app.size.width - 6))
        here = index == self.highlighted
        text = Text(
            f" {self.palette.glyph('▶', '>') if here else ' '} ", no_wrap=True, overflow="ellipsis"
        )
        text.append(f"{entry.when:<6}" if entry.when else "", quiet)
        room = width - text.cell_len - len(entry.size) - 2
        roomy = width >= ABOUT and entry.about
        most = TITLE - (text.cell_len - MARK)
        title = clip(self._readable(entry.title), min(room, most) if roomy else room, dots)
        text.append(title, "bold")
        if roomy:
            text.append(" " * (MARK + TITLE + 2 - text.cell_len))
            left = width - text.cell_len - len(entry.size) - 2
            text.append(clip(self._readable(entry.problem or entry.about), left, dots), quiet)
        text.append(f"{entry.size:>{max(0, width - text.cell_len)}}", quiet)
        return Option(text)

    def _readable(self, text: str) -> str:
        return plain(text) if self.palette.ascii else text
