"""Dyck-2: which of two kinds of bracket has to be closed now?"""

import numpy as np

from engine.text import START
from engine.training import Batch
from scenarios.tasks.task import CONSTANT, Task, starts

DEFAULT, LIMITS, EVERY, UNIT = 24, (2, 500), 2, "brackets"
WORDS = (START, "(", ")", "[", "]")
DEPTH = 4  # brackets open at once, at most


def task(length: int) -> Task:
    """ "<s> ( [ ] ) ( )": `length` brackets, all closed at the end, at most `DEPTH` open at once."""

    def draw(rng: np.random.Generator, n: int) -> Batch:
        ids = np.hstack([starts(n, WORDS), np.zeros((n, length), dtype=np.int64)])
        closes = np.zeros((n, length), dtype=bool)
        stack, depth, items = np.zeros((n, DEPTH + 1), dtype=np.int64), np.zeros(n, int), range(n)
        coins, kinds = rng.random((n, length)) < 0.5, rng.integers(0, 2, (n, length))
        for t in range(length):
            must = (depth == DEPTH) | (depth == length - t)  # no room above, or no time left
            close = (depth > 0) & (must | coins[:, t])
            kind = np.where(close, stack[items, depth], kinds[:, t])
            depth = depth + np.where(close, -1, 1)
            stack[items, depth] = np.where(close, stack[items, depth], kind)
            ids[:, t + 1] = 1 + 2 * kind + close
            closes[:, t] = close
        return Batch(ids[:, :-1], ids[:, 1:], closes.astype(np.float32))

    return Task(
        name="dyck",
        title="Brackets: which kind is to be closed?",
        about=f"{length} brackets of two kinds, nested up to {DEPTH} deep (the language Dyck-2). "
        "Only closing brackets count: their kind was decided when the partner opened, and whole "
        "groups may stand between. Bounded as in Hewitt, Hahn, Ganguli, Liang & Manning (2020).",
        length=length,
        unit=UNIT,
        words=WORDS,
        draw=draw,
        rows=length,
        chance=0.5,
        recipe={**CONSTANT, "steps": 300, "lr": 3e-3, "embed": 32},
        recipes={"transformer": {"lr": 1e-3}},
    )
