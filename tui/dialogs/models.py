"""Which models read the sentence side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from engine import PeepholeError
from tui.dialogs.base import Dialog


class ModelsDialog(Dialog[tuple[str, ...]]):
    """The answer is one to `most` model names, in the order of the list."""

    QUESTION = "Which models, side by side?"
    DEFAULT_CSS = """
    ModelsDialog OptionList, ModelsDialog OptionList:focus {
        height: auto; max-height: 12; border: none; padding: 0; background: $surface;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "Mark", id="dialog.models.mark",
                tooltip="Mark or unmark the model under the cursor"),
    ]  # fmt: skip

    def __init__(
        self, models: Mapping[str, str], chosen: Sequence[str] = (), most: int = 3
    ) -> None:
        """`models`: name -> one line about it."""
        super().__init__()
        self.models, self.most = dict(models), most
        self.marked = {name for name in chosen if name in models}

    def fields(self) -> ComposeResult:
        yield OptionList(*(Option(self._row(name), id=name) for name in self.models))

    def on_mount(self) -> None:
        names = list(self.models)
        options = self.query_one(OptionList)
        options.highlighted = next((i for i, n in enumerate(names) if n in self.marked), 0)
        options.focus()
        self.judge()

    def _row(self, name: str) -> Content:
        width = max(map(len, self.models))
        mark = "[x]" if name in self.marked else "[ ]"
        return Content(f"{mark} {name:<{width}}  {self.models[name]}")

    def keys(self) -> str:
        return "↑ ↓ move · Space marks · Enter compares the marked · Esc goes back"

    def empty(self) -> bool:
        return False

    def action_mark(self) -> None:
        options = self.query_one(OptionList)
        if options.highlighted is None:
            return
        name = list(self.models)[options.highlighted]
        self.marked ^= {name}
        options.replace_option_prompt(name, self._row(name))
        self.judge()

    def on_option_list_option_selected(self) -> None:
        self.action_answer()

    def answer(self) -> tuple[str, ...]:
        names = tuple(name for name in self.models if name in self.marked)
        if not names:
            raise PeepholeError("no model is marked", do="Space marks the one under the cursor")
        if len(names) > self.most:
            raise PeepholeError(
                f"{len(names)} models are marked", do=f"Mark {self.most} at most: they share a row"
            )
        return names

    def explain(self, answer: tuple[str, ...]) -> str:
        verb = "reads" if len(answer) == 1 else "read"
        return f"{', '.join(answer)} {verb} the sentence, on one cursor"
