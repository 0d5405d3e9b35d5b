"""Attention of a recurrent decoder to the source: which of its rows does a row of the target look at?

h_j is the encoder's state at row j of the source, s the decoder's state that asks.

    scores_j = v_aᵀ tanh(W_a s + U_a h_j)   "bahdanau": s is the state *before* this tick
               sᵀ h_j                       "dot": s is the new state, as in the two below
               sᵀ W_a h_j                   "general"
               v_aᵀ tanh(W_a [s ; h_j])     "concat"
    weights  = softmax(scores)              the source's rows sum to 1
    context  = Σ_j weights_j h_j

Bahdanau, Cho & Bengio 2014, eq. 5-6 and A.1.2; Luong, Pham & Manning 2015, section 3.1, eq. 7-8. A window
(Luong, section 3.2) of D rows on both sides of the aligned position p lets only those rows be seen:

    p = t                          "monotonic" (local-m): the t-th row of the target
    p = S σ(v_pᵀ tanh(W_p s))      "predictive" (local-p), eq. 9; S is the number of rows of the source
    weights_j ← weights_j exp(-(j - p)² / 2 (D/2)²)   with "predictive", eq. 10: no longer a sum of 1

Rows are counted from 0 here, and a window that holds no row of the source is given the nearest one. Products
with h_j are computed once, when the source was read.

Shapes: s (..., U, H), h (..., S, H); values (..., 1, U, S) with an axis for the one head.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.arrays import Array, Params, constant, detach, namespace, sigmoid, softmax, to_numpy
from engine.cells import Do, Equation, leave
from engine.errors import PeepholeError, did_you_mean

KINDS = ("bahdanau", "dot", "general", "concat")
LOCAL = ("global", "monotonic", "predictive")
_SCORE = {
    "bahdanau": "v_aᵀ tanh(W_a h' + U_a h_j)",
    "dot": "hᵀ h_j",
    "general": "hᵀ W_a h_j",
    "concat": "v_aᵀ tanh(W_a [h ; h_j])",
}
_ALIGNED = {
    "global": (),
    "monotonic": (Equation("cross_position", "p = t, the row of the target"),),
    "predictive": (Equation("cross_position", "p = S σ(v_pᵀ tanh(W_p h))"),),
}


class Memory(NamedTuple):
    """What a decoder can look at.

    Attributes:
        h: the encoder's states, (..., S, H).
        keys: the part of the scores that depends on them alone, (..., S, A).
        real: (..., S), False on padding; None where there is none.
    """

    h: Array
    keys: Array
    real: np.ndarray | None = None


def check(kind: str, local: str, window: int) -> None:
    """Refuse a kind, a window or a pair of them that there is not.

    Raises:
        PeepholeError: saying which.
    """
    for what, said, known in (("attention", kind, ("none", *KINDS)), ("window", local, LOCAL)):
        if said not in known:
            raise PeepholeError(f"no {what} {said!r}", do=did_you_mean(said, known))
    if local != "global" and kind in ("none", "bahdanau"):
        raise PeepholeError(
            f"a {local} window is for Luong's attention", do="Choose dot, general or concat"
        )
    if (local == "global") != (window == 0):
        raise PeepholeError(
            f"a window of {window} rows does not go with {local} attention",
            do="A window of 1 row or more is for monotonic or predictive; 0 for global",
        )


def axes(local: str) -> dict[str, tuple[str, ...]]:
    """The values that `attend` computes, in this order, and their axes in a trace."""
    head = ("layer", "head")
    seen: dict[str, tuple[str, ...]] = {} if local == "global" else {"cross_position": head}
    seen |= dict.fromkeys(("cross_scores", "cross_weights"), (*head, "key"))
    return seen | {"cross_context": (*head, "dim")}


def equations(kind: str, local: str) -> tuple[Equation, ...]:
    """The lines above as a screen shows them: a decoder's state is called h there, as its cell has it."""
    weights = "softmax(scores)" + (" exp(-(j - p)² / 2 (D/2)²)" if local == "predictive" else "")
    return (
        *_ALIGNED[local],
        Equation("cross_scores", f"scores_j = {_SCORE[kind]}"),
        Equation("cross_weights", f"weights = {weights}"),
        Equation("cross_context", "context = Σ_j weights_j h_j"),
    )


