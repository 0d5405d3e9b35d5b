"""The simple recurrent network with rectified units (Le, Jaitly & Hinton 2015, there with W_hh = I).

h = max(0, x W_xh + b_xh + h' W_hh + b_hh)          h' is h one tick before

Nothing saturates: no slope vanishes, and nothing keeps h from growing without end.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.arrays import Array, Params, namespace
from engine.cells import Do, Equation, Slopes, State, leave
from engine.cells.elman import deltas, through

__all__ = ["deltas"]  # Elman's: the only way back leads through the sum
STATE = ("h",)
VALUES = ("h",)
GATES = ()
APART = False
BLOCKS = 1
EQUATIONS = (Equation("h", "h = max(0, W_xh x + W_hh h' + b_h)"),)


def step(p: Params, x: Array, state: State, do: Do = leave) -> tuple[State, dict[str, Array]]:
    """One tick. x (..., D), state (h,) of (..., H); values: h (..., H)."""
    return tick(p, x @ p["W_xh"] + p["b_xh"], state, do)


def tick(p: Params, a: Array, state: State, do: Do = leave) -> tuple[State, dict[str, Array]]:
    """`step` from the input's share of the sum, a = x W_xh + b_xh (..., H)."""
    (h_prev,) = state
    xp = namespace(a, h_prev, p["W_hh"])
    s = a + h_prev @ p["W_hh"] + p["b_hh"]
    h = do("h", xp.where(s <= 0, xp.zeros_like(s), s))  # so asked, no NaN becomes 0
    return (h,), {"h": h}


def slopes(p: Params, state: State, values: Mapping[str, Array]) -> Slopes:
    """dh/da is 1 where the unit is active and 0 elsewhere, also at 0."""
    h = values["h"]
    return ((h > 0) * namespace(h).ones_like(h),)


def backward(
    p: Params, state: State, values: Mapping[str, Array], adjoint: State
) -> tuple[Array, State, State]:
    """dL/dx and dL/dh' from dL/dh: the Jacobian dh/dh' is diag(h > 0) W_hh (column convention)."""
    return through(p, slopes(p, state, values), adjoint)
