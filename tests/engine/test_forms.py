"""The forms of one computation agree: tick by tick, one shot, chunks, batches, NumPy, torch."""

from __future__ import annotations

import importlib
import types
from typing import Any

import numpy as np
import pytest
import torch

import engine
from engine import Backend, CutEdge, CutHead, Hold
from engine.arrays import to_numpy
from engine.interventions import NOTHING, Intervention, Interventions
from tests.engine.build import CELLS, FAMILIES, build, ids, tokens

LAYERS = (1, 2, 3)
DEVICES = ["cpu", "cuda"]


def device(name: str) -> str:
    if name == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device on this machine")
    return name


def interventions(family: str) -> list[Intervention]:
    """One of everything that the family has, at some rows, units, layers."""
    items: list[Intervention] = [
        Hold("h", 0.25, layer=0, units=(1, 3), start=2, stop=5),
        Hold("x", -0.5, units=(0,), start=1, stop=2),
    ]
    if family == "transformer":
        items += [Hold("m", 0.1, start=4), Hold("q", (0.3, 0.2), units=(0, 2), start=3)]
        items += [CutHead(0, 1), CutEdge(5, 2), CutEdge(6, 0, layer=0, head=0)]
    else:
        items += [Hold("h", tuple(np.linspace(-1, 1, 6)), start=3, stop=4)]
    if family == "lstm":
        items += [Hold("f", 1.0, units=(2,)), Hold("c", 0.0, units=(0, 5), start=4)]
    if family == "gru":
        items += [Hold("z", 0.9, start=1, stop=6), Hold("r", 0.0, units=(4,))]
    return items


def one_shot(model: engine.LanguageModel, batch: np.ndarray, do: Any = NOTHING) -> np.ndarray:
    return to_numpy(model.architecture.logits(model.params, batch, do))


def by_ticks(model: engine.LanguageModel, batch: np.ndarray, do: Any = NOTHING) -> np.ndarray:
    state, rows = model.architecture.start(model.params, batch.shape[:-1]), []
    for row in range(batch.shape[-1]):
        step = model.architecture.step
        state, values = step(model.params, state, batch[..., row], do, row)
        rows.append(to_numpy(values["logits"]))
    return np.stack(rows, -2)


@pytest.mark.parametrize("held", [False, True], ids=["free", "held"])
@pytest.mark.parametrize("batch", [(), (3,), (2, 2)])
@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("family", FAMILIES)
def test_step_by_step_equals_one_shot(
    family: str, layers: int, batch: tuple[int, ...], held: bool
) -> None:
    model = build(family, layers=layers)
    do = Interventions(interventions(family) if held else ())
    words = ids((*batch, 8))
    ticks = by_ticks(model, words, do)
    np.testing.assert_allclose(ticks, one_shot(model, words, do), atol=1e-12, rtol=1e-12)
    if held:
        assert not np.allclose(ticks, by_ticks(model, words)), "the interventions did nothing"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_batch_equals_its_items(family: str) -> None:
    model = build(family)
    words = ids((5, 7))
    together = one_shot(model, words)
    for item, alone in zip(words, together, strict=True):
        np.testing.assert_allclose(one_shot(model, item), alone, atol=1e-12)


@pytest.mark.parametrize("positions", ["learned", "sinusoidal"])
def test_chunks_of_any_size_equal_one_shot(positions: str) -> None:
    model = build("transformer", positions=positions)
    architecture: Any = model.architecture
    words = ids((2, 9))
    wanted = one_shot(model, words)
    for sizes in ([9], [1] * 9, [4, 5], [1, 7, 1], [3, 3, 3]):
        cache, parts, start = architecture.start(model.params), [], 0
        for size in sizes:
            chunk = words[:, start : start + size]
            cache, values = architecture.chunk(model.params, cache, chunk)
            parts.append(values["logits"])
            start += size
        np.testing.assert_allclose(np.concatenate(parts, 1), wanted, atol=1e-12)


def test_positions_may_be_given() -> None:
    model = build("transformer")
    architecture: Any = model.architecture
    words = ids((2, 5))
    usual = one_shot(model, words)
    given = np.broadcast_to(np.arange(5), (2, 5))
    np.testing.assert_array_equal(architecture.logits(model.params, words, positions=given), usual)
    moved = architecture.logits(model.params, words, positions=given + 3)
    shifted = dict(model.params, P=model.params["P"][3:])
    np.testing.assert_array_equal(moved, architecture.logits(shifted, words))


