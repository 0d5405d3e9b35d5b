"""Decoding: cuts as properties, draws against their distribution, beams against every sentence there is."""

from __future__ import annotations

import contextlib
import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.beam import FINISHED, KEPT, PRUNED, Search, beam_search, length_penalty
from engine.decoding import Decoding, choose, cut, draw, pick
from engine.errors import PeepholeError

logits = st.lists(st.floats(-20, 20, width=32), min_size=1, max_size=12).map(np.array)


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - max(z))
    return e / e.sum()


@given(logits, st.floats(0.01, 1.0), st.floats(0.2, 5.0))
def test_the_nucleus_is_the_smallest_set_of_the_likeliest_words_with_the_mass(
    z: np.ndarray, top_p: float, temperature: float
) -> None:
    p = softmax(z / temperature)
    _, after, kept = cut(z, Decoding("sample", top_p=top_p, temperature=temperature))
    assert p[kept].sum() >= top_p - 1e-9
    assert p[kept].sum() - p[kept].min() < top_p + 1e-9  # one word less would not do
    assert kept.all() or p[kept].min() >= p[~kept].max() - 1e-12
    np.testing.assert_allclose(after[kept], p[kept] / p[kept].sum(), rtol=1e-9)
    assert not after[~kept].any()


@given(logits, st.integers(1, 15))
def test_top_k_keeps_k_words_and_none_left_out_is_likelier(z: np.ndarray, k: int) -> None:
    before, after, kept = cut(z, Decoding("sample", top_k=k))
    np.testing.assert_allclose(before, softmax(z), rtol=1e-9)
    assert kept.sum() == min(k, len(z))
    assert kept.all() or z[kept].min() >= z[~kept].max()
    assert math.isclose(after.sum(), 1.0)


@given(logits, st.integers(1, 6), st.floats(0.05, 0.99))
def test_both_cuts_together_are_the_one_after_the_other(
    z: np.ndarray, k: int, top_p: float
) -> None:
    kept = cut(z, Decoding("sample", top_k=k, top_p=top_p)).kept
    by_k = cut(z, Decoding("sample", top_k=k)).kept
    left = np.flatnonzero(by_k)
    by_p = cut(z[left], Decoding("sample", top_p=top_p)).kept
    assert set(np.flatnonzero(kept)) == set(left[by_p])


@given(logits, st.integers(0, 2**32 - 1))
def test_without_a_cut_and_at_temperature_1_nothing_changes(z: np.ndarray, seed: int) -> None:
    before, after, kept = cut(z, Decoding("sample", seed=seed))
    np.testing.assert_allclose(after, before, rtol=1e-12)
    assert kept.all()


@given(logits, st.integers(0, 99))
def test_greedy_takes_the_likeliest_and_temperature_goes_there_at_0(
    z: np.ndarray, row: int
) -> None:
    greedy = cut(z)
    assert choose(greedy, Decoding(), row) == int(np.argmax(z))
    assert greedy.after[np.argmax(z)] == 1.0
    top = np.sort(z)[::-1]
    if len(z) == 1 or top[0] - top[1] > 0.01:
        cold = Decoding("sample", temperature=1e-4)
        assert choose(cut(z, cold), cold, row) == int(np.argmax(z))


def test_heat_flattens_and_cold_sharpens() -> None:
    z = np.array([2.0, 1.0, 0.0, -1.0])

    def entropy(temperature: float) -> float:
        p = cut(z, Decoding("sample", temperature=temperature)).after
        return float(-(p * np.log2(p)).sum())

    found = [entropy(t) for t in (0.2, 0.5, 1.0, 2.0, 100.0)]
    assert found == sorted(found)
    assert found[-1] == pytest.approx(2.0, abs=1e-3)  # four words alike: 2 bits


def test_a_cut_of_many_rows_is_each_row_cut() -> None:
    z = np.random.default_rng(0).normal(size=(3, 4, 9))
    decoding = Decoding("sample", temperature=0.8, top_k=5, top_p=0.7)
    whole = cut(z, decoding)
    for at in itertools.product(range(3), range(4)):
        for many, one in zip(whole, cut(z[at], decoding), strict=True):
            np.testing.assert_array_equal(many[at], one)


