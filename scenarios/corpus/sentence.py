"""A sentence with one probe in it, and the two draws that every part of the grammar uses."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

T = TypeVar("T")


@dataclass(frozen=True)
class Sentence:
    """A sentence and its probe: does a model that read `prefix` prefer `correct` to `wrong`?

    tokens       words and punctuation; tokens[0] is "<s>", tokens[-1] is "." (length T)
    kind         "simple", "agreement" or "coreference"
    target       index of the probed token, a verb or the answer's noun; tokens[target] == correct
    wrong        the minimal alternative: the verb's other number, or the other noun of the pair
    attractors   agreement: nouns between the subject and its verb;
                 coreference: other things mentioned before the question (the wrong answer included)
    disagreeing  agreement: attractors of the other number; coreference: 0
    distance     tokens strictly between the noun that decides (its last mention) and the target
    held_out     True if the noun (agreement) or the pair (coreference) is never so used in training
    split        the name under which it was drawn
    """

    tokens: tuple[str, ...]
    kind: str
    target: int
    correct: str
    wrong: str
    attractors: int
    disagreeing: int
    distance: int
    held_out: bool = False
    split: str = "train"

    @property
    def prefix(self) -> tuple[str, ...]:
        """What a model reads before it is asked: tokens[:target]."""
        return self.tokens[: self.target]

    @property
    def text(self) -> str:
        """The tokens with spaces between, without "<s>"."""
        return " ".join(self.tokens[1:])

    def named(self, split: str) -> "Sentence":
        """The same sentence under another split's name."""
        return replace(self, split=split)


# `Generator.random` is the draw whose stream NumPy keeps most stable, and the cheapest call.
def pick(rng: np.random.Generator, items: Sequence[T]) -> T:
    """One item, all equally likely."""
    return items[int(rng.random() * len(items))]


def chance(rng: np.random.Generator, p: float) -> bool:
    """True with probability p."""
    return bool(rng.random() < p)


def choose(rng: np.random.Generator, items: Sequence[T], n: int) -> list[T]:
    """n different items in random order. ValueError if there are fewer than n."""
    if n > len(items):
        raise ValueError(f"cannot choose {n} different items out of {len(items)}")
    pool = list(items)
    return [pool.pop(int(rng.random() * len(pool))) for _ in range(n)]
