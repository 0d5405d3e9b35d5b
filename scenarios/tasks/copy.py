"""Copy: say again what was said, after a wait."""

import numpy as np

from engine.text import START
from engine.training import Batch
from scenarios.tasks.task import CONSTANT, Task, asked, spelled, starts

DEFAULT, LIMITS, UNIT = 10, (0, 1000), "blanks"
WORDS = (START, *"01234567", ".", "?")
SYMBOLS = spelled(WORDS, "0 1 2 3 4 5 6 7")
COPIED = 5  # symbols to keep; ten in the papers, which asks for far longer training


def task(length: int) -> Task:
    """ "<s> 3 1 4 1 5 . . . ? 3 1 4 1 5": five symbols, `length` blanks, the same symbols.

    While it answers, a model reads its right answers so far, as every language model does.
    """

    def draw(rng: np.random.Generator, n: int) -> Batch:
        symbols = SYMBOLS[rng.integers(0, len(SYMBOLS), (n, COPIED))]
        wait = np.full((n, length + 1), WORDS.index("."))
        wait[:, -1] = WORDS.index("?")
        return asked(np.hstack([starts(n, WORDS), symbols, wait, symbols]), answers=COPIED)

    return Task(
        name="copy",
        title="Copy: five symbols again after a wait",
        about=f"Five of eight symbols, {length} blanks, then all five in order. It asks for room in "
        "the state as well as for a long memory. Hochreiter & Schmidhuber (1997); this form: "
        "Arjovsky, Shah & Bengio (2016), with five symbols for their ten.",
        length=length,
        unit=UNIT,
        words=WORDS,
        draw=draw,
        rows=length + 2 * COPIED + 1,
        chance=1 / 8,
        recipe={**CONSTANT, "steps": 1000, "lr": 3e-3, "embed": 32},
    )
