"""What every dialog is: fields, one line that says what will happen or what is wrong, Enter and Esc.

A dialog's `answer` turns its fields into a result, or raises the PeepholeError that the line then
shows; `explain` puts a result into words before the user presses Enter.
"""

from __future__ import annotations

from typing import ClassVar, Generic, TypeVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static

from engine import PeepholeError
from tui.palette import Palette
from tui.views.plain import plain

T = TypeVar("T")


class Dialog(ModalScreen[T | None], Generic[T]):
    """A question; dismissed with its answer, or with None on Esc.

    Attributes:
        QUESTION: the question.
        HINT: what can be typed, shown as long as nothing has been.
    """

    QUESTION: str = ""
    HINT: str = ""
    DEFAULT_CSS = """
    Dialog { align: center middle; }
    Dialog > #box {
        width: 76; max-width: 100%; height: auto; max-height: 100%;
        background: $surface; border: round $primary; padding: 0 1;
    }
    Dialog #fields { height: auto; max-height: 100%; }
    Dialog #title { text-style: bold; margin-bottom: 1; }
    Dialog #line { min-height: 2; margin-top: 1; }
    Dialog #keys { color: $text-muted; }
    Dialog Input { height: 1; border: none; padding: 0 1; background: $boost; }
    Dialog Input:focus { border: none; background: $primary 30%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Back", id="dialog.cancel", tooltip="Go back, change nothing"),
        # Not a priority binding: it would overtake letters that still wait for their field.
        Binding("enter", "answer", "Do it", id="dialog.answer",
                tooltip="Do what the line above says"),
    ]  # fmt: skip

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield Label(self.readable(self.QUESTION), id="title", markup=False)
            with VerticalScroll(id="fields", can_focus=False):
                yield from self.fields()
            yield Static(id="line", markup=False)
            yield Label(self.readable(self.keys()), id="keys", markup=False)

    def readable(self, text: str) -> str:
        """The text, in ASCII where only that can be shown."""
        palette: Palette = getattr(self.app, "palette", None) or Palette()
        return plain(text) if palette.ascii else text

    def fields(self) -> ComposeResult:
        """The widgets to fill in, from the first that gets the focus."""
        raise NotImplementedError

    def keys(self) -> str:
        """The keys that work here, in words."""
        return "Enter does it · Esc goes back"

    def empty(self) -> bool:
        """Whether nothing has been filled in yet, so that there is nothing to judge."""
        return all(not field.value.strip() for field in self.query(Input))

    def answer(self) -> T:
        """The result that the fields stand for.

        Raises:
            PeepholeError: they stand for none; the dialog shows the message and stays.
        """
        raise NotImplementedError

    def explain(self, answer: T) -> str:
        """What will happen on Enter, in words."""
        return ""

    def on_mount(self) -> None:
        for field in self.query(Input):
            field.cursor_blink = False  # idling costs nothing
        self.judge()

    def on_input_changed(self) -> None:
        self.judge()

    def on_input_submitted(self) -> None:
        self.action_answer()

    def judge(self) -> None:
        """Say under the fields what Enter will do, or what stands in its way."""
        if self.empty():
            self._line(self.HINT, "dim")
            return
        try:
            self._line(f"→ {self.explain(self.answer())}")
        except PeepholeError as error:
            self._line(f"✗ {error}", "bold")

    def _line(self, words: str, style: str = "") -> None:
        self.query_one("#line", Static).update(Text(self.readable(words), style))

    def action_answer(self) -> None:
        """Dismiss with the answer; stay, with the message, where there is none."""
        try:
            self.dismiss(self.answer())
        except PeepholeError as error:
            self._line(f"✗ {error}", "bold")
            self.app.bell()

    def action_cancel(self) -> None:
        self.dismiss(None)


def number(text: str, what: str, low: int, high: int) -> int:
    """A whole number from low to high.

    Raises:
        PeepholeError: it is not one; the message names the range.
    """
    try:
        value = int(text)
    except ValueError:
        value = None
    if value is None or not low <= value <= high:
        span = f"from {low} to {high}" if high > low else f"{low}, the only one"
        raise PeepholeError(f"{what} is {text.strip() or 'empty'}", do=f"Type a number {span}")
    return value
