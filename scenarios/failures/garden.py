"""Garden paths: "the old man the boats", "the horse raced past the barn fell" (Bever 1970).

The grammar is small enough to be listed: every sentence with its probability. So what a perfect reader
would expect at every word is known exactly (`expected`), and a model's surprise can be told from the
sentence's own.

    the old man sleeps .            the old man sees the boats .         man: noun, the likelier reading
    the old man the boats .         the old people man the boats .       man: verb; nothing ambiguous
    the horse raced past the barn .                                      raced: verb, the likelier reading
    the horse raced past the barn fell .                                 raced: participle
    the horse ridden past the barn fell .                                nothing ambiguous

A quarter of the pairs of adjective and ambiguous noun, and of animal and ambiguous verb, is in no
training sentence, "old man" and "horse raced" among them.
"""

# ruff: noqa: SIM905 (word lists read better as text)

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product

import numpy as np

from engine.arrays import to_numpy
from engine.models import LanguageModel
from engine.text import START
from scenarios.failures.item import Item

ADJECTIVES = tuple("old young rich poor sick brave strong weak".split())
HOMOGRAPHS = tuple("man guard guide nurse judge pilot host tutor".split())
NOUNS = tuple("teacher farmer singer painter".split())  # never verbs
INTRANSITIVE = tuple("sleeps waits sings runs".split())
TRANSITIVE = tuple("sees likes needs owns".split())
OBJECTS = tuple("boats gates towers children guests ships".split())
ANIMALS = tuple("horse donkey camel mule pony elephant zebra llama".split())
RACED = tuple("raced walked marched rushed".split())  # past tense and participle alike
RIDDEN = tuple("ridden driven taken shown".split())  # participles only
PLACES = tuple("barn house bridge tower".split())
FELL = tuple("fell slept jumped coughed".split())

NOUN_READING, VERB_READING, PEOPLE, PLAIN_NOUN = 0.32, 0.06, 0.06, 0.06
MAIN_VERB, REDUCED, UNAMBIGUOUS = 0.40, 0.05, 0.05

LABELS = ("determiner", "adjective", "noun", "verb", "participle", "preposition", "-")
SCORED = ("noun", "verb", "people", "raced", "raced-fell", "ridden-fell")
SPLITS = tuple(f"{held}/{kind}" for held in ("trained", "held-out") for kind in SCORED)
WORDS = (
    *(*ADJECTIVES, *HOMOGRAPHS, *NOUNS, *INTRANSITIVE, *TRANSITIVE, *OBJECTS),
    *(*ANIMALS, *RACED, *RIDDEN, *PLACES, *FELL, *LABELS),
    *"the people past .".split(),
)
Listed = tuple[str, str, float, bool]  # words, labels, probability, held out


def held_out(first: str, second: str) -> bool:
    """True for the pairs of adjective and homograph, of animal and verb, that training never shows."""
    left, right = (ADJECTIVES, HOMOGRAPHS) if first in ADJECTIVES else (ANIMALS, RACED)
    return (left.index(first) + right.index(second)) % 4 == 0


def _old(kind: str) -> Iterator[Listed]:
    """The sentences that begin as "the old man ..."; each kind's probabilities are equal."""
    subject = "determiner adjective noun"
    for adjective, noun in product(ADJECTIVES, NOUNS if kind == "plain" else HOMOGRAPHS):
        held = kind != "plain" and held_out(adjective, noun)
        if kind in ("noun", "plain"):
            for verb in INTRANSITIVE:  # as likely together as all of the transitive ones
                words = f"the {adjective} {noun} {verb} ."
                yield words, f"{subject} verb -", 1 / len(INTRANSITIVE), held
            for verb, thing in product(TRANSITIVE, OBJECTS):
                words = f"the {adjective} {noun} {verb} the {thing} ."
                share = 1 / len(TRANSITIVE) / len(OBJECTS)
                yield words, f"{subject} verb determiner noun -", share, held
        else:
            people, label = (" people", "adjective noun") if kind == "people" else ("", "noun")
            for thing in OBJECTS:
                words = f"the {adjective}{people} {noun} the {thing} ."
                yield words, f"determiner {label} verb determiner noun -", 1.0, held


def _horse(kind: str) -> Iterator[Listed]:
    """The sentences that begin as "the horse raced ..."."""
    for animal, verb, place in product(ANIMALS, RIDDEN if kind == "ridden-fell" else RACED, PLACES):
        held = kind != "ridden-fell" and held_out(animal, verb)
        words = f"the {animal} {verb} past the {place}"
        way = "preposition determiner noun"
        if kind == "raced":
            yield f"{words} .", f"determiner noun verb {way} -", 1.0, held
        else:
            for end in FELL:
                yield f"{words} {end} .", f"determiner noun participle {way} verb -", 1.0, held


