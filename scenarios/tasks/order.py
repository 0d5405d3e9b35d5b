"""Temporal order: two signals far apart, and it matters which came first."""

import numpy as np

from engine.text import START
from engine.training import Batch
from scenarios.tasks.task import CONSTANT, Task, asked, spelled, starts

DEFAULT, LIMITS, UNIT = 50, (10, 1000), "words"
WORDS = (START, *"abcd", "x", "y", "?", *"qrsu")
NOISE, SIGNALS = spelled(WORDS, "a b c d"), spelled(WORDS, "x y")
ANSWERS = spelled(WORDS, "q r s u")  # for x x, x y, y x, y y


def task(length: int) -> Task:
    """ "<s> b d x a ... c y d a ? r": the signals stand in the second and in the sixth tenth."""
    tenth = length // 10

    def draw(rng: np.random.Generator, n: int) -> Batch:
        words, items = NOISE[rng.integers(0, len(NOISE), (n, length))], np.arange(n)
        first, second = rng.integers(0, 2, n), rng.integers(0, 2, n)
        words[items, tenth + rng.integers(0, tenth, n)] = SIGNALS[first]
        words[items, 5 * tenth + rng.integers(0, tenth, n)] = SIGNALS[second]
        ask, answers = np.full((n, 1), WORDS.index("?")), ANSWERS[2 * first + second]
        return asked(np.hstack([starts(n, WORDS), words, ask, answers[:, None]]))

    return Task(
        name="order",
        title="Temporal order: x then y, or y then x?",
        about=f"Among {length - 2} letters of noise stand two signals, x or y each; the answer names "
        "their order: q for x x, r for x y, s for y x, u for y y. Hochreiter & Schmidhuber (1997), "
        "experiment 6a.",
        length=length,
        unit=UNIT,
        words=WORDS,
        draw=draw,
        rows=length + 2,
        chance=0.25,
        recipe={**CONSTANT, "steps": 500, "lr": 3e-3, "embed": 32},
    )
