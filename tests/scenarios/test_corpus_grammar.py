"""An independent reader of the little English: it trusts tokens, never the generator's metadata."""

from dataclasses import dataclass

import pytest

from scenarios.corpus import sample, vocabulary
from scenarios.corpus.lexicon import lexicon

LEX = lexicon()
SINGULAR = {n.singular for n in LEX.animate + LEX.object + LEX.thing}
PLURAL = {n.plural for n in LEX.animate + LEX.object + LEX.thing}
PLACE = {*LEX.prepositions, "to"}
ADJECTIVES = {w for kind in LEX.adjectives.values() for w in kind}
BE = {"is": False, "was": False, "are": True, "were": True}
VERB_S = {v.singular for v in LEX.transitive + LEX.posture}
VERB_PLAIN = {v.plural for v in LEX.transitive + LEX.posture}
VERB_PAST = {v.past for v in LEX.transitive + LEX.posture}
VERBS = VERB_S | VERB_PLAIN | VERB_PAST
PAST = VERB_PAST | {"was", "were"}


def is_plural(word: str) -> bool | None:
    """The number that a verb shows; None for a past form, which shows none."""
    if word in BE:
        return BE[word]
    return None if word in VERB_PAST else word in VERB_PLAIN


class Reader:
    """Recursive descent over the grammar of `scenarios.corpus.agreement`; AssertionError if none.

    `nouns` are (position, plural) in order; `pasts` the tense of every verb.
    """

    def __init__(self, tokens: tuple[str, ...]) -> None:
        self.tokens, self.at = tokens, 1
        self.nouns: list[tuple[int, bool]] = []
        self.pasts: set[bool] = set()
        assert tokens[0] == "<s>"

    def peek(self) -> str:
        return self.tokens[self.at]

    def take(self, *allowed: str) -> str:
        word = self.tokens[self.at]
        assert word in allowed, f"token {self.at} of {self.tokens}: {word!r}"
        self.at += 1
        return word

    def verb(self, plural: bool, words: set[str]) -> str:
        word = self.take(*words)
        assert is_plural(word) in (None, plural), f"{word!r} in {self.tokens}"
        self.pasts.add(word in PAST)
        return word

    def noun(self) -> bool:
        self.take("the")
        plural = self.take(*SINGULAR, *PLURAL) in PLURAL
        self.nouns.append((self.at - 1, plural))
        return plural

    def adjectives(self) -> None:
        self.take(*ADJECTIVES)
        while self.peek() == "and":
            self.take("and")
            self.take(*ADJECTIVES)

    def noun_phrase(self) -> bool:
        """An NP; the number of its first noun."""
        plural = self.noun()
        if self.peek() in PLACE:
            self.take(*PLACE)
            self.noun_phrase()
        elif self.peek() == "that":
            self.take("that")
            if self.peek() == "the":
                self.verb(self.noun_phrase(), VERBS)
            else:
                self.predicate(plural)
        return plural

    def predicate(self, plural: bool) -> None:
        verb = self.verb(plural, set(BE) | VERBS)
        if verb in BE and self.peek() in ADJECTIVES:
            self.adjectives()
            return
        if verb in BE or self.peek() in PLACE:
            self.take(*PLACE)
        self.noun_phrase()

    def sentence(self) -> int:
        """Read all of it; the position of its main verb."""
        plural = self.noun_phrase()
        main = self.at
        self.predicate(plural)
        self.take(".")
        assert self.at == len(self.tokens)
        assert len(self.pasts) == 1, f"two tenses in {self.tokens}"
        return main


@dataclass(frozen=True)
class Reading:
    target: int
    attractors: int
    disagreeing: int
    distance: int
    subject: str


def read(tokens: tuple[str, ...]) -> Reading:
    reader = Reader(tokens)
    main = reader.sentence()
    (first, plural), *between = [n for n in reader.nouns if n[0] < main]
    other = sum(p != plural for _, p in between)
    return Reading(main, len(between), other, main - first - 1, tokens[first])


def tokens_of(text: str) -> tuple[str, ...]:
    return ("<s>", *text.split())


@pytest.mark.parametrize(
    ("text", "verb", "attractors", "disagreeing"),
    [
        ("the cat that sat on the mat that was red was happy .", 11, 1, 0),
        ("the cats that sat on the mat that was red were happy .", 11, 1, 1),
        ("the cat that sat on the mats that were red was happy .", 11, 1, 1),
        ("the keys to the cabinet are on the table .", 6, 1, 1),
        ("the key to the cabinets near the doors is old .", 9, 2, 2),
        ("the cat that the dogs near the mat like is happy .", 10, 2, 1),
        ("the dogs that chase the cat like the mice .", 7, 1, 1),
    ],
)
def test_the_examples_are_in_the_grammar(text, verb, attractors, disagreeing):
    assert set(tokens_of(text)) <= set(vocabulary())
    reading = read(tokens_of(text))
    assert (reading.target, reading.attractors, reading.disagreeing) == (
        verb,
        attractors,
        disagreeing,
    )


@pytest.mark.parametrize(
    "text",
    [
        "the cat that sat on the mat that was red were happy .",  # number of the main verb
        "the cat that sat on the mat that were red was happy .",  # number inside the relative
        "the cat that the dogs near the mat likes is happy .",  # object relative
        "the cat that sat on the mat is happy .",  # two tenses
        "the cat near is happy .",
    ],
)
def test_the_reader_refuses_what_is_wrong(text):
    with pytest.raises(AssertionError):
        read(tokens_of(text))


SPLITS = ["attractors-0", "attractors-4", "attractors-16", "held-out-nouns", "distance-32"]


@pytest.mark.parametrize("split", ["train", *(f"agreement/{s}" for s in SPLITS)])
def test_agreement_metadata_is_what_an_independent_reading_finds(split):
    kinds = set()
    for s in sample(split, 400, 5):
        if s.kind == "coreference":
            continue
        kinds.add(s.kind)
        r = read(s.tokens)
        assert (r.target, r.attractors, r.disagreeing, r.distance) == (
            s.target,
            s.attractors,
            s.disagreeing,
            s.distance,
        ), s.text
        assert s.tokens[s.target] == s.correct
        assert is_plural(s.wrong) is (not is_plural(s.correct)), s
        assert (s.wrong in PAST) == (s.correct in PAST)
    assert kinds == ({"simple", "agreement"} if split == "train" else {"agreement"})


def test_every_construction_occurs_in_training():
    texts = [s.text for s in sample("train", 3000, 8) if s.kind == "agreement"]
    nouns, objects = SINGULAR | PLURAL, 0
    for text in texts:
        words = text.split()
        objects += any(
            a in nouns and b == "that" and c == "the"
            for a, b, c in zip(words, words[1:], words[2:], strict=False)
        )
    assert objects > 50
    for phrase in ("that was", "that sat on", "that likes the", "keys to the", "are on the"):
        assert any(phrase in t for t in texts), phrase
