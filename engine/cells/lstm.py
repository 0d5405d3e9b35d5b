"""Long short-term memory (Hochreiter & Schmidhuber 1997) with the forget gate of Gers et al. 2000.

    i = σ(x W_xi + h' W_hi + b_i)       input gate: how much of g is written
    f = σ(x W_xf + h' W_hf + b_f)       forget gate: how much of c' is kept
    g = tanh(x W_xg + h' W_hg + b_g)    candidate
    o = σ(x W_xo + h' W_ho + b_o)       output gate: how much of c is shown
    c = f ⊙ c' + i ⊙ g                  cell state
    h = o ⊙ tanh(c)                     hidden state

The four gates stand side by side in W_xh, W_hh and the biases in torch's order, i f g o.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.arrays import Array, Params, concat, namespace, sigmoid, stack
from engine.cells import Deltas, Do, Equation, Slopes, State, leave

STATE = ("h", "c")
VALUES = ("i", "f", "g", "o", "c", "h")
GATES = ("i", "f", "o")
APART = False
BLOCKS = 4
EQUATIONS = (
    Equation("i", "i = σ(W_xi x + W_hi h' + b_i)", "σ({a})", "σ"),
    Equation("f", "f = σ(W_xf x + W_hf h' + b_f)", "σ({a})", "σ"),
    Equation("g", "g = tanh(W_xg x + W_hg h' + b_g)", "tanh({a})", "tanh"),
    Equation("o", "o = σ(W_xo x + W_ho h' + b_o)", "σ({a})", "σ"),
    Equation("c", "c = f ⊙ c' + i ⊙ g", "{f} · {c'} + {i} · {g}"),
    Equation("h", "h = o ⊙ tanh(c)", "{o} · tanh({c})"),
)


def step(p: Params, x: Array, state: State, do: Do = leave) -> tuple[State, dict[str, Array]]:
    """One tick. x (..., D), state (h, c) of (..., H) each; values i f g o c h, (..., H) each."""
    return tick(p, x @ p["W_xh"] + p["b_xh"], state, do)


def tick(p: Params, a: Array, state: State, do: Do = leave) -> tuple[State, dict[str, Array]]:
    """`step` from the input's share of the sums, a = x W_xh + b_xh (..., 4H)."""
    h_prev, c_prev = state
    xp, n = namespace(a, h_prev, c_prev, p["W_hh"]), h_prev.shape[-1]
    a = a + h_prev @ p["W_hh"] + p["b_hh"]  # (..., 4H)
    s = sigmoid(a, xp)  # one call for all blocks is faster than three, though g has no use for it
    i = do("i", s[..., :n])
    f = do("f", s[..., n : 2 * n])
    g = do("g", xp.tanh(a[..., 2 * n : 3 * n]))
    o = do("o", s[..., 3 * n :])
    c = do("c", f * c_prev + i * g)
    h = do("h", o * xp.tanh(c))
    return (h, c), {"i": i, "f": f, "g": g, "o": o, "c": c, "h": h}


def slopes(p: Params, state: State, values: Mapping[str, Array]) -> Slopes:
    """dc by the sums of i, f and g (..., 3, H); dh by the sum of o; dh by c; dc by c'."""
    i, f, g, o, c = (values[name] for name in "ifgoc")
    tanh_c = namespace(c).tanh(c)
    by_sums = stack((g * i * (1 - i), state[1] * f * (1 - f), i * (1 - g**2)), -2)
    return by_sums, tanh_c * o * (1 - o), o * (1 - tanh_c**2), f


def deltas(slopes: Slopes, adjoint: State) -> Deltas:
    """i, f and g hear of dL/dc alone, o of dL/dh alone; the cell's own road back is diag(f)."""
    by_sums, by_o, h_by_c, f = slopes
    dh, dc = adjoint
    dc = dc + dh * h_by_c
    d_ifg = (dc[..., None, :] * by_sums).reshape(*dc.shape[:-1], 3 * dc.shape[-1])
    da = concat((d_ifg, dh * by_o), -1)
    return da, da, (0.0, dc * f), (dh, dc)


def backward(
    p: Params, state: State, values: Mapping[str, Array], adjoint: State
) -> tuple[Array, State, State]:
    """dL/dx and dL/d(h', c') from dL/d(h, c).

    The blocks of i, f and g in a matrix, times their slopes, are added up to one (H, D) before any of
    the N adjoints goes through.
    """
    by_sums, by_o, h_by_c, f = slopes(p, state, values)  # (3, H), (H,), (H,), (H,)
    dh, dc = adjoint
    xp = namespace(dh, f)
    dc = dc + dh * h_by_c
    d_o = dh * by_o

    def through(w: Array) -> Array:
        """dL/d(the other end of w (D, 4H)), (N, D)."""
        blocks = w.T.reshape(4, len(f), -1)  # (4, H, D)
        return dc @ xp.einsum("khd,kh->hd", blocks[:3], by_sums) + d_o @ blocks[3]

    return through(p["W_xh"]), (through(p["W_hh"]), dc * f), (dh, dc)
