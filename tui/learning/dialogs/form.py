"""A form of short fields in two columns, with an explanation of the one that is marked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import DescendantFocus
from textual.suggester import SuggestFromList
from textual.widgets import Input, Label, Static

from tui.dialogs.base import Dialog
from tui.learning.dialogs.fields import Field, value
from tui.line import Line

_TURNS = 1000  # of the other fields, until an answer no longer waits for them
SECOND = "optimiser"  # the field that the second column begins with
T = TypeVar("T")


class Choice(Line):
    """A field of a few known words: Space takes the next one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "space",
            "following(1)",
            "Next",
            id="form.next",
            tooltip="The next choice",
            priority=False,
        ),
    ]

    def __init__(self, value: str, choices: Sequence[str], id: str) -> None:
        suggest = SuggestFromList(choices, case_sensitive=False)
        super().__init__(value, id=id, suggester=suggest)
        self.choices = tuple(choices)

    async def _on_key(self, event) -> None:
        if event.key == "space":  # before the field takes it for a letter
            event.prevent_default()
            event.stop()
            self.action_following(1)
        else:
            await super()._on_key(event)

    def action_following(self, by: int) -> None:
        at = self.choices.index(self.value) + by if self.value in self.choices else 0
        self.value = self.choices[at % len(self.choices)]
        self.cursor_position = len(self.value)


class FormDialog(Dialog[T], Generic[T]):
    """The answer is made of the fields' values."""

    DEFAULT_CSS = """
    FormDialog #fields { height: auto; }
    FormDialog .columns { height: auto; }
    FormDialog .column { height: auto; width: 1fr; }
    FormDialog .field { height: 1; }
    FormDialog .field Label { width: 13; }
    FormDialog .field Input { width: 1fr; margin-right: 2; }
    FormDialog #about { height: 4; margin-top: 1; color: $text-muted; }
    FormDialog #line { margin-top: 0; min-height: 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        # Priority: what is typed after it goes to the next field, what was typed before is there already.
        Binding("down,tab", "field(1)", "Field", id="form.down", tooltip="The next field",
                key_display="↑↓", priority=True),
        Binding("up,shift+tab", "field(-1)", "Field", id="form.up", tooltip="The field before", show=False,
                priority=True),
    ]  # fmt: skip

    def __init__(self, asked: Sequence[Field], given: Mapping[str, Any]) -> None:
        """`given` are the values to begin with, by the fields' names."""
        super().__init__()
        self.asked = list(asked)
        self.given = dict(given)
        self.wrong = ""  # the field that stood in the way of the last answer

    def fields(self) -> ComposeResult:
        names = [field.name for field in self.asked]
        half = names.index(SECOND) if SECOND in names else len(names)
        with Horizontal(classes="columns"):
            for part in (self.asked[:half], self.asked[half:]):
                if part:
                    with Vertical(classes="column"):
                        for field in part:
                            with Horizontal(classes="field"):
                                yield Label(field.label)
                                yield self._input(field)
        yield Static(id="about", markup=False)

    def _input(self, field: Field) -> Input:
        text = said(self.given.get(field.name, ""))
        if field.kind == "choice":
            return Choice(text, field.choices, id=field.name)
        return Line(text, id=field.name)

    def keys(self) -> str:
        return "↑ ↓ another field · Space next choice · Enter does it · Esc goes back"

    def empty(self) -> bool:
        return False

    def text(self, name: str) -> str:
        """What a field says."""
        return self.query_one(f"#{name}", Input).value.strip()

    def values(self) -> dict[str, Any]:
        """All fields' values by name; those that are empty and may be are left out.

        Raises:
            PeepholeError: one of them is none.
        """
        found = {}
        for field in self.asked:
            self.wrong = field.name
            found[field.name] = value(field, self.text(field.name))
        self.wrong = ""
        return found

    def on_mount(self) -> None:
        super().on_mount()
        self.query(Input).first().focus()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        self.tell(event.widget.id or "")

    def tell(self, name: str) -> None:
        """Explain a field."""
        field = next((f for f in self.asked if f.name == name), None)
        if field is not None:
            self.query_one("#about", Static).update(self.readable(self.about(field)))

    def about(self, field: Field) -> str:
        """What is said of a field while it is marked."""
        return f"{field.label}: {field.about}"

    def action_field(self, by: int) -> None:
        fields = list(self.query(Input))
        at = fields.index(self.focused) + by if self.focused in fields else 0
        self.set_focus(fields[at % len(fields)])

    async def on_input_submitted(  # type: ignore[override]
        self, event: Input.Submitted | None = None
    ) -> None:
        """Answer when every field has taken in what was typed into it."""
        if event is not None:
            event.prevent_default()  # the dialog's own answer would not wait
        for _ in range(_TURNS):
            if not any(field.message_queue_size for field in self.query(Input)):
                break
            await asyncio.sleep(0)
        self.wrong = ""
        self.action_answer()
        if self.wrong:  # it cannot be done as long as this one is as it is
            self.set_focus(self.query_one(f"#{self.wrong}", Input))


def said(what: Any) -> str:
    """A value as it is typed."""
    return f"{what:g}" if isinstance(what, float) else str(what)
