"""The line in which a sentence is typed: each finished word is at once a tick."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.suggester import SuggestFromList
from textual.widgets import Input

from engine import LanguageModel, PeepholeError, UnknownWords, tokenize
from engine.models import reads
from tui.screens.core import Core
from tui.typed import Typed
from tui.views.plain import plain

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
        super().__init__()
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
        self.action_end()
        self.action_cursor_right()  # at the end it takes what is suggested

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


class Typing(Core):
    """A sentence typed into the lanes' models, or a line that says what they shall read."""

    typed: Typed | None = None
    refused = ""  # why the last word was not read
    _then: Callable[[str], None] | None = None  # what a whole line is for
    _check: Callable[[str], None] | None = None

    @property
    def typing(self) -> bool:
        """Whether something is being typed."""
        return self.typed is not None or self._then is not None

    async def action_type(self) -> None:
        models = self._models()
        if not models:
            self.complain(
                PeepholeError("this trace has no model to read with", do="Open a model instead")
            )
            return
        word = self.query_one(WordInput)
        if word.display:  # a click has taken the focus: on with the same sentence
            self.set_focus(word)
            return
        if any(reads(model.architecture) == "source" for model in models):
            self.type_source()
            return
        self.playing(False)
        self.typed = Typed(models)
        await self.show_session(self.typed.session)
        words = models[0].vocabulary.words
        word.suggester = SuggestFromList([w for w in words if w.isalpha()], case_sensitive=False)
        self._open("type a sentence: each word is read at once · Backspace · Enter: done")

    def type_source(self, value: str = "") -> None:
        """Ask for a source, or `source -> target`."""
        raise NotImplementedError

    def ask(
        self,
        what: str,
        then: Callable[[str], None],
        check: Callable[[str], None] | None = None,
        value: str = "",
    ) -> None:
        """Ask for a line. `then` gets it, and may refuse it; `check` refuses while it is typed.

        Both refuse by raising PeepholeError.
        """
        self.playing(False)
        self._then, self._check = then, check
        self.query_one(WordInput).suggester = None
        self._open(what, value, asks=True)
        self.say()

    def _open(self, what: str, value: str = "", asks: bool = False) -> None:
        word = self.query_one(WordInput)
        word.asks, word.placeholder = asks, plain(what) if self.palette.ascii else what
        word.value = value
        word.cursor_position = len(value)
        word.display = True
        self.set_focus(word)  # now: the next key may be waiting already

    def _models(self) -> Sequence[LanguageModel]:
        """The models of the lanes, each once."""
        models = [lane.model for lane in self.session.lanes if lane.model is not None]
        return list({id(model): model for model in models}.values())

    def take_words(self, text: str) -> str:
        """Read the finished words of a text; what is left of it, from a word that is not known on."""
        if self._then is not None:
            self._told(self._check, text)
            return text
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
            (word, near), *more = error.nearest.items()
            nearest = f" Nearest: {', '.join(near)}." if near else ""
            kind = "letter" if self._letters() and len(word) == 1 else "word"
            also = f" (nor {', '.join(map(repr, dict(more)))})" if more else ""
            error = PeepholeError(f"{word!r} is not a {kind} that this model knows{also}.{nearest}")
        self.refused = str(error)
        if self.refused != before:
            self.app.bell()

    def take_back(self) -> None:
        """The sentence without its last word."""
        if self.typed is not None and self.typed.back():
            self.refused = ""
            self.score.redraw()
            self._grew()

    def _letters(self) -> bool:
        """Whether the models read letters."""
        return any(getattr(model.architecture, "letters", False) for model in self._models())

    def _told(self, what: Callable[[str], None] | None, text: str) -> bool:
        """Do something with a line; whether it was not refused."""
        before, self.refused = self.refused, ""
        try:
            if what is not None and text.strip():
                what(text)
        except PeepholeError as error:
            self._refuse(error, before)
        self.say()
        return not self.refused

    def end_typing(self, done: bool = True) -> None:
        """The sentence is over; or a whole line was typed, or given up."""
        field = self.query_one(WordInput)
        if done and self._then is not None and not self._told(self._then, field.value):
            return
        self.typed, self._then, self._check, self.refused = None, None, None, ""
        field.asks = False
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
