"""The training stream: batch number `step`, made from (seed, step) alone.

Nothing is carried from one batch to the next, so training resumes at any step without a replay, and
all models of one seed read the same sentences in the same order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from .lexicon import START, vocabulary
from .sentence import Sentence
from .splits import train


@dataclass(frozen=True)
class Batch:
    """B sentences as token ids, each closed by "<s>" and padded with it.

    inputs   [B, T] int64   what a model reads
    targets  [B, T] int64   the token after each
    weights  [B, T] float32 1 where the target counts, 0 on padding
    """

    inputs: np.ndarray
    targets: np.ndarray
    weights: np.ndarray


@cache
def index() -> dict[str, int]:
    """Word -> token id."""
    return {word: i for i, word in enumerate(vocabulary())}


def encode(tokens: Sequence[str]) -> list[int]:
    """Token ids. KeyError if a word is not in the vocabulary (there is no <unk>)."""
    ids = index()
    return [ids[token] for token in tokens]


def collate(sentences: Sequence[Sentence]) -> Batch:
    """Sentences of any lengths as one batch, T the longest of them."""
    longest = max(len(s.tokens) for s in sentences)
    ids = np.full((len(sentences), longest + 1), index()[START], dtype=np.int64)  # [B, T + 1]
    weights = np.zeros((len(sentences), longest), dtype=np.float32)
    for row, sentence in enumerate(sentences):
        ids[row, : len(sentence.tokens)] = encode(sentence.tokens)
        weights[row, : len(sentence.tokens)] = 1.0
    return Batch(inputs=ids[:, :-1], targets=ids[:, 1:], weights=weights)


def batch(seed: int, step: int, size: int = 64) -> Batch:
    """Batch number `step` of the stream `seed`."""
    rng = np.random.default_rng([seed, step])
    return collate([train(rng) for _ in range(size)])
