"""Which models read the sentence side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import SelectionList

from engine import PeepholeError
from tui.dialogs.base import Dialog


class ModelsDialog(Dialog[tuple[str, ...]]):
    """The answer is one to `most` model names, in the order of the list."""

    QUESTION = "Which models, side by side?"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter",
            "answer",
            "Compare",
            id="dialog.models.answer",
            priority=True,
            tooltip="Read the sentence with the marked models",
        ),
    ]

    def __init__(
        self, models: Mapping[str, str], chosen: Sequence[str] = (), most: int = 3
    ) -> None:
        """`models`: name -> one line about it."""
        super().__init__()
        self.models, self.chosen, self.most = dict(models), tuple(chosen), most

    def fields(self) -> ComposeResult:
        width = max(map(len, self.models), default=0)
        yield SelectionList[str](
            *(
                (f"{name:<{width}}  {about}", name, name in self.chosen)
                for name, about in self.models.items()
            ),
            id="models",
        )

    def keys(self) -> str:
        return "↑ ↓ move · Space marks · Enter compares the marked · Esc goes back"

    def empty(self) -> bool:
        return False

    def answer(self) -> tuple[str, ...]:
        marked = set(self.query_one("#models", SelectionList).selected)
        names = tuple(name for name in self.models if name in marked)
        if not names:
            raise PeepholeError("no model is marked", do="Space marks the one under the cursor")
        if len(names) > self.most:
            raise PeepholeError(
                f"{len(names)} models are marked", do=f"Mark {self.most} at most: they share a row"
            )
        return names

    def explain(self, answer: tuple[str, ...]) -> str:
        return f"{', '.join(answer)} will read the sentence, on one cursor"

    def on_selection_list_selected_changed(self) -> None:
        self.judge()
