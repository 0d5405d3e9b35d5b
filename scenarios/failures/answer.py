"""Question answering over a text: facts first, then what means nothing, the question last.

    anna is in the kitchen . boris is in the garden . we walked home . ... where is anna ? kitchen

With one fact there is a place to carry; with several, names have to be bound to places (after Weston
et al. 2015, task 1). Training begins with three facts and no gap, from which binding is learned (a
Transformer of 32 units that saw one fact as often had not learned it after 2,400 updates), and gaps grow
from there, alike for all models. One place for each name is held out: training never puts the two together.
"""

# ruff: noqa: SIM905 (word lists read better as text)

from __future__ import annotations

import numpy as np

from scenarios.corpus.sentence import choose, pick
from scenarios.failures.item import Item, asking
from scenarios.failures.tail import CLAUSES, tail

NAMES = tuple("anna boris clara david elena felix greta henry".split())
PLACES = tuple("kitchen garden school office bakery station museum library".split())
FACTS = (1, 2, 3)
GAPS = (0, 8, 16, 24, 40)  # tokens between the facts and the question, in training
ALONE, LONGER = 700, 200  # updates with three facts and no gap; for each longer gap after that
SPLITS = (
    *(f"facts-{k}/gap-{gap}" for k in FACTS for gap in (0, 24, 40, 80)),
    *(f"held-out/facts-{k}/gap-24" for k in FACTS),
    *(f"first/facts-3/gap-{gap}" for gap in (0, 24, 40, 80)),
    "last/facts-3/gap-24",
)
WORDS = (
    *NAMES,
    *PLACES,
    *"is in the . where ?".split(),
    *(word for clause in CLAUSES for word in clause),
)


def held_out(name: str, place: str) -> bool:
    """True for the pairs that no training text puts together."""
    return (NAMES.index(name) - PLACES.index(place)) % len(PLACES) == 0


def answer(
    rng: np.random.Generator, facts: int, gap: int, held: bool = False, about: int | None = None
) -> Item:
    """One text; the question is about fact number `about`, else about any.

    With `held` the fact that is asked is a held-out pair; no other one ever is.
    """
    asked = int(rng.random() * facts) if about is None else about % facts
    while True:
        pairs = list(zip(choose(rng, NAMES, facts), choose(rng, PLACES, facts), strict=True))
        if all(held_out(*pair) == (held and n == asked) for n, pair in enumerate(pairs)):
            break
    words = [word for name, place in pairs for word in f"{name} is in the {place} .".split()]
    name, place = pairs[asked]
    return asking([*words, *tail(rng, gap), *f"where is {name} ?".split()], place)


def draw(rng: np.random.Generator, step: int, size: int) -> list[Item]:
    """The batch of training update `step`: texts of one length."""
    longest = max(1, min(len(GAPS), 2 + (step - ALONE) // LONGER))
    facts, gap = pick(rng, FACTS if step >= ALONE else (3,)), pick(rng, GAPS[:longest])
    return [answer(rng, facts, gap) for _ in range(size)]


def of_split(rng: np.random.Generator, split: str) -> Item:
    """One text of a split: "facts-3/gap-24"; "held-out/...", or "first/..." and "last/..." fact asked."""
    *how, facts, gap = split.split("/")
    about = {"first": 0, "last": -1}.get(how[0]) if how else None
    k, n = int(facts.rpartition("-")[2]), int(gap.rpartition("-")[2])
    return answer(rng, k, n, held=how == ["held-out"], about=about)
