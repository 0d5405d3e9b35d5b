"""Measures of decoding and of edited attention: each against a plain loop of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine import Decoding, EditAttention, Hold, PeepholeError, fork, run
from engine.text import END, START
from scenarios import zoo
from scenarios.lanes import Lane
from scenarios.measures import MEASURES


def lane(name: str, text: str, how: str = "", *items: Any, target: str | None = None) -> Lane:
    model = zoo.model(name)
    decoding = Decoding.parse(how) if how else None
    trace = run(model, text, items, target=target, decoding=decoding)
    return Lane(name, model, trace, tuple(items))


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z.astype(np.float64) - z.max())
    return e / e.sum()


def test_what_a_cut_leaves() -> None:
    at = lane("lstm", "the cats that sat on the mat")
    p = np.sort(softmax(at.trace["logits"][4]))[::-1]  # after 'sat'
    kept = int(np.searchsorted(np.cumsum(p), 0.9)) + 1
    assert MEASURES["words_kept"](at, "on", "top-p 0.9") == kept
    assert MEASURES["mass_kept"](at, "on", "top-p 0.9") == pytest.approx(p[:kept].sum())
    assert MEASURES["mass_kept"](at, "on", "top-k 5") == pytest.approx(p[:5].sum())
    hot = softmax(at.trace["logits"][4] / 2)
    on = at.model.vocabulary.ids["on"]
    assert MEASURES["chance_after"](at, "on", "on", "temperature 2") == pytest.approx(hot[on])
    assert MEASURES["spread"](at, "on") == pytest.approx(float(-(p * np.log2(p)).sum()))
    with pytest.raises(PeepholeError, match="nothing is chosen for row 0"):
        MEASURES["words_kept"](at, 0, "top-k 5")


@pytest.mark.parametrize("how", ["greedy", "beam 4"])
def test_what_was_written_and_how_likely_it_is(how: str) -> None:
    at = lane("lstm", "the cats", how)
    words = at.trace.tokens[3:]
    ids = at.model.vocabulary.encode([*words, START])  # the next sentence's start ends this one
    total = sum(
        np.log(softmax(at.trace["logits"][row])[word]) for row, word in enumerate(ids, start=2)
    )
    assert MEASURES["wrote"](at) == " ".join(words)
    assert MEASURES["wrote_words"](at) == len(words)
    assert MEASURES["wrote_log_p"](at) == pytest.approx(total, abs=1e-4)
    penalty = ((5 + len(words) + 1) / 6) ** 0.6
    assert MEASURES["wrote_log_p"](at, 0.6) == pytest.approx(total / penalty, abs=1e-4)
    with pytest.raises(PeepholeError, match="wrote nothing by itself"):
        MEASURES["wrote"](lane("lstm", "the cats"))


def test_draws_are_those_of_their_seeds() -> None:
    at = lane("lstm", "the cats")
    made = [lane("lstm", "the cats", f"top-k 4 seed {seed}") for seed in range(4)]
    logs = [MEASURES["wrote_log_p"](one) for one in made]
    counts = [MEASURES["wrote_words"](one) + 1 for one in made]
    assert MEASURES["best_draw"](at, "cats", 4, "top-k 4") == pytest.approx(max(logs))
    bits = -sum(logs) / np.log(2) / sum(counts)
    assert MEASURES["drawn_bits"](at, "cats", 4, "top-k 4") == pytest.approx(bits, rel=1e-4)
    words = {word for one in made for word in one.trace.tokens[3:]}
    assert MEASURES["drawn_words"](at, "cats", 4, "top-k 4") == len(words)


def test_whose_fault_a_wrong_answer_is() -> None:
    from scenarios.translation.corpus import held_out

    at, n = lane("en-fr-gru", "the king finds the flowers ."), 12
    every = held_out()
    some = [every[index] for index in np.random.default_rng(0).permutation(len(every))[:n]]
    right, better, blamed = [], [], []
    for said in some:
        one, two = (lane("en-fr-gru", said.english, how) for how in ("greedy", "beam 4"))
        logs = [MEASURES["wrote_log_p"](each) for each in (one, two)]
        right.append(MEASURES["wrote"](one) == said.french)
        better.append(logs[1] > logs[0] + 1e-6)
        told = run(one.model, said.english, target=said.french)
        ids = one.model.vocabulary.encode([*said.french.split(), END])
        logits = told["logits"][told.source :]
        wanted = sum(np.log(softmax(z)[word]) for z, word in zip(logits, ids, strict=True))
        if not right[-1]:
            blamed.append(logs[0] > wanted)
    assert MEASURES["written_right"](at, "greedy", n) == np.mean(right)
    assert MEASURES["found_better"](at, "beam 4", "greedy", n) == np.mean(better)
    assert MEASURES["blame"](at, "greedy", n) == np.mean(blamed)
    with pytest.raises(PeepholeError, match="no held-out pairs"):
        MEASURES["written_right"](lane("lstm", "the cats"), "greedy", 3)


# Attention --------------------------------------------------------------------------------------


def test_the_weight_of_a_word_is_that_of_the_row_before_it() -> None:
    at = lane("copy-bahdanau", "bad")
    weights = at.trace["cross_weights"]
    row = at.row("a#2")
    assert MEASURES["weight_for"](at, "a#2", "a") == pytest.approx(weights[row - 1, 0, 0, 1])
    assert MEASURES["weight_for"](at, len(at.trace), "</s>") == pytest.approx(weights[-1, 0, 0, 3])
    with pytest.raises(PeepholeError, match="was not written"):
        MEASURES["weight_for"](at, "b")


def test_erasing_an_input_is_holding_it_at_zero() -> None:
    at = lane("copy-bahdanau", "bad")
    given = run(at.model, "bad", target="b a d")
    found = MEASURES["erasure"](at, "a#2")
    for row in range(at.trace.source):
        held = fork(at.model, given, Hold("x", 0.0, start=row, stop=row + 1))
        where, a = at.row("a#2") - 1, at.model.vocabulary.ids["a"]
        lost = np.log2(softmax(given["logits"][where])[a] / softmax(held["logits"][where])[a])
        assert found[row] == pytest.approx(lost, abs=1e-3)
    ends = MEASURES["erasure"](at, len(at.trace))
    assert ends.argmax() == 3  # what ends the source ends the copy


def test_one_edge_alone_and_other_weights_at_one_tick() -> None:
    at = lane("copy-bahdanau", "bad")
    row, given = at.row("a#2"), run(at.model, "bad", target="b a d")
    a = at.model.vocabulary.ids["a"]

    def p(edit: EditAttention) -> float:
        return float(softmax(fork(at.model, given, edit)["logits"][row - 1])[a])

    wanted = [p(EditAttention("only", key, start=row - 1, stop=row)) for key in range(4)]
    np.testing.assert_allclose(MEASURES["edges"](at, row), wanted, rtol=1e-5)
    assert MEASURES["edges_enough"](at, row) == sum(one > 0.5 for one in wanted)
    even = p(EditAttention("uniform", start=row - 1, stop=row))
    assert MEASURES["chosen_with"](at, row, "uniform") == pytest.approx(even)
    mixed = p(EditAttention("permuted", seed=2, start=row - 1, stop=row))
    assert MEASURES["chosen_with"](at, row, "permuted", 2) == pytest.approx(mixed)


def test_how_many_ticks_hold_and_agree() -> None:
    from scenarios.card import corpus_of

    at, n = lane("copy-bahdanau", "bad"), 3
    texts, targets = corpus_of(at.model).examples(n)  # type: ignore[attr-defined]
    holds, agree = [], []
    for text, target in zip(texts, targets, strict=True):
        given = Lane("copy", at.model, run(at.model, text, target=target))
        for row in range(given.trace.source + 1, len(given.trace) + 1):
            word = given.trace.tokens[row] if row < len(given.trace) else END
            edit = EditAttention("uniform", start=row - 1, stop=row)
            logits = fork(at.model, given.trace, edit)["logits"][row - 1]
            holds.append(at.model.vocabulary.words[int(logits.argmax())] == word)
            weights = MEASURES["weight_for"](given, row)
            agree.append(weights.argmax() == MEASURES["erasure"](given, row).argmax())
    assert MEASURES["holds_with"](at, "uniform", n) == np.mean(holds)
    assert MEASURES["tops_agree"](at, n) == np.mean(agree)
