"""Coreference, re-derived from the words alone."""

import itertools

import pytest

from scenarios.corpus import sample, vocabulary
from scenarios.corpus.coreference import held_out_pair
from scenarios.corpus.lexicon import lexicon

LEX = lexicon()
LEMMA = {f: n for n in LEX.thing for f in (n.singular, n.plural)}
LARGE, SMALL = set(LEX.large), set(LEX.small)


def resolve(tokens: tuple[str, ...]) -> tuple[str, str, int]:
    """(answer, the other noun, gap) by reading the clause: who goes in, and what it goes into."""
    clause = tokens[1 : tokens.index("because")]
    pronoun, copula, too, cue, stop = tokens[len(clause) + 2 : len(clause) + 7]
    assert (too, stop) == ("too", ".")
    question = tokens.index("what")
    assert tokens[question:-2] == ("what", copula, "too", cue, "?", "the")
    assert tokens[-1] == "."

    def after(*words: str) -> str:  # the first thing after these words
        at = next(i for i in range(len(clause)) if clause[i : i + len(words)] == words)
        return next(w for w in clause[at:] if w in LEMMA)

    first = next(w for w in clause if w in LEMMA)
    if "fit" in clause:
        inside, around = first, after("fit", "in")
    elif "go" in clause:
        inside, around = first, after("go", "into")
    elif "held" in clause:
        inside, around = first, after("held", "by")
    elif "hold" in clause:
        inside, around = after("hold"), first
    elif "there" in clause:
        inside, around = after("for"), after("room", "in")
    else:
        inside, around = after("room", "for"), first
    number = {w == LEMMA[w].plural for w in (inside, around)}
    assert number == {pronoun == "they"}, "both nouns have the pronoun's number"
    assert copula in (("are", "were") if pronoun == "they" else ("is", "was"))
    assert (cue in LARGE) != (cue in SMALL)
    gap = question - (len(clause) + 7)
    return (inside, around, gap) if cue in LARGE else (around, inside, gap)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("the trophy doesn't fit in the suitcase because it is too big . what is too big ?", 0),
        ("the trophy doesn't fit in the suitcase because it is too small . what is too small ?", 1),
        ("the suitcase could not hold the trophy because it was too small . what was too small ?", 1),
        ("the suitcase can not hold the trophy because it is too big . what is too big ?", 0),
        ("the trophies don't go into the suitcases because they are too big . what are too big ?", 0),
        ("there was no room in the suitcase for the trophy because it was too big . what was too big ?", 0),
    ],
)  # fmt: skip
def test_the_examples(text, answer):
    plural = " they " in text
    nouns = ("trophies", "suitcases") if plural else ("trophy", "suitcase")
    tokens = ("<s>", *text.split(), "the", nouns[answer], ".")
    assert set(tokens) <= set(vocabulary())
    assert resolve(tokens) == (nouns[answer], nouns[1 - answer], 0)


@pytest.mark.parametrize(
    "split", ["train-pairs", "held-out-pairs", "gap-0", "gap-16", "held-out-gap-8"]
)
def test_the_answer_is_what_an_independent_reading_finds(split):
    for s in sample(f"coreference/{split}", 400, 11):
        answer, other, gap = resolve(s.tokens)
        assert (s.correct, s.wrong) == (answer, other), s.text
        assert s.tokens[s.target] == s.correct
        assert s.target == len(s.tokens) - 2
        assert s.tokens[s.target - s.distance - 1] == s.correct
        clause = s.tokens[: s.tokens.index("because")]
        assert s.attractors == sum(w in LEMMA for w in clause) - 1
        if "gap-" in split:
            assert gap == int(split.rsplit("-", 1)[1])
        assert s.held_out == held_out_pair(LEMMA[answer], LEMMA[other])
        assert s.held_out == split.startswith("held-out")


def test_the_trophy_and_the_suitcase_never_met_in_training():
    assert held_out_pair(LEMMA["trophy"], LEMMA["suitcase"])


def test_no_training_sentence_names_a_held_out_pair():
    met = set()
    for s in sample("train", 6000, 2):
        named = sorted({LEMMA[w].singular for w in s.tokens if w in LEMMA})
        met |= set(itertools.combinations(named, 2))
    held = [p for p in met if held_out_pair(LEMMA[p[0]], LEMMA[p[1]])]
    assert not held
    trained = [p for p in itertools.combinations([n.singular for n in LEX.thing], 2)
               if not held_out_pair(LEMMA[p[0]], LEMMA[p[1]])]  # fmt: skip
    assert len(met) == len(trained), "every other pair does occur"
    assert 0.15 < 1 - len(trained) / (24 * 23 / 2) < 0.25


def test_no_single_clue_gives_the_answer_away():
    """Cue, position, frame, noun and pronoun each leave the answer near even odds."""
    ss = sample("coreference/train-pairs", 6000, 3)

    def share(of, by) -> float:  # the largest deviation from one half over the values of a clue
        groups: dict = {}
        for s in ss:
            groups.setdefault(by(s), []).append(of(s))
        return max(abs(sum(g) / len(g) - 0.5) for g in groups.values())

    def first(s) -> bool:  # is the answer named before the other noun?
        return s.tokens.index(s.correct) < s.tokens.index(s.wrong)

    def cue(s) -> bool:
        return s.tokens[s.target - 3] in LARGE

    def frame(s) -> bool:
        return next(w for w in s.tokens if w in ("fit", "go", "held", "hold", "for"))

    assert share(first, lambda s: 0) < 0.05
    assert share(first, cue) < 0.08
    assert share(first, frame) < 0.08
    assert share(lambda s: LEMMA[s.correct].singular < LEMMA[s.wrong].singular, cue) < 0.05
    by_noun = {n: [0, 0] for n in LEMMA.values()}
    for s in ss:
        by_noun[LEMMA[s.correct]][0] += 1
        by_noun[LEMMA[s.wrong]][1] += 1
    assert all(0.4 < a / (a + b) < 0.6 for a, b in by_noun.values())
