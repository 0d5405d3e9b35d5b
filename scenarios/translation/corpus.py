"""Pairs of English and French as `peephole train` and the cards want them."""

# ruff: noqa: SIM905 (word lists read better as text)

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

import numpy as np

from engine.models import LanguageModel
from engine.pairs import pair_batch
from engine.text import SPECIAL, STOP, tokenize
from engine.training import Batch
from scenarios.corpora import Side
from scenarios.pairs.scoring import greedy
from scenarios.translation.draw import KINDS, OFTEN, draw
from scenarios.translation.forms import forms
from scenarios.translation.sentence import DETERMINERS, OBJECTS, PRONOUNS, Sentence

EVALUATED = 200  # held-out sentences of each construction
LENGTHS = (
    (4, 6),
    (7, 8),
    (9, 10),
    (11, 16),
)  # of the English sentence in tokens, both ends included
GRAMMAR = """\
A sentence that it can be given: somebody does something to something, in one of these constructions.
- noun: she sees the small red car .
- pronoun: the girl carries him .
- negated-noun: the girl does not see the red car .
- negated-pronoun: they do not see her .
- antecedent: the car is red and she sees it .

Other sentences of the same words ("the red coat is old .") are outside: no training sentence is so."""
MOST = 20  # French tokens that are written at most


@cache
def languages() -> tuple[frozenset[str], frozenset[str]]:
    """The words of English and those of French; some are both."""
    known = forms()
    english = {word for noun in known.nouns for word in noun.en} | {a.en for a in known.adjectives}
    english |= {word for verb in known.verbs for form in verb.en for word in form.split()}
    english |= {*DETERMINERS, *PRONOUNS, *"does do not is are and these him her it them .".split()}
    french = {word for noun in known.nouns for word in noun.fr} | set(PRONOUNS.values())
    french |= {word for adjective in known.adjectives for word in adjective.fr}
    french |= {word for verb in known.verbs for word in verb.fr} | set(OBJECTS)
    french |= {word for row in DETERMINERS.values() for word in row}
    return frozenset(english), frozenset({*french, *"ne pas est sont et .".split()})


@cache
def vocabulary() -> tuple[str, ...]:
    """The words of both languages, each once."""
    english, french = languages()
    return (*SPECIAL, *sorted(english | french))


@cache
def sentences() -> re.Pattern[str]:
    """What every English sentence matches, held out or not (agreement is not looked at)."""
    known = forms()

    def one(words: Iterable[str]) -> str:
        return f"(?:{'|'.join(words)})"

    adjective = one(a.en for a in known.adjectives)
    noun = one(word for noun in known.nouns for word in noun.en)
    phrase = f"(?:{one((*DETERMINERS, 'these'))} )?(?:{adjective} ){{0,2}}{noun}"
    verb = one(form for verb in known.verbs for form in verb.en)
    return re.compile(
        f"(?:{phrase} (?:is|are) {adjective} and )?(?:{one(PRONOUNS)}|{phrase})"
        f"(?: (?:does|do) not)? {verb} (?:him|her|it|them|{phrase}) \\."
    )


@cache
def _ids() -> Mapping[str, int]:
    return {word: index for index, word in enumerate(vocabulary())}


@cache
def held_out() -> tuple[Sentence, ...]:
    """The sentences that every model is scored on: each once, none that training could say."""
    rng = np.random.default_rng([1, *b"translation"])
    found: dict[str, Sentence] = {}
    for kind in KINDS:
        part: dict[str, Sentence] = {}
        for _ in range(20 * EVALUATED):
            said = draw(rng, held=True, kind=kind)
            part.setdefault(said.english, said)
            if len(part) == EVALUATED:
                break
        found |= part
    return tuple(found.values())


class Translation:
    """Sentences of `scenarios.translation`, English to French."""

    name = "english-french"
    items = "sentences"
    about = (
        "`scenarios.translation`: pairs of one meaning, their forms realised by pyrealb (Lapalme); no "
        "French word in it elides"
    )
    objective = "cross-entropy of the French words, teacher forced"
    measured = f"""\
Exact match, running free (greedy): the share of held-out sentences whose French is right word for word.
They are {EVALUATED} of each construction, or all that were found; every one has a pair of adjective and
noun, or of verb and object, that no training sentence has. `her` and `him` stand for persons; `it` and
`them` of *antecedent* for what the clause before names ("the car is red and she sees it": elle la voit)."""
    groups: Mapping[str, str] = {
        "All held-out sentences": "exact/",
        "By construction": "construction/",
        "By the length of the English sentence (tokens)": "length/",
    }

    grammar = GRAMMAR

    def vocabulary(self) -> tuple[str, ...]:
        return vocabulary()

    def sides(self) -> tuple[Side, Side]:
        english, french = (tuple(sorted(words)) for words in languages())
        return Side("English words", english), Side("French words", french)

    def outside(self, text: str) -> str:
        """Why a source is none that training or the scores could hold; "" where it is one."""
        if sentences().fullmatch(" ".join(tokenize(text))):
            return ""
        return "a sentence of none of its constructions, so its French may be anything"

    def batch(self, seed: int, step: int, size: int) -> Batch:
        rng, ids = np.random.default_rng([seed, step, 2]), _ids()
        kinds = np.searchsorted(np.cumsum(OFTEN), rng.random(size), side="right").clip(
            0, len(KINDS) - 1
        )
        drawn = [draw(rng, held=False, kind=KINDS[kind]) for kind in kinds]
        sources = [[*(ids[word] for word in said.english.split()), STOP] for said in drawn]
        targets = [[ids[word] for word in said.french.split()] for said in drawn]
        return pair_batch(sources, targets)

    def score(self, model: LanguageModel) -> dict[str, float]:
        said = held_out()
        written = greedy(model, [one.english.split() for one in said], MOST)
        right = np.array([
            " ".join(french) == one.french for french, one in zip(written, said, strict=True)
        ])  # fmt: skip
        length = np.array([len(one.english.split()) for one in said])
        kind = np.array([one.construction for one in said])
        scores = {"exact/all": float(right.mean())}
        scores |= {f"construction/{k}": float(right[kind == k].mean()) for k in KINDS}
        for low, high in LENGTHS:
            these = (length >= low) & (length <= high)
            scores[f"length/{low}-{high}"] = float(right[these].mean())
        return {name: round(value, 4) for name, value in scores.items()}


ENGLISH_FRENCH = Translation()
