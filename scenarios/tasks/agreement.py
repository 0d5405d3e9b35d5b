"""Agreement: "the keys to the cabinet": is, or are?"""

import numpy as np

from engine.training import Batch
from scenarios import corpus
from scenarios.corpus import agreement, splits
from scenarios.tasks.task import CONSTANT, Task, padded

DEFAULT, LIMITS, UNIT = 4, (0, 8), "nouns between"
VERBS = ("is", "are")


def sentence(rng: np.random.Generator, nouns: int, disagree: bool) -> corpus.Sentence:
    """A sentence of the present whose verb is "is" or "are".

    `nouns` of any number stand between the subject and the verb, or (`disagree`) all of the other.
    """
    while True:
        heads = splits.heads(rng, nouns, disagree)
        drawn = agreement.agreement(rng, heads, past=False, tail=0)
        if drawn.correct in VERBS:
            return drawn


def task(length: int) -> Task:
    """ "<s> the keys to the cabinet are": up to `length` nouns stand between, exactly in the probe."""

    def draw(rng: np.random.Generator, n: int) -> Batch:
        between = rng.integers(0, length + 1, n)
        return collate([sentence(rng, int(nouns), disagree=False) for nouns in between])

    def held_out(rng: np.random.Generator, n: int) -> Batch:
        return collate([sentence(rng, length, disagree=True) for _ in range(n)])

    return Task(
        name="agreement",
        title="Agreement: is or are?",
        about=f"The verb follows the number of its subject, not of the nouns between (up to {length}). "
        "The probe asks only sentences in which all of them are of the other number: one that "
        "listens to the last noun is below chance there. After Linzen, Dupoux & Goldberg (2016).",
        length=length,
        unit=UNIT,
        words=corpus.vocabulary(),
        draw=draw,
        held_out=held_out,
        rows=16 + 6 * length,
        chance=0.5,
        recipe={**CONSTANT, "steps": 500, "lr": 3e-3, "embed": 32},
    )


def collate(sentences: list[corpus.Sentence]) -> Batch:
    """Sentences up to their probed word, which is the only one that counts."""
    return padded([corpus.encode(s.tokens[: s.target + 1]) for s in sentences])
