"""The simple recurrent network (Elman 1990, "Finding structure in time", with tanh).

h = tanh(x W_xh + b_xh + h' W_hh + b_hh)          h' is h one tick before
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.arrays import Array, Params, namespace
from engine.cells import Deltas, Do, Equation, Slopes, State, leave

STATE = ("h",)
VALUES = ("h",)
GATES = ()
APART = False
BLOCKS = 1
EQUATIONS = (Equation("h", "h = tanh(W_xh x + W_hh h' + b_h)", "tanh({a})", "tanh"),)


def step(p: Params, x: Array, state: State, do: Do = leave) -> tuple[State, dict[str, Array]]:
    """One tick. x (..., D), state (h,) of (..., H); values: h (..., H)."""
    return tick(p, x @ p["W_xh"] + p["b_xh"], state, do)


def tick(p: Params, a: Array, state: State, do: Do = leave) -> tuple[State, dict[str, Array]]:
    """`step` from the input's share of the sum, a = x W_xh + b_xh (..., H)."""
    (h_prev,) = state
    xp = namespace(a, h_prev, p["W_hh"])
    h = do("h", xp.tanh(a + h_prev @ p["W_hh"] + p["b_hh"]))
    return (h,), {"h": h}


def slopes(p: Params, state: State, values: Mapping[str, Array]) -> Slopes:
    """dh/da = 1 - h²."""
    return (1 - values["h"] ** 2,)


def deltas(slopes: Slopes, adjoint: State) -> Deltas:
    """The only way back leads through the sum."""
    da = adjoint[0] * slopes[0]
    return da, da, (0.0,), adjoint


def backward(
    p: Params, state: State, values: Mapping[str, Array], adjoint: State
) -> tuple[Array, State, State]:
    """dL/dx and dL/dh' from dL/dh: the Jacobian dh/dh' is diag(1 - h²) W_hh (column convention)."""
    return through(p, slopes(p, state, values), adjoint)


def through(p: Params, slopes: Slopes, adjoint: State) -> tuple[Array, State, State]:
    """`backward` from the slopes; whatever squashes the sum, the way through the matrices is the same."""
    da, _, _, totals = deltas(slopes, adjoint)
    return da @ p["W_xh"].T, (da @ p["W_hh"].T,), totals
