"""Training against torch.optim and a plain PyTorch loop, on both backends, and across an interruption."""

from __future__ import annotations

import itertools
import json
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.arrays import Backend
from engine.errors import PeepholeError
from engine.models import Architecture
from engine.models.recurrent import RecurrentLM
from engine.models.transformer import TransformerLM
from engine.optim import Adam, clip_by_norm, optimiser, warmup_constant, warmup_cosine
from engine.storage import read_file, write_file
from engine.training import Batch, Diverged, Recipe, Training

WORDS = 11
LSTM = RecurrentLM("lstm", WORDS, width=6, embed=5)
TRANSFORMER = TransformerLM(WORDS, width=8, heads=2, hidden=12, context=12)
RECIPE = Recipe(steps=50, batch=4, lr=1e-2, warmup=3, clip=0.5, seed=3, forget_bias=1.0)
PLAIN = replace(RECIPE, forget_bias=0.0)
NUMPY, TORCH = Backend("numpy", "float64"), Backend("torch", "float64")


def batches(step: int) -> Batch:
    """Random tokens; the last two of one sentence are padding."""
    rng = np.random.default_rng(step)
    ids = rng.integers(0, WORDS, (4, 8))
    weights = np.ones((4, 7))
    weights[0, -2:] = 0.0
    return Batch(ids[:, :-1], ids[:, 1:], weights)


def sums(step: int) -> Batch:
    """Numbers of which the last row's target is the sum of the firsts."""
    rng = np.random.default_rng(step)
    inputs = rng.random((4, 5, 2))
    weights = np.zeros((4, 5))
    weights[:, -1] = 1.0
    return Batch(inputs, np.repeat(inputs[..., :1].sum(1), 5, 1), weights)


RUNS: dict[str, tuple[Architecture, Recipe]] = {
    "lstm": (LSTM, RECIPE),
    "lstm, sgd": (LSTM, replace(RECIPE, optimiser="sgd", momentum=0.9, schedule="constant")),
    "lstm, truncated": (LSTM, replace(RECIPE, k1=2, k2=3)),
    "gru": (RecurrentLM("gru", WORDS, 6, 5, 2, residual=True), PLAIN),
    "rnn": (RecurrentLM("elman", WORDS, 6, 5), replace(PLAIN, init="xavier", clip=0.0)),
    "relu": (RecurrentLM("relu", WORDS, 6, 5), replace(PLAIN, init="identity", k1=3, k2=3)),
    "adding": (RecurrentLM("gru", 2, 6, 5, outputs=1), replace(PLAIN, loss="value")),
    "transformer": (TRANSFORMER, replace(PLAIN, shift=True)),
}


@pytest.mark.parametrize("name", RUNS)
def test_numpy_and_torch_take_the_same_steps(name: str) -> None:
    architecture, recipe = RUNS[name]
    stream = sums if recipe.loss == "value" else batches
    runs = [list(Training.start(architecture, recipe, b, stream).run()) for b in (NUMPY, TORCH)]
    assert len(runs[0]) == 50
    for ours, theirs in zip(*runs, strict=True):
        assert ours.loss == pytest.approx(theirs.loss, rel=1e-9)
        assert ours.norm == pytest.approx(theirs.norm, rel=1e-7)
        assert (ours.step, ours.accuracy, ours.lr) == (theirs.step, theirs.accuracy, theirs.lr)
    assert runs[0][-1].loss < runs[0][0].loss


STACK = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "elman": torch.nn.RNN}


