"""Simple sentences: no noun stands before the verb but its subject.

Here, and only here, training shows the held-out nouns: their embeddings learn a number and a kind,
but never what to do with an attractor. At most one thing is named, so no held-out pair meets.
"""

import numpy as np

from .agreement import Head, agreement, be, place, posture
from .lexicon import lexicon
from .sentence import Sentence, chance, pick


def simple(rng: np.random.Generator, past: bool | None = None) -> Sentence:
    """ "the foxes are hungry .", "the box that was red was on the table ." """
    lex = lexicon()
    past = chance(rng, 0.5) if past is None else past
    head = Head(pick(rng, lex.animate + lex.object + lex.thing), chance(rng, 0.5))
    return agreement(rng, [head], past, tail=int(chance(rng, 0.15)), kind="simple")


def neutral(rng: np.random.Generator, length: int, past: bool) -> list[str]:
    """Clauses without things, `length` tokens in all (0, or 4 and more), full stops included.

    They fill the gap between a coreference and its question.
    """
    if length == 0:
        return []
    if length < 4:
        raise ValueError(f"a neutral clause has at least 4 tokens, got {length}")
    lex = lexicon()
    size = pick(rng, [n for n in (4, 5, 6, 7) if length == n or length - n >= 4])
    head = Head(pick(rng, lex.animate + lex.object), chance(rng, 0.5))
    verb, copula = posture(rng, head, past), be(head.plural, past)
    adjective = pick(rng, lex.adjectives[head.noun.kind])
    other = Head(pick(rng, lex.animate + lex.object), chance(rng, 0.5))
    clause = {
        4: [verb],
        5: [copula, adjective],
        6: [copula, "not", adjective],
        7: [verb, place(rng), "the", other.word],
    }[size]
    return ["the", head.word, *clause, ".", *neutral(rng, length - size, past)]
