"""A cell swept over the rows of a sequence, forwards or backwards, past padding that changes nothing.

Forwards h_t = cell(x_t, h_(t-1)); backwards h_t = cell(x_t, h_(t+1)); both: [h_forward ; h_backward], each
half of the units (Schuster & Paliwal 1997, section II B, "bidirectional recurrent neural networks").

x W_xh + b_xh depends on nothing before, so it is one product for all rows. Arrays are (..., T, units).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from engine.arrays import Array, Params, concat, constant, stack
from engine.cells import Cell, Do, State, leave
from engine.interventions import Rows
from engine.models import Acts, Values


def part(params: Params, prefix: str) -> dict[str, Array]:
    """The parameters whose names begin so, by the rest of the name: `encoder.0.` gives W_xh, ..."""
    return {short: params[name] for short, name in _names(tuple(params), prefix)}


def parts(params: Params, prefix: str, layers: int) -> list[dict[str, Array]]:
    """The parameters of every layer of one stack, `encoder.0.W_xh` as W_xh of the first."""
    return [part(params, f"{prefix}.{layer}.") for layer in range(layers)]


@lru_cache(maxsize=256)
def _names(names: tuple[str, ...], prefix: str) -> list[tuple[str, str]]:
    return [(name.removeprefix(prefix), name) for name in names if name.startswith(prefix)]


def embedded(params: Params, ids: np.ndarray, do: Acts, first: int = 0) -> Array:
    """x = E[token] (..., T, D) of ids (..., T), the rows from `first` on."""
    x = params["E"][ids]
    dos = [do.at(0, first + t) for t in range(ids.shape[-1])]
    if all(act is leave for act in dos):
        return x
    return stack([act("x", x[..., t, :]) for t, act in enumerate(dos)], -2)


def zero(cell: Cell, like: Array, width: int, batch: tuple[int, ...]) -> State:
    """The state before anything was read, (..., H) for each of the cell's states."""
    return (constant(np.zeros((*batch, width)), like),) * len(cell.STATE)


def sweep(
    cell: Cell,
    p: Params,
    x: Array,
    state: State,
    do: Acts,
    layer: int = 0,
    first: int = 0,
    real: np.ndarray | None = None,
    backward: bool = False,
) -> tuple[State, list[Values]]:
    """One layer in one direction: x (..., T, D) to the last state and the values of every row.

    `first` is the row of the run that x begins at. `real` (..., T) is False on padding: a state goes
    past it unchanged, and the values there mean nothing.
    """
    sums = unstacked(x @ p["W_xh"] + p["b_xh"])
    rows: list[Values] = [{} for _ in sums]
    for t in reversed(range(len(sums))) if backward else range(len(sums)):
        new, rows[t] = cell.tick(p, sums[t], state, do.at(layer, first + t))
        if real is not None and not real[..., t].all():
            keep = constant(real[..., t, None].astype(np.float64), new[0])  # (..., 1)
            new = tuple(keep * n + (1 - keep) * old for n, old in zip(new, state, strict=True))
        state = new
    return state, rows


def both_ways(
    cell: Cell,
    forward: Params,
    back: Params,
    x: Array,
    do: Acts,
    layer: int = 0,
    real: np.ndarray | None = None,
) -> tuple[State, list[Values]]:
    """One layer in both directions from zero states, the halves joined: first forward, then backward.

    The state is [forward's after the last row ; backward's after row 0].
    """
    batch, half = tuple(x.shape[:-2]), forward["W_hh"].shape[0]
    found = []
    for at, p in enumerate((forward, back)):
        begin = zero(cell, x, half, batch)
        acting = _Half(do, at)
        found.append(sweep(cell, p, x, begin, acting, layer, real=real, backward=bool(at)))
    (ahead, rows), (behind, others) = found
    state = tuple(concat(halves, -1) for halves in zip(ahead, behind, strict=True))
    joined = [
        {name: concat((row[name], other[name]), -1) for name in row}
        for row, other in zip(rows, others, strict=True)
    ]
    return state, joined


def through(
    cell: Cell,
    layers: Sequence[Params],
    x: Array,
    states: Sequence[State],
    do: Acts,
    first: int = 0,
    real: np.ndarray | None = None,
    back: Sequence[Params] = (),
) -> tuple[tuple[State, ...], list[list[Values]], Array]:
    """All layers over x (..., T, D), each reads the one below: last states, values by layer and row, top h.

    With `back`, every layer has two directions, which begin at zero; else layer l begins at `states[l]`.
    """
    last, recorded = [], []
    for layer, p in enumerate(layers):
        if back:
            state, rows = both_ways(cell, p, back[layer], x, do, layer, real)
        else:
            state, rows = sweep(cell, p, x, states[layer], do, layer, first, real)
        last.append(state)
        recorded.append(rows)
        x = stack([row["h"] for row in rows], -2)  # (..., T, H)
    return tuple(last), recorded, x


class _Half:
    """`do` for one direction, which has half of the units: an intervention speaks of all of them."""

    def __init__(self, do: Acts, at: int) -> None:
        self._do, self._at = do, at

    def at(self, layer: int, rows: Rows) -> Do:
        do, at = self._do.at(layer, rows), self._at
        if do is leave:
            return leave

        def acted(name: str, value: Array) -> Array:
            n = value.shape[-1]
            other = constant(np.zeros(tuple(value.shape)), value)
            whole = do(name, concat((other, value) if at else (value, other), -1))
            return whole[..., at * n : (at + 1) * n]

        return acted


def stacked(layers: Sequence[Sequence[Values]], names: Sequence[str]) -> dict[str, Any]:
    """name -> per layer (..., T, H), from the values of every row of every layer."""
    return {
        name: tuple(stack([row[name] for row in rows], -2) for rows in layers) for name in names
    }


def unstacked(array: Array) -> list[Array]:
    """The rows (..., n) of (..., T, n); on torch one operation, so that one goes back."""
    if hasattr(array, "unbind"):
        return list(array.unbind(-2))
    return [array[..., t, :] for t in range(array.shape[-2])]
