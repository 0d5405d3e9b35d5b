"""Words in, numbers out: splitting text into tokens and looking them up in a model's vocabulary."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from engine.errors import PeepholeError

if TYPE_CHECKING:
    import numpy as np

START = "<s>"
END, PAD = "</s>", "<pad>"  # of models that read a source and write a target
SPECIAL = (START, END, PAD)  # the first words of their vocabularies
GO, STOP, BLANK = range(3)  # and their ids
_TOKEN = re.compile(r"<s>|[0-9]+\.[0-9]+\+?|[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]", re.UNICODE)


def tokenize(text: str) -> list[str]:
    """Lower-case words, decimal numbers and single punctuation marks; "doesn't" stays one token."""
    return [word.replace("’", "'") for word in _TOKEN.findall(text.lower())]


class UnknownWords(PeepholeError):
    """Words that a vocabulary does not hold, each with its nearest known ones.

    Attributes:
        nearest: for each unknown word, in order, up to three known words.
        noun: what they are, word or letter.
        verb: what the model does not do with them: know, or read or write alone.
    """

    def __init__(
        self,
        nearest: dict[str, list[str]],
        noun: str = "word",
        verb: str = "know",
        do: str = "`peephole list words MODEL` prints what a model knows",
    ) -> None:
        self.nearest, self.noun, self.verb = nearest, noun, verb
        parts = [
            f"{word!r} (nearest: {', '.join(near)})" if near else repr(word)
            for word, near in nearest.items()
        ]
        said = f"{noun}s" if len(parts) > 1 else f"a {noun}"
        super().__init__(f"{said} that the model does not {verb}: " + ", ".join(parts), do=do)


@dataclass(frozen=True)
class Words:
    """A list of tokens that a model knows; a token's position is its id."""

    words: tuple[str, ...]

    @cached_property
    def ids(self) -> dict[str, int]:
        """word -> id"""
        return {word: index for index, word in enumerate(self.words)}

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self.ids

    def nearest(self, word: str, n: int = 3) -> list[str]:
        """Up to `n` known words, the most alike in spelling first."""
        known = [word for word in self.words if word not in SPECIAL]
        return difflib.get_close_matches(word, known, n=n, cutoff=0.5)

    def check(self, tokens: Sequence[str]) -> None:
        """Refuse tokens that are not known.

        Raises:
            UnknownWords: naming each unknown token with the nearest known words.
        """
        unknown = {word: self.nearest(word) for word in tokens if word not in self.ids}
        if unknown:
            raise UnknownWords(unknown)


class Vocabulary(Words):
    """The words that a model knows, which it reads as ids."""

    def encode(self, tokens: Sequence[str]) -> list[int]:
        """Ids of the tokens.

        Raises:
            UnknownWords: naming each unknown token with the nearest known words.
        """
        self.check(tokens)
        return [self.ids[word] for word in tokens]


@dataclass(frozen=True)
class Numbers(Words):
    """Numbers in place of words: an input is a value and a mark, as in the adding problem.

    Token `0.37` is (0.37, 0), `0.81+` is (0.81, 1): the number is marked. The start token is (0, 0).
    For models that read vectors rather than ids; every hundredth up to 2.00 is in `words`, so that
    traces can name their rows.
    """

    words: tuple[str, ...] = (
        START,
        *(f"{number / 100:.2f}" for number in range(201)),
        *(f"{number / 100:.2f}+" for number in range(101)),
    )
    size: ClassVar[int] = 2  # inputs a token

    def encode(self, tokens: Sequence[str]) -> list[tuple[float, float]]:
        """(value, mark) of each token.

        Raises:
            UnknownWords: naming each token that is no such number.
        """
        self.check(tokens)
        return [
            (0.0 if token == START else float(token.rstrip("+")), float(token.endswith("+")))
            for token in tokens
        ]

    def decode(self, inputs: np.ndarray) -> list[str]:
        """The tokens that encode as `inputs` (T, 2)."""
        marks = ["+" if mark else "" for _, mark in inputs]
        return [f"{value:.2f}{mark}" for (value, _), mark in zip(inputs, marks, strict=True)]
