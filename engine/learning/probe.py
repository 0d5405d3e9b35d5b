"""What is measured on the probe, always in float64: small gradients underflow to false zeros in float32.

Gradient of the probe's loss by every parameter, by every state of every row (the time series in which
vanishing and exploding are seen), how open gates stand, how much is saturated, the spectral radius of
each recurrent block, and the entropy of attention.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from engine import bptt
from engine.arrays import Array, Backend, Params, namespace, to_numpy
from engine.cells import Do
from engine.interventions import Rows
from engine.learning.derived import LEAST
from engine.learning.metrics import Attention, Gate, Layer, Param, Probe
from engine.lenses.gates import OPEN, SHUT
from engine.models import Architecture
from engine.models.recurrent import RecurrentLM
from engine.objective import accuracy, objective
from engine.recipe import Batch
from engine.registry import NETWORK

SATURATED = 0.9  # of |h|: there the slope of tanh, 1 - h², is below 0.19
_SQUASHED = ("elman", "lstm", "gru")  # their h is within -1..1
_BLOCKS = {"lstm": "ifgo", "gru": "rzn"}


class Seen(NamedTuple):
    """A probe batch of B items as a model saw it.

    Attributes:
        loss, accuracy: as for a training batch.
        grads: of the loss, by parameter.
        states: state name -> |dL/dstate_t| (T, layers, B).
        values: value name -> its values (T, layers, B, ...).
    """

    loss: float
    accuracy: float
    grads: Mapping[str, np.ndarray]
    states: Mapping[str, np.ndarray]
    values: Mapping[str, np.ndarray]


def measure(
    update: int,
    architecture: Architecture,
    params: Params,
    batch: Batch,
    *,
    loss: str = "words",
    k1: int = 0,
    k2: int = 0,
    before: Params | None = None,
    backend: Backend | None = None,
) -> Probe:
    """Measure a model on a probe batch.

    Args:
        update: number of the update that it stands after.
        params: the weights, in any library and precision.
        batch: the probe, B items of T rows.
        loss, k1, k2: the recipe's; what truncated BPTT cuts off is cut off here as well.
        before: the weights before the last update, for the size of that update.
        backend: where to compute; default NumPy, which is as fast as torch on a CPU.
    """
    weights = {name: to_numpy(array).astype(np.float64) for name, array in params.items()}
    with np.errstate(all="ignore"):  # a run that explodes is what this is for
        seen = _see(architecture, weights, batch, loss, k1, k2, backend or Backend())
        norms = {
            name: Param(
                float(np.linalg.norm(seen.grads[name])),
                float(np.linalg.norm(weight)),
                float(np.linalg.norm(weight - to_numpy(before[name]))) if before else math.nan,
            )
            for name, weight in weights.items()
        }
        return Probe(
            update,
            batch.inputs.shape[1],
            seen.loss,
            seen.accuracy,
            tuple(
                _layer(architecture, weights, seen, _read(batch), layer)
                for layer in range(architecture.layers)
            ),
            norms,
            _attention(seen, _read(batch)),
        )


def _see(
    architecture: Architecture,
    weights: Mapping[str, np.ndarray],
    batch: Batch,
    loss: str,
    k1: int,
    k2: int,
    backend: Backend,
) -> Seen:
    """By the closed form where there is one, unless a GPU is at hand and nothing is truncated."""
    if isinstance(architecture, RecurrentLM) and (k1 or backend.device == "cpu"):
        found = bptt.backward(architecture, weights, batch, k1, k2, loss)
        kept = ("h", *architecture.gates)
        values = {name: np.stack([each[name] for each in found.values], 1) for name in kept}
        return Seen(found.loss, found.accuracy, found.grads, found.states, values)
    there = Backend(backend.name, "float64", backend.device)
    return by_autograd(architecture, there.params(weights), batch, loss, there)


def by_autograd(
    architecture: Architecture, params: Params, batch: Batch, loss: str, backend: Backend
) -> Seen:
    """The measurements for any model, by automatic differentiation.

    Every state gets a zero added to it; the derivative by that zero is the derivative by the state.
    """
    states = architecture.states or ("h",)
    kept = {*states, *architecture.gates, "weights"}
    share = backend.asarray(batch.weights / batch.weights.sum())
    targets = backend.asarray(batch.targets) if loss == "value" else batch.targets
    values: dict[tuple[str, int, int], Array] = {}

    def keep(name: str, value: Array, layer: int, rows: Rows) -> Array:
        if name in kept:
            values[name, layer, _row(rows)] = value
        return value

    logits = to_numpy(architecture.logits(params, batch.inputs, _Acts(keep)))
    counted = np.nonzero(batch.weights)
    right = accuracy(loss, logits[counted], batch.targets[counted])
    nudges = {
        f"{name}.{layer}.{rows}": namespace(value).zeros_like(value)
        for (name, layer, rows), value in values.items()
        if name in states
    }

    def total(at: dict[str, Array]) -> Array:
        def nudge(name: str, value: Array, layer: int, rows: Rows) -> Array:
            return value + at[f"{name}.{layer}.{_row(rows)}"] if name in states else value

        found = architecture.logits(at, batch.inputs, _Acts(nudge))
        return objective(loss, found, targets, share)

    value, found = backend.value_and_grad(total, {**params, **nudges})
    grads = {name: to_numpy(found[name]) for name in params}
    adjoints = {key: np.linalg.norm(to_numpy(found["{}.{}.{}".format(*key)]), axis=-1)
                for key in values if key[0] in states}  # fmt: skip
    gathered = {key: to_numpy(array) for key, array in values.items()}
    return Seen(
        float(value), right, grads, _gather(adjoints, architecture.layers),
        _gather(gathered, architecture.layers),
    )  # fmt: skip


class _Acts:
    """A function of every value, as the `do` of an architecture."""

    def __init__(self, then: Callable[[str, Array, int, Rows], Array]) -> None:
        self._then = then

    def at(self, layer: int, rows: Rows) -> Do:
        return lambda name, value: self._then(name, value, layer, rows)


def _row(rows: Rows) -> int:
    """The row of one tick; -1 stands for all rows at once."""
    return -1 if isinstance(rows, slice) else rows


def _gather(parts: Mapping[tuple[str, int, int], np.ndarray], layers: int) -> dict[str, np.ndarray]:
    """name -> (T, layers, B, ...) from one array a tick (B, ...), or one for all rows (B, T, ...)."""
    found = {}
    for name in dict.fromkeys(key[0] for key in parts):
        rows = sorted({row for which, _, row in parts if which == name})
        if rows == [-1]:
            whole = [parts[name, layer, -1] for layer in range(layers)]
            # attention's weights are (B, heads, T, T), all else is (B, T, ...)
            time = 2 if name == "weights" else 1
            found[name] = np.stack([np.moveaxis(part, time, 0) for part in whole], 1)
        else:
            found[name] = np.stack(
                [np.stack([parts[name, layer, row] for layer in range(layers)]) for row in rows]
            )
    return found


def _read(batch: Batch) -> np.ndarray:
    """(T, B): True up to each item's last row that counts; what comes after is padding."""
    return np.flip(np.cumsum(np.flip(batch.weights, 1), 1), 1).T > 0


