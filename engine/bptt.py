"""Backpropagation through time in closed form, for NumPy: training many times as fast as by autograd.

Rumelhart, Hinton & Williams 1986; Werbos 1990; truncated: Williams & Peng 1990. The equations are the
cells' own `tick`, `slopes` and `deltas`. What does not wait for the tick before is computed for all rows
at once: the input's share of the sums, the local slopes, and the gradients of the matrices. Automatic
differentiation is the oracle in the tests.

Arrays are time-major: T rows, B sequences, H units, K = blocks * H sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from engine.arrays import Params
from engine.models import layer_params
from engine.models.recurrent import RecurrentLM
from engine.objective import accuracy, slope
from engine.recipe import Batch
from engine.truncation import Window, windows

Named = dict[str, np.ndarray]


@dataclass(frozen=True)
class Gradients:
    """What one pass forward and back over a batch found.

    Attributes:
        loss, accuracy: as in `engine.objective`.
        grads: dL by every parameter.
        values: per layer, every value of the cell, (T, B, H) each.
        adjoints: per layer, dL by every state at every row, (T, B, H) each. They are total derivatives:
            dL/dc_t holds the way through h_t too.
    """

    loss: float
    accuracy: float
    grads: Named
    values: list[Named]
    adjoints: list[Named]

    @cached_property
    def states(self) -> Named:
        """|dL/dh_t| by row, layer and sequence, (T, layers, B); the same by c for an LSTM."""
        return {
            name: np.stack([np.linalg.norm(layer[name], axis=-1) for layer in self.adjoints], 1)
            for name in self.adjoints[0]
        }


@dataclass(frozen=True)
class _Inputs:
    """The rows that the lowest layer reads, as products with the rows of E that they use.

    Attributes:
        used: those rows of E: the ids in the batch, or all for inputs that are numbers.
        places: (T, B) which of `used` each row is; None for numbers.
        numbers: (T, B, D), the factors of all rows of E; None for ids.
    """

    used: np.ndarray
    places: np.ndarray | None = None
    numbers: np.ndarray | None = None

    @classmethod
    def of(cls, inputs: np.ndarray, dtype: np.dtype) -> _Inputs:
        """From a batch's inputs, (B, T) ids or (B, T, D) numbers."""
        if inputs.dtype.kind == "f":
            numbers = np.ascontiguousarray(inputs.swapaxes(0, 1), dtype)
            return cls(np.arange(inputs.shape[-1]), numbers=numbers)
        used, places = np.unique(inputs.T, return_inverse=True)
        return cls(used, places.reshape(inputs.T.shape))

    def spread(self, table: np.ndarray, bias: np.ndarray) -> np.ndarray:
        """(used, K) -> (T, B, K): each row's product with the table, plus the bias."""
        if self.numbers is not None:
            return self.numbers @ table + bias
        assert self.places is not None
        return np.take(table + bias, self.places, axis=0)

    def collect(self, da: np.ndarray, span: slice) -> np.ndarray:
        """da (span, B, K) -> (used, K), the transpose of `spread` over some rows."""
        if self.numbers is not None:
            return _flat(self.numbers[span]).T @ _flat(da)
        assert self.places is not None
        one_hot = np.arange(len(self.used))[:, None] == self.places[span].reshape(-1)
        return one_hot.astype(da.dtype) @ _flat(da)


class _Sums(NamedTuple):
    """dL by the sums of one layer from row `begin` on, (rows, B, K): by the shares of x and of h."""

    begin: int
    by_x: np.ndarray
    by_h: np.ndarray


def backward(
    architecture: RecurrentLM,
    params: Params,
    batch: Batch,
    k1: int = 0,
    k2: int = 0,
    loss: str = "words",
) -> Gradients:
    """Loss and gradients of a batch, in the precision of `params` (NumPy arrays)."""
    inputs = _Inputs.of(batch.inputs, params["E"].dtype)
    with np.errstate(over="ignore", invalid="ignore"):  # a loss says it
        values, tops = _forward(architecture, params, inputs)
        top = tops[-1]
        counted = np.nonzero(batch.weights.T)  # where the loss counts: n (row, sequence)
        share = (batch.weights.T[counted] / batch.weights.sum()).astype(top.dtype)
        targets, read = batch.targets.T[counted], top[counted]  # (n,), (n, H)
        logits = read @ params["W_hy"] + params["b_y"]  # (n, V)
        total, by_logits = slope(loss, logits, targets, share)
        by_top = np.zeros_like(top)
        by_top[counted] = by_logits @ params["W_hy"].T
        sums, adjoints = _back(architecture, params, values, by_top, windows(len(top), k1, k2))
        grads = {"W_hy": read.T @ by_logits, "b_y": by_logits.sum(0)}
        for layer, by_sums in enumerate(sums):
            below = tops[layer - 1] if layer else inputs
            grads |= _matrices(params, layer, below, values[layer]["h"], by_sums)
    ordered = {name: grads[name] for name in params}
    seen = [{name: rows[1:] for name, rows in layer.items()} for layer in values]
    return Gradients(total, accuracy(loss, logits, targets), ordered, seen, adjoints)


