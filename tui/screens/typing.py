"""The line in which a sentence is typed: each finished word is at once a tick."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from engine import LanguageModel, PeepholeError, UnknownWords, tokenize
from engine.models import reads
from tui.screens.completing import LastWord
from tui.screens.core import Core
from tui.screens.word_input import ENDS, WordInput
from tui.typed import Typed
from tui.views.plain import plain


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
        known = [w for w in words if w.isalpha()]
        word.suggester = LastWord(lambda _: known)
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
        words: Callable[[str], Iterable[str]] | None = None,
    ) -> None:
        """Ask for a line. `then` gets it, and may refuse it; `check` refuses while it is typed.

        Both refuse by raising PeepholeError. `words` are those that Tab completes.
        """
        self.playing(False)
        self._then, self._check = then, check
        self.query_one(WordInput).suggester = LastWord(words) if words else None
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
            also = f" (nor {', '.join(map(repr, dict(more)))})" if more else ""
            error = PeepholeError(
                f"{word!r} is not a {error.noun} that this model {error.verb}s{also}.{nearest}"
            )
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
