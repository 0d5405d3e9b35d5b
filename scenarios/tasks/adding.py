"""The adding problem: two of T numbers are marked; the answer is their sum."""

import numpy as np

from engine.training import Batch
from scenarios.tasks.task import CONSTANT, Task

DEFAULT, LIMITS, UNIT = 50, (2, 2000), "numbers"


def task(length: int) -> Task:
    """ "<s> 0.37 0.81+ ... 0.05 0.29+ 1.10": one number of each half is marked.

    Numbers are whole hundredths from 0.00 to 0.99, so that what is shown is what is read.
    """

    def draw(rng: np.random.Generator, n: int) -> Batch:
        inputs = np.zeros((n, length + 1, 2), dtype=np.float32)  # (B, T, value and marker)
        inputs[:, 1:, 0] = rng.integers(0, 100, (n, length)) / 100
        items, half = np.arange(n), length // 2
        marked = [rng.integers(0, half, n), half + rng.integers(0, length - half, n)]
        for at in marked:
            inputs[items, 1 + at, 1] = 1.0
        total = sum(inputs[items, 1 + at, 0] for at in marked)
        targets = np.repeat(np.asarray(total)[:, None], length + 1, axis=1)
        weights = np.zeros((n, length + 1), dtype=np.float32)
        weights[:, -1] = 1.0
        return Batch(inputs, targets, weights)

    return Task(
        name="adding",
        title="Adding: the sum of the two marked numbers",
        about=f"{length} numbers, one of each half marked with +; at the end their sum. Who always "
        "answers the mean is wrong by 0.167 squared. Hochreiter & Schmidhuber (1997), experiment "
        "4, with numbers from 0 to 1 as in Le, Jaitly & Hinton (2015).",
        length=length,
        unit=UNIT,
        words=(),
        draw=draw,
        rows=length + 1,
        loss="value",
        chance=0.167,
        learned=0.01,
        recipe={**CONSTANT, "steps": 600, "lr": 1e-2, "embed": 32},
    )
