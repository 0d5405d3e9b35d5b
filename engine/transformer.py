"""Transformer blocks, pre-LN and post-LN, of encoders, decoders and language models; and positions.

    pre-LN   a = attend(LN_1(r))         s = r + a
             b = attend(LN_x(s), memory) s' = s + b             (a decoder's cross-attention)
             m = max(0, LN_2(s') W_1 + b_1) W_2 + b_2           feed-forward
             h = s' + m                                         the residual stream after the block
    post-LN  the same with each LN after the sum: s = LN_1(r + a), s' = LN_x(s + b), h = LN_2(s' + m)

Sub-layers, post-LN and positions: Vaswani et al. 2017, sections 3.1, 3.3 and 3.5; normalisation inside the
residual branch, and again after the last block: Xiong et al. 2020, figure 1b; LN: Ba et al. 2016, eq. 3-4.
"""

from __future__ import annotations

import numpy as np

from engine.arrays import Array, Params, namespace
from engine.attention import CROSS, KeysValues, cross_attention, self_attention
from engine.cells import Do, Equation, leave

_HEAD, _KEY, _UNIT = ("layer", "head", "dim"), ("layer", "head", "key"), ("layer", "unit")
AXES = {
    **{"q": _HEAD, "k": _HEAD, "v": _HEAD, "scores": _KEY, "weights": _KEY, "context": _HEAD},
    **{"a": _UNIT, "m": _UNIT, "h": _UNIT},
}  # of one row's values, in the order in which they are computed
CROSS_AXES = {
    **{"q": _HEAD, "k": _HEAD, "v": _HEAD, "scores": _KEY, "weights": _KEY, "context": _HEAD},
    **{"a": _UNIT, "cross_q": _HEAD, "cross_k": _HEAD, "cross_v": _HEAD},
    **{"cross_scores": _KEY, "cross_weights": _KEY, "cross_context": _HEAD},
    **{"b": _UNIT, "m": _UNIT, "h": _UNIT},
}  # the same with cross-attention: of a row of a source or of a target

_ATTENTION = (
    Equation("scores", "scores = q kᵀ / √d_h"),
    Equation("weights", "weights = softmax(scores)"),
    Equation("context", "context = weights v"),
    Equation("a", "a = W_o [head_1 … head_n] + b_o"),
)
_PRE = (
    Equation("m", "m = W_2 max(0, W_1 LN(r + a) + b_1) + b_2"),
    Equation("h", "h = r + a + m", "{r} + {a} + {m}"),
)
_POST = (
    Equation("m", "m = W_2 max(0, W_1 s + b_1) + b_2   with s = LN(r + a)"),
    Equation("h", "h = LN(s + m)"),
)
_CROSS = (
    Equation("cross_scores", "scores_x = q_x k_xᵀ / √d_h   k_x, v_x: of the source"),
    Equation("cross_weights", "weights_x = softmax(scores_x)"),
    Equation("cross_context", "context_x = weights_x v_x"),
    Equation("b", "b = W_o [head_1 … head_n] + b_o"),
)
_PRE_CROSS = (
    Equation("m", "m = W_2 max(0, W_1 LN(r + a + b) + b_1) + b_2"),
    Equation("h", "h = r + a + b + m", "{r} + {a} + {b} + {m}"),
)
_POST_CROSS = (
    Equation("m", "m = W_2 max(0, W_1 s + b_1) + b_2   with s = LN(LN(r + a) + b)"),
    Equation("h", "h = LN(s + m)"),
)


def equations(norm: str, cross: bool = False) -> tuple[Equation, ...]:
    """A block's equations, for people; with `cross`, those of a decoder's block."""
    if cross:
        return (*_ATTENTION, *_CROSS, *(_PRE_CROSS if norm == "pre" else _POST_CROSS))
    return (*_ATTENTION, *(_PRE if norm == "pre" else _POST))


def layer_norm(x: Array, gain: Array, bias: Array, eps: float = 1e-5) -> Array:
    """Mean 0 and variance 1 over the last axis, then gain and bias; `eps` as in torch."""
    xp = namespace(x, gain)
    centred = x - xp.mean(x, axis=-1, keepdims=True)
    variance = xp.mean(centred * centred, axis=-1, keepdims=True)
    return centred / xp.sqrt(variance + eps) * gain + bias


def block(
    p: Params,
    r: Array,
    cache: KeysValues | None,
    heads: int,
    do: Do = leave,
    *,
    norm: str = "pre",
    bias: Array | None = None,
    memory: KeysValues | None = None,
    memory_bias: Array = 0.0,
) -> tuple[Array, KeysValues, dict[str, Array]]:
    """One block over the new rows r (..., T, d): the residual stream after it, cache, values.

    `bias` is self-attention's (None: causal). With a `memory` the block is a decoder's.
    """

    def normed(which: str, x: Array) -> Array:
        return layer_norm(x, p[f"{which}.gain"], p[f"{which}.bias"])

    def before(which: str, r: Array) -> Array:
        """What a branch of the residual stream reads."""
        return normed(which, r) if norm == "pre" else r

    def after(which: str, s: Array) -> Array:
        """The residual stream after a branch was added."""
        return s if norm == "pre" else normed(which, s)

    a, cache, values = self_attention(p, before("ln_1", r), cache, heads, do, bias)
    values["a"] = do("a", a)
    s = after("ln_1", r + values["a"])
    if memory is not None:
        b, crossed = cross_attention(p, before("ln_x", s), memory, heads, do, memory_bias)
        values |= {**crossed, "b": do("b", b)}
        s = after("ln_x", s + values["b"])
    hidden = before("ln_2", s) @ p["W_1"] + p["b_1"]
    values["m"] = do("m", (hidden * (hidden > 0)) @ p["W_2"] + p["b_2"])
    values["h"] = do("h", after("ln_2", s + values["m"]))
    return values["h"], cache, values


def sinusoidal(start: int, stop: int, d: int) -> np.ndarray:
    """Positions start..stop-1 as sines (even units) and cosines (odd units), (stop-start, d).

    PE(pos, 2i) = sin(pos / 10000^(2i/d)), PE(pos, 2i+1) = cos(the same): section 3.5.
    """
    angle = np.arange(start, stop)[:, None] / 10000 ** (np.arange(0, d, 2) / d)  # (T, d/2)
    return np.stack((np.sin(angle), np.cos(angle)), axis=-1).reshape(stop - start, -1)[:, :d]


def shapes(d: int, hidden: int, cross: bool = False) -> dict[str, tuple[int, ...]]:
    """The shape of every parameter of one block; matrices act from the right, x W."""
    prefixes = ("", CROSS) if cross else ("",)
    matrices = {f"{prefix}W_{name}": (d, d) for prefix in prefixes for name in "qkvo"}
    biases = {f"{prefix}b_{name}": (d,) for prefix in prefixes for name in "qkvo"}
    which = ("ln_1", "ln_2", "ln_x") if cross else ("ln_1", "ln_2")
    norms = {f"{ln}.{part}": (d,) for ln in which for part in ("gain", "bias")}
    feed_forward = {"W_1": (d, hidden), "b_1": (hidden,), "W_2": (hidden, d), "b_2": (d,)}
    return matrices | biases | norms | feed_forward