def plain_loop(training: Training) -> list[float]:
    """The losses of the PyTorch loop that anybody would write, from the same weights."""
    architecture, recipe = training.architecture, training.recipe
    assert isinstance(architecture, RecurrentLM)
    p = {name: torch.tensor(np.asarray(array)) for name, array in training.params.items()}
    embedding = torch.nn.Embedding.from_pretrained(p["E"].clone(), freeze=False)
    rnn = STACK[architecture.cell](5, 6, architecture.layers, batch_first=True, dtype=torch.float64)
    readout = torch.nn.Linear(6, WORDS, dtype=torch.float64)
    pairs = [("W_hy", readout.weight), ("b_y", readout.bias)]
    for layer in range(architecture.layers):
        for ours, theirs in (("W_xh", "weight_ih"), ("W_hh", "weight_hh"),
                             ("b_xh", "bias_ih"), ("b_hh", "bias_hh")):  # fmt: skip
            pairs.append((f"layers.{layer}.{ours}", getattr(rnn, f"{theirs}_l{layer}")))
    with torch.no_grad():
        for name, parameter in pairs:
            parameter.copy_(p[name].T if p[name].ndim == 2 else p[name])
    weights = [*embedding.parameters(), *rnn.parameters(), *readout.parameters()]
    optimiser = (
        torch.optim.Adam(weights, lr=recipe.lr)
        if recipe.optimiser == "adam"
        else torch.optim.SGD(weights, lr=recipe.lr, momentum=recipe.momentum)
    )
    losses = []
    for step in range(recipe.steps):
        for group in optimiser.param_groups:
            group["lr"] = recipe.lr * warmup_cosine(step, recipe.steps, recipe.warmup)
        inputs, targets, share = (torch.tensor(part) for part in batches(step))
        total, state = torch.zeros(()), None
        optimiser.zero_grad()
        for at in torch.arange(inputs.shape[1]).split(recipe.k1 or inputs.shape[1]):
            top, state = rnn(embedding(inputs[:, at]), state)
            state = tuple(s.detach() for s in state) if type(state) is tuple else state.detach()
            each = torch.nn.functional.cross_entropy(
                readout(top).flatten(0, 1), targets[:, at].flatten(), reduction="none"
            )
            loss = (each * share[:, at].flatten()).sum() / share.sum()
            loss.backward()
            total = total + loss.detach()
        torch.nn.utils.clip_grad_norm_(weights, recipe.clip)
        optimiser.step()
        losses.append(total.item())
    return losses


@pytest.mark.parametrize("backend", [NUMPY, TORCH], ids=lambda b: b.name)
@pytest.mark.parametrize("knobs", [{}, {"k1": 3, "k2": 3}, {"optimiser": "sgd", "momentum": 0.8}],
                         ids=["full", "truncated", "sgd"])  # fmt: skip
@pytest.mark.parametrize("cell", STACK)
def test_a_model_learns_as_in_a_plain_pytorch_loop(
    cell: str, knobs: dict, backend: Backend
) -> None:
    recipe = replace(PLAIN, forget_bias=1.0 if cell == "lstm" else 0.0, **knobs)
    training = Training.start(RecurrentLM(cell, WORDS, 6, 5, 2), recipe, backend, batches)
    losses = plain_loop(training)
    np.testing.assert_allclose([p.loss for p in training.run()], losses, rtol=1e-9)
    assert len(losses) == 50


def test_clipping_is_torchs() -> None:
    rng = np.random.default_rng(0)
    grads = {"a": rng.normal(size=(3, 4)), "b": rng.normal(size=5)}
    leaves = [torch.zeros(g.shape, dtype=torch.float64, requires_grad=True) for g in grads.values()]
    assert clip_by_norm(grads, 0.0)[0] == grads
    for limit in (0.1, 100.0):
        for leaf, g in zip(leaves, grads.values(), strict=True):
            leaf.grad = torch.tensor(g)
        norm = torch.nn.utils.clip_grad_norm_(leaves, limit)
        clipped, ours = clip_by_norm(grads, limit)
        assert ours == pytest.approx(float(norm))
        for leaf, g in zip(leaves, clipped.values(), strict=True):
            np.testing.assert_allclose(g, np.asarray(leaf.grad), rtol=1e-12)


def test_the_learning_rate_rises_and_falls() -> None:
    shares = [warmup_cosine(step, 100, 10) for step in range(100)]
    assert shares[:10] == pytest.approx(np.arange(1, 11) / 10)
    assert all(a > b for a, b in itertools.pairwise(shares[10:]))
    assert warmup_cosine(100, 100, 10) == pytest.approx(0.05)
    assert [warmup_constant(step, 4) for step in (0, 1, 3, 4, 99)] == [0.25, 0.5, 1.0, 1.0, 1.0]
    assert warmup_constant(0, 0) == 1.0


