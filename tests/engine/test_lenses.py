"""The other lenses against torch, naive loops and one-at-a-time forks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import CutEdge, Hold, PeepholeError, Trace, lenses
from tests.engine.build import CELLS, FAMILIES, WORDS, build, tokens
from tests.engine.reference import act_of, equations, reference, tensor


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("held", [False, True], ids=["free", "held"])
@pytest.mark.parametrize("name", CELLS)
def test_jacobian_norms_equal_torchs_jacobian(name: str, held: bool, layers: int) -> None:
    model = build(name, layers=layers)
    items = [Hold("h", 0.4, units=(1,), start=2), Hold("h", 0.1, layer=0, start=4, stop=5)]
    if name == "lstm":
        items += [Hold("f", 0.9, units=(0, 3)), Hold("c", 0.3, units=(2,), start=1)]
    items = items if held else []
    trace = engine.run(model, tokens(6), items)
    act, theirs = act_of(items), reference(model)
    got = lenses.jacobian_norms(model, trace)["state"]
    assert got.axes == ("time", "layer")
    for t in range(6):
        for layer in range(layers):
            below = tensor(trace["h"][t, layer - 1] if layer else trace["x"][t])
            before = [
                tensor(trace[s][t - 1, layer] if t else np.zeros(6))
                for s in model.architecture.states
            ]

            def step(flat: torch.Tensor, below: Any = below, layer: int = layer, t: int = t) -> Any:
                h, c = (*flat.split(6), flat[:0])[:2]
                h, c = equations(
                    name, theirs.cells[layer], below, h, c, lambda k, v: act(k, layer, t, v)
                )
                return torch.cat((h, c))

            j = torch.autograd.functional.jacobian(step, torch.cat(before))
            wanted = float(torch.linalg.matrix_norm(j, 2))
            assert got.array[t, layer] == pytest.approx(wanted, rel=1e-10)


def test_jacobians_need_a_recurrent_step() -> None:
    model = build("transformer")
    with pytest.raises(PeepholeError, match="no step Jacobian"):
        lenses.jacobian_norms(model, engine.run(model, tokens(3)))


@pytest.mark.parametrize("family", FAMILIES)
def test_surprisal_equals_torchs_cross_entropy_in_bits(family: str) -> None:
    model = build(family)
    words = tokens(9)
    trace = engine.run(model, words)
    ids = tensor(np.array([model.vocabulary.encode(words)]))
    with torch.no_grad():
        logits = reference(model)(ids)[0]
    wanted = F.cross_entropy(logits[:-1], ids[0, 1:], reduction="none").numpy() / math.log(2)
    bits = lenses.surprisal(trace)["bits"]
    assert bits.unit == "bits"
    assert np.isnan(bits.array[0])
    np.testing.assert_allclose(bits.array[1:], wanted, rtol=1e-12)


@pytest.mark.parametrize("family", FAMILIES)
def test_top_k_probability_and_log_odds_equal_torchs_softmax(family: str) -> None:
    model = build(family)
    trace = engine.run(model, tokens(5))
    p = tensor(trace["logits"]).softmax(-1)
    wanted, ids = p.topk(4)
    top = lenses.top_k(trace, 4)
    np.testing.assert_array_equal(top["ids"].array, ids.numpy())
    np.testing.assert_allclose(top["p"].array, wanted.numpy(), rtol=1e-12)
    assert lenses.top_k(trace, 99)["p"].array.shape == (5, len(WORDS))
    np.testing.assert_allclose(lenses.top_k(trace, 99)["p"].array.sum(-1), 1, rtol=1e-12)
    for row in range(1, 6):  # row 5 is the word that would come next
        q = p[row - 1]
        assert lenses.probability(trace, row, "w4") == pytest.approx(float(q[5]), rel=1e-12)
        odds = math.log2(q[5] / q[6])
        assert lenses.log_odds(trace, row, "w4", "w5") == pytest.approx(odds, abs=1e-10)
    for row in (0, 6, -1):
        with pytest.raises(PeepholeError, match=f"nothing predicts row {row}"):
            lenses.probability(trace, row, "w4")


def naive_rollout(weights: np.ndarray) -> np.ndarray:
    """Abnar & Zuidema 2020 as nested loops over (layer, head, query, key) weights."""
    layers, heads, rows, _ = weights.shape
    result = np.zeros((layers, rows, rows))
    for layer in range(layers):
        for query in range(rows):
            for key in range(rows):
                total = 0.0
                for middle in range(rows):
                    raw = sum(weights[layer, head, query, middle] for head in range(heads)) / heads
                    raw = (raw + (middle == query)) / 2
                    below = result[layer - 1, middle, key] if layer else float(middle == key)
                    total += raw * below
                result[layer, query, key] = total
    return result


@pytest.mark.parametrize("layers", [1, 3])
def test_rollout_equals_a_naive_loop(layers: int) -> None:
    trace = engine.run(build("transformer", layers=layers, heads=3), tokens(7))
    weights = np.stack([trace["weights"][:, layer].transpose(1, 0, 2) for layer in range(layers)])
    got = lenses.rollout(trace)["weights"]
    assert got.axes == ("layer", "time", "key")
    np.testing.assert_allclose(got.array, naive_rollout(weights), atol=1e-12)
    np.testing.assert_allclose(got.array.sum(-1), 1, atol=1e-12)
    assert (np.triu(got.array, 1) == 0).all()


@given(seed=st.integers(0, 2**32 - 1), length=st.integers(1, 9), scale=st.floats(0.0, 30.0))
def test_attention_entropy_lies_between_one_row_and_all(
    seed: int, length: int, scale: float
) -> None:
    model = build("transformer", seed=seed, scale=scale, width=4, layers=1)
    trace = engine.run(model, tokens(length, seed))
    bits = lenses.attention_entropy(trace)["bits"]
    assert bits.array.shape == (1, 2, length)
    assert (bits.array >= 0).all()
    assert (bits.array <= np.log2(np.arange(1, length + 1)) + 1e-9).all()
    for head in range(2):
        for t in range(length):
            weights = [w for w in trace["weights"][t, 0, head] if w > 0]
            wanted = -sum(w * math.log2(w) for w in weights)
            assert bits.array[0, head, t] == pytest.approx(wanted, abs=1e-9)


def test_entropy_of_equal_weights_and_of_one() -> None:
    model = build("transformer", layers=1, scale=1.0)
    trace = engine.run(model, tokens(8), [Hold("q", 0.0)])  # all scores 0: all rows alike
    bits = lenses.attention_entropy(trace)["bits"].array
    np.testing.assert_allclose(
        bits, np.broadcast_to(np.log2(np.arange(1, 9)), (1, 2, 8)), atol=1e-12
    )
    alone = engine.run(model, tokens(2), [CutEdge(1, 0)])
    assert not lenses.attention_entropy(alone)["bits"].array.any()


def test_attention_lenses_need_attention() -> None:
    trace = engine.run(build("gru"), tokens(3))
    for lens in (lenses.attention_entropy, lenses.rollout):
        with pytest.raises(PeepholeError, match="gru has no attention"):
            lens(trace)


@pytest.mark.parametrize("name", CELLS)
def test_gate_statistics_count_units_one_by_one(name: str) -> None:
    model = build(name, scale=6.0)
    trace = engine.run(model, tokens(7))
    got = lenses.gate_statistics(trace)
    assert {key.partition(".")[0] for key in got} == set(model.architecture.gates)
    for gate in model.architecture.gates:
        for t, layer in np.ndindex(7, 2):
            units = [float(u) for u in trace[gate][t, layer]]
            assert got[f"{gate}.mean"].array[t, layer] == pytest.approx(sum(units) / 6)
            shut, wide = sum(u < 0.1 for u in units), sum(u > 0.9 for u in units)
            assert got[f"{gate}.shut"].array[t, layer] == pytest.approx(shut / 6)
            assert got[f"{gate}.open"].array[t, layer] == pytest.approx(wide / 6)
        assert got[f"{gate}.shut"].array.any()
        assert got[f"{gate}.open"].array.any()


CASES = [
    *((name, "h", 0.0, 0) for name in FAMILIES),
    *(("lstm", value, at, start) for value, at, start in (("c", 0.5, 2), ("f", 1.0, 0), ("i", 0.0, 3))),
    ("gru", "z", 0.25, 1),
    ("transformer", "m", 0.0, 2),
    ("transformer", "a", -1.0, 0),
]  # fmt: skip


@pytest.mark.parametrize("held", [False, True], ids=["free", "held"])
@pytest.mark.parametrize(("family", "name", "value", "start"), CASES)
def test_unit_ablation_equals_forks_one_at_a_time(
    family: str, name: str, value: float, start: int, held: bool
) -> None:
    model = build(family)
    trace = engine.run(model, tokens(6), [Hold("x", 0.5, units=(1,), start=2)] if held else [])
    got = lenses.unit_ablation(model, trace, 5, "w1", "w2", name, value, start)["drop"]
    assert (got.axes, got.unit) == (("layer", "unit"), "bits")
    whole = lenses.log_odds(trace, 5, "w1", "w2")
    for layer, unit in np.ndindex(2, 6):
        fork = engine.fork(model, trace, Hold(name, value, layer, (unit,), start))
        wanted = whole - lenses.log_odds(fork, 5, "w1", "w2")
        assert got.array[layer, unit] == pytest.approx(wanted, abs=1e-9)
    assert np.abs(got.array).max() > 1e-3


@pytest.mark.parametrize("held", [False, True], ids=["free", "held"])
@pytest.mark.parametrize("family", FAMILIES)
def test_occlusion_equals_forks_one_at_a_time(family: str, held: bool) -> None:
    model = build(family)
    trace = engine.run(model, tokens(6), [Hold("h", 0.5, units=(1,), start=2)] if held else [])
    got = lenses.occlusion(model, trace, 4, "w1", "w2")["drop"]
    assert (got.axes, got.unit) == (("source",), "bits")
    whole = lenses.log_odds(trace, 4, "w1", "w2")
    for k in range(6):
        fork = engine.fork(model, trace, Hold("x", 0.0, start=k, stop=k + 1))
        wanted = whole - lenses.log_odds(fork, 4, "w1", "w2")
        assert got.array[k] == pytest.approx(wanted, abs=1e-9)
    assert (got.array[4:] == 0).all()
    assert (got.array[:4] != 0).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_the_word_after_the_end_can_be_ablated(family: str) -> None:
    model = build(family)
    trace: Trace = engine.run(model, tokens(4))
    drop = lenses.unit_ablation(model, trace, 4, "w1", "w2")["drop"].array[1, 3]
    fork = engine.fork(model, trace, Hold("h", 0.0, 1, (3,)))
    wanted = lenses.log_odds(trace, 4, "w1", "w2") - lenses.log_odds(fork, 4, "w1", "w2")
    assert drop == pytest.approx(wanted, abs=1e-9)
    for row in (0, 5):
        with pytest.raises(PeepholeError, match="nothing predicts row"):
            lenses.occlusion(model, trace, row, "w1", "w2")
    with pytest.raises(PeepholeError, match="no units of 'logits'"):
        lenses.unit_ablation(model, trace, 4, "w1", "w2", "logits")
