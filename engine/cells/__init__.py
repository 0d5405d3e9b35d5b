"""Recurrent cells, one file each: a pure step with the paper's equation above it.

A cell is a module. `Cell` says what is in it, so adding a cell is one file here, one line in
`engine.registry` and one parity test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from engine.arrays import Array, Params

State = tuple[Array, ...]
Do = Callable[[str, Array], Array]
Slopes = tuple[Array, ...]
Deltas = tuple[Array, Array, State, State]


def leave(name: str, value: Array) -> Array:
    """The intervention that changes nothing: every quantity keeps the value it was computed."""
    return value


class Equation(NamedTuple):
    """One line of a cell, for people.

    Attributes:
        name: the value that it computes, as in the cell's `VALUES`.
        formula: the line in the paper's symbols.
        numbers: the same line with {names} for this tick's values; {c'} is c one tick before.
        squash: `σ` or `tanh` when the line squashes a sum that is not recorded itself, else "".
    """

    name: str
    formula: str
    numbers: str = ""
    squash: str = ""


class Cell(Protocol):
    """What a cell module holds. H units, D inputs; every array may have leading batch axes."""

    STATE: tuple[str, ...]  # what it carries from tick to tick, the exposed state first
    VALUES: tuple[str, ...]  # every quantity of the equation, in the order it is computed
    GATES: tuple[str, ...]  # those of VALUES that are gates, within 0..1
    APART: bool  # whether a sum's shares of x and of h' act apart, so that their derivatives differ
    BLOCKS: int  # how many blocks of H rows the weight matrices stack
    EQUATIONS: tuple[Equation, ...]

    @staticmethod
    def step(p: Params, x: Array, state: State, do: Do = leave) -> tuple[State, dict[str, Array]]:
        """One tick: x (..., D) and state (..., H) each give the new state and all VALUES."""

    @staticmethod
    def tick(p: Params, a: Array, state: State, do: Do = leave) -> tuple[State, dict[str, Array]]:
        """`step` from the input's share of the sums, a = x W_xh + b_xh (..., B*H).

        It depends on nothing before, so a whole sequence's can be computed at once.
        """

    @staticmethod
    def slopes(p: Params, state: State, values: Mapping[str, Array]) -> Slopes:
        """The local derivatives of one step or of many at once (`state`: what each starts from).

        Every array may have the same leading axes; `deltas` multiplies adjoints with them.
        """

    @staticmethod
    def deltas(slopes: Slopes, adjoint: State) -> Deltas:
        """One step back in closed form: dL/d(new state), (..., H) each, to the sums of the step.

        Returns dL/da_x (..., B*H) by the input's share a_x = x W_xh + b_xh, dL/da_h by the state's
        a_h = h' W_hh + b_hh, the ways to the state before that do not lead through W_hh (one for each
        of `STATE`; 0.0 where there is none), and the total derivatives by the new state.
        """

    @staticmethod
    def backward(
        p: Params, state: State, values: Mapping[str, Array], adjoint: State
    ) -> tuple[Array, State, State]:
        """The closed form of one step back, for N adjoints of one step at once.

        `state` (H,) is the state before the step and `values` (H,) what the step computed;
        `adjoint` holds dL/d(new state), (N, H) each, from everything after the step. Returns
        dL/dx (N, D), dL/d(state), and the total derivatives by the new state, which add the ways
        within the step (an LSTM's c acts through h as well).
        """


def shapes(cell: Cell, d_in: int, d_h: int) -> dict[str, tuple[int, ...]]:
    """W_xh (D, B*H), W_hh (H, B*H), b_xh and b_hh (B*H,), with B = `cell.BLOCKS`.

    The gate blocks stand side by side, and the matrices are torch's transposed; two biases, as there.
    """
    width = cell.BLOCKS * d_h
    return {"W_xh": (d_in, width), "W_hh": (d_h, width), "b_xh": (width,), "b_hh": (width,)}
