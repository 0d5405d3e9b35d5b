"""Every cell equals torch.nn with copied weights: values, gates, stacks, batches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import engine
from engine import cells, registry
from tests.engine.build import CELLS, FAMILIES, build, ids, tokens
from tests.engine.reference import CELL, STACK, copy_cell, equations, leave, reference, tensor

TOLERANCE = {"float32": 1e-6, "float64": 1e-12}


def draw(shape: tuple[int, ...], dtype: str, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("batch", [(), (1,), (7,), (2, 3)])
@pytest.mark.parametrize("name", CELLS)
def test_a_step_equals_torchs_cell(name: str, batch: tuple[int, ...], dtype: str) -> None:
    d, h = 5, 6
    cell = registry.load(registry.CELLS, name, "cell")
    model = build(name, layers=1, width=h, embed=d, dtype=dtype)
    p = {k.removeprefix("layers.0."): v for k, v in model.params.items()}
    theirs = CELL[name](d, h, dtype=getattr(torch, dtype))
    copy_cell(model.params, 0, theirs)
    x = draw((*batch, d), dtype)
    state = tuple(draw((*batch, h), dtype, seed) for seed, _ in enumerate(cell.STATE))

    new, values = cell.step(p, x, state)

    flat = [tensor(s.reshape(-1, h)) for s in state]
    with torch.no_grad():
        out = theirs(tensor(x.reshape(-1, d)), tuple(flat) if len(flat) == 2 else flat[0])
    for got, wanted in zip(new, out if isinstance(out, tuple) else (out,), strict=True):
        assert got.dtype == dtype
        assert got.shape == (*batch, h)
        np.testing.assert_allclose(got.reshape(-1, h), wanted.numpy(), atol=TOLERANCE[dtype])
    assert tuple(values) == cell.VALUES
    assert all(values[s] is n for s, n in zip(cell.STATE, new, strict=True))


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_each_gate_is_the_one_that_its_name_says(name: str) -> None:
    cell = registry.load(registry.CELLS, name, "cell")
    model = build(name, layers=1, width=6, embed=5)
    p = {k.removeprefix("layers.0."): v for k, v in model.params.items()}
    theirs = CELL[name](5, 6, dtype=torch.float64)
    copy_cell(model.params, 0, theirs)
    x, h = draw((4, 5), "float64"), draw((4, 6), "float64", 2)
    state = (h, *(draw((4, 6), "float64", 3) for _ in cell.STATE[1:]))

    _, values = cell.step(p, x, state)

    wanted: dict[str, torch.Tensor] = {}
    c = tensor(state[-1])
    with torch.no_grad():
        equations(name, theirs, tensor(x), tensor(h), c, lambda k, v: wanted.setdefault(k, v))
    assert tuple(wanted) == cell.VALUES
    for gate, value in wanted.items():
        np.testing.assert_allclose(values[gate], value.numpy(), atol=1e-12)


@pytest.mark.parametrize("name", CELLS)
def test_torchs_documented_equations_are_torchs_cells(name: str) -> None:
    """The oracle that shows gates is held by the one that does not."""
    model = build(name, layers=2)
    batch = tensor(ids((3, 6)))
    with torch.no_grad():
        torch.testing.assert_close(
            reference(model, leave)(batch), reference(model)(batch), atol=1e-14, rtol=1e-13
        )


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("name", STACK)
def test_a_stack_equals_torchs_stack(name: str, layers: int, dtype: str) -> None:
    model = build(name, layers=layers, dtype=dtype)
    architecture: Any = model.architecture
    theirs = STACK[name](5, 6, layers, batch_first=True, dtype=getattr(torch, dtype))
    for layer in range(layers):
        copy_cell(model.params, layer, theirs, f"_l{layer}")
    batch = ids((3, 9))
    state, tops = architecture.start(model.params, (3,)), []
    for t in range(9):
        state, values = architecture.step(model.params, state, batch[:, t], row=t)
        tops.append(values["h"][-1])
    with torch.no_grad():
        output, last = theirs(tensor(model.params["E"][batch]))
    close: Any = {"atol": TOLERANCE[dtype], "rtol": TOLERANCE[dtype]}
    if name == "relu":  # nothing saturates: a rounding grows with the ticks as the state does
        close = {key: 30 * value for key, value in close.items()}
    np.testing.assert_allclose(np.stack(tops, 1), output.numpy(), **close)
    finals = last if isinstance(last, tuple) else (last,)
    for index, final in enumerate(finals):  # the state that is carried out: h, and c of an LSTM
        ours = np.stack([state[layer][index] for layer in range(layers)])
        np.testing.assert_allclose(ours, final.numpy(), **close)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("family", FAMILIES)
def test_logits_equal_the_model_built_of_torch_modules(
    family: str, layers: int, dtype: str
) -> None:
    model = build(family, layers=layers, dtype=dtype, scale=1.0)
    batch = ids((4, 8))
    with torch.no_grad():
        wanted = reference(model)(tensor(batch)).numpy()
    got = model.architecture.logits(model.params, batch)
    np.testing.assert_allclose(got, wanted, atol=TOLERANCE[dtype], rtol=TOLERANCE[dtype])


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("name", CELLS)
def test_a_trace_holds_what_torch_computes_at_each_tick(name: str, layers: int) -> None:
    model = build(name, layers=layers)
    words = tokens(7)
    trace = engine.run(model, words)
    theirs = reference(model)
    with torch.no_grad():
        logits = theirs(tensor(np.array([model.vocabulary.encode(words)])))
    np.testing.assert_allclose(trace["logits"], logits[0].numpy(), atol=1e-12)
    assert trace["x"].shape == (7, 5)
    for t in range(7):
        np.testing.assert_allclose(trace["x"][t], theirs.seen["x"][0][t][0], atol=1e-12)
        for state in model.architecture.states:
            for layer in range(layers):
                wanted = theirs.seen[state][layer][t][0].numpy()
                np.testing.assert_allclose(trace[state][t, layer], wanted, atol=1e-12)


@pytest.mark.parametrize(("name", "count"), [("elman", 1600), ("gru", 4800), ("lstm", 6400)])
def test_parameter_counts(name: str, count: int) -> None:
    cell = registry.load(registry.CELLS, name, "cell")
    shapes = cells.shapes(cell, 16, 32)
    assert sum(int(np.prod(shape)) for shape in shapes.values()) == count
    assert sum(p.numel() for p in CELL[name](16, 32).parameters()) == count


@pytest.mark.parametrize("family", FAMILIES)
def test_the_size_of_a_model_is_torchs(family: str) -> None:
    model = build(family, layers=3)
    theirs = sum(p.numel() for p in reference(model).parameters())
    positions = model.params["P"].size if "P" in model.params else 0
    assert model.size == theirs + positions


@pytest.mark.parametrize("name", CELLS)
def test_large_inputs_saturate_and_do_not_overflow(name: str) -> None:
    cell = registry.load(registry.CELLS, name, "cell")
    model = build(name, layers=1, dtype="float32")
    p = {k.removeprefix("layers.0."): v for k, v in model.params.items()}
    state = tuple(np.zeros(6, np.float32) for _ in cell.STATE)
    with np.errstate(all="raise", under="ignore"):
        _, values = cell.step(p, np.full(5, 1e6, np.float32), state)
    for gate in cell.GATES:
        assert set(np.unique(values[gate])) <= {0.0, 1.0}
