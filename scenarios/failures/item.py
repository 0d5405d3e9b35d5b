"""A text with one question in it, and texts of one length as a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.recipe import Batch
from engine.text import START

REST = 0.01


@dataclass(frozen=True)
class Item:
    """What a model reads, what it should say at every row, and which row counts.

    tokens    T words, tokens[0] is "<s>"
    wanted    T words: the next word (of a language model) or the row's label (of a tagger)
    asked     the row whose answer is scored; wanted[asked] is the right one
    """

    tokens: tuple[str, ...]
    wanted: tuple[str, ...]
    asked: int

    @property
    def answer(self) -> str:
        """The right answer at the asked row."""
        return self.wanted[self.asked]

    @property
    def text(self) -> str:
        """The words with spaces between, without "<s>"."""
        return " ".join(self.tokens[1:])


def asking(words: Sequence[str], answer: str) -> Item:
    """A text whose last word is a question mark; a language model says `answer` after it."""
    tokens = (START, *words)
    return Item(tokens, (*tokens[1:], answer), len(tokens) - 1)


def collate(items: Sequence[Item], ids: Mapping[str, int], rest: float = REST) -> Batch:
    """Items of one length T as ids (B, T): no padding, which a model that reads backwards would see."""
    inputs = np.array([[ids[word] for word in item.tokens] for item in items], dtype=np.int64)
    targets = np.array([[ids[word] for word in item.wanted] for item in items], dtype=np.int64)
    weights = np.full(inputs.shape, rest, dtype=np.float32)
    weights[np.arange(len(items)), [item.asked for item in items]] = 1.0
    return Batch(inputs, targets, weights)
