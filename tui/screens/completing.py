"""Completion of the word that is being typed, in a line of any number of words."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from textual.suggester import Suggester

FORMS = ("greedy", "beam", "temperature", "top-p", "top-k", "sample", "length", "seed")


class LastWord(Suggester):
    """Suggests a line with its last word completed.

    Args:
        words: those that may come next in a line, the likelier first.
    """

    def __init__(self, words: Callable[[str], Iterable[str]]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self.words = words

    def completed(self, line: str) -> str:
        """The line with its last word whole; as it is where none begins so, or one is whole."""
        begun = line.rpartition(" ")[2]
        if not begun:
            return line
        known = [word for word in self.words(line) if word.lower().startswith(begun.lower())]
        if not known or begun in known:
            return line
        return line + known[0][len(begun) :]

    async def get_suggestion(self, value: str) -> str | None:
        done = self.completed(value)
        return done if done != value else None
