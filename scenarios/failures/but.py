"""Sentiment that a later word turns: "we thought the film would be bad , but it was amazing ."

What counts is the clause with "was"; what was only expected ("would be") has the other polarity. Either
clause may come first, so neither the first adjective, nor the last, nor the bag of words says more than
a coin. Clauses that mean nothing follow, then the question: "was it good ? yes".

There are two ways to train. `draw`: the tail is as long as it gets from the first update on; one clause
first, from which the adjectives can be learned, then two. `taught`: from the easy to the hard (Bengio et
al. 2009), tails grow from nothing.
"""

# ruff: noqa: SIM905 (word lists read better as text)

from __future__ import annotations

import numpy as np

from scenarios.corpus.sentence import chance, pick
from scenarios.failures.item import Item, asking
from scenarios.failures.tail import CLAUSES, tail

NOUNS = tuple("film book play song story show meal game".split())
GOOD = tuple("good nice great lovely amazing brilliant charming wonderful".split())
BAD = tuple("bad dull awful boring terrible weak ugly dreadful".split())
VERBS = tuple("thought said heard expected".split())
TAILS = (0, 4, 8, 12, 16, 20)  # tokens after the clauses, in training
PLAIN = 600  # updates with one clause, and the share of such texts after them
P_PLAIN = 0.2
SHORT, LONGER = 800, 100  # taught: updates without a tail, and for each longer tail after them
SPLITS = (*(f"tail-{n}" for n in (*TAILS, 40)), *(f"held-out-tail-{n}" for n in (0, 20)))
WORDS = (
    *NOUNS,
    *GOOD,
    *BAD,
    *VERBS,
    *"we the would be , but it was . ? yes no".split(),
    *(word for clause in CLAUSES for word in clause),
)


def held_out(good: str, bad: str) -> bool:
    """True for the quarter of all pairs of adjectives that training never sets against each other."""
    return (GOOD.index(good) + BAD.index(bad)) % 4 == 0


def but(rng: np.random.Generator, tokens: int, held: bool = False, plain: bool = False) -> Item:
    """One text with `tokens` tokens between the clauses and the question; `plain` has one clause."""
    while True:
        good, bad = pick(rng, GOOD), pick(rng, BAD)
        if held_out(good, bad) == held:
            break
    noun, verb, yes = pick(rng, NOUNS), pick(rng, VERBS), chance(rng, 0.5)
    was, expected = (good, bad) if yes else (bad, good)
    if plain:
        text = f"the {noun} was {was} ."
    elif chance(rng, 0.5):
        text = f"we {verb} the {noun} would be {expected} , but it was {was} ."
    else:
        text = f"the {noun} was {was} , but we {verb} it would be {expected} ."
    words = [*text.split(), *tail(rng, tokens), *"was it good ?".split()]
    return asking(words, "yes" if yes else "no")


def draw(rng: np.random.Generator, step: int, size: int) -> list[Item]:
    """The batch of training update `step`, all tails of the same length: the longest."""
    plain = step < PLAIN or chance(rng, P_PLAIN)
    return [but(rng, TAILS[-1], plain=plain) for _ in range(size)]


def taught(rng: np.random.Generator, step: int, size: int) -> list[Item]:
    """The batch of training update `step` where tails grow; one clause in the first quarter of `SHORT`."""
    longest = max(0, min(len(TAILS) - 1, 1 + (step - SHORT) // LONGER))
    plain = step < SHORT // 4 or chance(rng, P_PLAIN / 2)
    tokens = pick(rng, TAILS[: longest + 1])
    return [but(rng, tokens, plain=plain) for _ in range(size)]


def of_split(rng: np.random.Generator, split: str) -> Item:
    """One text of a split: "tail-20", or "held-out-tail-20" with a pair that training never saw."""
    return but(rng, int(split.rpartition("-")[2]), split.startswith("held-out"))
