"""Whole Transformers as torch.nn builds them, with our weights copied in: the oracles of stacks and pairs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from engine.arrays import Backend
from engine.models import LanguageModel
from engine.models.encoder import EncoderTagger
from engine.models.seq2seq import Seq2SeqTransformer
from engine.text import BLANK, GO, SPECIAL, STOP, Vocabulary
from tests.engine.reference import copy_attention, put, tensor

WORDS = (*SPECIAL, *(f"w{i}" for i in range(9)))


def pair_model(family: str = "pair", *, dtype: str = "float64", **sizes: Any) -> LanguageModel:
    """A random `pair` or `encoder` over WORDS; no gain is exactly 1 and no bias exactly 0."""
    kind: Any = Seq2SeqTransformer if family == "pair" else EncoderTagger
    small = {"width": 8, "heads": 2, "layers": 2, "hidden": 10, "context": 20} | sizes
    architecture = kind(len(WORDS), **small)
    rng = np.random.default_rng(0)
    params = {
        name: (array + 0.1 * rng.normal(size=array.shape)).astype(np.float32)
        for name, array in architecture.init(rng).items()
    }
    model = LanguageModel(family, architecture, params, Vocabulary(WORDS), digest="0" * 12)
    return model.to(Backend(dtype=dtype))


def pairs(sources: int = 5, targets: int = 4, items: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Ids of sources (B, S) and targets (B, U), each item one word shorter than the one before."""
    rng = np.random.default_rng(1)
    source, target = np.full((items, sources), BLANK), np.full((items, targets), BLANK)
    for item in range(items):
        words = rng.integers(len(SPECIAL), len(WORDS), (2, sources))
        source[item, : sources - item] = [*words[0, : sources - item - 1], STOP]
        target[item, : targets - item] = [GO, *words[1, : targets - item - 1]]
    return source, target


def under(params: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The parameters whose names begin with `prefix`, without it."""
    return {k.removeprefix(prefix): v for k, v in params.items() if k.startswith(prefix)}


def copy_norm(p: Mapping[str, Any], which: str, norm: Any) -> None:
    """One of our layer norms into torch's."""
    put(norm.weight, p[f"{which}.gain"])
    put(norm.bias, p[f"{which}.bias"])


def copy_block(p: Mapping[str, Any], theirs: Any) -> None:
    """One of our blocks into torch's encoder layer, or decoder layer where it has cross-attention."""
    copy_attention(p, theirs.self_attn)
    for ours, linear in (("1", theirs.linear1), ("2", theirs.linear2)):
        put(linear.weight, p[f"W_{ours}"].T)
        put(linear.bias, p[f"b_{ours}"])
    copy_norm(p, "ln_1", theirs.norm1)
    if hasattr(theirs, "multihead_attn"):
        copy_attention(under(p, "cross_"), theirs.multihead_attn)
        copy_norm(p, "ln_x", theirs.norm2)
        copy_norm(p, "ln_2", theirs.norm3)
    else:
        copy_norm(p, "ln_2", theirs.norm2)


def options(architecture: Any, dtype: torch.dtype) -> dict[str, Any]:
    """The keywords that every Transformer module of torch.nn takes."""
    return {
        "dim_feedforward": architecture.hidden,
        "dropout": 0.0,
        "activation": "relu",
        "batch_first": True,
        "norm_first": architecture.norm == "pre",
        "dtype": dtype,
    }


def stack_of(model: LanguageModel, part: str) -> Any:
    """nn.TransformerEncoder or nn.TransformerDecoder; the last norm is there where it is pre-LN."""
    a: Any = model.architecture
    dtype = getattr(torch, model.backend.dtype)
    cross = part == "decoder"
    layer: Any = nn.TransformerDecoderLayer if cross else nn.TransformerEncoderLayer
    whole: Any = nn.TransformerDecoder if cross else nn.TransformerEncoder
    more = {} if cross else {"enable_nested_tensor": False}
    norm = nn.LayerNorm(a.width, dtype=dtype) if a.norm == "pre" else None
    theirs = whole(layer(a.width, a.heads, **options(a, dtype)), a.layers, norm=norm, **more)
    copy_stack(model, part, theirs)
    return theirs


def copy_stack(model: LanguageModel, part: str, theirs: Any) -> None:
    """All blocks of one side, and its last norm, into torch's stack."""
    for layer, block in enumerate(theirs.layers):
        copy_block(under(model.params, f"{part}.{layer}."), block)
    if theirs.norm is not None:
        ln = under(model.params, "" if part == "layers" else f"{part}.")
        copy_norm(ln, "ln", theirs.norm)


def transformer_of(model: LanguageModel) -> nn.Transformer:
    """The whole nn.Transformer; in 2017 nothing was normalised again after the last block."""
    a: Any = model.architecture
    theirs = nn.Transformer(
        a.width, a.heads, a.layers, a.layers, **options(a, getattr(torch, model.backend.dtype))
    )
    for side in (theirs.encoder, theirs.decoder):
        if a.norm == "post":
            side.norm = None
    copy_stack(model, "encoder", theirs.encoder)
    copy_stack(model, "decoder", theirs.decoder)
    return theirs


def embedded(model: LanguageModel, ids: np.ndarray, part: str = "") -> Tensor:
    """Embeddings plus positions from 0, by a road of their own."""
    x, (length, d) = (
        tensor(model.params["E"])[tensor(ids)],
        (ids.shape[-1], model.architecture.width),
    )
    kind = model.architecture.positions  # type: ignore[attr-defined]
    if kind == "learned":
        return x + tensor(model.params[f"{part}.P" if part else "P"])[:length]
    if kind == "none":
        return x
    table = torch.zeros(length, d, dtype=x.dtype)
    for row in range(length):
        for unit in range(d):
            angle = row / 10000.0 ** (2 * (unit // 2) / d)
            table[row, unit] = np.cos(angle) if unit % 2 else np.sin(angle)
    return x + table


def readout(model: LanguageModel, top: Tensor) -> np.ndarray:
    """Logits of the last block's rows."""
    return (top @ tensor(model.params["W_hy"]) + tensor(model.params["b_y"])).detach().numpy()
