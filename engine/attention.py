"""Scaled dot-product and multi-head attention (Vaswani et al. 2017, sections 3.2.1 and 3.2.2).

    scores  = q kᵀ / sqrt(d_h)        -inf where a row may not look
    weights = softmax(scores)         each row sums to 1
    context = weights v

Shapes: q (..., heads, Tq, d_h), k and v (..., heads, Tk, d_h), scores and weights
(..., heads, Tq, Tk), context (..., heads, Tq, d_h), with d_h = d / heads.
"""

from __future__ import annotations

import numpy as np

from engine.arrays import Array, Params, concat, constant, namespace, softmax
from engine.cells import Do, leave

VALUES = ("q", "k", "v", "scores", "weights", "context")


def scaled_dot_product(
    q: Array, k: Array, v: Array, bias: Array = 0.0, do: Do = leave
) -> tuple[Array, Array, Array]:
    """Attend, with `bias` (Tq, Tk) of 0 and -inf added to the scores: (context, scores, weights)."""
    xp = namespace(q, k, v)
    scores = do("scores", q @ xp.swapaxes(k, -1, -2) * q.shape[-1] ** -0.5 + bias)
    weights = do("weights", softmax(scores))
    context = do("context", weights @ v)
    return context, scores, weights


def causal_bias(queries: int, keys: int) -> np.ndarray:
    """0 where a row may look, -inf on later rows, (queries, keys); the last rows are the queries."""
    row = np.arange(keys - queries, keys)[:, None]
    return np.where(np.arange(keys)[None, :] <= row, 0.0, -np.inf)


def split_heads(x: Array, heads: int) -> Array:
    """(..., T, d) -> (..., heads, T, d/heads)"""
    xp = namespace(x)
    return xp.swapaxes(x.reshape(*x.shape[:-1], heads, x.shape[-1] // heads), -2, -3)


def join_heads(x: Array) -> Array:
    """(..., heads, T, d_h) -> (..., T, heads*d_h)"""
    x = namespace(x).swapaxes(x, -2, -3)
    return x.reshape(*x.shape[:-2], x.shape[-2] * x.shape[-1])


def self_attention(
    p: Params, x: Array, cache: tuple[Array, Array] | None, heads: int, do: Do = leave
) -> tuple[Array, tuple[Array, Array], dict[str, Array]]:
    """Multi-head causal self-attention over the new rows x (..., T, d) and the cached ones.

    `cache` holds keys and values of earlier rows, (..., heads, T_past, d_h) each, or None. Returns
    the heads' joined output times W_o (..., T, d), the cache with the new rows, and all values.
    """
    q, k, v = (do(name, split_heads(x @ p[f"W_{name}"] + p[f"b_{name}"], heads)) for name in "qkv")
    keys, vals = (k, v) if cache is None else (concat((cache[0], k), -2), concat((cache[1], v), -2))
    bias = constant(causal_bias(x.shape[-2], keys.shape[-2]), q)
    context, scores, weights = scaled_dot_product(q, keys, vals, bias, do)
    values = dict(zip(VALUES, (q, k, v, scores, weights, context), strict=True))
    return join_heads(context) @ p["W_o"] + p["b_o"], (keys, vals), values