KINDS = {
    "noun": (_old, NOUN_READING),
    "verb": (_old, VERB_READING),
    "people": (_old, PEOPLE),
    "plain": (_old, PLAIN_NOUN),
    "raced": (_horse, MAIN_VERB),
    "raced-fell": (_horse, REDUCED),
    "ridden-fell": (_horse, UNAMBIGUOUS),
}


@cache
def listed(kind: str, held: bool) -> tuple[tuple[str, str], ...]:
    """Words and labels of every sentence of a kind that is held out or not."""
    list_of, _ = KINDS[kind]
    return tuple((words, labels) for words, labels, _, out in list_of(kind) if out == held)


@cache
def grammar() -> tuple[tuple[Item, ...], np.ndarray]:
    """All training sentences as labelled items, and the probability of each."""
    items, shares = [], []
    for kind, (list_of, whole) in KINDS.items():
        found = [(w, tags, p) for w, tags, p, out in list_of(kind) if not out]
        total = sum(p for _, _, p in found)
        items += [item(words, labels, kind) for words, labels, _ in found]
        shares += [whole * p / total for _, _, p in found]
    return tuple(items), np.array(shares)


def item(words: str, labels: str, kind: str) -> Item:
    """A labelled sentence; asked is the row of the ambiguous word (or of what stands in its place)."""
    row = {"people": 4, "raced": 3, "raced-fell": 3, "ridden-fell": 3, "verb": 3}.get(kind, 3)
    return Item((START, *words.split()), ("-", *labels.split()), row)


@cache
def lengths() -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Length -> the numbers of its sentences, and the cumulated probability of each among them."""
    items, shares = grammar()
    size = np.array([len(item.tokens) for item in items])
    return {
        int(n): (np.flatnonzero(size == n), np.cumsum(shares[size == n])) for n in np.unique(size)
    }


def draw(rng: np.random.Generator, step: int, size: int) -> list[Item]:
    """The batch of training update `step`: sentences of one length, lengths as often as they are."""
    items, by_length = grammar()[0], lengths()
    totals = np.cumsum([cumulated[-1] for _, cumulated in by_length.values()])
    numbers, cumulated = list(by_length.values())[
        int(np.searchsorted(totals, rng.random() * totals[-1], side="right"))
    ]
    places = np.searchsorted(cumulated, rng.random(size) * cumulated[-1], side="right")
    return [items[numbers[place]] for place in places]


def of_split(rng: np.random.Generator, split: str) -> Item:
    """One sentence of a split: "held-out/verb" is one such as "the old man the boats"."""
    held, _, kind = split.partition("/")
    sentences = listed(kind, held == "held-out") or listed(kind, False)
    words, labels = sentences[int(rng.random() * len(sentences))]
    return item(words, labels, kind)


def next_words(found: Item) -> Item:
    """The same sentence for a language model: every row wants the next word, "<s>" after the last."""
    return Item(found.tokens, (*found.tokens[1:], START), found.asked)


def expected(prefix: tuple[str, ...], word: str) -> float:
    """Probability of `word` after `prefix` (without "<s>") in the grammar; nan where none begins so."""
    items, shares = grammar()
    n = len(prefix)
    begins = np.array([item.tokens[1 : n + 1] == prefix for item in items])
    goes_on = np.array([len(i.tokens) > n + 1 and i.tokens[n + 1] == word for i in items])
    total = shares[begins].sum()
    return float(shares[begins & goes_on].sum() / total) if total else float("nan")


def telling(found: Item) -> int:
    """The row whose word ends the ambiguity, or stands where it would: "the", or "fell"."""
    return 7 if "past" in found.tokens else found.asked + 1


def surprisal(model: LanguageModel, found: Item, ids: Mapping[str, int]) -> tuple[float, float]:
    """Bits at the telling row, and the mean of the rows after it (of the full stop's if it is last)."""
    tokens = np.array([[ids[word] for word in found.tokens]])
    logits = to_numpy(model.architecture.logits(model.params, tokens))[0].astype(np.float64)
    logits -= logits.max(-1, keepdims=True)
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))  # (T, V)
    bits = -log_p[np.arange(len(tokens[0]) - 1), tokens[0][1:]] / np.log(2)  # bits[t]: of row t + 1
    at = telling(found)
    after = bits[at:]
    return float(bits[at - 1]), float(after.mean()) if len(after) else 0.0
