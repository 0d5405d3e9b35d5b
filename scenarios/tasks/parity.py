"""Parity: was the number of ones odd or even?"""

import numpy as np

from engine.text import START
from engine.training import Batch
from scenarios.tasks.task import CONSTANT, Task, asked, padded, spelled

DEFAULT, LIMITS, UNIT = 12, (1, 500), "bits"
WORDS = (START, "0", "1", "?", "even", "odd")
BITS = spelled(WORDS, "0 1")
ANSWERS = spelled(WORDS, "even odd")


def task(length: int) -> Task:
    """ "<s> 1 0 1 1 ? odd": in training 1 to `length` bits, in the probe always `length`."""
    start, ask = WORDS.index(START), WORDS.index("?")

    def sequences(rng: np.random.Generator, n: int) -> np.ndarray:
        bits = rng.integers(0, 2, (n, length))
        answers = ANSWERS[bits.cumsum(axis=1) % 2]  # (B, T): after each bit
        columns = np.full((n, 1), start), BITS[bits], np.full((n, 1), ask), answers[:, -1:]
        return np.hstack(columns)

    def held_out(rng: np.random.Generator, n: int) -> Batch:
        return asked(sequences(rng, n))

    def draw(rng: np.random.Generator, n: int) -> Batch:
        sizes = rng.integers(1, length + 1, n)
        whole = sequences(rng, n)
        ones = (whole[:, 1 : length + 1] == WORDS.index("1")).cumsum(axis=1)
        odd = ones[np.arange(n), sizes - 1] % 2
        return padded(
            [
                [*row[: size + 1], ask, ANSWERS[parity]]
                for row, size, parity in zip(whole, sizes, odd, strict=True)
            ]
        )

    return Task(
        name="parity",
        title="Parity: an odd or an even number of ones?",
        about=f"Up to {length} bits, then the question. Every bit turns the answer over, so no bit "
        "alone says anything about it; two states are enough, and they have to be found. As a test "
        "of recurrent nets: Bengio, Simard & Frasconi (1994).",
        length=length,
        unit=UNIT,
        words=WORDS,
        draw=draw,
        held_out=held_out,
        rows=length + 2,
        chance=0.5,
        recipe={**CONSTANT, "steps": 500, "lr": 3e-3, "embed": 32},
    )
