"""Spectra and products of step Jacobians, lag shares, saturation: each against torch or arithmetic."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine import Hold, PeepholeError, lenses, load_trace, save_trace
from engine.arrays import Backend
from engine.lenses.jacobian import step_jacobians
from engine.models import LanguageModel
from engine.trace import Trace
from tests.engine.build import CELLS, build, tokens
from tests.engine.reference import Recurrent, equations, tensor

WIDTH, LENGTH = 6, 7


def same(name: str, value: torch.Tensor) -> torch.Tensor:
    return value


def stepped(model: LanguageModel, trace: Trace, row: int, layer: int) -> np.ndarray:
    """(S, S): torch's Jacobian of one of its own cells' steps, h before c."""
    theirs, kind = Recurrent(model), model.architecture.cell  # type: ignore[attr-defined]
    below = tensor(trace["h"][row, layer - 1] if layer else trace["x"][row])
    names = model.architecture.states
    before = [tensor(trace[s][row - 1, layer] if row else np.zeros(WIDTH)) for s in names]

    def step(flat: torch.Tensor) -> torch.Tensor:
        h, c = (*flat.split(WIDTH), flat[:0])[:2]
        cell = theirs.cells[layer]
        return torch.cat(equations(kind, cell, below, h, c, same))

    return torch.autograd.functional.jacobian(step, torch.cat(before)).numpy()


def unrolled(model: LanguageModel, ids: Any, start: int, end: int, layer: int) -> np.ndarray:
    """(S, S): how all of a layer's state at `end` moves with a nudge of its state at `start`.

    The whole stack runs, so whatever goes through other layers is in it.
    """
    theirs, kind = Recurrent(model), model.architecture.cell  # type: ignore[attr-defined]
    parts = len(model.architecture.states)
    depth = model.architecture.layers

    def run(nudge: torch.Tensor) -> torch.Tensor:
        states = [(torch.zeros(WIDTH, dtype=torch.float64),) * 2 for _ in range(depth)]
        for t in range(end + 1):
            below = theirs.embedding(torch.tensor(ids[t]))
            for at, cell in enumerate(theirs.cells):
                h, c = equations(kind, cell, below, *states[at], same)
                if t == start and at == layer:
                    h = h + nudge[:WIDTH]
                    c = c + nudge[WIDTH:] if parts == 2 else c
                states[at] = h, c
                below = states[at][0]
        return torch.cat(states[layer][:parts])

    zero = torch.zeros(parts * WIDTH, dtype=torch.float64)
    return torch.autograd.functional.jacobian(run, zero).numpy()


def by_size(values: np.ndarray) -> np.ndarray:
    """Eigenvalues in an order that does not depend on rounding."""
    return values[np.lexsort((values.imag.round(7), values.real.round(7)))]


@pytest.mark.parametrize("cell", CELLS)
def test_the_spectrum_of_every_step_is_that_of_torchs_jacobian(cell: str) -> None:
    model = build(cell)
    trace = engine.run(model, tokens(LENGTH))
    whole = lenses.spectrum(model, trace, k=3)
    assert {name: named.axes for name, named in whole.items()} == {
        "norm": ("time", "layer"),
        "radius": ("time", "layer"),
        "singular": ("time", "layer", "rank"),
        "real": ("time", "layer", "rank"),
        "imag": ("time", "layer", "rank"),
    }
    for row in range(LENGTH):
        one = lenses.spectrum(model, trace, row)
        for layer in range(2):
            j = stepped(model, trace, row, layer)
            got = {name: named.array[row, layer] for name, named in whole.items()}
            singular = torch.linalg.svdvals(tensor(j)).numpy()
            np.testing.assert_allclose(got["singular"], singular[:3], rtol=1e-8, atol=1e-12)
            assert got["norm"] == pytest.approx(singular[0])
            wanted = torch.linalg.eigvals(tensor(j)).numpy()
            values = got["real"] + 1j * got["imag"]
            np.testing.assert_allclose(by_size(values), by_size(wanted), atol=1e-9)
            assert (np.diff(np.abs(values)) <= 1e-12).all()
            assert got["radius"] == pytest.approx(np.abs(wanted).max())
            assert one["norm"].array[layer] == got["norm"]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layer", [0, 1])
def test_a_product_is_the_total_derivative_through_the_whole_stack(cell: str, layer: int) -> None:
    model = build(cell)
    words = tokens(LENGTH)
    trace, ids = engine.run(model, words), model.vocabulary.encode(words)
    end = LENGTH - 2
    norms = lenses.product_norms(model, trace, end)
    for start in range(end):
        j = unrolled(model, ids, start, end, layer)
        product = lenses.jacobian_product(model, trace, start, end, k=4)
        wanted = np.linalg.svd(j, compute_uv=False)
        known = wanted > 1e-9 * wanted[0]
        got = product["singular"].array[layer]
        np.testing.assert_allclose(got[known[:4]], wanted[:4][known[:4]], rtol=1e-5)
        for value in (product["norm"], norms["norm"]):
            array = value.array[layer] if value is product["norm"] else value.array[start, layer]
            assert array == pytest.approx(wanted[0], rel=1e-9)
        assert norms["frobenius"].array[start, layer] == pytest.approx(np.linalg.norm(j), rel=1e-9)
        assert norms["log10"].array[start, layer] == pytest.approx(np.log10(wanted[0]), rel=1e-9)
        factor = norms["factor"].array[start, layer]
        assert factor ** (end - start) == pytest.approx(wanted[0], rel=1e-9)
    assert norms["norm"].array[end, layer] == 1.0
    assert norms["frobenius"].array[end, layer] == pytest.approx(
        np.sqrt(WIDTH * len(trace.header.states))
    )
    assert norms["norm"].array[end + 1, layer] == 0.0
    assert np.isnan(norms["factor"].array[end, layer])


@pytest.mark.parametrize("cell", CELLS)
def test_with_residual_connections_both_ways_to_a_step_agree(cell: str) -> None:
    model = build(cell, layers=4, residual=True)
    free = engine.run(model, tokens(LENGTH))
    nothing = engine.run(model, tokens(LENGTH), [Hold("h", 0.0, layer=0, start=LENGTH)])
    for layer in range(4):  # what is held comes too late to matter, but forbids the closed form
        np.testing.assert_allclose(
            step_jacobians(model, nothing, layer), step_jacobians(model, free, layer), atol=1e-12
        )


def test_the_roads_of_an_lstm() -> None:
    model = build("lstm", layers=1)
    trace = engine.run(model, tokens(LENGTH))
    whole = step_jacobians(model, trace, 0)
    np.testing.assert_array_equal(step_jacobians(model, trace, 0, of="h"), whole[:, :WIDTH, :WIDTH])
    belt = step_jacobians(model, trace, 0, of="c")
    np.testing.assert_allclose(belt, np.stack([np.diag(f) for f in trace["f"][:, 0]]), rtol=1e-12)
    norm = lenses.product_norms(model, trace, 5, of="c")["norm"].array[2, 0]
    assert norm == pytest.approx(trace["f"][3:6, 0].prod(0).max(), rel=1e-12)


def test_a_tanh_network_has_the_textbooks_jacobian() -> None:
    model = build("elman", layers=1)
    trace = engine.run(model, tokens(LENGTH))
    w = np.asarray(model.params["layers.0.W_hh"]).T  # (new, old)
    h = trace["h"][:, 0]
    for of in ("s", "h"):
        j = step_jacobians(model, trace, 0, of=of)
        np.testing.assert_allclose(j, (1 - h**2)[:, :, None] * w, rtol=1e-12)


def still(scale: float, length: int) -> tuple[LanguageModel, Trace, np.ndarray]:
    """An RNN that stays at 0, where tanh is the identity: every step is the same orthogonal matrix."""
    model = build("elman", layers=1)
    q = np.linalg.qr(np.random.default_rng(3).normal(size=(WIDTH, WIDTH)))[0]
    quiet = {k: np.zeros_like(v) for k, v in model.params.items() if k[-1] in "Eh" or "b_" in k}
    params = {**model.params, **quiet, "layers.0.W_hh": scale * q}
    model = replace(model, params=params)
    return model, engine.run(model, tokens(length)), q


@pytest.mark.parametrize("scale", [1e-30, 0.9, 1.0, 1.1, 1e30])
def test_no_product_is_a_false_zero_at_any_lag(scale: float) -> None:
    model, trace, _ = still(scale, 41)
    assert not trace["h"].any()
    got = lenses.product_norms(model, trace, 40)
    lag = 40 - np.arange(41)
    np.testing.assert_allclose(got["log10"].array[:, 0], lag * np.log10(scale), atol=1e-9)
    np.testing.assert_allclose(got["factor"].array[:40, 0], scale, rtol=1e-10)
    across = lenses.jacobian_product(model, trace, 0, 40)
    assert across["log10"].array[0] == pytest.approx(40 * np.log10(scale), abs=1e-9)
    if 0.5 < scale < 2:
        np.testing.assert_allclose(across["singular"].array[0], scale**40, rtol=1e-10)


def test_singular_values_that_cannot_be_told_from_rounding_are_not_given() -> None:
    model, trace, _ = still(1.0, 31)
    stretched = np.diag([1.0, 0.5, 0.1, 0.1, 0.1, 0.1])
    params = {**model.params, "layers.0.W_hh": stretched}
    model = replace(model, params=params)
    got = lenses.jacobian_product(model, trace, 0, 30)["singular"].array[0]
    np.testing.assert_allclose(got[:2], [1.0, 0.5**30], rtol=1e-9)
    assert np.isnan(got[2:]).all()


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_lag_shares_are_the_parts_of_torchs_gradient(cell: str, library: str) -> None:
    model = build(cell).to(Backend(library, "float64"))
    words, row = tokens(LENGTH), LENGTH - 2
    trace = engine.run(model, words)
    got = lenses.lag_shares(model, trace, row)
    theirs = Recurrent(model.to(Backend(dtype="float64")))
    ids = model.vocabulary.encode(words)
    for layer in range(2):
        weight: Any = theirs.cells[layer].weight_hh
        parts = [weight.detach().clone().requires_grad_() for _ in range(row)]
        states = [(torch.zeros(WIDTH, dtype=torch.float64),) * 2 for _ in range(2)]
        for t in range(row):
            below = theirs.embedding(torch.tensor(ids[t]))
            for at, module in enumerate(theirs.cells):
                own: Any = module
                if at == layer:  # the same cell with a copy of W_hh that is this row's alone
                    own = SimpleNamespace(**dict(module.named_parameters()))
                    own.weight_hh = parts[t]
                new = equations(cell, own, below, *states[at], same)
                states[at], below = new, new[0]
        loss = -theirs.readout(below).log_softmax(-1)[ids[row]]
        grads = [g.numpy() for g in torch.autograd.grad(loss, parts)]
        total = np.sum(grads, axis=0)
        plain = -theirs(torch.tensor([ids[:row]]))[0, -1].log_softmax(-1)[ids[row]]
        (whole,) = torch.autograd.grad(plain, [weight])
        np.testing.assert_allclose(total, whole.numpy(), atol=1e-12)
        norms = [np.linalg.norm(g) for g in grads]
        shares = [(g * total).sum() / (total**2).sum() for g in grads]
        np.testing.assert_allclose(got["norm"].array[:row, layer], norms, rtol=1e-8)
        np.testing.assert_allclose(got["share"].array[:row, layer], shares, rtol=1e-7, atol=1e-12)
        assert got["share"].array[:, layer].sum() == pytest.approx(1.0)
        assert got["total"].array[layer] == pytest.approx(np.linalg.norm(total))
        assert not got["norm"].array[row:].any()


def test_a_share_is_of_the_loss_that_was_asked_for() -> None:
    model = build("gru")
    trace = engine.run(model, tokens(LENGTH))
    last = lenses.lag_shares(model, trace, LENGTH, "w3")
    assert last["norm"].array[LENGTH - 1, 1] > 0
    other = lenses.lag_shares(model, trace, LENGTH, "w4")
    assert not np.allclose(last["total"].array, other["total"].array)
    held = engine.run(model, tokens(LENGTH), [Hold("h", 0.0, start=3, stop=4)])
    assert not lenses.lag_shares(model, held, 6)["norm"].array[:4].any()


@pytest.mark.parametrize(
    ("cell", "value", "squash"),
    [("elman", "h", "same"), ("gru", "n", "same"), ("lstm", "g", "same"), ("lstm", "c", "sum")],
)
def test_saturation_is_the_slope_of_tanh(cell: str, value: str, squash: str) -> None:
    trace = engine.run(build(cell, scale=4.0), tokens(LENGTH))
    y = tensor(trace[value])
    sums = (y if squash == "sum" else y.atanh()).requires_grad_()
    (slopes,) = torch.autograd.grad(sums.tanh().sum(), [sums])
    got = lenses.saturation(trace)
    assert got[value].axes == ("time", "layer", "unit")
    np.testing.assert_allclose(got[value].array, slopes.numpy(), atol=1e-12)
    flat = (sums.detach().tanh().abs() > 0.9).numpy().mean(-1)
    np.testing.assert_allclose(got[f"{value}.saturated"].array, flat)
    assert 0 < flat.mean() < 1


def test_a_rectified_unit_is_flat_where_it_is_off() -> None:
    trace = engine.run(build("relu"), tokens(LENGTH))
    got = lenses.saturation(trace)
    on = trace["h"] > 0
    assert on.any()
    np.testing.assert_array_equal(got["h"].array, on)
    np.testing.assert_allclose(got["h.saturated"].array, (~on).mean(-1))
    assert lenses.saturation(engine.run(build("linear"), tokens(3))) == {}


def test_a_transformer_has_none_of_it() -> None:
    model = build("transformer")
    trace = engine.run(model, tokens(4))
    assert lenses.saturation(trace) == {}
    asked: tuple[Any, ...] = (
        lambda: lenses.spectrum(model, trace),
        lambda: lenses.product_norms(model, trace, 2),
        lambda: lenses.jacobian_product(model, trace, 0, 2),
        lambda: lenses.lag_shares(model, trace, 2),
    )
    for ask in asked:
        with pytest.raises(PeepholeError, match="no step Jacobian"):
            ask()


@settings(max_examples=60, deadline=None)
@given(st.integers(-3, 8), st.integers(-3, 8), st.sampled_from(["s", "h", "c", "f", ""]))
def test_rows_and_states_that_there_are_not_are_refused(start: int, end: int, of: str) -> None:
    model = build("gru", layers=1)
    trace = engine.run(model, tokens(4))
    good = of in ("s", "h")

    def expect(works: bool, call: Any) -> None:
        if works:
            call()
            return
        with pytest.raises(PeepholeError):
            call()

    expect(0 <= end < 4 and good, lambda: lenses.spectrum(model, trace, end, of))
    expect(0 <= end < 4 and good, lambda: lenses.product_norms(model, trace, end, of))
    expect(
        0 <= start <= end < 4 and good,
        lambda: lenses.jacobian_product(model, trace, start, end, of),
    )
    expect(1 <= end < 4, lambda: lenses.lag_shares(model, trace, end))


def test_what_is_held_stops_the_way() -> None:
    model = build("lstm", layers=1)
    trace = engine.run(model, tokens(LENGTH), [Hold("c", 0.5, start=3, stop=4)])
    h, c = (lenses.product_norms(model, trace, 5, of=of)["norm"].array[:, 0] for of in "hc")
    assert not c[:3].any()
    assert (c[3:6] > 0).all()
    assert (h[:6] > 0).all()  # the gates still hear of h


def test_a_run_that_has_left_the_finite_numbers_has_no_spectrum_there() -> None:
    model = build("lstm", layers=1)
    trace = engine.run(model, tokens(LENGTH))
    for name in trace.names:
        trace[name][4:] = np.nan
    got = lenses.spectrum(model, trace)
    assert np.isnan(got["norm"].array[4:]).all()
    assert np.isnan(got["real"].array[4:]).all()
    assert np.isfinite(got["norm"].array[:4]).all()
    assert np.isfinite(got["imag"].array[:4]).all()
    assert np.isnan(lenses.jacobian_norms(model, trace)["state"].array[4:]).all()
    norms = lenses.product_norms(model, trace, 5)["norm"].array[:, 0]
    assert np.isnan(norms[:5]).all()


def test_only_the_last_rows_of_a_long_text() -> None:
    model = build("gru", layers=1)
    trace = engine.run(model, tokens(60))
    whole = lenses.product_norms(model, trace, 50)["norm"].array
    part = lenses.product_norms(model, trace, 50, rows=35)["norm"].array
    assert np.isnan(part[:15]).all()
    np.testing.assert_array_equal(part[15:], whole[15:])


def test_what_is_recorded_comes_back_from_a_file(tmp_path: Path) -> None:
    model = build("lstm")
    trace = lenses.record(model, engine.run(model, tokens(5)))
    save_trace(trace, tmp_path / "a.safetensors")
    kept = load_trace(tmp_path / "a.safetensors").lenses
    for name, results in (
        ("spectrum", lenses.spectrum(model, trace)),
        ("saturation", lenses.saturation(trace)),
    ):
        for result, named in results.items():
            assert kept[name][result].axes == named.axes
            np.testing.assert_array_equal(kept[name][result].array, named.array)
    long = lenses.record(model, engine.run(model, tokens(65)))
    assert "spectrum" not in long.lenses
    assert "saturation" in long.lenses


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_what_is_left_of_a_change_after_100_steps(seed: int) -> None:
    """The claims of the vanishing gradient, untrained, H = 64, inputs of normal(0, 1)."""

    def left(cell: str, forget: float = 0.0, orthogonal: float = 0.0) -> float:
        model = build(cell, layers=1, width=64, embed=64, seed=seed)
        params = model.architecture.init(np.random.default_rng(seed))
        if cell == "lstm":
            params["layers.0.b_xh"][64:128] = forget
            params["layers.0.b_hh"][64:128] = 0
        if orthogonal:
            q = np.linalg.qr(np.random.default_rng(seed).normal(size=(64, 64)))[0]
            params["layers.0.W_hh"] = orthogonal * q
        model = replace(model, params=Backend(dtype="float64").params(params))
        trace = engine.run(model, tokens(101, seed))
        return float(lenses.jacobian_product(model, trace, 0, 100)["norm"].array[0])

    assert left("elman") < 1e-15
    assert left("linear", orthogonal=1.0) == pytest.approx(1.0)
    assert left("linear", orthogonal=1.1) == pytest.approx(1.1**100)  # 13,781
    assert left("elman", orthogonal=1.0) < 1e-6  # orthogonal alone does not save a tanh network
    assert left("lstm") < 1e-15  # the surprise: a default LSTM vanishes too
    assert 1e-12 < left("lstm", forget=1) < 1e-4
    assert left("lstm", forget=2) > 1e-2
    assert left("lstm", forget=4) > 1
