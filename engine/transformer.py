"""The pre-LN Transformer block and its positions.

    a = W_o [head_1 ... head_n](LN_1(r))     attention's contribution
    s = r + a
    m = max(0, LN_2(s) W_1 + b_1) W_2 + b_2  feed-forward's contribution
    h = s + m                                the residual stream after the block

Sub-layers and positions: Vaswani et al. 2017, sections 3.1, 3.3 and 3.5 (post-LN there);
normalisation inside the residual branch: Xiong et al. 2020, figure 1b; LN: Ba et al. 2016, eq. 3-4.
"""

from __future__ import annotations

import numpy as np

from engine.arrays import Array, Params, namespace
from engine.attention import VALUES as ATTENTION_VALUES
from engine.attention import self_attention
from engine.cells import Do, Equation, leave

VALUES = (*ATTENTION_VALUES, "a", "m", "h")
EQUATIONS = (
    Equation("scores", "scores = q kᵀ / √d_h"),
    Equation("weights", "weights = softmax(scores)"),
    Equation("context", "context = weights v"),
    Equation("a", "a = W_o [head_1 … head_n] + b_o"),
    Equation("m", "m = W_2 max(0, W_1 LN(r + a) + b_1) + b_2"),
    Equation("h", "h = r + a + m", "{r} + {a} + {m}"),
)


def layer_norm(x: Array, gain: Array, bias: Array, eps: float = 1e-5) -> Array:
    """Mean 0 and variance 1 over the last axis, then gain and bias; `eps` as in torch."""
    xp = namespace(x, gain)
    centred = x - xp.mean(x, axis=-1, keepdims=True)
    variance = xp.mean(centred * centred, axis=-1, keepdims=True)
    return centred / xp.sqrt(variance + eps) * gain + bias


def block(
    p: Params, r: Array, cache: tuple[Array, Array] | None, heads: int, do: Do = leave
) -> tuple[Array, tuple[Array, Array], dict[str, Array]]:
    """One block over the new rows r (..., T, d): the residual stream after it, cache, values."""
    normed = layer_norm(r, p["ln_1.gain"], p["ln_1.bias"])
    a, cache, values = self_attention(p, normed, cache, heads, do)
    s = r + do("a", a)
    hidden = layer_norm(s, p["ln_2.gain"], p["ln_2.bias"]) @ p["W_1"] + p["b_1"]
    m = do("m", (hidden * (hidden > 0)) @ p["W_2"] + p["b_2"])
    h = do("h", s + m)
    return h, cache, values | {"a": a, "m": m, "h": h}


def sinusoidal(start: int, stop: int, d: int) -> np.ndarray:
    """Positions start..stop-1 as sines (even units) and cosines (odd units), (stop-start, d).

    PE(pos, 2i) = sin(pos / 10000^(2i/d)), PE(pos, 2i+1) = cos(the same): section 3.5.
    """
    angle = np.arange(start, stop)[:, None] / 10000 ** (np.arange(0, d, 2) / d)  # (T, d/2)
    return np.stack((np.sin(angle), np.cos(angle)), axis=-1).reshape(stop - start, -1)[:, :d]


def shapes(d: int, hidden: int) -> dict[str, tuple[int, ...]]:
    """The shape of every parameter of one block; matrices act from the right, x W."""
    matrices = {f"W_{name}": (d, d) for name in "qkvo"}
    biases = {f"b_{name}": (d,) for name in "qkvo"}
    norms = {f"ln_{i}.{part}": (d,) for i in (1, 2) for part in ("gain", "bias")}
    feed_forward = {"W_1": (d, hidden), "b_1": (hidden,), "W_2": (hidden, d), "b_2": (d,)}
    return matrices | biases | norms | feed_forward
