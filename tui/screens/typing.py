"""The line in which a sentence is typed: each finished word is at once a tick."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Input

from engine import LanguageModel, PeepholeError, UnknownWords, tokenize
from tui.screens.core import Core
from tui.typed import Typed

ENDS = " .,;:!?"


class WordInput(Input):
    """One word at a time; what was finished stands in the score."""

    DEFAULT_CSS = """
    WordInput { height: 1; border: none; padding: 0 1; display: none; background: $boost; }
    WordInput:focus { border: none; background: $boost; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "done", "Done", id="type.done", tooltip="Finish the sentence"),
        Binding("tab", "complete", "Complete", id="type.complete", tooltip="Take the suggestion"),
        Binding("enter", "done", "Done", show=False, id="type.enter", tooltip="Finish it"),
    ]

    class Finished(Message):
        """Text with at least one finished word (or mark) in it."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Back(Message):
        """Backspace at the beginning: take the last word back."""

    class Done(Message):
        """The sentence is over."""

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if any(end in event.value for end in ENDS):
            self.post_message(self.Finished(event.value))

    def action_delete_left(self) -> None:
        if self.value:
            super().action_delete_left()
        else:
            self.post_message(self.Back())

    def action_complete(self) -> None:
        self.action_end()
        self.action_cursor_right()  # at the end it takes what is suggested

    def action_done(self) -> None:
        if self.value.strip():
            self.post_message(self.Finished(self.value + " "))
        self.post_message(self.Done())

    def _on_paste(self, event: events.Paste) -> None:
        """Pasted lines are one text."""
        event.text = " ".join(event.text.split()) + (" " if event.text[-1:].isspace() else "")
        super()._on_paste(event)


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
        self.playing(False)
        self.typed = Typed(models)
        word = self.query_one(WordInput)
        await self.show_session(self.typed.session)
        words = models[0].vocabulary.words
        word.suggester = SuggestFromList([w for w in words if w.isalpha()], case_sensitive=False)
        word.placeholder = "type a sentence: each word is read at once · Backspace · Enter ends"
        word.value = ""
        word.display = True
        word.focus()

    def _models(self) -> Sequence[LanguageModel]:
        """The models of the lanes, each once."""
        models = [lane.model for lane in self.session.lanes if lane.model is not None]
        return list({id(model): model for model in models}.values())

    def on_word_input_finished(self, event: WordInput.Finished) -> None:
        if self.typed is None:
            return
        field = self.query_one(WordInput)
        self.refused = ""
        *words, rest = _split(event.text)
        for at, word in enumerate(words):
            try:
                self.typed.feed(word)
            except PeepholeError as error:
                self._refuse(error)
                rest = " ".join([*words[at:], rest]).strip()
                break
        with field.prevent(Input.Changed):
            field.value = rest
            field.cursor_position = len(rest)
        self._grew()

    def _refuse(self, error: PeepholeError) -> None:
        """Name what is not known, with the nearest words that are."""
        if isinstance(error, UnknownWords):
            ((word, near),) = error.nearest.items()
            nearest = f" Nearest: {', '.join(near)}." if near else ""
            error = PeepholeError(f"{word!r} is not a word that this model knows.{nearest}")
        self.app.bell()
        self.refused = str(error)

    def on_word_input_back(self) -> None:
        if self.typed is not None and self.typed.back():
            self.refused = ""
            self.score.redraw()
            self._grew()

    def on_word_input_done(self) -> None:
        field = self.query_one(WordInput)
        field.display = False
        field.value = ""
        self.typed, self.refused = None, ""
        self.score.focus_track(self.score.tracks[0])
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