@pytest.mark.parametrize("how", ["resume", "load"])
@pytest.mark.parametrize("backend", [NUMPY, TORCH, Backend()], ids=lambda b: f"{b.name} {b.dtype}")
@pytest.mark.parametrize("name", ["lstm", "lstm, sgd", "lstm, truncated", "transformer"])
def test_a_run_that_was_cut_off_goes_on_bit_for_bit(
    name: str, backend: Backend, how: str, tmp_path: Path
) -> None:
    architecture, recipe = RUNS[name]
    recipe = replace(recipe, steps=9)
    whole = Training.start(architecture, recipe, backend, batches)
    list(whole.run())
    begun = Training.start(architecture, recipe, backend, batches)
    list(begun.run(until=5))
    path = begun.save(tmp_path / "c.safetensors")
    if how == "load":
        resumed = Training.load(path, backend, batches)
        assert (resumed.architecture, resumed.recipe) == (architecture, recipe)
    else:
        resumed = Training.start(architecture, recipe, backend, batches).resume(path)
    assert resumed.step == 5
    list(resumed.run())
    for key, array in whole.params.items():
        assert np.array_equal(np.asarray(array), np.asarray(resumed.params[key])), key


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path: Path) -> None:
    path = Training.start(LSTM, RECIPE, NUMPY, batches).save(tmp_path / "c.safetensors")
    other = Training.start(LSTM, replace(RECIPE, lr=0.5), NUMPY, batches)
    with pytest.raises(PeepholeError, match="another model or recipe"):
        other.resume(path)
    sgd = Training.start(LSTM, replace(RECIPE, optimiser="sgd"), NUMPY, batches)
    with pytest.raises(PeepholeError, match="another model or recipe"):
        sgd.resume(path)


@pytest.mark.parametrize(
    ("part", "lie"),
    [
        ("recipe", {"lr": "fast"}), ("recipe", {"k1": 3}), ("recipe", {"optimizer": "adam"}),
        ("recipe", {"optimiser": "sgd"}), ("recipe", []), ("recipe", {"steps": True}),
        ("architecture", {"cell": "lstn"}), ("architecture", {"layers": 10**6}),
        ("architecture", {"width": 7}), ("architecture", None), ("step", -1), ("step", "5"),
        ("architecture", {"outputs": True}), ("architecture", {"residual": 1}),
    ],
)  # fmt: skip
def test_a_checkpoint_that_lies_is_one_message(part: str, lie: Any, tmp_path: Path) -> None:
    training = Training.start(LSTM, RECIPE, NUMPY, batches)
    arrays, content = read_file(training.save(tmp_path / "c.safetensors"), "checkpoint")
    content[part] = content[part] | lie if isinstance(lie, dict) else lie
    rest = {k: v for k, v in content.items() if k not in ("format", "content")}
    path = write_file(tmp_path / "lie.safetensors", arrays, "checkpoint", rest)
    with pytest.raises(PeepholeError) as caught:
        Training.load(path, NUMPY, batches)
    assert caught.value.where == str(path)
    assert caught.value.do


def test_live_knobs_count_from_the_next_update_on_and_are_saved(tmp_path: Path) -> None:
    recipe = replace(PLAIN, optimiser="sgd", schedule="constant", warmup=0)
    training = Training.start(LSTM, recipe, NUMPY, batches)
    assert training.update().lr == recipe.lr
    training.set(lr=0.25, momentum=0.5, clip=0.0, k1=2, k2=4)
    path = training.save(tmp_path / "c.safetensors")
    before = {name: array.copy() for name, array in training.params.items()}
    velocity = training.optimiser.tensors["velocity"]["W_hy"].copy()
    assert training.update().lr == 0.25
    moved = (before["W_hy"] - training.params["W_hy"]) / 0.25
    np.testing.assert_allclose(moved, 0.5 * velocity + training.grads["W_hy"], rtol=1e-10)
    again = Training.load(path, NUMPY, batches)
    again.update()
    assert all(np.array_equal(a, again.params[n]) for n, a in training.params.items())
    for knobs in ({"seed": 1}, {"lr": -1.0}, {"k1": 5}, {"nonsense": 0}, {"momentum": 1.0}):
        with pytest.raises(PeepholeError):
            training.set(**knobs)
    assert training.recipe.lr == 0.25
    with pytest.raises(PeepholeError, match="SGD"):
        Training.start(LSTM, RECIPE, NUMPY, batches).set(momentum=0.5)
    with pytest.raises(PeepholeError, match="truncate"):
        Training.start(TRANSFORMER, PLAIN, NUMPY, batches).set(k1=2, k2=2)


