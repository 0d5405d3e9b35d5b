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

from engine.arrays import Array, Params, namespace, sigmoid, stack
from engine.cells import Do, Equation, State, leave

STATE = ("h", "c")
VALUES = ("i", "f", "g", "o", "c", "h")
GATES = ("i", "f", "o")
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
    h_prev, c_prev = state
    xp, n = namespace(x, h_prev, c_prev, p["W_hh"]), h_prev.shape[-1]
    a = x @ p["W_xh"] + p["b_xh"] + h_prev @ p["W_hh"] + p["b_hh"]  # (..., 4H)
    s = sigmoid(a, xp)  # one call for all blocks is faster than three, though g has no use for it
    i = do("i", s[..., :n])
    f = do("f", s[..., n : 2 * n])
    g = do("g", xp.tanh(a[..., 2 * n : 3 * n]))
    o = do("o", s[..., 3 * n :])
    c = do("c", f * c_prev + i * g)
    h = do("h", o * xp.tanh(c))
    return (h, c), {"i": i, "f": f, "g": g, "o": o, "c": c, "h": h}


def backward(
    p: Params, state: State, values: Mapping[str, Array], adjoint: State
) -> tuple[Array, State, State]:
    """dL/dx and dL/d(h', c') from dL/d(h, c); the cell's own road back is dc/dc' = diag(f).

    i, f and g hear of dL/dc alone, so their blocks of a matrix, times their slopes, are added up to
    one (H, D) before any of the N adjoints goes through; o hears of dL/dh alone.
    """
    i, f, g, o, c = (values[name] for name in "ifgoc")
    dh, dc = adjoint
    xp = namespace(dh, c)
    tanh_c = xp.tanh(c)
    dc = dc + dh * (o * (1 - tanh_c**2))
    d_o = dh * (tanh_c * o * (1 - o))
    slopes = stack((g * i * (1 - i), state[1] * f * (1 - f), i * (1 - g**2)), 0)  # (3, H)

    def through(w: Array) -> Array:
        """dL/d(the other end of w (D, 4H)), (N, D)."""
        blocks = w.T.reshape(4, len(c), -1)  # (4, H, D)
        return dc @ xp.einsum("khd,kh->hd", blocks[:3], slopes) + d_o @ blocks[3]

    return through(p["W_xh"]), (through(p["W_hh"]), dc * f), (dh, dc)