def test_draws_follow_the_distribution() -> None:
    """Pearson's chi-square over 20,000 draws; 5 words, so 4 degrees of freedom: 18.47 is p = 0.001."""
    z = np.array([1.0, 0.3, 0.0, -0.5, -1.0, -3.0])
    decoding = Decoding("sample", temperature=1.3, top_k=5, seed=7)
    found = cut(z, decoding)
    n = 20_000
    words = [choose(found, decoding, row) for row in range(n)]
    counts = np.bincount(words, minlength=6)
    expected = n * found.after
    assert counts[5] == 0
    assert (((counts - expected)[:5] ** 2) / expected[:5]).sum() < 18.47
    assert words == [choose(found, decoding, row) for row in range(n)]  # the seed decides


def test_a_draw_belongs_to_its_row_and_falls_where_the_mass_is() -> None:
    assert draw(3, 5) == draw(3, 5) != draw(3, 6)
    after = np.array([0.2, 0.5, 0.0, 0.3])
    assert [pick(after, at) for at in (0.0, 0.49, 0.5, 0.79, 0.8, 1.0)] == [1, 1, 3, 3, 0, 0]


# Beams ----------------------------------------------------------------------------------------


def table(words: int, depth: int, seed: int) -> Any:
    """log p (V,) of the next word after any beginning, drawn at random and remembered."""
    known: dict[tuple[int, ...], np.ndarray] = {}
    rng = np.random.default_rng(seed)
    for length in range(depth):
        for prefix in itertools.product(range(words), repeat=length):
            known[prefix] = np.log(rng.dirichlet(np.ones(words)))
    return known


def search(known: Any, beam: int, most: int, stop: int | None, alpha: float = 0.0) -> Search:
    def expand(state: tuple[int, ...], word: int, step: int) -> Any:
        assert len(state) == step
        return (*state, word), known[(*state, word)]

    return beam_search((), known[()], expand, beam=beam, most=most, stop=stop, alpha=alpha)


def every(known: Any, words: int, most: int, stop: int | None) -> dict[tuple[int, ...], float]:
    """log p of every sentence of at most `most` words that has ended (or is of `most` without a stop)."""
    found = {}
    for length in range(1, most + 1):
        for ids in itertools.product(range(words), repeat=length):
            ends = ids[-1] == stop and stop not in ids[:-1] if stop is not None else length == most
            if ends:
                found[ids] = sum(known[ids[:i]][word] for i, word in enumerate(ids))
    return found


@settings(max_examples=30, deadline=None)
@given(
    st.integers(2, 4), st.integers(1, 3), st.integers(0, 10**6), st.booleans(), st.floats(0.0, 2.0)
)
def test_a_beam_as_wide_as_the_space_finds_the_best_of_all(
    words: int, most: int, seed: int, ends: bool, alpha: float
) -> None:
    known = table(words, most, seed)
    stop = 1 if ends else None
    found = search(known, 64, most, stop, alpha)
    everything = every(known, words, most, stop)
    scores = {ids: p / ((5 + len(ids)) / 6) ** alpha for ids, p in everything.items()}
    best = max(scores, key=lambda ids: scores[ids])
    assert tuple(found.best) == best
    assert found.score[found.chosen == 1][-1] == pytest.approx(scores[best])


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 5), st.integers(1, 4), st.integers(0, 10**6))
def test_a_beam_of_one_is_greedy(words: int, most: int, seed: int) -> None:
    known = table(words, most, seed)
    ids: tuple[int, ...] = ()
    while len(ids) < most and 1 not in ids:
        ids = (*ids, int(np.argmax(known[ids])))
    assert tuple(search(known, 1, most, 1).best) == ids


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 5), st.integers(2, 4), st.integers(1, 4), st.integers(0, 10**6))
def test_what_is_recorded_is_a_tree(words: int, most: int, beam: int, seed: int) -> None:
    known = table(words, most, seed)
    found = search(known, beam, most, 1)
    slots = beam
    for step, column in np.argwhere(found.token >= 0):
        ids = tuple(found.hypothesis(step, column))
        assert len(ids) == step + 1
        assert found.log_p[step, column] == pytest.approx(
            sum(known[ids[:i]][word] for i, word in enumerate(ids))
        )
        assert found.p[step, column] == pytest.approx(math.exp(known[ids[:-1]][ids[-1]]))
        parent = found.parent[step, column]
        assert step == 0 or found.fate[step - 1, parent] == KEPT
    for fate, score in zip(found.fate, found.score, strict=True):
        kept = (fate == KEPT) | (fate == FINISHED)
        assert kept.sum() <= slots
        left = (fate == PRUNED) & np.isfinite(score)
        assert not left.any() or score[kept].min() >= score[left].max()  # the best are kept
        slots -= int((fate == FINISHED).sum())
    assert [found.best] == [
        found.hypothesis(len(found.best) - 1, int(found.chosen[len(found.best) - 1].argmax()))
    ]