def shapes(kind: str, local: str, d: int) -> dict[str, tuple[int, ...]]:
    """The shape of every parameter; matrices act from the right, s W."""
    score: dict[str, dict[str, tuple[int, ...]]] = {
        "bahdanau": {"W_a": (d, d), "U_a": (d, d), "v_a": (d,)},
        "dot": {},
        "general": {"W_a": (d, d)},
        "concat": {"W_a": (2 * d, d), "v_a": (d,)},
    }
    return score[kind] | ({"W_p": (d, d), "v_p": (d,)} if local == "predictive" else {})


def remembered(p: Params, kind: str, h: Array, real: np.ndarray | None = None) -> Memory:
    """The memory that the encoder's states h (..., S, H) make."""
    xp = namespace(h, *p.values())
    if kind == "bahdanau":
        return Memory(h, h @ p["U_a"], real)
    if kind == "general":
        return Memory(h, h @ xp.swapaxes(p["W_a"], -1, -2), real)
    if kind == "concat":
        return Memory(h, h @ p["W_a"][h.shape[-1] :], real)
    return Memory(h, h, real)


def scores(p: Params, kind: str, s: Array, keys: Array) -> Array:
    """How well rows of the target and of the source match: s (..., U, H), keys (..., S, A) -> (..., U, S)."""
    xp = namespace(s, keys)
    if kind in ("dot", "general"):
        return s @ xp.swapaxes(keys, -1, -2)
    query = s @ p["W_a"][: s.shape[-1]]
    return xp.tanh(query[..., :, None, :] + keys[..., None, :, :]) @ p["v_a"]


def attend(
    p: Params,
    kind: str,
    local: str,
    window: int,
    s: Array,
    memory: Memory,
    first: int = 0,
    do: Do = leave,
) -> dict[str, Array]:
    """Rows of the target, s (..., U, H), the first of them row `first` of the target, look at the source.

    Returns the values of `axes(local)`: cross_position (..., U, 1), cross_scores and cross_weights
    (..., 1, U, S), cross_context (..., 1, U, H).
    """
    raw = scores(p, kind, s, memory.keys)[..., None, :, :]  # (..., 1, U, S)
    rows = np.arange(raw.shape[-1])
    real = np.ones(len(rows), bool) if memory.real is None else memory.real[..., None, None, :]
    values: dict[str, Array] = {}
    scale: Array = 1.0
    if local != "global":
        at = _position(p, local, s, real.sum(-1), first)  # (..., U, 1)
        at = values["cross_position"] = do("cross_position", at)
        off = constant(rows * 1.0, s) - at[..., None, :, :]  # (..., 1, U, S)
        far = np.where(real, abs(to_numpy(detach(off))), np.inf)
        real = far <= np.maximum(window, far.min(-1, keepdims=True))
        if local == "predictive":
            scale = namespace(off).exp(-(off**2) * (2 / window**2))
    bias = constant(np.where(real, 0.0, -np.inf), raw)
    values["cross_scores"] = do("cross_scores", raw + bias)
    values["cross_weights"] = do("cross_weights", softmax(values["cross_scores"]) * scale)
    values["cross_context"] = do(
        "cross_context", values["cross_weights"] @ memory.h[..., None, :, :]
    )
    return values


def _position(p: Params, local: str, s: Array, lengths: np.ndarray, first: int) -> Array:
    """The aligned position of every row of s (..., U, H), (..., U, 1)."""
    shape = (*s.shape[:-1], 1)
    if local == "monotonic":
        rows = np.arange(first, first + s.shape[-2])[:, None]
        return constant(np.zeros(shape) + rows, s)
    asked = namespace(s).tanh(s @ p["W_p"]) @ p["v_p"]  # (..., U)
    return constant(np.asarray(lengths * 1.0), s) * sigmoid(asked)[..., None]
