"""One word, two senses: "the bank was steep" and "the bank was closed".

A tagger says at the row of the noun in which sense it stands. The word that tells stands before it ("the
steep bank was there") or after it ("the bank that we saw was steep"), some words away. Nouns of one sense
(shore, shop, dog, hammer) show what the telling words mean; an eighth of the pairs of ambiguous noun and
telling word is held out.
"""

# ruff: noqa: SIM905 (word lists read better as text)

from __future__ import annotations

import numpy as np

from engine.text import START
from scenarios.corpus.sentence import chance, pick
from scenarios.failures.item import Item

CUES = {
    "river": tuple("steep muddy grassy sandy slippery rocky wet flooded".split()),
    "money": tuple("closed robbed bankrupt wealthy insured greedy famous taxed".split()),
    "animal": tuple("hungry sleepy furry timid lively thirsty fast frightened".split()),
    "tool": tuple("broken rusty plastic electric cheap repaired heavy useful".split()),
}
AMBIGUOUS = {
    "bank": ("river", "money"),
    "bat": ("animal", "tool"),
    "mouse": ("animal", "tool"),
    "crane": ("animal", "tool"),
}
PLAIN = {
    "river": ("shore", "slope"),
    "money": ("shop", "firm"),
    "animal": ("dog", "bird"),
    "tool": ("hammer", "lamp"),
}
FILLERS = (  # between the noun and "was CUE"; nothing in them tells
    "",
    "there",
    "that we saw",
    "near the road",
    "that they told us about",
    "at the end of the road",
)
ENDS = ("here", "there", "near the road")  # after a noun whose cue stood before it
NO_TAG = "-"  # what the rows of all other words are labelled
SPLITS = (
    "before/all",
    *(f"after/{n}" for n in (0, 1, 3, 5, 6)),
    *("after/held-out", "after/far", "after/unambiguous"),
)
WORDS = (
    *(word for words in CUES.values() for word in words),
    *AMBIGUOUS,
    *(word for words in PLAIN.values() for word in words),
    *(word for text in (*FILLERS, *ENDS) for word in text.split()),
    *("the was . -".split()),
    *CUES,
)


def held_out(noun: str, cue: str) -> bool:
    """True for the pairs that no training text puts together."""
    if noun not in AMBIGUOUS:
        return False
    sense = next(s for s in AMBIGUOUS[noun] if cue in CUES[s])
    return (list(AMBIGUOUS).index(noun) + CUES[sense].index(cue)) % 8 == 3


def tagged(words: list[str], noun: str, sense: str) -> Item:
    """Every row labelled, the noun with its sense."""
    at = 1 + words.index(noun)
    labels = [sense if row == at else NO_TAG for row in range(len(words) + 1)]
    return Item((START, *words), tuple(labels), at)


def bank(
    rng: np.random.Generator,
    filler: str,
    before: bool = False,
    held: bool = False,
    plain: bool = False,
) -> Item:
    """One text; `before`: the cue stands before the noun, else after it and after `filler`."""
    while True:
        if plain:
            sense = pick(rng, tuple(CUES))
            noun = pick(rng, PLAIN[sense])
        else:
            noun = pick(rng, tuple(AMBIGUOUS))
            sense = pick(rng, AMBIGUOUS[noun])
        cue = pick(rng, CUES[sense])
        if held_out(noun, cue) == held:
            break
    if before:
        return tagged(f"the {cue} {noun} {filler} was here .".split(), noun, sense)
    return tagged(f"the {noun} {filler} was {cue} .".split(), noun, sense)


def draw(rng: np.random.Generator, step: int, size: int) -> list[Item]:
    """The batch of training update `step`: texts of one length."""
    filler = pick(rng, FILLERS)
    before = chance(rng, 0.4)
    return [bank(rng, filler, before, plain=chance(rng, 0.4)) for _ in range(size)]


def of_split(rng: np.random.Generator, split: str) -> Item:
    """One text of a split: "after/5" with a filler of 5 words, "after/far" with two, 9 to 12 in all."""
    where, _, what = split.partition("/")
    if what == "far":
        long = [filler for filler in FILLERS if len(filler.split()) > 4]
        return bank(rng, f"{pick(rng, long)} {pick(rng, long)}")
    if what.isdecimal():
        return bank(rng, next(f for f in FILLERS if len(f.split()) == int(what)))
    how = {"held": what == "held-out", "plain": what == "unambiguous"}
    return bank(rng, pick(rng, FILLERS), before=where == "before", **how)
