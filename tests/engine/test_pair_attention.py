"""Attention's lenses on a source with its target: both halves, and what lies between them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import PeepholeError, lenses
from engine.trace import Header, Trace

HEADER = Header("pair", "0" * 12, {}, ("a",), {}, source=0)


def drawn(rng: np.random.Generator, source: int, target: int, own: bool = True) -> Trace:
    """A trace of random attention: an encoder that sees everything, a causal decoder, and across."""
    n, shape = source + target, (2, 3)  # layers, heads
    cross, weights = (np.zeros((n, *shape, n), dtype=np.float32) for _ in range(2))
    for row in range(n):
        first, stop = (0, source) if row < source else (source, row + 1)
        weights[row, ..., first:stop] = rng.dirichlet(np.ones(stop - first), shape)
        if row >= source:
            cross[row, ..., :source] = rng.dirichlet(np.full(source, 0.3), shape)
    axes = ("time", "layer", "head", "key")
    arrays = {"cross_weights": cross} | ({"weights": weights} if own else {})
    header = replace(HEADER, axes=dict.fromkeys(arrays, axes), source=source)
    return Trace.from_arrays(header, ["a"] * n, arrays)


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(0, 6))
def test_entropy_of_both_halves_and_across(seed: int, source: int, target: int) -> None:
    trace = drawn(np.random.default_rng(seed), source, target)
    found = lenses.attention_entropy(trace)
    assert set(found) == {"bits", "cross_bits"}
    for name, weights in (("bits", trace["weights"]), ("cross_bits", trace["cross_weights"])):
        assert found[name].axes == ("layer", "head", "time")
        for row, layer, head in np.ndindex(source + target, 2, 3):
            wanted = -sum(w * math.log2(w) for w in weights[row, layer, head].tolist() if w > 0)
            assert found[name].array[layer, head, row] == pytest.approx(wanted, abs=1e-6)
    assert (found["cross_bits"].array[..., :source] == 0).all()


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(0, 6))
def test_rollout_keeps_the_halves_apart(seed: int, source: int, target: int) -> None:
    trace = drawn(np.random.default_rng(seed), source, target)
    rolled = lenses.rollout(trace)["weights"].array
    np.testing.assert_allclose(rolled.sum(-1), 1, atol=1e-6)
    assert (rolled[:, :source, source:] == 0).all()
    assert (rolled[:, source:, :source] == 0).all()
    a = trace["weights"].astype(np.float64).mean(2)  # (row, layer, key)
    half = 0.5 * (a[:, 1] + np.eye(source + target))
    np.testing.assert_allclose(rolled[1], half @ (0.5 * (a[:, 0] + np.eye(len(a)))), atol=1e-12)


def test_a_recurrent_decoder_has_entropy_across_and_no_rollout() -> None:
    trace = drawn(np.random.default_rng(0), 4, 3, own=False)
    assert set(lenses.attention_entropy(trace)) == {"cross_bits"}
    with pytest.raises(PeepholeError, match="pair has no self-attention"):
        lenses.rollout(trace)
