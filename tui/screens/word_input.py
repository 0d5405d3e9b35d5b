"""The line in which words are typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import Input

from tui.screens.completing import LastWord

ENDS = " .,;:!?"


class WordInput(Input):
    """One word at a time; what was finished stands in the score.

    Keys come faster than messages are handled. So a finished word is taken out of the field, and the
    last one back into it, before the next key is looked at: by calls, not by messages.

    Attributes:
        take: reads the finished words of a text; returns what stays in the field.
        back: takes the last word back.
        done: the sentence is over, or given up.
        asks: a whole line is typed, which `done` reads; nothing is read on the way.
    """

    DEFAULT_CSS = """
    WordInput { height: 1; border: none; padding: 0 1; display: none; background: $boost; }
    WordInput:focus { border: none; background: $boost; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "done", "Done", key_display="Enter", id="type.done",
                tooltip="Finish the sentence"),
        Binding("escape", "give_up", "Done", id="type.stop", show=False,
                tooltip="Finish the sentence; leave a line as it was"),
        Binding("tab", "complete", "Complete", id="type.complete", tooltip="Take the suggestion"),
    ]  # fmt: skip

    def __init__(
        self, take: Callable[[str], str], back: Callable[[], None], done: Callable[[bool], None]
    ) -> None:
        super().__init__(select_on_focus=False)  # what comes back to the field goes on where it was
        self.take, self.back, self.done = take, back, done
        self.asks = False
        self.cursor_blink = False  # idling costs nothing

    def watch_value(self, value: str) -> None:
        if self.asks:
            self.take(value)
        elif any(end in value for end in ENDS):
            self._put(self.take(value))

    def _put(self, rest: str) -> None:
        """Leave a text in the field; the caret stays where nothing was taken out."""
        if rest != self.value:
            with self.prevent(Input.Changed):
                self.set_reactive(Input.value, rest)
                self.cursor_position = len(rest)
            self.refresh()

    async def _on_key(self, event: events.Key) -> None:
        """Backspace and Enter at their place among the letters: bindings would wait for the app."""
        if not self.display:  # done already: the key is the score's
            event.prevent_default()
            return
        active = self.screen.active_bindings.get(event.key)
        if event.is_printable or active is None or active.node is not self:
            return
        event.stop()
        event.prevent_default()
        await self.app.run_action(active.binding.action, self)

    def action_delete_left(self) -> None:
        if self.value or self.asks:
            super().action_delete_left()
        else:
            self.back()

    def action_complete(self) -> None:
        """Take what is suggested: asked for here, as its message may be behind the next keys."""
        if isinstance(self.suggester, LastWord):
            self.value = self.suggester.completed(self.value)
            self.action_end()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing is promised where nothing can be completed."""
        return action != "complete" or self.suggester is not None

    def action_done(self) -> None:
        if self.value.strip() and not self.asks:
            self._put(self.take(self.value + " "))
        self.done(True)

    def action_give_up(self) -> None:
        if self.asks:
            self.done(False)
        else:
            self.action_done()

    def _on_paste(self, event: events.Paste) -> None:
        """Pasted lines are one text."""
        event.stop()
        event.prevent_default()  # or the field would paste it once more
        text = " ".join(event.text.split()) + (" " if event.text[-1:].isspace() else "")
        self.replace(text, *self.selection)
