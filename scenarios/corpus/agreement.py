"""Agreement: a verb takes the number of its subject, not of the nouns that stand between them.

    S  -> NP VP "."                       the verb of this VP is the probe
    NP -> "the" N [link NP | "that" NP V | "that" be ADJ ("and" ADJ)*]
    link -> P | "that" be P | "that" sit P | "that" V         (PPs and subject relatives)
    VP -> be ADJ ("and" ADJ)* | be P "the" N | V "the" N

Every modifier attaches to the nearest noun before it, and an NP is modified once, so a sentence has
one parse: what follows a complete NP is the verb of the innermost open clause.
(Cf. Linzen, Dupoux & Goldberg 2016, "Assessing the Ability of LSTMs to Learn Syntax-Sensitive
Dependencies", for attractors; the grammar is our own.)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .lexicon import START, Noun, lexicon
from .sentence import Sentence, chance, choose, pick

P_PREPOSITION = 0.5  # a link to the next noun is a bare PP (else a subject relative)
P_OBJECT_RELATIVE = 0.15  # at each noun, if the next one is animate
P_TAIL = 0.3  # "that was red" after the last noun


@dataclass(frozen=True)
class Head:
    """A noun in its number."""

    noun: Noun
    plural: bool

    @property
    def word(self) -> str:
        return self.noun.form(self.plural)


def be(plural: bool, past: bool) -> str:
    """is, are, was or were."""
    return ("were" if plural else "was") if past else ("are" if plural else "is")


def adjectives(rng: np.random.Generator, noun: Noun, n: int) -> list[str]:
    """ "red and old and nice": n different adjectives that suit the noun, 2 n - 1 tokens."""
    first, *rest = choose(rng, lexicon().adjectives[noun.kind], n)
    return [first, *(w for a in rest for w in ("and", a))]


def preposition(rng: np.random.Generator, noun: Noun) -> str:
    return "to" if noun.takes_to and chance(rng, 0.6) else pick(rng, lexicon().prepositions)


def place(rng: np.random.Generator) -> str:
    return pick(rng, lexicon().prepositions)


def posture(rng: np.random.Generator, head: Head, past: bool) -> str:
    """sat, sits, stand ...: a verb of position that suits the noun."""
    animate = head.noun.kind == "animate"
    verbs = [v for v in lexicon().posture if animate or not v.animate_only]
    return pick(rng, verbs).form(head.plural, past)


def link(rng: np.random.Generator, head: Head, past: bool) -> list[str]:
    """What ties the next noun to `head`: a preposition, or a subject relative up to its noun."""
    if chance(rng, P_PREPOSITION):
        return [preposition(rng, head.noun)]
    verb = ["that", be(head.plural, past), place(rng)]
    if chance(rng, 0.4):
        verb = ["that", posture(rng, head, past), place(rng)]
    elif head.noun.kind == "animate" and chance(rng, 0.5):
        verb = ["that", pick(rng, lexicon().transitive).form(head.plural, past)]
    return verb


def noun_phrase(
    rng: np.random.Generator, heads: Sequence[Head], past: bool, tail: int, embed: bool = True
) -> list[str]:
    """An NP whose first noun is the head and whose other nouns hang from it in order.

    `tail` adjectives describe the last noun in a relative clause ("that was red and old"). At most
    one object relative ("that the dogs like") is embedded, and only where `embed` allows it.
    """
    head, *rest = heads
    tokens = ["the", head.word]
    if not rest:
        if tail:
            tokens += ["that", be(head.plural, past), *adjectives(rng, head.noun, tail)]
        return tokens
    if embed and rest[0].noun.kind == "animate" and chance(rng, P_OBJECT_RELATIVE):
        verb = pick(rng, lexicon().transitive).form(rest[0].plural, past)
        return [*tokens, "that", *noun_phrase(rng, rest, past, tail, embed=False), verb]
    return [*tokens, *link(rng, head, past), *noun_phrase(rng, rest, past, tail, embed)]


def verb_phrase(rng: np.random.Generator, head: Head, past: bool, other: Noun) -> list[str]:
    """A VP whose first token shows number: be in either tense, other verbs in the present."""
    kind = rng.random()
    if kind < 0.25 and not past and head.noun.kind == "animate":
        verb = pick(rng, lexicon().transitive).form(head.plural, past)
        return [verb, "the", other.form(chance(rng, 0.5))]
    if kind < 0.5:
        return [be(head.plural, past), place(rng), "the", other.form(chance(rng, 0.5))]
    return [be(head.plural, past), *adjectives(rng, head.noun, 2 if chance(rng, 0.2) else 1)]


_OTHER_NUMBER = {"is": "are", "are": "is", "was": "were", "were": "was"}


def other_number(verb: str) -> str:
    """The same verb and tense in the other number ("was" -> "were", "like" -> "likes")."""
    if verb in _OTHER_NUMBER:
        return _OTHER_NUMBER[verb]
    for v in lexicon().transitive + lexicon().posture:
        if verb in (v.singular, v.plural):
            return v.plural if verb == v.singular else v.singular
    raise ValueError(f"{verb!r} shows no number")


def agreement(
    rng: np.random.Generator, heads: Sequence[Head], past: bool, tail: int, kind: str = "agreement"
) -> Sentence:
    """A sentence about heads[0] with heads[1:] as attractors, in this order."""
    lex = lexicon()
    subject, *attractors = heads
    phrase = noun_phrase(rng, heads, past, tail)
    other = pick(rng, [n for n in lex.animate + lex.object if not n.held_out])
    verb = verb_phrase(rng, subject, past, other)
    target = 1 + len(phrase)
    return Sentence(
        tokens=(START, *phrase, *verb, "."),
        kind=kind,
        target=target,
        correct=verb[0],
        wrong=other_number(verb[0]),
        attractors=len(attractors),
        disagreeing=sum(a.plural != subject.plural for a in attractors),
        distance=target - 3,  # <s> the N ... verb: the noun is token 2
        held_out=False,
    )