def test_greedy_misses_what_a_beam_of_two_finds() -> None:
    """The classic example by hand: 0.6 then 0.4 + 0.4 + ..., against 0.4 then 0.9."""
    known = {
        (): np.log([0.6, 0.4, 1e-12]),
        (0,): np.log([0.4, 0.35, 0.25]),
        (1,): np.log([0.05, 0.05, 0.9]),
    }
    greedy, two = search(known, 1, 2, None), search(known, 2, 2, None)
    assert greedy.best == [0, 0]
    assert two.best == [1, 2]
    assert math.exp(greedy.log_p[1, 0]) == pytest.approx(0.24)
    assert math.exp(two.log_p[1, 0]) == pytest.approx(0.36)


def test_the_length_penalty_by_hand() -> None:
    assert length_penalty(1, 0.6) == 1.0
    assert length_penalty(7, 1.0) == pytest.approx(2.0)
    assert length_penalty(19, 0.5) == pytest.approx(2.0)
    # Ending at once: log 0.3 = -1.204. Three words: log 0.25 = -1.386, over (8/6)^1 = -1.040.
    short, long = np.log([0.7, 0.3]), np.log([0.7, 1e-9])
    known = {(): short, (0,): long, (0, 0): np.log([1e-9, 0.25 / 0.49])}
    plain, penal = search(known, 8, 3, 1), search(known, 8, 3, 1, alpha=1.0)
    assert (plain.best, penal.best) == ([1], [0, 0, 1])
    assert penal.score[2, 0] == pytest.approx(math.log(0.25) / (8 / 6))


def test_a_search_is_kept_as_arrays() -> None:
    found = search(table(4, 3, 0), 3, 3, 1)
    again = Search.from_lens(found.lens())
    for name in found.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(again, name), getattr(found, name))


# What a person writes ---------------------------------------------------------------------------

decodings = st.one_of(
    st.just(Decoding()),
    st.builds(Decoding, st.just("beam"), st.integers(1, 64), st.floats(0, 10)),
    st.builds(
        Decoding,
        st.just("sample"),
        temperature=st.floats(1e-4, 1e4),
        top_k=st.integers(0, 999),
        top_p=st.floats(0, 1, exclude_min=True),
        seed=st.integers(0, 2**32 - 1),
    ),
)


@given(decodings)
def test_a_decoding_is_what_it_prints_and_what_it_records(decoding: Decoding) -> None:
    assert Decoding.parse(str(decoding)) == decoding
    assert Decoding.from_record(decoding.record() | {"first": 3}) == decoding


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("greedy", Decoding()),
        ("beam 4 length 0.6", Decoding("beam", 4, 0.6)),
        ("top-p 0.9 seed 1", Decoding("sample", top_p=0.9, seed=1)),
        ("temperature=0.7, top_k=5", Decoding("sample", temperature=0.7, top_k=5)),
        ("sample", Decoding("sample")),
    ],
)
def test_decodings_as_they_are_written(text: str, meant: Decoding) -> None:
    assert Decoding.parse(text) == meant


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no decoding is named"),
        ("bean 4", "Did you mean 'beam'"),
        ("beam", "needs a number"),
        ("beam four", "whole number from 1 to 64"),
        ("beam 0", "whole number from 1 to 64"),
        ("top-k 0", "whole number from 1 up"),
        ("beam 4 beam 5", "given twice"),
        ("beam 4 temperature 2", "beam decoding has no temperature"),
        ("greedy top-k 3", "greedy decoding has no top-k"),
        ("top-p 0", "above 0 and at most 1"),
        ("top-p nan", "above 0 and at most 1"),
        ("temperature 0", "greedy is the limit at 0"),
        ("seed -1", "whole number from 0 up"),
    ],
)
def test_what_is_no_decoding_is_said_in_one_message(text: str, says: str) -> None:
    with pytest.raises(PeepholeError) as caught:
        Decoding.parse(text)
    assert says in str(caught.value)


@given(st.text(max_size=30))
def test_no_text_ends_in_a_traceback(text: str) -> None:
    with contextlib.suppress(PeepholeError):
        Decoding.parse(text)


@given(st.dictionaries(st.sampled_from([*Decoding.__dataclass_fields__, "x"]), st.one_of(
    st.none(), st.integers(), st.floats(), st.text(max_size=8), st.booleans()), max_size=4))  # fmt: skip
def test_no_record_ends_in_a_traceback(record: dict[str, Any]) -> None:
    with contextlib.suppress(PeepholeError):
        Decoding.from_record(record)
