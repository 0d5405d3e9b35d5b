"""Scaled dot-product and multi-head attention (Vaswani et al. 2017, sections 3.2.1 and 3.2.2).

    scores  = q kᵀ / sqrt(d_h)        -inf where a row may not look
    weights = softmax(scores)         each row sums to 1
    context = weights v

Self-attention takes q, k and v from the same rows. Cross-attention takes q from the target's rows and k, v
from the memory, which is what the encoder made of the source; its values are named `cross_q` to
`cross_context`, and its parameters `cross_W_q` to `cross_b_o`.

Shapes: q (..., heads, Tq, d_h), k and v (..., heads, Tk, d_h), scores and weights
(..., heads, Tq, Tk), context (..., heads, Tq, d_h), with d_h = d / heads.
"""

from __future__ import annotations

import numpy as np

from engine.arrays import Array, Params, concat, constant, namespace, softmax
from engine.cells import Do, leave

VALUES = ("q", "k", "v", "scores", "weights", "context")
CROSS = "cross_"  # before the names of cross-attention's values and parameters
KeysValues = tuple[Array, Array]  # (..., heads, Tk, d_h) each


def scaled_dot_product(
    q: Array, k: Array, v: Array, bias: Array = 0.0, do: Do = leave, prefix: str = ""
) -> tuple[Array, Array, Array]:
    """Attend, with `bias` (Tq, Tk) of 0 and -inf added to the scores: (context, scores, weights)."""
    xp = namespace(q, k, v)
    scores = q @ xp.swapaxes(k, -1, -2) * q.shape[-1] ** -0.5 + bias
    scores = do(f"{prefix}scores", scores)
    weights = do(f"{prefix}weights", softmax(scores))
    context = do(f"{prefix}context", weights @ v)
    return context, scores, weights


def causal_bias(queries: int, keys: int) -> np.ndarray:
    """0 where a row may look, -inf on later rows, (queries, keys); the last rows are the queries."""
    row = np.arange(keys - queries, keys)[:, None]
    return np.where(np.arange(keys)[None, :] <= row, 0.0, -np.inf)


def key_bias(real: np.ndarray) -> np.ndarray:
    """0 on the keys that are `real` (..., Tk), -inf on padding, for every head: (..., 1, 1, Tk)."""
    return np.where(real, 0.0, -np.inf)[..., None, None, :]


def split_heads(x: Array, heads: int) -> Array:
    """(..., T, d) -> (..., heads, T, d/heads)"""
    xp = namespace(x)
    return xp.swapaxes(x.reshape(*x.shape[:-1], heads, x.shape[-1] // heads), -2, -3)


def join_heads(x: Array) -> Array:
    """(..., heads, T, d_h) -> (..., T, heads*d_h)"""
    x = namespace(x).swapaxes(x, -2, -3)
    return x.reshape(*x.shape[:-2], x.shape[-2] * x.shape[-1])


def projected(
    p: Params, x: Array, names: str, heads: int, do: Do = leave, prefix: str = ""
) -> tuple[Array, ...]:
    """Those of q, k and v that `names` says, of the rows x (..., T, d): (..., heads, T, d_h) each."""
    return tuple(
        do(f"{prefix}{n}", split_heads(x @ p[f"{prefix}W_{n}"] + p[f"{prefix}b_{n}"], heads))
        for n in names
    )


def self_attention(
    p: Params,
    x: Array,
    cache: KeysValues | None,
    heads: int,
    do: Do = leave,
    bias: Array | None = None,
) -> tuple[Array, KeysValues, dict[str, Array]]:
    """Multi-head self-attention over the new rows x (..., T, d) and the cached ones.

    `cache` holds keys and values of earlier rows, (..., heads, T_past, d_h) each, or None. `bias` is
    added to the scores; None is causal, no row looks at a later one. Returns the heads' joined output
    times W_o (..., T, d), the cache with the new rows, and all values.
    """
    q, k, v = projected(p, x, "qkv", heads, do)
    keys, vals = (k, v) if cache is None else (concat((cache[0], k), -2), concat((cache[1], v), -2))
    if bias is None:
        bias = constant(causal_bias(x.shape[-2], keys.shape[-2]), q)
    context, scores, weights = scaled_dot_product(q, keys, vals, bias, do)
    values = dict(zip(VALUES, (q, k, v, scores, weights, context), strict=True))
    return join_heads(context) @ p["W_o"] + p["b_o"], (keys, vals), values


def cross_attention(
    p: Params, x: Array, memory: KeysValues, heads: int, do: Do = leave, bias: Array = 0.0
) -> tuple[Array, dict[str, Array]]:
    """Multi-head attention of the target's rows x (..., T, d) to a memory's keys and values.

    Those are `projected(p, memory, "kv", heads, do, CROSS)`, computed once for all ticks. Returns the
    joined output times W_o (..., T, d) and the values `cross_q`, `cross_scores`, `cross_weights`,
    `cross_context`.
    """
    (q,) = projected(p, x, "q", heads, do, CROSS)
    context, scores, weights = scaled_dot_product(q, *memory, bias, do, CROSS)
    named = {"q": q, "scores": scores, "weights": weights, "context": context}
    out = join_heads(context) @ p[f"{CROSS}W_o"] + p[f"{CROSS}b_o"]
    return out, {f"{CROSS}{name}": value for name, value in named.items()}
