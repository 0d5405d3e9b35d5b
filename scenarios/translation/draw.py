"""Sentences at random, and what training never sees.

Held out are a fifth of the pairs of noun and adjective and a fifth of those of verb and object (of verb and
"him", "her" or "them" where a pronoun is all that is said): every word of a held-out sentence is known,
the combination is not.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from scenarios.corpus.sentence import chance, pick
from scenarios.translation.forms import Adjective, Noun, Verb, forms
from scenarios.translation.sentence import DETERMINERS, PRONOUNS, Phrase, Sentence

KINDS = ("noun", "pronoun", "negated-noun", "negated-pronoun", "antecedent")
OFTEN = (0.35, 0.1, 0.25, 0.1, 0.2)  # of each in training


@cache
def new_adjective(noun: Noun, adjective: Adjective) -> bool:
    """True where training never says this adjective of this noun."""
    known = forms()
    return (known.nouns.index(noun) + 2 * known.adjectives.index(adjective)) % 5 == 0


@cache
def new_object(verb: Verb, noun: Noun) -> bool:
    """True where training never does this to that."""
    known = forms()
    return (known.nouns.index(noun) + known.verbs.index(verb)) % 5 == 1


@cache
def new_pronoun(verb: Verb, feminine: bool, plural: bool) -> bool:
    """True where training never does this to "him", to "her" or to "them"."""
    return (forms().verbs.index(verb) + 2 * (2 if plural else int(feminine))) % 5 == 1


def held_out(said: Sentence) -> bool:
    """True where training would not say this sentence."""
    subject = [] if isinstance(said.subject, str) else [said.subject]
    pairs = [(p.noun, a) for p in (*subject, said.object) for a in p.adjectives]
    pairs += [(said.object.noun, said.quality)] if said.quality else []
    thing = said.object.noun
    if said.pronoun and not said.quality:  # nothing says which noun the pronoun stands for
        unseen = new_pronoun(said.verb, thing.feminine, said.object.plural)
    else:
        unseen = new_object(said.verb, thing)
    return unseen or any(new_adjective(*pair) for pair in pairs)


def _phrase(rng: np.random.Generator, person: bool, most: int) -> Phrase:
    known = forms()
    n = min(int(rng.random() * 3), most)
    adjectives = [a for a in known.adjectives if not person or a.before]
    first = pick(rng, adjectives)
    second = pick(rng, [a for a in adjectives if a.before != first.before] or [first])
    both = sorted((first, second), key=lambda a: not a.before)  # "small red"
    plural = chance(rng, 0.35)
    determiner = pick(rng, tuple(DETERMINERS))
    if plural and determiner == "a":
        determiner = "the"  # "des petites voitures", "de petites voitures": both are said
    if person:
        determiner, n = pick(rng, ("the", "this", "my")), min(n, 1)
    noun = pick(rng, [noun for noun in known.nouns if noun.person == person])
    return Phrase(noun, determiner, tuple(both if n == 2 else [first][:n]), plural)


def sentence(rng: np.random.Generator, kind: str = "") -> Sentence:
    """A sentence of this construction, or of any, held out or not."""
    known = forms()
    if not kind:
        kind = KINDS[int(np.searchsorted(np.cumsum(OFTEN), rng.random(), side="right").clip(0, 4))]
    pronoun = kind in ("pronoun", "negated-pronoun", "antecedent")
    quality = pick(rng, known.adjectives) if kind == "antecedent" else None
    # a pronoun without a noun before it is a person's: "it" would have no gender
    person = pronoun and not quality
    what = _phrase(rng, person, 0 if pronoun else 2)
    who: str | Phrase = pick(rng, tuple(PRONOUNS))
    if chance(rng, 0.5):
        who = _phrase(rng, True, 0 if quality else 1)
    negated = kind.startswith("negated") or (bool(quality) and chance(rng, 0.3))
    return Sentence(who, pick(rng, known.verbs), what, negated, pronoun, quality)


def draw(rng: np.random.Generator, held: bool, kind: str = "") -> Sentence:
    """A sentence that training may say, or (`held`) one that it never does."""
    while True:
        said = sentence(rng, kind)
        if held_out(said) == held:
            return said
