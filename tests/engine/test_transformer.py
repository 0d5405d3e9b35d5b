"""Blocks, stacks and the whole Transformer equal torch.nn with copied weights, pre-LN and post-LN."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from engine import transformer
from engine.arrays import softmax
from engine.attention import cross_attention, key_bias, projected, scaled_dot_product
from engine.cells import leave
from engine.errors import PeepholeError
from engine.interventions import NOTHING
from engine.text import BLANK
from tests.engine.reference import copy_attention, tensor
from tests.engine.twins import (
    copy_block,
    embedded,
    options,
    pair_model,
    pairs,
    readout,
    stack_of,
    transformer_of,
    under,
)

TOLERANCE = {"float32": 1e-6, "float64": 1e-12}
BOTH = pytest.mark.parametrize("norm", ["post", "pre"])
PRECISIONS = pytest.mark.parametrize("dtype", TOLERANCE)
KINDS = pytest.mark.parametrize("positions", ["sinusoidal", "learned", "none"])


def close(found: np.ndarray, wanted: np.ndarray, dtype: str) -> None:
    """Within the tolerance of the larger of 1 and the number itself."""
    np.testing.assert_allclose(found, wanted, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


def drawn(dtype: str, *shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(dtype)


@PRECISIONS
@pytest.mark.parametrize("heads", [1, 4])
def test_cross_attention_equals_torchs_with_padding(heads: int, dtype: str) -> None:
    model = pair_model(heads=heads, dtype=dtype)
    p = under(model.params, "decoder.0.")
    theirs = nn.MultiheadAttention(8, heads, batch_first=True, dtype=getattr(torch, dtype))
    copy_attention(under(p, "cross_"), theirs)
    x, memory = drawn(dtype, 3, 4, 8), drawn(dtype, 3, 6, 8)
    real = np.arange(6) < np.array([[6], [5], [2]])

    keys, vals = projected(p, memory, "kv", heads, prefix="cross_")
    out, values = cross_attention(p, x, (keys, vals), heads, bias=key_bias(real).astype(dtype))

    with torch.no_grad():
        wanted, weights = theirs(
            tensor(x), tensor(memory), tensor(memory),
            key_padding_mask=tensor(~real), average_attn_weights=False,
        )  # fmt: skip
    close(out, wanted.numpy(), dtype)
    close(values["cross_weights"], weights.numpy(), dtype)
    assert (values["cross_weights"][2, :, :, 2:] == 0).all()


@BOTH
@PRECISIONS
def test_an_encoders_block_equals_torchs(norm: str, dtype: str) -> None:
    model = pair_model(norm=norm, dtype=dtype)
    p = under(model.params, "encoder.1.")
    kind = options(model.architecture, getattr(torch, dtype))
    theirs = nn.TransformerEncoderLayer(8, 2, **kind)
    copy_block(p, theirs)
    r, real = drawn(dtype, 2, 5, 8), np.arange(5) < np.array([[5], [3]])
    h, _, values = transformer.block(p, r, None, 2, norm=norm, bias=key_bias(real).astype(dtype))
    with torch.no_grad():
        wanted = theirs(tensor(r), src_key_padding_mask=tensor(~real))
    close(h, wanted.numpy(), dtype)
    assert list(values) == list(transformer.AXES)


@BOTH
@PRECISIONS
def test_a_decoders_block_equals_torchs(norm: str, dtype: str) -> None:
    model = pair_model(norm=norm, dtype=dtype)
    p = under(model.params, "decoder.1.")
    theirs = nn.TransformerDecoderLayer(8, 2, **options(model.architecture, getattr(torch, dtype)))
    copy_block(p, theirs)
    r, source, real = drawn(dtype, 2, 4, 8), drawn(dtype, 2, 5, 8), np.arange(5) < [[5], [3]]
    memory = projected(p, source, "kv", 2, prefix="cross_")
    bias = key_bias(real).astype(dtype)
    h, _, values = transformer.block(
        p, r, None, 2, norm=norm, memory=memory, memory_bias=bias  # type: ignore[arg-type]
    )  # fmt: skip
    with torch.no_grad():
        wanted = theirs(
            tensor(r), tensor(source),
            tgt_mask=torch.ones(4, 4, dtype=torch.bool).triu(1),
            memory_key_padding_mask=tensor(~real),
        )  # fmt: skip
    close(h, wanted.numpy(), dtype)
    assert {*values, "cross_k", "cross_v"} == set(transformer.CROSS_AXES)


@BOTH
@PRECISIONS
@KINDS
def test_an_encoder_equals_torchs_stack(norm: str, dtype: str, positions: str) -> None:
    model = pair_model("encoder", norm=norm, dtype=dtype, positions=positions)
    ids, _ = pairs(6)
    with torch.no_grad():
        top = stack_of(model, "layers")(
            embedded(model, ids), src_key_padding_mask=tensor(ids == BLANK)
        )
    found = model.architecture.logits(model.params, ids)
    close(found, readout(model, top), dtype)


@BOTH
@PRECISIONS
def test_a_decoder_equals_torchs_stack(norm: str, dtype: str) -> None:
    model = pair_model(norm=norm, dtype=dtype, layers=3)
    stack = model.architecture.decoder  # type: ignore[attr-defined]
    x, source = drawn(dtype, 2, 4, 8), drawn(dtype, 2, 5, 8)
    memory = stack.remember(model.params, source, NOTHING)
    top, _, _ = stack.run(model.params, x, stack.start(), NOTHING, slice(5, 9), memory=memory)
    with torch.no_grad():
        mask = torch.ones(4, 4, dtype=torch.bool).triu(1)
        wanted = stack_of(model, "decoder")(tensor(x), tensor(source), tgt_mask=mask)
    close(top, wanted.numpy(), dtype)


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
@BOTH
@PRECISIONS
@KINDS
def test_the_whole_equals_torchs_transformer(norm: str, dtype: str, positions: str) -> None:
    model = pair_model(norm=norm, dtype=dtype, positions=positions)
    source, target = pairs()
    blank, causal = tensor(source == BLANK), torch.ones(4, 4, dtype=torch.bool).triu(1)
    with torch.no_grad():
        top = transformer_of(model)(
            embedded(model, source, "encoder"),
            embedded(model, target, "decoder"),
            tgt_mask=causal,
            src_key_padding_mask=blank,
            memory_key_padding_mask=blank,
        )
    found = model.architecture.logits(model.params, np.concatenate((source, target), 1))
    close(found[:, 5:], readout(model, top), dtype)
    assert (found[:, :5] == 0).all()


def test_a_published_example_of_scaled_scores() -> None:
    """Alammar 2018, The Illustrated Transformer: 112 and 96 at d_k = 64 give 14, 12, then 0.88, 0.12.

    And the softmax that one of the teaching texts prints as 0.82 / 0.09 / 0.09.
    """
    q, k = np.zeros((1, 64)), np.zeros((2, 64))
    q[0, :2], k[0, 0], k[1, 1] = (112, 96), 1, 1
    context, scores, weights = scaled_dot_product(q, k, np.eye(2))
    np.testing.assert_allclose(scores, [[14, 12]])
    np.testing.assert_allclose(np.round(weights, 2), [[0.88, 0.12]])
    np.testing.assert_array_equal(context, weights)
    found = softmax(np.array([2.1, 0.2, 0.1]))
    np.testing.assert_allclose(np.round(found, 3), [0.778, 0.116, 0.105])


def test_a_block_leaves_what_nobody_holds() -> None:
    """`do` sees every value once, in the order of the equations."""
    model, seen = pair_model(), []
    p = under(model.params, "decoder.0.")
    memory = projected(p, drawn("float64", 5, 8), "kv", 2, prefix="cross_")

    def do(name: str, value: np.ndarray) -> np.ndarray:
        seen.append(name)
        return leave(name, value)

    transformer.block(p, drawn("float64", 3, 8), None, 2, do, memory=memory)  # type: ignore[arg-type]
    source = ("cross_k", "cross_v")  # computed once, when the source was read
    assert seen == [name for name in transformer.CROSS_AXES if name not in source]


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"heads": 3}, "3 heads do not divide a width of 8"),
        ({"norm": "middle"}, "no norm 'middle'"),
        ({"positions": "rotary"}, "no positions 'rotary'"),
    ],
)
@pytest.mark.parametrize("family", ["pair", "encoder"])
def test_sizes_and_kinds_that_do_not_exist_are_refused(
    family: str, sizes: dict[str, Any], message: str
) -> None:
    with pytest.raises(PeepholeError, match=message):
        pair_model(family, **sizes)
