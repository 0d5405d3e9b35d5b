"""The linear recurrent network: Elman's without a squashing function.

h = x W_xh + b_xh + h' W_hh + b_hh          h' is h one tick before

Its step Jacobian is W_hh itself, so a gradient over n steps is a power of it: what Saxe, McClelland &
Ganguli 2014 can prove of orthogonal weights, and what tanh then breaks, can be seen by itself.
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
EQUATIONS = (Equation("h", "h = W_xh x + W_hh h' + b_h"),)


def step(p: Params, x: Array, state: State, do: Do = leave) -> tuple[State, dict[str, Array]]:
    """One tick. x (..., D), state (h,) of (..., H); values: h (..., H)."""
    return tick(p, x @ p["W_xh"] + p["b_xh"], state, do)


def tick(p: Params, a: Array, state: State, do: Do = leave) -> tuple[State, dict[str, Array]]:
    """`step` from the input's share of the sum, a = x W_xh + b_xh (..., H)."""
    (h_prev,) = state
    h = do("h", a + h_prev @ p["W_hh"] + p["b_hh"])
    return (h,), {"h": h}


def slopes(p: Params, state: State, values: Mapping[str, Array]) -> Slopes:
    """dh/da = 1."""
    return (namespace(values["h"]).ones_like(values["h"]),)


def backward(
    p: Params, state: State, values: Mapping[str, Array], adjoint: State
) -> tuple[Array, State, State]:
    """dL/dx and dL/dh' from dL/dh: the Jacobian dh/dh' is W_hh."""
    return through(p, slopes(p, state, values), adjoint)
