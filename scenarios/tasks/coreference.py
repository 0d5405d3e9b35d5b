"""Coreference: "the trophy doesn't fit in the suitcase because it is too big": what is too big?"""

import numpy as np

from engine.training import Batch
from scenarios import corpus
from scenarios.corpus import coreference, splits
from scenarios.tasks.agreement import collate
from scenarios.tasks.task import CONSTANT, Task

DEFAULT, LIMITS, UNIT = 0, (0, 8), "clauses between"
SHORTEST, LONGEST = 4, 7  # words of a clause


def task(length: int) -> Task:
    """ "<s> the trophy ... what is too big ? the trophy", `length` clauses before the question."""

    def sentences(rng: np.random.Generator, n: int, new: bool, a_first: float) -> Batch:
        gaps = rng.integers(SHORTEST * length, LONGEST * length + 1, n)
        return collate(
            [coreference.coreference(rng, new, int(gap), a_first=a_first) for gap in gaps]
        )

    def draw(rng: np.random.Generator, n: int) -> Batch:
        return sentences(rng, n, False, splits.TRAIN_A_FIRST)

    def held_out(rng: np.random.Generator, n: int) -> Batch:
        return sentences(rng, n, True, 0.5)

    return Task(
        name="coreference",
        title="Coreference: the trophy or the suitcase?",
        about="Which of two things is meant turns on one word, big or small. The probe asks pairs of "
        "things that training never named together, so that they have to be bound anew. After "
        "Winograd (1972) and Levesque, Davis & Morgenstern (2012).",
        length=length,
        unit=UNIT,
        words=corpus.vocabulary(),
        draw=draw,
        held_out=held_out,
        rows=48 + LONGEST * length,
        chance=0.5,
        recipe={**CONSTANT, "steps": 1000, "lr": 3e-3, "embed": 64},
        recipes={"transformer": {"lr": 1e-3}},
    )
