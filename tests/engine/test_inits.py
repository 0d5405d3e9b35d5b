"""Initial weights: what each kind promises, against torch's own draws where torch has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine.errors import PeepholeError
from engine.inits import initialise
from engine.models.bidirectional import BidirectionalTagger
from engine.models.encoder_decoder import EncoderDecoder
from engine.models.recurrent import RecurrentLM
from engine.models.transformer import TransformerLM
from engine.recipe import Recipe

H, D = 24, 16
LSTM, GRU = RecurrentLM("lstm", 9, H, D, 2), RecurrentLM("gru", 9, H, D, 2)


def blocks(matrix: np.ndarray) -> list[np.ndarray]:
    return np.split(matrix.astype(float), matrix.shape[1] // H, axis=1)


@pytest.mark.parametrize("architecture", [LSTM, GRU], ids=lambda a: a.cell)
def test_the_default_is_the_architectures_own_draw(architecture: RecurrentLM) -> None:
    got = initialise(architecture, Recipe(seed=5))
    wanted = architecture.init(np.random.default_rng(5))
    for name, array in wanted.items():
        assert got[name].dtype == np.float32
        np.testing.assert_array_equal(got[name], array)


FAMILIES = {
    "layers": (LSTM, False),
    "back": (BidirectionalTagger("lstm", 9, 2 * H, D), True),  # 2 H is of both directions together
    "decoder": (EncoderDecoder("lstm", 9, H, D, bidirectional=True), False),
}


@pytest.mark.parametrize("part", FAMILIES)
def test_cells_are_drawn_as_widely_as_torchs(part: str) -> None:
    architecture, bidirectional = FAMILIES[part]
    got = architecture.init(np.random.default_rng(0))
    torch.manual_seed(0)
    theirs = torch.nn.LSTM(D, H, bidirectional=bidirectional)
    for name, wanted in (("W_xh", theirs.weight_ih_l0), ("W_hh", theirs.weight_hh_l0)):
        widest = np.abs(got[f"{part}.0.{name}"]).max()
        assert widest == pytest.approx(float(wanted.detach().abs().max()), rel=0.02)


@pytest.mark.parametrize("architecture", [LSTM, GRU], ids=lambda a: a.cell)
def test_orthogonal_blocks_keep_every_length(architecture: RecurrentLM) -> None:
    got = initialise(architecture, Recipe(init="orthogonal", gain=1.5))
    for layer in range(2):
        found = blocks(got[f"layers.{layer}.W_hh"])
        for q in found:
            np.testing.assert_allclose(q @ q.T, 1.5**2 * np.eye(H), atol=1e-5)
        assert not np.allclose(found[0], found[1])
        assert not got[f"layers.{layer}.b_hh"].any()


def test_orthogonal_draws_have_no_direction_of_their_own() -> None:
    """A plain QR decomposition gives its first column one sign always."""
    tiny = RecurrentLM("elman", 3, 2, 2)
    corners = [
        initialise(tiny, Recipe(init="orthogonal", seed=seed))["layers.0.W_hh"][0, 0]
        for seed in range(200)
    ]
    assert abs(np.mean(corners)) < 0.15


def test_identity_blocks() -> None:
    for q in blocks(initialise(GRU, Recipe(init="identity"))["layers.1.W_hh"]):
        np.testing.assert_array_equal(q, np.eye(H))


@pytest.mark.parametrize("architecture", [LSTM, GRU], ids=lambda a: a.cell)
def test_xavier_is_drawn_as_torch_draws_it(architecture: RecurrentLM) -> None:
    got = initialise(architecture, Recipe(init="xavier"))
    for name, array in got.items():
        if array.ndim == 1:
            assert not array.any()
        elif name != "E":
            for part in blocks(array) if "layers" in name else [array]:
                theirs = torch.nn.init.xavier_uniform_(torch.empty(part.shape)).numpy()
                assert np.abs(part).max() == pytest.approx(np.abs(theirs).max(), rel=0.05)
                assert part.std() == pytest.approx(theirs.std(), rel=0.2)


def test_the_forget_bias_reaches_the_forget_gate_alone() -> None:
    plain, raised = initialise(LSTM, Recipe()), initialise(LSTM, Recipe(forget_bias=3.0))
    for name, array in plain.items():
        moved = raised[name].astype(float) - array
        wanted = np.zeros(array.shape)
        if name.endswith("b_xh"):
            wanted[H : 2 * H] = 3.0
        np.testing.assert_allclose(moved, wanted, atol=1e-6)
    # torch's own cell with these weights keeps what it had
    cell = torch.nn.LSTMCell(D, H)
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.zero_()
        cell.bias_ih.copy_(torch.tensor(raised["layers.0.b_xh"] - plain["layers.0.b_xh"]))
        _, c = cell(torch.zeros(1, D), (torch.zeros(1, H), torch.ones(1, H)))
    np.testing.assert_allclose(c.numpy(), 1 / (1 + np.exp(-3.0)), atol=1e-5)


@pytest.mark.parametrize("init", ["torch", "xavier", "orthogonal", "identity"])
def test_a_seed_is_a_draw_and_the_gain_scales_what_is_recurrent(init: str) -> None:
    one, same = (initialise(LSTM, Recipe(init=init, seed=1)) for _ in range(2))
    other = initialise(LSTM, Recipe(init=init, seed=2))
    scaled = initialise(LSTM, Recipe(init=init, seed=1, gain=0.5))
    assert not np.array_equal(one["layers.0.W_xh"], other["layers.0.W_xh"])
    for name, array in one.items():
        np.testing.assert_array_equal(array, same[name])
        factor = 0.5 if name.endswith("W_hh") else 1.0
        np.testing.assert_array_equal(scaled[name], np.float32(factor) * array)


@pytest.mark.parametrize(
    ("architecture", "knobs"),
    [
        (TransformerLM(9), {"init": "orthogonal"}),
        (TransformerLM(9), {"init": "identity"}),
        (TransformerLM(9), {"gain": 2.0}),
        (TransformerLM(9), {"forget_bias": 1.0}),
        (GRU, {"forget_bias": 1.0}),
    ],
)
def test_what_a_model_does_not_have_is_refused(architecture: Any, knobs: dict) -> None:
    with pytest.raises(PeepholeError, match=r"recurrent matrices|forget gate"):
        initialise(architecture, Recipe(**knobs))


def test_a_transformer_can_be_drawn_as_xavier() -> None:
    got = initialise(TransformerLM(9, width=16, heads=2), Recipe(init="xavier"))
    assert got["ln.gain"].min() == 1.0
    bound = (6 / 32) ** 0.5
    assert 0.9 * bound < np.abs(got["layers.0.W_q"]).max() <= bound
