"""The named splits: what training draws from, and what is held out from it by construction.

train                          the mixture (simple, agreement, coreference)
agreement/attractors-N         N attractors, all of the other number (training: up to 4, any)
agreement/held-out-nouns       1 to 4 such, subject a noun never trained before an attractor
agreement/distance-D           one attractor of the other number, D tokens (training: up to 20)
coreference/train-pairs        as in training
coreference/held-out-pairs     the two nouns were never together in a training sentence
coreference/gap-G              as in training, but G tokens before the question (training: to 8)
coreference/held-out-gap-G     held-out pairs across a gap of G tokens
"""

import re
from collections.abc import Callable

import numpy as np

from .agreement import P_TAIL, Head, agreement
from .coreference import coreference
from .lexicon import lexicon
from .sentence import Sentence, chance, pick
from .simple import simple

MIXTURE = {"simple": 0.15, "agreement": 0.35, "coreference": 0.5}
ATTRACTORS = (0.15, 0.3, 0.25, 0.18, 0.12)  # in training: P(0 attractors), P(1), ... P(4)
MAX_TRAIN_DISTANCE = 20  # tokens between subject and verb
TRAIN_GAPS = (0, 0, 0, 0, 0, 4, 5, 6, 7, 8)
# Training names the thing that goes in first three times of four, as people do. Held at even odds the
# answer is the exclusive or of cue and order: nothing to learn from either alone, and two Transformers of
# five never began. The named splits keep even odds, so that neither alone scores above chance there.
TRAIN_A_FIRST = 0.75


def heads(rng: np.random.Generator, n: int, disagree: bool, held_out: bool = False) -> list[Head]:
    """A subject and n attractors of random number, or (`disagree`) all of the other number.

    Only a subject can be a held-out noun: attractors are always nouns trained as such.
    """
    nouns = lexicon().animate + lexicon().object
    trained = [x for x in nouns if not x.held_out]
    subject = Head(pick(rng, [x for x in nouns if x.held_out == held_out]), chance(rng, 0.5))
    plural = [not subject.plural if disagree else chance(rng, 0.5) for _ in range(n)]
    return [subject, *(Head(pick(rng, trained), p) for p in plural)]


def _tail(rng: np.random.Generator) -> int:
    """How many adjectives follow the last noun in a relative clause: mostly none, rarely 4."""
    n = 0
    while n < 4 and chance(rng, P_TAIL):
        n += 1
    return n


def train_agreement(rng: np.random.Generator) -> Sentence:
    """Up to 4 attractors of random number, up to MAX_TRAIN_DISTANCE tokens, no held-out noun."""
    u, n = rng.random(), 0
    while n < len(ATTRACTORS) - 1 and u >= sum(ATTRACTORS[: n + 1]):
        n += 1
    while True:
        sentence = agreement(rng, heads(rng, n, disagree=False), chance(rng, 0.5), _tail(rng))
        if sentence.distance <= MAX_TRAIN_DISTANCE:
            return sentence


def train(rng: np.random.Generator) -> Sentence:
    """One sentence of the training mixture."""
    u = rng.random()
    if u < MIXTURE["simple"]:
        return simple(rng)
    if u < MIXTURE["simple"] + MIXTURE["agreement"]:
        return train_agreement(rng)
    gap = pick(rng, TRAIN_GAPS)
    return coreference(rng, held_out=False, gap=gap, a_first=TRAIN_A_FIRST)


def _attractors(rng: np.random.Generator, n: int) -> Sentence:
    return agreement(rng, heads(rng, n, disagree=True), chance(rng, 0.5), _tail(rng))


def _held_out_nouns(rng: np.random.Generator, _: int) -> Sentence:
    drawn = heads(rng, 1 + int(rng.random() * 4), disagree=True, held_out=True)
    sentence = agreement(rng, drawn, chance(rng, 0.5), _tail(rng))
    return Sentence(**{**sentence.__dict__, "held_out": True})


def _distance(rng: np.random.Generator, d: int) -> Sentence:
    """ "that were red and old and ...": adjectives fill the distance, so that no noun does."""
    if not 6 <= d <= 33:
        raise ValueError(f"distance must be between 6 and 33 tokens, got {d}")
    while True:  # links are 1 to 3 tokens long: keep those that leave the right length
        tail = pick(rng, [t for t in (d // 2 - 4, d // 2 - 3, d // 2 - 2) if 1 <= t <= 14])
        sentence = agreement(rng, heads(rng, 1, disagree=True), chance(rng, 0.5), tail)
        if sentence.distance == d:
            return sentence


SPLITS: dict[str, Callable[[np.random.Generator, int], Sentence]] = {
    "train": lambda rng, _: train(rng),
    "agreement/attractors-N": _attractors,
    "agreement/held-out-nouns": _held_out_nouns,
    "agreement/distance-N": _distance,
    "coreference/train-pairs": lambda rng, _: coreference(rng, False, pick(rng, TRAIN_GAPS)),
    "coreference/held-out-pairs": lambda rng, _: coreference(rng, True, pick(rng, TRAIN_GAPS)),
    "coreference/gap-N": lambda rng, n: coreference(rng, False, n),
    "coreference/held-out-gap-N": lambda rng, n: coreference(rng, True, n),
}


def sample(split: str, n: int, seed: int) -> list[Sentence]:
    """n sentences of a split, the same for the same arguments.

    The N of a split's name is any number: "agreement/attractors-16", "coreference/gap-12".
    KeyError, with the names that exist, if there is no such split.
    """
    number = re.search(r"-(\d+)$", split)
    key = split[: number.start()] + "-N" if number else split
    if key not in SPLITS or (number is None and split.endswith("-N")):
        raise KeyError(f"no split {split!r}; there are {', '.join(SPLITS)} (N a number)")
    draw, value = SPLITS[key], int(number[1]) if number else 0
    rng = np.random.default_rng([seed, *split.encode()])  # splits do not share their draws
    return [draw(rng, value).named(split) for _ in range(n)]