@pytest.mark.parametrize("name", DEVICES)
@pytest.mark.parametrize("held", [False, True], ids=["free", "held"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("family", FAMILIES)
def test_numpy_and_torch_agree(family: str, dtype: str, held: bool, name: str) -> None:
    where = Backend("torch", dtype, device(name))
    model = build(family, dtype=dtype, scale=1.0)
    items = interventions(family) if held else []
    ours = engine.run(model, tokens(8), items)
    theirs = engine.run(model.to(where), tokens(8), items)
    assert theirs.header.backend["name"] == "torch"
    assert "torch" in theirs.header.versions
    assert ours.names == theirs.names
    tolerance = 2e-6 if dtype == "float32" else 1e-12
    for value in ours.names:
        assert theirs[value].dtype == dtype
        np.testing.assert_allclose(theirs[value], ours[value], atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("name", DEVICES)
@pytest.mark.parametrize("family", FAMILIES)
def test_gradient_lenses_agree_on_both_libraries(family: str, name: str) -> None:
    where = Backend("torch", "float32", device(name))
    model = build(family, dtype="float32", scale=1.0)
    trace = engine.run(model, tokens(6))
    ours = engine.lenses.gradient_map(model, trace)
    theirs = engine.lenses.gradient_map(model.to(where), trace)
    assert ours.keys() == theirs.keys()
    for key, named in ours.items():
        assert theirs[key].axes == named.axes
        np.testing.assert_allclose(theirs[key].array, named.array, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("name", DEVICES)
@pytest.mark.parametrize("family", FAMILIES)
def test_ablations_agree_on_both_libraries(family: str, name: str) -> None:
    model = build(family)
    other = model.to(Backend("torch", "float64", device(name)))
    trace = engine.run(model, tokens(6))
    for lens in (engine.lenses.unit_ablation, engine.lenses.occlusion):
        ours, theirs = lens(model, trace, 6, "w1", "w2"), lens(other, trace, 6, "w1", "w2")
        np.testing.assert_allclose(theirs["drop"].array, ours["drop"].array, atol=1e-10)


@pytest.mark.parametrize("name", CELLS)
def test_jacobians_agree_on_both_libraries(name: str) -> None:
    model = build(name)
    trace = engine.run(model, tokens(6))
    ours = engine.lenses.jacobian_norms(model, trace)["state"].array
    theirs = engine.lenses.jacobian_norms(model.to(Backend("torch", "float64")), trace)
    np.testing.assert_allclose(theirs["state"].array, ours, rtol=1e-12)


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_value_and_grad_is_the_derivative(library: str) -> None:
    backend = Backend(library, "float64")
    at = backend.params({"a": np.array([1.0, -2.0]), "b": np.array(3.0), "unused": np.ones(2)})
    value, grads = backend.value_and_grad(lambda p: (p["a"] ** 2 * p["b"]).sum(), at)
    assert float(value) == 15.0
    np.testing.assert_allclose(to_numpy(grads["a"]), [6.0, -12.0])
    np.testing.assert_allclose(to_numpy(grads["b"]), 5.0)
    np.testing.assert_array_equal(to_numpy(grads["unused"]), [0.0, 0.0])


def test_a_backend_that_does_not_exist_is_refused() -> None:
    with pytest.raises(engine.PeepholeError, match="no backend 'jax'"):
        Backend("jax")
    with pytest.raises(engine.PeepholeError, match="NumPy has no device 'cuda'"):
        Backend(device="cuda")
    with pytest.raises(engine.PeepholeError, match="torch cannot use device"):
        build("lstm").to(Backend("torch", "float32", "cuda:99"))


def test_autograd_is_loaded_although_another_thread_loads_parts_of_numpy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries: list[str] = []

    def load(name: str) -> types.ModuleType:
        tries.append(name)
        if len(tries) < 3:
            raise RuntimeError("dictionary changed size during iteration")
        return load_module(name)

    load_module = importlib.import_module
    monkeypatch.setattr("engine.arrays.importlib.import_module", load)
    at = {"a": np.array(3.0)}
    assert Backend().value_and_grad(lambda p: p["a"] ** 2, at)[1]["a"] == 6
    assert tries == ["autograd"] * 3
