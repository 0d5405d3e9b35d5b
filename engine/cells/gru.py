"""Gated recurrent unit (Cho et al. 2014), in the form that torch, cuDNN and Keras compute.

    r = σ(x W_xr + h' W_hr + b_r)                     reset gate
    z = σ(x W_xz + h' W_hz + b_z)                     update gate: here z *keeps*
    n = tanh(x W_xn + b_xn + r ⊙ (h' W_hn + b_hn))    candidate
    h = (1 - z) ⊙ n + z ⊙ h'                          hidden state

The paper writes h = z ⊙ h' + (1 - z) ⊙ h~ with the reset applied to h' *before* the product,
U (r ⊙ h'); many texts swap the roles of z and 1 - z. Here r acts *after* the product, the blocks
stand in torch's order r z n, and the two biases of n stay apart because r multiplies one of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.arrays import Array, Params, concat, namespace, sigmoid, stack
from engine.cells import Deltas, Do, Equation, Slopes, State, leave

STATE = ("h",)
VALUES = ("r", "z", "n", "h")
GATES = ("r", "z")
APART = True  # r multiplies one of the shares of n
BLOCKS = 3
EQUATIONS = (
    Equation("r", "r = σ(W_xr x + W_hr h' + b_r)", "σ({a})", "σ"),
    Equation("z", "z = σ(W_xz x + W_hz h' + b_z)", "σ({a})", "σ"),
    Equation("n", "n = tanh(W_xn x + b_xn + r ⊙ (W_hn h' + b_hn))", "tanh({a})", "tanh"),
    Equation("h", "h = (1 - z) ⊙ n + z ⊙ h'", "(1 - {z}) · {n} + {z} · {h'}"),
)


def step(p: Params, x: Array, state: State, do: Do = leave) -> tuple[State, dict[str, Array]]:
    """One tick. x (..., D), state (h,) of (..., H); values r z n h, (..., H) each."""
    return tick(p, x @ p["W_xh"] + p["b_xh"], state, do)  # the sums' share of x, (..., 3H)


def tick(p: Params, a: Array, state: State, do: Do = leave) -> tuple[State, dict[str, Array]]:
    """`step` from the input's share of the sums, a = x W_xh + b_xh (..., 3H)."""
    (h_prev,) = state
    xp, m = namespace(a, h_prev, p["W_hh"]), h_prev.shape[-1]
    u = h_prev @ p["W_hh"] + p["b_hh"]  # (..., 3H)
    s = sigmoid(a[..., : 2 * m] + u[..., : 2 * m], xp)
    r = do("r", s[..., :m])
    z = do("z", s[..., m:])
    n = do("n", xp.tanh(a[..., 2 * m :] + r * u[..., 2 * m :]))
    h = do("h", (1 - z) * n + z * h_prev)
    return (h,), {"r": r, "z": z, "n": n, "h": h}


def slopes(p: Params, state: State, values: Mapping[str, Array]) -> Slopes:
    """dh by the sums of r, z and n (..., 3, H), by the state's share of n's sum, and by h' directly."""
    r, z, n = values["r"], values["z"], values["n"]
    (h_prev,), m = state, n.shape[-1]
    u_n = h_prev @ p["W_hh"][:, 2 * m :] + p["b_hh"][2 * m :]  # (..., H)
    dn = (1 - z) * (1 - n**2)
    dr, dz = dn * u_n * r * (1 - r), (h_prev - n) * z * (1 - z)
    return stack((dr, dz, dn), -2), dn * r, z


def deltas(slopes: Slopes, adjoint: State) -> Deltas:
    """Every gate hears of dL/dh alone; the straight road back is diag(z)."""
    by_sums, by_state, z = slopes
    (dh,) = adjoint
    m = dh.shape[-1]
    da_x = (dh[..., None, :] * by_sums).reshape(*dh.shape[:-1], 3 * m)
    da_h = concat((da_x[..., : 2 * m], dh * by_state), -1)
    return da_x, da_h, (dh * z,), adjoint


def backward(
    p: Params, state: State, values: Mapping[str, Array], adjoint: State
) -> tuple[Array, State, State]:
    """dL/dx and dL/dh' from dL/dh.

    The three blocks of a matrix, times their slopes, are added up to one (H, D) before any of the N
    adjoints goes through.
    """
    by_sums, by_state, z = slopes(p, state, values)  # (3, H), (H,), (H,)
    (dh,) = adjoint
    xp, m = namespace(dh, z), len(z)

    def through(w: Array, slopes: Array) -> Array:
        """dL/d(the other end of w (D, 3H)), (N, D)."""
        blocks = w.T.reshape(3, m, -1)  # (3, H, D)
        return dh @ xp.einsum("khd,kh->hd", blocks, slopes)

    dx = through(p["W_xh"], by_sums)
    by_state = concat((by_sums[:2], by_state[None]), 0)  # (3, H)
    return dx, (dh * z + through(p["W_hh"], by_state),), adjoint