def _forward(
    architecture: RecurrentLM, params: Params, inputs: _Inputs
) -> tuple[list[Named], list[np.ndarray]]:
    """Per layer, every value (T + 1, B, H) after a row of zeros, and what the layer above reads."""
    cell, values = architecture.rule, []
    tops: list[np.ndarray] = []
    for layer in range(architecture.layers):
        p = layer_params(params, layer)
        if layer:
            a = _flat(tops[-1]) @ p["W_xh"] + p["b_xh"]
            a = a.reshape(*tops[-1].shape[:2], -1)  # (T, B, K)
        else:
            a = inputs.spread(params["E"][inputs.used] @ p["W_xh"], p["b_xh"])
        shape = (len(a) + 1, a.shape[1], architecture.width)
        rows = {name: np.zeros(shape, a.dtype) for name in cell.VALUES}
        state = tuple(rows[name][0] for name in cell.STATE)
        for t, a_t in enumerate(a):
            state, now = cell.tick(p, a_t, state)
            for name, value in now.items():
                rows[name][t + 1] = value
        values.append(rows)
        tops.append(architecture.above(layer, rows["h"][1:], tops[-1] if layer else None))
    return values, tops


def _back(
    architecture: RecurrentLM,
    params: Params,
    values: list[Named],
    by_top: np.ndarray,
    spans: list[Window],
) -> tuple[list[_Sums], list[Named]]:
    """Per layer, dL by the sums of every row and by every state; `by_top` (T, B, H) as the loss gives it.

    Windows without a loss are left out; what overlaps is added up.
    """
    cell, layers = architecture.rule, range(architecture.layers)
    spans = [span for span in spans if by_top[span.losses : span.end].any()]
    begin, end = (spans[0].first, spans[-1].end) if spans else (0, 0)
    shape = (end - begin, by_top.shape[1], cell.BLOCKS * architecture.width)
    sums, slopes = [], []
    for layer, rows in enumerate(values):
        before = tuple(rows[name][begin:end] for name in cell.STATE)
        now = {name: array[begin + 1 : end + 1] for name, array in rows.items()}
        slopes.append(cell.slopes(layer_params(params, layer), before, now))
        by_x = np.zeros(shape, by_top.dtype)
        sums.append(_Sums(begin, by_x, np.zeros_like(by_x) if cell.APART else by_x))
    adjoints = [{name: np.zeros_like(by_top) for name in cell.STATE} for _ in layers]
    for first, losses, last in spans:
        arriving = np.zeros_like(by_top[first:last])
        arriving[losses - first :] = by_top[losses:last]
        for layer in reversed(layers):
            p = layer_params(params, layer)
            adjoint = tuple(np.zeros_like(by_top[0]) for _ in cell.STATE)
            here = np.empty((last - first, *shape[1:]), by_top.dtype)  # dL/da_x of this window
            for t in reversed(range(first, last)):
                adjoint = (adjoint[0] + arriving[t - first], *adjoint[1:])
                by_x, by_h, direct, totals = cell.deltas(
                    tuple(part[t - begin] for part in slopes[layer]), adjoint
                )
                adjoint = (by_h @ p["W_hh"].T + direct[0], *direct[1:])
                here[t - first] = by_x
                if cell.APART:
                    sums[layer].by_h[t - begin] += by_h
                for name, by_state in zip(cell.STATE, totals, strict=True):
                    adjoints[layer][name][t] += by_state
            sums[layer].by_x[first - begin : last - begin] += here
            if layer:
                by_input = (_flat(here) @ p["W_xh"].T).reshape(arriving.shape)
                skip = architecture.residual and layer
                arriving = by_input + arriving if skip else by_input
    return sums, adjoints


def _matrices(
    params: Params, layer: int, below: _Inputs | np.ndarray, h: np.ndarray, sums: _Sums
) -> Named:
    """dL by the parameters of one layer, and by E below the lowest."""
    p = layer_params(params, layer)
    by_x, by_h = _flat(sums.by_x), _flat(sums.by_h)  # (N, K)
    span = slice(sums.begin, sums.begin + len(sums.by_x))
    grads = {"W_hh": _flat(h[span]).T @ by_h, "b_xh": by_x.sum(0), "b_hh": by_h.sum(0)}
    named = {}
    if isinstance(below, _Inputs):
        collected = below.collect(sums.by_x, span)  # (used, K)
        grads["W_xh"] = params["E"][below.used].T @ collected
        named["E"] = np.zeros_like(params["E"])
        named["E"][below.used] = collected @ p["W_xh"].T
    else:
        grads["W_xh"] = _flat(below[span]).T @ by_x
    return named | {f"layers.{layer}.{name}": grad for name, grad in grads.items()}


def _flat(rows: np.ndarray) -> np.ndarray:
    """(T, B, n) -> (T * B, n)."""
    return rows.reshape(-1, rows.shape[-1])
