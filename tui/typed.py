"""Typing a sentence: each finished word is at once a tick."""

from __future__ import annotations

from collections.abc import Sequence

from engine import LanguageModel, PeepholeError, Run, run
from engine.models import reads
from engine.text import START
from tui.lane import Lane
from tui.session import Session


class Whole:
    """What `Run` is to models that are fed word by word, for one that reads a text as a whole."""

    def __init__(self, model: LanguageModel) -> None:
        self.model = model
        self._words: list[str] = []
        self.trace = run(model, [START])

    def feed(self, word: str) -> None:
        """Read the text anew, with one word more."""
        if word != START:
            self.trace = run(self.model, [START, *self._words, word])
            self._words.append(word)


class Typed:
    """A sentence being typed: each finished word is at once a tick of every lane."""

    def __init__(self, models: Sequence[LanguageModel]) -> None:
        self.models = list(models)
        self.words: list[str] = []
        self._runs = [self._start(model) for model in self.models]
        self.session = Session(
            [Lane(r.model.name, r.trace, r.model) for r in self._runs], "your sentence"
        )

    @staticmethod
    def _start(model: LanguageModel, words: Sequence[str] = ()) -> Run | Whole:
        tick = Whole(model) if reads(model.architecture) == "whole" else Run(model)
        for word in (START, *words):
            tick.feed(word)
        return tick

    def feed(self, word: str) -> None:
        """Read one word in every lane.

        Raises:
            UnknownWords: a model does not know it; nothing was read.
            PeepholeError: the sentence is longer than a model can read.
        """
        for model in self.models:
            model.vocabulary.encode([word])
        try:
            for tick in self._runs:
                tick.feed(word)
        except PeepholeError:
            self._again()
            raise
        self.words.append(word)
        self._follow()

    def back(self) -> bool:
        """Take the last word's tick back; whether there was one."""
        if not self.words:
            return False
        self.words.pop()
        self._again()
        return True

    def _again(self) -> None:
        self._runs = [self._start(model, self.words) for model in self.models]
        self._follow()

    def _follow(self) -> None:
        """Have the lanes show what was read."""
        for lane, tick in zip(self.session.lanes, self._runs, strict=True):
            if lane.trace is not tick.trace:
                lane.trace = tick.trace
        self.session.show(self.session.rows)