def test_the_gradients_kept_are_those_before_clipping() -> None:
    training = Training.start(LSTM, replace(RECIPE, clip=1e-3), NUMPY, batches)
    done = training.update()
    total = np.sqrt(sum((g**2).sum() for g in training.grads.values()))
    assert done.norm == pytest.approx(total)
    assert done.norm > 1e-3


def test_accuracy_counts_rows_and_not_weights() -> None:
    ones = np.ones((1, 4), int)
    batch = Batch(ones, np.array([[1, 1, 1, 0]]), np.array([[9.0, 0.0, 0.5, 1.0]]))
    for backend in (NUMPY, TORCH):
        training = Training.start(LSTM, PLAIN, backend, lambda step: batch)
        params = {name: array * 0 for name, array in training.params.items()}
        params["b_y"][1] = 1.0
        training.params = params
        assert training.update().accuracy == pytest.approx(2 / 3)


@pytest.mark.parametrize("backend", [NUMPY, TORCH], ids=lambda b: b.name)
def test_a_loss_that_is_no_number_stops_with_the_weights_as_they_were(backend: Backend) -> None:
    training = Training.start(LSTM, RECIPE, backend, batches)
    training.update()
    training.params["W_hy"][0, 0] = np.inf
    before = np.asarray(training.params["E"]).copy()
    with pytest.raises(Diverged, match="learning rate") as caught:
        training.update()
    assert caught.value.update == 2
    assert not np.isfinite(caught.value.loss)
    assert np.array_equal(training.params["E"], before)
    assert training.step == 1


@pytest.mark.filterwarnings("error")
def test_a_relu_network_explodes_without_clipping_and_not_with_it() -> None:
    """Exploding is quiet on the way there: one message, and no warnings about overflow."""
    relu = RecurrentLM("relu", WORDS, 32, 8)
    recipe = Recipe(steps=30, optimiser="sgd", lr=0.5, warmup=0, schedule="constant", clip=0.0,
                    init="orthogonal", gain=1.5)  # fmt: skip

    def long(step: int) -> Batch:
        ids = np.random.default_rng(step).integers(0, WORDS, (4, 41))
        return Batch(ids[:, :-1], ids[:, 1:], np.ones((4, 40)))

    with pytest.raises(Diverged):
        list(Training.start(relu, recipe, Backend(), long).run())
    clipped = Training.start(relu, replace(recipe, clip=1.0), Backend(), long)
    assert all(np.isfinite(done.loss) for done in clipped.run())


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([field.name for field in fields(Recipe)]),
        st.none() | st.booleans() | st.integers(-3, 9) | st.floats() | st.text(max_size=5),
        max_size=5,
    )
)
def test_any_recipe_is_one_or_a_message(knobs: dict[str, Any]) -> None:
    try:
        recipe = Recipe.parse(knobs)
    except PeepholeError:
        return
    assert Recipe.parse(json.loads(json.dumps(asdict(recipe)))) == recipe


def test_sgd_is_torchs() -> None:
    rng = np.random.default_rng(0)
    for momentum in (0.0, 0.9):
        weight = torch.nn.Parameter(torch.tensor(rng.normal(size=4)))
        theirs = torch.optim.SGD([weight], lr=0.1, momentum=momentum)
        params: Any = {"w": weight.detach().numpy().copy()}
        ours = optimiser("sgd", params, momentum)
        for _ in range(5):
            g = rng.normal(size=4)
            weight.grad = torch.tensor(g)
            theirs.step()
            params, ours = ours.update(params, {"w": g}, 0.1)
            np.testing.assert_allclose(params["w"], weight.detach().numpy(), rtol=1e-12)


def test_adam_starts_from_nothing() -> None:
    start = Adam.start({"w": np.ones(3)})
    new, after = start.update({"w": np.ones(3)}, {"w": np.array([1.0, -2.0, 0.0])}, lr=0.1)
    # the first step of Adam is lr in the direction of the gradient's sign, whatever its size
    np.testing.assert_allclose(new["w"], [0.9, 1.1, 1.0], atol=1e-7)
    assert after.step == 1
