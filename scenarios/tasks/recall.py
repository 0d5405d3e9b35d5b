"""Recall: which of ten words came first? All that follows it is noise."""

import numpy as np

from engine.text import START
from engine.training import Batch
from scenarios.tasks.task import CONSTANT, Task, asked, spelled, starts

DEFAULT, LIMITS, UNIT = 50, (1, 2000), "words"
WORDS = (START, *"0123456789", "?")
CLASSES = spelled(WORDS, "0 1 2 3 4 5 6 7 8 9")


def task(length: int) -> Task:
    """ "<s> 7 3 3 9 ... ? 7": `length` digits, then the first of them again."""

    def draw(rng: np.random.Generator, n: int) -> Batch:
        digits = CLASSES[rng.integers(0, len(CLASSES), (n, length))]
        ask = np.full((n, 1), WORDS.index("?"))
        return asked(np.hstack([starts(n, WORDS), digits, ask, digits[:, :1]]))

    return Task(
        name="recall",
        title="Recall: which digit came first?",
        about=f"Ten classes, {length - 1} more digits as noise, then the question. The gradient has "
        f"one way to the answer's cause, and it is {length} steps long. After the latching task of "
        "Bengio, Simard & Frasconi (1994).",
        length=length,
        unit=UNIT,
        words=WORDS,
        draw=draw,
        rows=length + 2,
        chance=0.1,
        recipe={**CONSTANT, "steps": 600, "lr": 3e-3, "embed": 32},
        recipes={"gru": {"lr": 3e-2}, "transformer": {"lr": 1e-3}},
    )
