"""Words in, numbers out: splitting text into tokens and looking them up in a model's vocabulary."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from engine.errors import PeepholeError

START = "<s>"
_TOKEN = re.compile(r"<s>|[0-9]+\.[0-9]+\+?|[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]", re.UNICODE)


def tokenize(text: str) -> list[str]:
    """Lower-case words, decimal numbers and single punctuation marks; "doesn't" stays one token."""
    return [word.replace("’", "'") for word in _TOKEN.findall(text.lower())]


class UnknownWords(PeepholeError):
    """Words that a vocabulary does not hold, each with its nearest known ones.

    Attributes:
        nearest: for each unknown word, in order, up to three known words.
    """

    def __init__(self, nearest: dict[str, list[str]]) -> None:
        self.nearest = nearest
        parts = [
            f"{word!r} (nearest: {', '.join(near)})" if near else repr(word)
            for word, near in nearest.items()
        ]
        plural = "words that the model does" if len(parts) > 1 else "a word that the model does"
        super().__init__(
            f"{plural} not know: " + ", ".join(parts),
            do="`peephole list words` prints the vocabulary",
        )


@dataclass(frozen=True)
class Vocabulary:
    """The words that a model knows; a word's position is its id."""

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
        return difflib.get_close_matches(word, self.words, n=n, cutoff=0.5)

    def encode(self, tokens: Sequence[str]) -> list[int]:
        """Ids of the tokens.

        Raises:
            UnknownWords: naming each unknown token with the nearest known words.
        """
        unknown = {word: self.nearest(word) for word in tokens if word not in self.ids}
        if unknown:
            raise UnknownWords(unknown)
        return [self.ids[word] for word in tokens]
