"""What is read off a run's records: reach, smoothed and thinned curves, pace."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.learning import derived
from engine.learning.metrics import Attention

ANY = st.floats(allow_nan=True, allow_infinity=True, width=64)


@pytest.mark.parametrize(
    ("norms", "steps", "of"),
    [
        ([1.0, 1.0, 1.0, 1.0], 3, 3),
        ([1e-4, 1e-2, 0.1, 1.0], 2, 3),  # 1e-3 of the largest is the border
        ([1e-3, 1e-2, 0.1, 1.0], 3, 3),
        ([1e-30, 1e-30, 1e-30, 1.0], 0, 3),
        ([0.5, 1.0, 1e-30, 1e-30], 1, 1),  # rows after the loss have no gradient
        ([1.0, 1e-9, 1e-9, 1e-3], 3, 3),  # the first row may be the largest
        ([1e-30, 1e-30], 0, 0),
        ([math.nan, 1.0], 0, 1),
        ([], 0, 0),
    ],
)
def test_reach(norms: list[float], steps: int, of: int) -> None:
    assert derived.reach(norms) == (steps, of)


@given(st.lists(st.floats(1e-25, 1e25), min_size=1), st.floats(1e-3, 1e3))
def test_reach_does_not_depend_on_the_size_of_the_loss(norms: list[float], scale: float) -> None:
    sizes = np.round(np.log2(norms))  # powers of two are scaled without rounding
    scaled = 2.0 ** (sizes + round(math.log2(scale)))
    assert derived.reach(2.0**sizes) == derived.reach(scaled)


@given(st.lists(ANY), st.integers(1, 40))
def test_nothing_in_a_file_is_too_odd(values: list[float], points: int) -> None:
    x = np.arange(len(values), dtype=float)
    reach = derived.reach(values)
    assert 0 <= reach.steps <= reach.of <= max(0, len(values) - 1)
    assert len(derived.log10(values)) == len(values)
    shares = derived.relative(values)
    assert ((shares >= 0) & (shares <= 1)).all()
    xs, ys = derived.thin(x, values, points, len(values))
    assert len(xs) == len(ys) <= max(points, 1)
    low, high = derived.decades(values)
    assert low < high <= low + 12
    derived.span(values)
    derived.pace(x, values)
    assert derived.ceiling(max(values, default=0.0)) > 0


def test_a_thinned_curve_keeps_the_means() -> None:
    x = np.arange(1, 101, dtype=float)
    xs, ys = derived.thin(x, x**2, 10, 100)
    assert len(xs) == 10
    assert (np.diff(xs) > 0).all()
    for at, value in zip(xs, ys, strict=True):
        assert (at - 6) ** 2 < value < (at + 6) ** 2
    whole = derived.thin(x, x**2, 500, 100)
    assert np.array_equal(whole[1], x**2)


def test_smoothing_is_the_corrected_moving_average() -> None:
    values = np.random.default_rng(0).normal(size=50)
    keep = 1 - 2 / 21
    expected = [
        sum(keep ** (n - k) * values[k] for k in range(n + 1))
        / sum(keep ** (n - k) for k in range(n + 1))
        for n in range(50)
    ]
    assert np.allclose(derived.smooth(values), expected)
    assert np.allclose(derived.smooth([3.0] * 9), 3.0)
    assert derived.smooth([math.nan, 2.0, math.nan])[2] == 2.0


def test_learned_needs_more_than_a_lucky_batch() -> None:
    n = np.arange(1, 201)
    scores = np.where(n < 100, 0.1, 1.0)
    scores[2] = 1.0
    found = derived.learned_at(n, scores, 0.95)
    assert found is not None
    assert 100 < found < 140
    assert derived.learned_at(n, np.full(200, 0.5), 0.95) is None
    assert derived.learned_at([1, 2], [1.0, 1.0], 0.95) is None
    errors = derived.learned_at(n, 1 - scores, 0.01, below=True)
    assert errors is not None
    assert errors > 100
    assert derived.learned_at(n, np.full(200, math.nan), 0.95) is None


def test_pace_leaves_out_pauses() -> None:
    seconds = np.arange(60) * 0.1
    assert derived.pace(np.arange(60), seconds) == pytest.approx(10)
    seconds[40:] += 600  # paused for ten minutes
    assert derived.pace(np.arange(60), seconds) == pytest.approx(10)
    assert derived.pace([1], [0.1]) is None
    assert derived.pace([], []) is None


def test_attention_is_even_where_all_keys_weigh_the_same() -> None:
    even = Attention("layers.0", (math.log(8), math.log(8)), 8)
    assert derived.evenness([even]) == pytest.approx(1.0)
    assert derived.evenness([Attention("layers.0", (0.0,), 8)]) == 0.0
    assert derived.evenness([]) is None
    assert derived.evenness([Attention("layers.0", (0.0,), 1)]) is None


@pytest.mark.parametrize(
    ("value", "end"), [(0.9, 1.0), (2.303, 2.5), (7.0, 8.0), (1.02, 1.5), (0.0, 1.0), (1e9, 1e9)]
)
def test_axes_end_at_round_numbers(value: float, end: float) -> None:
    assert derived.ceiling(value) == pytest.approx(end)
