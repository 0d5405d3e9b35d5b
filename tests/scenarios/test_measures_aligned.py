"""Measures over many pairs, against traces that are read one by one."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from engine import run
from engine.errors import PeepholeError
from engine.phrases import intervention
from scenarios import zoo
from scenarios.expressions import evaluate, parse
from scenarios.lanes import Lane
from scenarios.measures import MEASURES
from scenarios.pairs import copying, spelling
from tests.scenarios.models import untrained

NAMES = ("copy-bahdanau", "copy-luong")


@cache
def lane(name: str, *hand_set: str) -> Lane:
    model, held = zoo.model(name), tuple(intervention(phrase) for phrase in hand_set)
    return Lane("lane", model, run(model, "cab", held), held)


def measured(text: str, of: Lane) -> Any:
    return evaluate(parse(text, MEASURES), MEASURES, {"lane": of}.__getitem__)


def weights(of: Lane, n: int) -> list[np.ndarray]:
    """(U + 1, S) of each of n pairs, from a trace of its own."""
    found = []
    for text in copying.items(copying.LONGEST, n):
        trace = run(of.model, text, of.hand_set, target=list(text))
        source = trace.source
        found.append(trace["cross_weights"][source:, 0, 0, :source])
    return found


@pytest.mark.parametrize("name", NAMES)
def test_alignments_of_many_pairs(name: str) -> None:
    of = lane(name)
    alone = weights(of, 6)
    where = [each.argmax(-1) for each in alone]
    assert measured("moves_on(lane, 6)", of) == pytest.approx(
        np.mean([step >= 0 for each in where for step in np.diff(each)])
    )
    diagonal = np.mean([row == tick for each in where for tick, row in enumerate(each)])
    assert measured("on_diagonal(lane, 6)", of) == pytest.approx(diagonal)
    assert measured("sharpness(lane, 6)", of) == pytest.approx(
        np.mean([row.max() for each in alone for row in each]), rel=1e-5
    )


def test_what_is_set_by_hand_stays_so() -> None:
    even = lane("copy-luong", "attention uniform")
    assert measured("sharpness(lane, 3)", even) == pytest.approx(1 / 13)
    assert measured("copied(lane, 12, n=20)", even) < measured(
        "copied(lane, 12, n=20)", lane("copy-luong")
    )


@pytest.mark.parametrize("name", NAMES)
def test_copies_are_those_of_runs(name: str) -> None:
    of = lane(name)
    texts = copying.items(14, 12)
    said = [run(of.model, text, most=16).tokens[16:] for text in texts]
    right = np.mean(["".join(one) == text for one, text in zip(said, texts, strict=True)])
    assert measured("copied(lane, 14, n=12)", of) == pytest.approx(right)


def test_words_right_are_those_of_runs() -> None:
    of = lane("spell-bahdanau")
    words, _ = spelling.SPELLING.examples(12)
    accepted = dict(
        zip(spelling.bundled()["scored"].words, spelling.bundled()["scored"].said, strict=True)
    )
    said = [run(of.model, word, most=20).tokens[len(word) + 2 :] for word in words]
    right = np.mean([tuple(one) in accepted[word] for word, one in zip(words, said, strict=True)])
    assert 0 < right < 1
    assert measured("words_right(lane, 12)", of) == pytest.approx(right)
    even = lane("spell-bahdanau", "attention uniform")
    assert measured("words_right(lane, 12)", even) < right


def test_silent_e_is_counted_word_by_word() -> None:
    of = lane("spell-transformer")
    scored = spelling.bundled()["scored"]
    looks, right = [], []
    for word, accepted in zip(scored.words, scored.said, strict=True):
        vowels = [at for at, sound in enumerate(accepted[0]) if sound[-1] in "012"]
        letters = ["aeiou".find(letter) >= 0 for letter in word]
        if (
            letters[-3:] == [True, False, True]
            and sum(letters) == 2
            and word[-1] == "e"
            and word[-2] not in "yrw"
            and "y" not in word
            and len(word) > 3
            and len(vowels) == 1
            and vowels[0] < len(accepted[0]) - 1
        ):
            trace = run(of.model, word, target=list(accepted[0]))
            weights = trace["cross_weights"][trace.source + vowels[0], 0, 0, : trace.source]
            looks.append(trace.tokens[int(weights.argmax())] == "e")
            right.append(tuple(run(of.model, word, most=20).tokens[len(word) + 2 :]) in accepted)
    assert len(looks) > 8
    assert measured("silent_e(lane, 0, 0)", of) == pytest.approx(np.mean(looks))
    assert measured("silent_e_right(lane)", of) == pytest.approx(np.mean(right))


def test_examples_of_words_are_held_out_ones() -> None:
    texts, targets = spelling.SPELLING.examples(50)
    scored = spelling.bundled()["scored"]
    assert len(set(texts)) == 50
    for text, target in zip(texts, targets, strict=True):
        assert scored.said[scored.words.index(text)][0] == tuple(target)
    assert len(spelling.SPELLING.examples(10**4)[0]) == 2000


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("moves_on(lane)", "no attention on a source"),
        ("copied(lane, 3)", "copies no letters"),
        ("words_right(lane, 3)", "spells no words"),
        ("silent_e(lane)", "spells no words"),
        ("silent_e_right(lane)", "spells no words"),
        ("sharpness(1)", "not a lane"),
    ],
)
def test_a_lane_that_cannot_be_asked_gets_one_message(text: str, says: str) -> None:
    model = untrained("gru")
    of = Lane("lane", model, run(model, "the cat"))
    with pytest.raises(PeepholeError, match=says):
        measured(text, of)


def test_no_pairs_cannot_be_measured() -> None:
    with pytest.raises(PeepholeError, match="whole number from 1"):
        measured("on_diagonal(lane, 0)", lane("copy-luong"))


def test_a_layer_or_head_that_is_not_there_gets_one_message() -> None:
    for text in ("moves_on(lane, 3, layer=1)", "moves_on(lane, 3, head=1)"):
        with pytest.raises(PeepholeError, match="has 1 layers of 1 heads"):
            measured(text, lane("copy-luong"))
