"""Attention and the Transformer equal torch.nn with copied weights; positions equal the formula."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import engine
from engine import transformer
from engine.attention import causal_bias, scaled_dot_product, self_attention
from engine.models import layer_params
from tests.engine.build import build, ids, tokens
from tests.engine.reference import copy_attention, put, reference, tensor

TOLERANCE = {"float32": 1e-6, "float64": 1e-12}


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(("queries", "keys"), [(7, 7), (1, 7), (3, 7)])
def test_scaled_dot_product_equals_torchs(queries: int, keys: int, dtype: str) -> None:
    rng = np.random.default_rng(0)
    q, k, v = (rng.normal(size=(2, 3, n, 4)).astype(dtype) for n in (queries, keys, keys))
    bias = causal_bias(queries, keys).astype(dtype)
    context, scores, weights = scaled_dot_product(q, k, v, bias)
    # torch's is_causal aligns the mask to the first key, which is right only for a square
    allowed = torch.ones(keys, keys, dtype=torch.bool).tril()[keys - queries :]
    wanted = F.scaled_dot_product_attention(tensor(q), tensor(k), tensor(v), attn_mask=allowed)
    np.testing.assert_allclose(context, wanted.numpy(), atol=TOLERANCE[dtype])
    if queries == keys:
        causal = F.scaled_dot_product_attention(tensor(q), tensor(k), tensor(v), is_causal=True)
        np.testing.assert_allclose(context, causal.numpy(), atol=TOLERANCE[dtype])
    assert (np.isneginf(scores) == ~allowed.numpy()).all()
    assert (weights[..., ~allowed.numpy()] == 0).all()
    np.testing.assert_allclose(weights.sum(-1), 1, atol=TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("heads", [1, 2, 4])
def test_multi_head_equals_torchs_with_the_weights_of_each_head(heads: int, dtype: str) -> None:
    model = build("transformer", layers=1, width=8, heads=heads, dtype=dtype, scale=1.0)
    p = layer_params(model.params, 0)
    theirs = nn.MultiheadAttention(8, heads, batch_first=True, dtype=getattr(torch, dtype))
    copy_attention(p, theirs)
    x = np.random.default_rng(1).normal(size=(3, 7, 8)).astype(dtype)

    out, (keys, vals), values = self_attention(p, x, None, heads)

    mask = torch.ones(7, 7, dtype=torch.bool).triu(1)
    with torch.no_grad():
        wanted, weights = theirs(
            *(tensor(x),) * 3, attn_mask=mask, average_attn_weights=False, need_weights=True
        )
    np.testing.assert_allclose(out, wanted.numpy(), atol=TOLERANCE[dtype])
    np.testing.assert_allclose(values["weights"], weights.numpy(), atol=TOLERANCE[dtype])
    assert values["weights"].shape == (3, heads, 7, 7)
    assert keys.shape == vals.shape == (3, heads, 7, 8 // heads)


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_layer_norm_equals_torchs_also_where_eps_matters(dtype: str) -> None:
    rng = np.random.default_rng(0)
    gain, bias = rng.normal(size=(2, 6)).astype(dtype)
    theirs = nn.LayerNorm(6, dtype=getattr(torch, dtype))
    put(theirs.weight, gain)
    put(theirs.bias, bias)
    for size in (1.0, 3e-3):  # variance 1e-5 is the size of eps
        x = (size * rng.normal(size=(4, 6))).astype(dtype)
        with torch.no_grad():
            wanted = theirs(tensor(x)).numpy()
        np.testing.assert_allclose(
            transformer.layer_norm(x, gain, bias), wanted, atol=TOLERANCE[dtype]
        )


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("heads", [1, 3])
def test_a_trace_holds_what_torch_computes(layers: int, heads: int) -> None:
    model = build("transformer", layers=layers, heads=heads)
    words = tokens(9)
    trace = engine.run(model, words)
    theirs = reference(model)
    with torch.no_grad():
        logits = theirs(tensor(np.array([model.vocabulary.encode(words)])))
    np.testing.assert_allclose(trace["logits"], logits[0].numpy(), atol=1e-12)
    np.testing.assert_allclose(trace["x"], theirs.seen["x"][0][0].numpy(), atol=1e-12)
    before = trace["x"]
    for layer in range(layers):
        h = theirs.seen["h"][layer][0].numpy()
        np.testing.assert_allclose(trace["h"][:, layer], h, atol=1e-12)
        block: Any = theirs.blocks[layer]
        with torch.no_grad():
            normed = block.norm1(tensor(before)[None])
            mask = torch.ones(9, 9, dtype=torch.bool).triu(1)
            a, weights = block.self_attn(
                *(normed,) * 3, attn_mask=mask, average_attn_weights=False, need_weights=True
            )
        np.testing.assert_allclose(trace["a"][:, layer], a[0].numpy(), atol=1e-12)
        ours = trace.array("weights", "layer", "head", "time", "key")[layer]
        np.testing.assert_allclose(ours, weights[0].numpy(), atol=1e-12)
        np.testing.assert_allclose(
            trace["m"][:, layer], h - before - trace["a"][:, layer], atol=1e-12
        )
        before = trace["h"][:, layer]


def test_values_are_named_for_what_they_are() -> None:
    """q k v scores weights context as the equations define them, recomputed from x alone."""
    model = build("transformer", layers=1, heads=2)
    trace = engine.run(model, tokens(6))
    p = layer_params(model.params, 0)
    x = trace["x"]
    normed = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    normed = normed * p["ln_1.gain"] + p["ln_1.bias"]
    projected = {name: normed @ p[f"W_{name}"] + p[f"b_{name}"] for name in "qkv"}
    for head in range(2):
        dims = slice(3 * head, 3 * head + 3)
        for name in "qkv":
            np.testing.assert_allclose(
                trace[name][:, 0, head], projected[name][:, dims], atol=1e-12
            )
        for t in range(6):
            q = projected["q"][t, dims]
            scores = [float(q @ projected["k"][key, dims]) / math.sqrt(3) for key in range(t + 1)]
            np.testing.assert_allclose(trace["scores"][t, 0, head, : t + 1], scores, atol=1e-12)
            assert np.isneginf(trace["scores"][t, 0, head, t + 1 :]).all()
            weights = np.exp(scores) / np.exp(scores).sum()
            np.testing.assert_allclose(trace["weights"][t, 0, head, : t + 1], weights, atol=1e-12)
            assert (trace["weights"][t, 0, head, t + 1 :] == 0).all()
            context = weights @ projected["v"][: t + 1, dims]
            np.testing.assert_allclose(trace["context"][t, 0, head], context, atol=1e-12)


def test_no_row_depends_on_a_later_token() -> None:
    model = build("transformer")
    batch = ids((1, 8))
    logits = model.architecture.logits(model.params, batch)
    for row in range(1, 8):
        changed = batch.copy()
        changed[0, row] = (changed[0, row] + 1) % 11
        other = model.architecture.logits(model.params, changed)
        np.testing.assert_array_equal(other[:, :row], logits[:, :row])
        assert not np.allclose(other[:, row], logits[:, row])


def test_sinusoidal_positions_are_the_papers() -> None:
    """Vaswani et al. 2017, section 3.5, worked by hand: d = 512 has wavelengths from 2π to 10000·2π."""
    table = transformer.sinusoidal(0, 3, 512)
    np.testing.assert_array_equal(table[0], [0.0, 1.0] * 256)
    assert table[1, 0] == pytest.approx(0.8414709848078965, abs=1e-15)  # sin 1
    assert table[1, 1] == pytest.approx(0.5403023058681398, abs=1e-15)  # cos 1
    assert table[2, 0] == pytest.approx(0.9092974268256817, abs=1e-15)  # sin 2
    # i = 1: angle 1 / 10000^(2/512) = 0.9646616199111993
    assert table[1, 2] == pytest.approx(math.sin(0.9646616199111993), abs=1e-12)
    # d = 4: 10000^(2/4) = 100, so row 1 is sin 1, cos 1, sin 0.01, cos 0.01
    small = transformer.sinusoidal(1, 2, 4)[0]
    wanted = [0.8414709848078965, 0.5403023058681398, 0.009999833334166664, 0.9999500004166653]
    np.testing.assert_allclose(small, wanted, atol=1e-15)
    # the last pair has wavelength close to 2π 10000: sin(pos/9646.6...) at pos = 9646.6 π/2 is 1
    assert transformer.sinusoidal(15153, 15154, 512)[0, 510] == pytest.approx(1.0, abs=1e-7)
    np.testing.assert_array_equal(
        transformer.sinusoidal(5, 9, 6), transformer.sinusoidal(0, 9, 6)[5:]
    )
    assert transformer.sinusoidal(0, 4, 5).shape == (4, 5)


def test_sinusoidal_positions_are_added_once() -> None:
    model = build("transformer", positions="sinusoidal")
    assert "P" not in model.params
    words = tokens(50)  # beyond the context of a table: sinusoids have no bound
    trace = engine.run(model, words)
    embedded = model.params["E"][model.vocabulary.encode(words)]
    wanted = embedded + transformer.sinusoidal(0, 50, 6)
    np.testing.assert_allclose(trace["x"], wanted, atol=1e-14)


def test_a_text_longer_than_the_positions_is_refused() -> None:
    model = build("transformer", context=4)
    assert len(engine.run(model, tokens(4))) == 4
    with pytest.raises(engine.PeepholeError, match=r"5 tokens are more than .* 4 positions"):
        engine.run(model, tokens(5))


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(engine.PeepholeError, match="4 heads do not divide a width of 6"):
        build("transformer", heads=4)
