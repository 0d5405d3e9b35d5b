"""The closed form of backpropagation through time against loops of torch's own cells, and differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import bptt, truncation
from engine.arrays import Backend
from engine.models.recurrent import RecurrentLM
from engine.objective import objective
from engine.recipe import Batch
from tests.engine.build import CELLS
from tests.engine.reference import CELL, copy_cell, tensor

B, T, H, WORDS = 3, 11, 6, 7
WAYS = [(0, 0), (3, 3), (2, 5), (4, 6), (1, 1), (1, 11)]


def drawn(
    cell: str, layers: int = 1, residual: bool = False, kind: str = "words", seed: int = 0
) -> tuple[RecurrentLM, dict[str, np.ndarray], Batch]:
    """A model in float64 and a batch: ids or numbers, some rows without a weight."""
    rng = np.random.default_rng(seed)
    words = kind == "words"
    architecture = RecurrentLM(
        cell, WORDS if words else 2, H, 5, layers, outputs=0 if words else 1, residual=residual
    )
    params = architecture.init(rng)
    params = {k: 1.5 * a + 0.1 * rng.normal(size=a.shape) for k, a in params.items()}
    inputs = rng.integers(0, WORDS, (B, T)) if words else rng.normal(size=(B, T, 2))
    targets = rng.integers(0, WORDS, (B, T)) if words else rng.normal(size=(B, T))
    weights = rng.uniform(0.5, 2, (B, T)) * (rng.random((B, T)) < 0.6)
    return architecture, params, Batch(inputs, targets, weights)


class Loop:
    """torch's cells with our weights in a plain loop over the rows of one window after another."""

    def __init__(self, architecture: RecurrentLM, params: dict[str, np.ndarray]) -> None:
        a = self.architecture = architecture
        self.cells = [
            CELL[a.cell](H if layer else 5, H, dtype=torch.float64) for layer in range(a.layers)
        ]
        for layer, cell in enumerate(self.cells):
            copy_cell(params, layer, cell)
        self.free = {k: tensor(params[k]).requires_grad_() for k in ("E", "W_hy", "b_y")}

    def run(self, batch: Batch, k1: int, k2: int, kind: str) -> tuple[float, dict, list]:
        """The loss, dL by every parameter, and dL by every state: [layer][name] (T, B, H)."""
        inputs, targets = torch.tensor(batch.inputs), torch.tensor(batch.targets)
        share = torch.tensor(batch.weights / batch.weights.sum())
        k1, k2 = k1 or T, k2 or T
        total = 0.0
        adjoints = [{n: np.zeros((T, B, H)) for n in ("h", "c")} for _ in self.cells]
        for begin in range(0, T, k1):
            first, end = max(0, begin + k1 - k2), min(begin + k1, T)
            state: Any = [(torch.zeros(B, H, dtype=torch.float64),) * 2 for _ in self.cells]
            seen, losses = [], []
            for t in range(end):
                if t == first:
                    state = [tuple(part.detach() for part in layer) for layer in state]
                state, logits = self.tick(inputs[:, t], state)
                if t >= first:
                    for layer, parts in enumerate(state):
                        seen += [(layer, n, t, part) for n, part in zip("hc", parts, strict=True)]
                if t >= begin:
                    each = (
                        F.cross_entropy(logits, targets[:, t], reduction="none")
                        if kind == "words"
                        else (logits[:, 0] - targets[:, t]) ** 2
                    )
                    losses.append((each * share[:, t]).sum())
            loss: Any = torch.stack(losses).sum()
            total += loss.item()
            states = [part for *_, part in seen if part.requires_grad]
            found = torch.autograd.grad(loss, states, retain_graph=True, allow_unused=True)
            for (layer, name, t, _), g in zip(
                [s for s in seen if s[3].requires_grad], found, strict=True
            ):
                adjoints[layer][name][t] += 0 if g is None else g.numpy()
            loss.backward()
        return total, self.grads(), adjoints

    def tick(self, inputs: Any, state: list) -> tuple[list, Any]:
        """One row (B,) or (B, D) through the stack."""
        floats = inputs.dtype.is_floating_point
        below = inputs @ self.free["E"] if floats else self.free["E"][inputs]
        after = []
        for layer, cell in enumerate(self.cells):
            if self.architecture.cell == "lstm":
                after.append(cell(below, state[layer]))
            else:
                after.append((cell(below, state[layer][0]), state[layer][1]))
            h = after[-1][0]
            below = h + below if layer and self.architecture.residual else h
        return after, below @ self.free["W_hy"] + self.free["b_y"]

    def grads(self) -> dict[str, np.ndarray]:
        found = {name: leaf.grad for name, leaf in self.free.items()}
        for layer, cell in enumerate(self.cells):
            for ours, theirs in (("W_xh", "weight_ih"), ("W_hh", "weight_hh")):
                found[f"layers.{layer}.{ours}"] = getattr(cell, theirs).grad.T
            for ours, theirs in (("b_xh", "bias_ih"), ("b_hh", "bias_hh")):
                found[f"layers.{layer}.{ours}"] = getattr(cell, theirs).grad
        return {name: np.asarray(grad) for name, grad in found.items()}


