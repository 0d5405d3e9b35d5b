"""Clauses that mean nothing to a question: four tokens each, with the full stop."""

from __future__ import annotations

import numpy as np

from scenarios.corpus.sentence import pick

CLAUSES = tuple(
    (*clause.split(), ".")
    for clause in (
        "we walked home",
        "it rained again",
        "the bus waited",
        "we drank tea",
        "the clock stopped",
        "somebody sang softly",
        "the window rattled",
        "we said nothing",
    )
)
LENGTH = 4  # tokens in each


def tail(rng: np.random.Generator, tokens: int) -> list[str]:
    """Clauses of `tokens` tokens in all, a multiple of `LENGTH`.

    Raises:
        ValueError: the clauses do not fill that length.
    """
    if tokens < 0 or tokens % LENGTH:
        raise ValueError(f"clauses of {LENGTH} tokens do not fill {tokens}")
    return [word for _ in range(tokens // LENGTH) for word in pick(rng, CLAUSES)]
