"""Go to a beat by its number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from tui.dialogs.base import Dialog, number


class BeatDialog(Dialog[int]):
    """Which beat; the answer counts from 0."""

    QUESTION = "Go to a beat"
    HINT = "Type its number, or choose with ↑ ↓; Home is the first, End the last"
    DEFAULT_CSS = """
    BeatDialog OptionList {
        height: auto; max-height: 14; border: none; padding: 0; margin-top: 1; background: $surface;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Above", id="beats.up", tooltip="The beat above"),
        Binding("down", "move(1)", "Below", id="beats.down", tooltip="The beat below"),
        Binding("home", "move(-999)", "First", id="beats.first", priority=True, tooltip="The first beat"),
        Binding("end", "move(999)", "Last", id="beats.last", priority=True, tooltip="The last beat"),
    ]  # fmt: skip

    def __init__(self, titles: Sequence[str], here: int) -> None:
        super().__init__()
        self.titles, self.here = list(titles), here

    def fields(self) -> ComposeResult:
        yield Input(id="number", placeholder=f"1 to {len(self.titles)}", restrict=r"\d*")
        beats = OptionList(
            *(
                Option(self.readable(f"{n:>3}  {title}"))
                for n, title in enumerate(self.titles, start=1)
            ),
            markup=False,
        )
        beats.can_focus = False
        yield beats

    def on_mount(self) -> None:
        """Textual calls that of every dialog as well."""
        self.query_one(OptionList).highlighted = self.here

    def empty(self) -> bool:
        return super().empty() and self.query_one(OptionList).highlighted == self.here

    def answer(self) -> int:
        typed = self.query_one(Input).value
        if not typed:
            return self.query_one(OptionList).highlighted or 0
        return number(typed, "The beat", 1, len(self.titles)) - 1

    def explain(self, answer: int) -> str:
        return f"beat {answer + 1}: {self.titles[answer]}"

    def on_input_changed(self) -> None:
        """Textual calls that of every dialog as well, which judges."""
        typed = self.query_one(Input).value
        if typed and 1 <= int(typed) <= len(self.titles):
            self.query_one(OptionList).highlighted = int(typed) - 1

    def action_move(self, by: int) -> None:
        beats = self.query_one(OptionList)
        at = max(0, min(len(self.titles) - 1, (beats.highlighted or 0) + by))
        with self.prevent(Input.Changed):
            self.query_one(Input).value = ""
        beats.highlighted = at
        self.judge()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """One was clicked."""
        self.dismiss(event.option_index)