def close(got: np.ndarray, wanted: np.ndarray, name: str) -> None:
    scale = max(1.0, float(np.abs(wanted).max()))
    np.testing.assert_allclose(got, wanted, rtol=1e-10, atol=1e-11 * scale, err_msg=name)


@pytest.mark.parametrize(("k1", "k2"), WAYS)
@pytest.mark.parametrize(
    ("layers", "residual", "kind"),
    [(1, False, "words"), (3, False, "words"), (3, True, "words"), (2, True, "value")],
)
@pytest.mark.parametrize("cell", CELLS)
def test_every_gradient_equals_a_plain_loop_of_torchs_cells(
    cell: str, layers: int, residual: bool, kind: str, k1: int, k2: int
) -> None:
    architecture, params, batch = drawn(cell, layers, residual, kind)
    loss, grads, adjoints = Loop(architecture, params).run(batch, k1, k2, kind)
    got = bptt.backward(architecture, params, batch, k1, k2, kind)
    assert got.loss == pytest.approx(loss, rel=1e-12)
    assert list(got.grads) == list(params)
    for name, grad in got.grads.items():
        close(grad, grads[name], name)
    for layer, found in enumerate(got.adjoints):
        assert tuple(found) == architecture.states
        for name, array in found.items():
            close(array, adjoints[layer][name], f"{name} of layer {layer}")
            norms = np.linalg.norm(adjoints[layer][name], axis=-1)
            close(got.states[name][:, layer], norms, name)


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize(("k1", "k2"), [(0, 0), (3, 3), (2, 5)])
@pytest.mark.parametrize("cell", CELLS)
def test_automatic_differentiation_of_the_engine_gives_the_same(
    cell: str, k1: int, k2: int, library: str
) -> None:
    architecture, params, batch = drawn(cell, 2, True)
    backend = Backend(library, "float64")
    share = backend.asarray(batch.weights / batch.weights.sum())

    def loss(p: Any) -> Any:
        logits = truncation.logits(architecture, p, batch.inputs, k1, k2)
        return objective("words", logits, batch.targets, share)

    value, grads = backend.value_and_grad(loss, backend.params(params))
    got = bptt.backward(architecture, params, batch, k1, k2)
    assert got.loss == pytest.approx(float(value), rel=1e-12)
    for name, grad in got.grads.items():
        close(grad, np.asarray(grads[name]), name)


@pytest.mark.parametrize("kind", ["words", "value"])
@pytest.mark.parametrize("cell", CELLS)
def test_gradients_equal_central_differences(cell: str, kind: str) -> None:
    architecture, params, batch = drawn(cell, 2, True, kind)
    grads = bptt.backward(architecture, params, batch, loss=kind).grads
    rng, eps = np.random.default_rng(1), 1e-6
    for name, array in params.items():
        direction = rng.normal(size=array.shape)
        ends = [
            bptt.backward(
                architecture, params | {name: array + s * eps * direction}, batch, loss=kind
            ).loss
            for s in (1, -1)
        ]
        slope = (grads[name] * direction).sum()
        assert (ends[0] - ends[1]) / (2 * eps) == pytest.approx(slope, rel=1e-6, abs=1e-8), name


@pytest.mark.parametrize("cell", CELLS)
def test_no_row_before_the_window_hears_of_the_loss(cell: str) -> None:
    architecture, params, batch = drawn(cell)
    weights = np.zeros((B, T))
    weights[:, -1] = 1.0
    got = bptt.backward(architecture, params, batch._replace(weights=weights), 1, 4)
    for norms in got.states.values():
        assert (norms[: T - 4] == 0.0).all()
        assert (norms[T - 4 :].max(-1) > 0.0).all()


def test_the_values_are_those_of_the_step_form() -> None:
    architecture, params, batch = drawn("lstm", 2)
    got, state = bptt.backward(architecture, params, batch), architecture.start(params, (B,))
    for t in range(T):
        state, values = architecture.step(params, state, batch.inputs[:, t], row=t)
        for name in architecture.rule.VALUES:
            for layer in range(2):
                np.testing.assert_allclose(
                    got.values[layer][name][t], values[name][layer], atol=1e-12
                )


@settings(max_examples=100, deadline=None)
@given(rows=st.integers(1, 40), k1=st.integers(1, 45), more=st.integers(0, 20))
def test_windows_count_every_loss_once_and_reach_k2_rows(rows: int, k1: int, more: int) -> None:
    found = truncation.windows(rows, k1, k1 + more)
    counted = [t for w in found for t in range(w.losses, w.end)]
    assert counted == list(range(rows))
    for first, losses, end in found:
        assert 0 <= first <= losses < end
        assert end - first <= k1 + more
        assert end - losses == k1 or end == rows


def test_a_batch_whose_losses_count_nowhere_near_costs_no_gradient_there() -> None:
    """Windows without a loss are left out, and nothing of them is left undefined."""
    architecture, params, batch = drawn("gru", 2)
    weights = np.zeros((B, T))
    weights[0, 1] = 1.0
    got = bptt.backward(architecture, params, batch._replace(weights=weights), 3, 3)
    assert (got.states["h"][2:] == 0.0).all()
    _, grads, _ = Loop(architecture, params).run(batch._replace(weights=weights), 3, 3, "words")
    for name, grad in got.grads.items():
        close(grad, grads[name], name)
