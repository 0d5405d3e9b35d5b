"""The line in which a sentence is typed: each finished word is at once a tick."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.suggester import SuggestFromList
from textual.widgets import Input

from engine import LanguageModel, PeepholeError, UnknownWords, tokenize
from tui.screens.core import Core
from tui.typed import Typed

ENDS = " .,;:!?"


class WordInput(Input):
    """One word at a time; what was finished stands in the score.

    Keys come faster than messages are handled. So a finished word is taken out of the field, and the
    last one back into it, before the next key is looked at: by calls, not by messages.

    Attributes:
        take: reads the finished words of a text; returns what stays in the field.
        back: takes the last word back.
        done: the sentence is over.
    """

    DEFAULT_CSS = """
    WordInput { height: 1; border: none; padding: 0 1; display: none; background: $boost; }
    WordInput:focus { border: none; background: $boost; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,escape", "done", "Done", key_display="Enter", id="type.done",
                tooltip="Finish the sentence"),
        Binding("tab", "complete", "Complete", id="type.complete", tooltip="Take the suggestion"),
    ]  # fmt: skip

    def __init__(
        self, take: Callable[[str], str], back: Callable[[], None], done: Callable[[], None]
    ) -> None:
        super().__init__()
        self.take, self.back, self.done = take, back, done

    def watch_value(self, value: str) -> None:
        if any(end in value for end in ENDS):
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
        if self.value:
            super().action_delete_left()
        else:
            self.back()

    def action_complete(self) -> None:
        self.action_end()
        self.action_cursor_right()  # at the end it takes what is suggested

    def action_done(self) -> None:
        if self.value.strip():
            self._put(self.take(self.value + " "))
        self.done()

    def _on_paste(self, event: events.Paste) -> None:
        """Pasted lines are one text."""
        event.stop()
        event.prevent_default()  # or the field would paste it once more
        text = " ".join(event.text.split()) + (" " if event.text[-1:].isspace() else "")
        self.replace(text, *self.selection)


class Typing(Core):
    """A sentence typed into the lanes' models."""

    typed: Typed | None = None
    refused = ""  # why the last word was not read

    async def action_type(self) -> None:
        models = self._models()
        if not models:
            self.complain(
                PeepholeError("this trace has no model to read with", do="Open a model instead")
            )
            return
        word = self.query_one(WordInput)
        if self.typed is not None:  # a click has taken the focus: on with the same sentence
            self.set_focus(word)
            return
        self.playing(False)
        self.typed = Typed(models)
        await self.show_session(self.typed.session)
        words = models[0].vocabulary.words
        word.suggester = SuggestFromList([w for w in words if w.isalpha()], case_sensitive=False)
        word.placeholder = "type a sentence: each word is read at once · Backspace · Enter: done"
        word.value = ""
        word.display = True
        self.set_focus(word)  # now: the next key may be waiting already

    def _models(self) -> Sequence[LanguageModel]:
        """The models of the lanes, each once."""
        models = [lane.model for lane in self.session.lanes if lane.model is not None]
        return list({id(model): model for model in models}.values())

    def take_words(self, text: str) -> str:
        """Read the finished words of a text; what is left of it, from a word that is not known on."""
        if self.typed is None:
            return text
        *words, rest = _split(text)
        before, self.refused = self.refused, ""
        for at, word in enumerate(words):
            try:
                self.typed.feed(word)
            except PeepholeError as error:
                self._refuse(error, before)
                rest = " ".join([*words[at:], rest]) if at else text
                break
        self._grew()
        return rest

    def _refuse(self, error: PeepholeError, before: str) -> None:
        """Name what is not known, with the nearest words that are."""
        if isinstance(error, UnknownWords):
            ((word, near),) = error.nearest.items()
            nearest = f" Nearest: {', '.join(near)}." if near else ""
            error = PeepholeError(f"{word!r} is not a word that this model knows.{nearest}")
        self.refused = str(error)
        if self.refused != before:
            self.app.bell()

    def take_back(self) -> None:
        """The sentence without its last word."""
        if self.typed is not None and self.typed.back():
            self.refused = ""
            self.score.redraw()
            self._grew()

    def end_typing(self) -> None:
        """The sentence is over."""
        field = self.query_one(WordInput)
        self.typed, self.refused = None, ""
        field.value = ""
        field.display = False
        self.set_focus(self.score.tracks[0])
        self.say()

    def _grew(self) -> None:
        self.score.fit()
        self.score.grown()
        self.sync()
        self.prepare()


def _split(text: str) -> list[str]:
    """The finished tokens of a text, and last what is not finished: "" after a blank or a mark."""
    tokens = tokenize(text)
    if tokens and text[-1] not in ENDS:
        return tokens
    return [*tokens, ""]
