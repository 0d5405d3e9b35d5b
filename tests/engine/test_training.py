"""Training against torch.optim and a plain PyTorch loop, on both backends, and across an interruption."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.arrays import Backend
from engine.errors import PeepholeError
from engine.models.recurrent import RecurrentLM
from engine.models.transformer import TransformerLM
from engine.optim import Adam, clip_by_norm, warmup_cosine
from engine.training import Batch, Recipe, Training

WORDS = 11
LSTM = RecurrentLM("lstm", WORDS, width=6, embed=5)
TRANSFORMER = TransformerLM(WORDS, width=8, heads=2, hidden=12, context=12)
RECIPE = Recipe(steps=12, batch=4, lr=1e-2, warmup=3, clip=0.5, seed=3, forget_bias=1.0)
NUMPY, TORCH = Backend("numpy", "float64"), Backend("torch", "float64")


def batches(step: int) -> Batch:
    """Random tokens; the last two of one sentence are padding."""
    rng = np.random.default_rng(step)
    ids = rng.integers(0, WORDS, (4, 8))
    weights = np.ones((4, 7))
    weights[0, -2:] = 0.0
    return Batch(ids[:, :-1], ids[:, 1:], weights)


def recipe_of(architecture: object) -> Recipe:
    return RECIPE if architecture is LSTM else replace(RECIPE, forget_bias=0.0, shift=True)


@pytest.mark.parametrize("architecture", [LSTM, TRANSFORMER], ids=lambda a: a.kind)
def test_numpy_and_torch_take_the_same_steps(architecture: object) -> None:
    losses = [
        [p.loss for p in Training.start(architecture, recipe_of(architecture), b, batches).run()]
        for b in (NUMPY, TORCH)
    ]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-9)
    assert losses[0][-1] != losses[0][0]


def test_an_lstm_learns_as_in_a_plain_pytorch_loop() -> None:
    training = Training.start(LSTM, RECIPE, NUMPY, batches)
    p = {name: torch.tensor(array) for name, array in training.params.items()}
    embedding = torch.nn.Embedding.from_pretrained(p["E"].clone(), freeze=False)
    lstm = torch.nn.LSTM(5, 6, batch_first=True, dtype=torch.float64)
    readout = torch.nn.Linear(6, WORDS, dtype=torch.float64)
    with torch.no_grad():
        for ours, theirs in (
            ("layers.0.W_xh", lstm.weight_ih_l0),
            ("layers.0.W_hh", lstm.weight_hh_l0),
            ("layers.0.b_xh", lstm.bias_ih_l0),
            ("layers.0.b_hh", lstm.bias_hh_l0),
            ("W_hy", readout.weight),
            ("b_y", readout.bias),
        ):
            theirs.copy_(p[ours].T if p[ours].ndim == 2 else p[ours])
    weights = [*embedding.parameters(), *lstm.parameters(), *readout.parameters()]
    optimiser = torch.optim.Adam(weights, lr=RECIPE.lr)
    plain = []
    for step in range(RECIPE.steps):
        for group in optimiser.param_groups:
            group["lr"] = RECIPE.lr * warmup_cosine(step, RECIPE.steps, RECIPE.warmup)
        inputs, targets, share = (torch.tensor(part) for part in batches(step))
        logits = readout(lstm(embedding(inputs))[0])
        each = torch.nn.functional.cross_entropy(
            logits.flatten(0, 1), targets.flatten(), reduction="none"
        )
        loss = (each * share.flatten()).sum() / share.sum()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, RECIPE.clip)
        optimiser.step()
        plain.append(loss.item())
    np.testing.assert_allclose([p.loss for p in training.run()], plain, rtol=1e-9)


def test_clipping_is_torchs() -> None:
    rng = np.random.default_rng(0)
    grads = {"a": rng.normal(size=(3, 4)), "b": rng.normal(size=5)}
    leaves = [torch.zeros(g.shape, dtype=torch.float64, requires_grad=True) for g in grads.values()]
    for limit in (0.1, 100.0):
        for leaf, g in zip(leaves, grads.values(), strict=True):
            leaf.grad = torch.tensor(g)
        norm = torch.nn.utils.clip_grad_norm_(leaves, limit)
        clipped, ours = clip_by_norm(grads, limit)
        assert ours == pytest.approx(float(norm))
        for leaf, g in zip(leaves, clipped.values(), strict=True):
            np.testing.assert_allclose(g, leaf.grad.numpy(), rtol=1e-12)


def test_the_learning_rate_rises_and_falls() -> None:
    shares = [warmup_cosine(step, 100, 10) for step in range(100)]
    assert shares[:10] == pytest.approx(np.arange(1, 11) / 10)
    assert all(a > b for a, b in itertools.pairwise(shares[10:]))
    assert warmup_cosine(100, 100, 10) == pytest.approx(0.05)


@pytest.mark.parametrize("backend", [NUMPY, TORCH], ids=lambda b: b.name)
def test_a_run_that_was_cut_off_goes_on_bit_for_bit(backend: Backend, tmp_path: Path) -> None:
    whole = Training.start(LSTM, RECIPE, backend, batches)
    list(whole.run())
    begun = Training.start(LSTM, RECIPE, backend, batches)
    list(begun.run(until=5))
    path = begun.save(tmp_path / "c.safetensors")
    resumed = Training.start(LSTM, RECIPE, backend, batches).resume(path)
    assert resumed.step == 5
    list(resumed.run())
    for name, array in whole.params.items():
        assert np.array_equal(np.asarray(array), np.asarray(resumed.params[name])), name


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path: Path) -> None:
    path = Training.start(LSTM, RECIPE, NUMPY, batches).save(tmp_path / "c.safetensors")
    other = Training.start(LSTM, replace(RECIPE, lr=0.5), NUMPY, batches)
    with pytest.raises(PeepholeError, match="another model or recipe"):
        other.resume(path)


def test_a_loss_that_is_no_number_stops_with_the_weights_as_they_were() -> None:
    training = Training.start(LSTM, RECIPE, NUMPY, batches)
    training.params["W_hy"][0, 0] = np.inf
    before = training.params["E"].copy()
    with np.errstate(all="ignore"), pytest.raises(PeepholeError, match="learning rate"):
        training.update()
    assert np.array_equal(training.params["E"], before)
    assert training.step == 0


def test_adam_starts_from_nothing() -> None:
    start = Adam.start({"w": np.ones(3)})
    new, after = start.update({"w": np.ones(3)}, {"w": np.array([1.0, -2.0, 0.0])}, lr=0.1)
    # the first step of Adam is lr in the direction of the gradient's sign, whatever its size
    np.testing.assert_allclose(new["w"], [0.9, 1.1, 1.0], atol=1e-7)
    assert after.step == 1
