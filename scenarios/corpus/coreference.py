"""Coreference of the trophy and the suitcase.

    the trophy doesn't fit in the suitcase because it is too big . what is too big ? the trophy .

What goes in (A) may be too big, what it goes into (B) may be too small. The frames name A and B in
either order, every noun may play either part, and both nouns have the same number: neither the cue
nor the position, the noun or the pronoun gives the answer alone. A third thing (C) may stand near.
(After Winograd 1972; the trophy and the suitcase are Levesque, Davis & Morgenstern's, 2012.)
"""

import numpy as np

from .agreement import Head, be, place, posture
from .lexicon import START, Noun, lexicon
from .sentence import Sentence, chance, pick
from .simple import neutral

# {do}, {be} and {have} are inflected; A and B are noun phrases. (A's number, B's number are equal.)
A_FIRST = ("A {do} fit in B", "A {do} go into B", "A can not be held by B")
B_FIRST = ("B can not hold A", "B {have} no room for A", "there {room} no room in B for A")
P_THIRD = 0.4  # a third thing stands between, beside A or B
P_SINGULAR = 0.7


def held_out_pair(a: Noun, b: Noun) -> bool:
    """True for the unordered pairs of things that no training sentence names together.

    A fifth of all pairs, so that each thing has trained partners; the trophy and the suitcase are
    such a pair.
    """
    things = lexicon().thing
    return (things.index(a) + things.index(b)) % 5 == 1


def things(rng: np.random.Generator, held_out: bool, third: bool) -> list[Noun]:
    """A, B and, if `third`, C. If not `held_out`, no two of them are a held-out pair."""
    pool = lexicon().thing
    while True:
        a, b = pick(rng, pool), pick(rng, pool)
        if a is not b and held_out_pair(a, b) == held_out:
            break
    if not third:
        return [a, b]
    allowed = [c for c in pool if c is not a and c is not b]
    if not held_out:
        allowed = [c for c in allowed if not (held_out_pair(a, c) or held_out_pair(b, c))]
    return [a, b, pick(rng, allowed)]


def _modified(rng: np.random.Generator, head: Head, third: Noun | None, past: bool) -> list[str]:
    """ "the trophy", "the trophy near the box", "the trophy that was behind the boxes" """
    tokens = ["the", head.word]
    if third is None:
        return tokens
    verb = pick(rng, ("", be(head.plural, past), posture(rng, head, past)))
    relative = ["that", verb] if verb else []
    return [*tokens, *relative, place(rng), "the", third.form(head.plural)]


def _frame(frame: str, plural: bool, past: bool) -> list[str]:
    """The frame's words with verbs inflected for the number of its subject."""
    words = {
        "{do}": ["did", "not"] if past else ["don't" if plural else "doesn't"],
        "{have}": ["had"] if past else ["have" if plural else "has"],
        "{room}": ["was"] if past else ["is"],
        "can": ["could"] if past else ["can"],
    }
    return [out for word in frame.split() for out in words.get(word, [word])]


def coreference(
    rng: np.random.Generator,
    held_out: bool,
    gap: int,
    third: bool | None = None,
    a_first: float = 0.5,
) -> Sentence:
    """A sentence with its question and answer; `gap` tokens of neutral clauses stand between.

    `a_first` is how often a frame names A before B.
    """
    lex = lexicon()
    third = chance(rng, P_THIRD) if third is None else third
    past, plural, large = chance(rng, 0.5), not chance(rng, P_SINGULAR), chance(rng, 0.5)
    a, b, *others = things(rng, held_out, third)
    on_a = chance(rng, 0.5)  # which of the two the third thing stands near
    c = others[0] if others else None
    phrases = {
        "A": _modified(rng, Head(a, plural), c if on_a else None, past),
        "B": _modified(rng, Head(b, plural), None if on_a else c, past),
    }
    frame = _frame(pick(rng, A_FIRST if chance(rng, a_first) else B_FIRST), plural, past)
    clause = [out for word in frame for out in phrases.get(word, [word])]
    cue = pick(rng, lex.large if large else lex.small)
    copula = be(plural, past)
    tokens = [START, *clause, "because", "they" if plural else "it", copula, "too", cue, "."]
    tokens += [*neutral(rng, gap, past), "what", copula, "too", cue, "?", "the"]
    answer, wrong = ((a, b) if large else (b, a))  # fmt: skip
    correct = answer.form(plural)
    target = len(tokens)
    mention = tokens.index(correct)
    return Sentence(
        tokens=(*tokens, correct, "."),
        kind="coreference",
        target=target,
        correct=correct,
        wrong=wrong.form(plural),
        attractors=1 + len(others),
        disagreeing=0,
        distance=target - mention - 1,
        held_out=held_out,
    )