def _layer(
    architecture: Architecture,
    weights: Mapping[str, np.ndarray],
    seen: Seen,
    read: np.ndarray,
    layer: int,
) -> Layer:
    cell = architecture.cell if isinstance(architecture, RecurrentLM) else "transformer"
    items = read.shape[1]
    saturated = math.nan
    if cell in _SQUASHED:
        saturated = float((np.abs(seen.values["h"][:, layer][read]) > SATURATED).mean())
    radius = {}
    if isinstance(architecture, RecurrentLM):
        blocks = np.hsplit(weights[f"layers.{layer}.W_hh"], architecture.rule.BLOCKS)
        names = _BLOCKS.get(cell, ("hh",))
        radius = {n: spectral_radius(block) for n, block in zip(names, blocks, strict=True)}
    return Layer(
        name=f"layers.{layer}",
        kind=NETWORK.get(cell, cell),
        # the batch's loss is the mean over its items: times B, each gradient is of the item's own
        time={
            name: np.maximum(items * norms[:, layer].mean(-1), LEAST)
            for name, norms in seen.states.items()
        },
        gates={gate: _gate(seen.values[gate][:, layer][read]) for gate in architecture.gates}
        | ({"on": _on(seen.values["h"][:, layer][read])} if cell == "relu" else {}),
        saturated=saturated,
        radius=radius,
    )


def _gate(values: np.ndarray) -> Gate:
    """Karpathy, Johnson & Fei-Fei 2015, section 4.2, over all rows, items and units."""
    return Gate(float(values.mean()), float((values < SHUT).mean()), float((values > OPEN).mean()))


def _on(h: np.ndarray) -> Gate:
    """ReLU units (n, H) by the share of rows in which they are on: mean, never (dead), always."""
    share = (h > 0).mean(0)
    return Gate(float(share.mean()), float((share == 0).mean()), float((share == 1).mean()))


def _attention(seen: Seen, read: np.ndarray) -> tuple[Attention, ...]:
    """Entropy -sum w ln w of each head, the mean over the queries that were read."""
    if "weights" not in seen.values:
        return ()
    weights = seen.values["weights"]  # (T, layers, B, heads, T)
    entropy = -np.sum(weights * np.log(np.where(weights > 0, weights, 1.0)), axis=-1)
    return tuple(
        Attention(f"layers.{layer}", tuple(entropy[:, layer][read].mean(0).tolist()), len(read))
        for layer in range(weights.shape[1])
    )


def spectral_radius(matrix: np.ndarray) -> float:
    """The largest |eigenvalue| of a square matrix; NaN where an entry is not finite."""
    if not np.isfinite(matrix).all():
        return math.nan
    return float(np.abs(np.linalg.eigvals(matrix)).max())
