"""The corpus as a whole: vocabulary, determinism, and what training must never show."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios import corpus
from scenarios.corpus import START, batch, collate, encode, sample, vocabulary
from scenarios.corpus.build_lexicon import build
from scenarios.corpus.lexicon import lexicon
from scenarios.corpus.splits import MAX_TRAIN_DISTANCE

SPLITS = [
    "train",
    "agreement/attractors-0",
    "agreement/attractors-16",
    "agreement/held-out-nouns",
    "agreement/distance-6",
    "agreement/distance-32",
    "coreference/train-pairs",
    "coreference/held-out-pairs",
    "coreference/gap-24",
    "coreference/held-out-gap-4",
]
LEXICON = Path(corpus.__file__).with_name("lexicon.toml")
FORMS = {f: n for n in lexicon().animate + lexicon().object for f in (n.singular, n.plural)}


def test_the_vocabulary_has_the_size_of_a_little_english():
    words = vocabulary()
    assert words[0] == START
    assert list(words[1:]) == sorted(set(words[1:]))
    assert 250 <= len(words) <= 420


def test_no_word_belongs_to_two_classes():
    """A form that is noun and verb at once would make sentences ambiguous."""
    lex = lexicon()
    classes = [
        {f for n in lex.animate + lex.object + lex.thing for f in (n.singular, n.plural)},
        {f for v in lex.transitive + lex.posture for f in (v.singular, v.plural, v.past)},
        {w for kind in lex.adjectives.values() for w in kind},
        set(lex.large),
        set(lex.small),
        set(lex.prepositions),
    ]
    assert sum(map(len, classes)) == len(set().union(*classes))
    forms = [f for v in lex.transitive + lex.posture for f in (v.singular, v.plural, v.past)]
    assert len(forms) == len(set(forms)), "a past form that equals the plain one shows no tense"


def test_every_word_of_the_vocabulary_is_trained():
    seen = {w for s in sample("train", 6000, 0) for w in s.tokens}
    assert seen == set(vocabulary())


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(SPLITS), st.integers(0, 2**32 - 1))
def test_sentences_are_words_of_the_vocabulary_and_repeat_by_seed(split, seed):
    first = sample(split, 4, seed)
    assert first == sample(split, 4, seed)
    assert first[:2] == sample(split, 2, seed), "a longer sample begins with the shorter one"
    words = set(vocabulary())
    for s in first:
        assert set(s.tokens) <= words
        assert s.tokens[0] == START
        assert START not in s.tokens[1:]
        assert s.tokens[-1] == "."
        assert 0 < s.target < len(s.tokens)
        assert s.tokens[s.target] == s.correct
        assert s.wrong in words
        assert s.wrong != s.correct
        assert s.split == split
        assert s.prefix == s.tokens[: s.target]


def test_seeds_and_splits_differ():
    assert sample("train", 20, 0) != sample("train", 20, 1)
    pairs, gap = (sample(f"coreference/{s}", 20, 0) for s in ("train-pairs", "gap-0"))
    assert [s.tokens for s in pairs] != [s.tokens for s in gap]


def test_training_stays_within_its_bounds():
    """Held-out nouns, distances and attractor counts never occur in training."""
    ss = sample("train", 8000, 4)
    agreement = [s for s in ss if s.kind == "agreement"]
    assert max(s.distance for s in agreement) == MAX_TRAIN_DISTANCE
    assert {s.attractors for s in agreement} == {0, 1, 2, 3, 4}
    assert not any(s.held_out for s in ss)
    for s in agreement:
        assert not any(w in FORMS and FORMS[w].held_out for w in s.tokens), s.text
    for s in ss:
        if s.kind == "simple":
            assert s.attractors == 0
    in_simple = {FORMS[w].singular for s in ss if s.kind == "simple" for w in s.prefix
                 if w in FORMS and FORMS[w].held_out}  # fmt: skip
    assert in_simple == {n.singular for n in FORMS.values() if n.held_out}


@pytest.mark.parametrize("n", [1, 4, 16])
def test_attractor_splits_disagree_throughout(n):
    for s in sample(f"agreement/attractors-{n}", 100, 1):
        assert s.attractors == s.disagreeing == n


@pytest.mark.parametrize("d", [6, 8, 16, 24, 33])
def test_distance_splits_have_their_distance_and_one_attractor(d):
    for s in sample(f"agreement/distance-{d}", 50, 1):
        assert (s.distance, s.attractors, s.disagreeing) == (d, 1, 1)


def test_held_out_nouns_are_the_subjects_and_only_the_subjects():
    for s in sample("agreement/held-out-nouns", 300, 1):
        subject, *others = [FORMS[w] for w in s.prefix if w in FORMS]
        assert subject.held_out
        assert s.held_out
        assert s.disagreeing >= 1
        assert not any(n.held_out for n in others)


@pytest.mark.parametrize("name", ["agreement/atractors-4", "agreement/attractors-N", "train-3", ""])
def test_an_unknown_split_is_an_error_that_names_the_splits(name):
    with pytest.raises(KeyError, match="coreference/held-out-pairs"):
        sample(name, 1, 0)


def test_an_impossible_distance_is_an_error():
    with pytest.raises(ValueError, match="between 6 and 33"):
        sample("agreement/distance-40", 1, 0)


def test_a_step_of_the_stream_needs_no_replay():
    again, other = batch(3, 1000, 8), batch(3, 1001, 8)
    first = batch(3, 1000, 8)
    np.testing.assert_array_equal(first.inputs, again.inputs)
    assert first.inputs.shape != other.inputs.shape or (first.inputs != other.inputs).any()


def test_a_batch_is_its_sentences_shifted_by_one():
    ss = sample("train", 5, 9)
    b = collate(ss)
    assert (
        b.inputs.shape == b.targets.shape == b.weights.shape == (5, max(len(s.tokens) for s in ss))
    )
    for row, s in enumerate(ss):
        n = len(s.tokens)
        assert b.inputs[row, :n].tolist() == encode(s.tokens)
        assert b.targets[row, :n].tolist() == encode([*s.tokens[1:], START])
        assert b.weights[row].sum() == n
        assert (b.inputs[row, n:] == 0).all()


def test_there_is_no_unk():
    with pytest.raises(KeyError):
        encode(["xylophone"])


def test_the_committed_lexicon_is_what_the_build_script_writes():
    pytest.importorskip("lemminflect", reason="only the build of the lexicon needs it")
    assert LEXICON.read_text(encoding="utf-8") == build()
