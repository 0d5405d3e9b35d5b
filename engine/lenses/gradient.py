"""Gradient flow: how much the loss at one row depends on the states at the rows before it.

L_t = -log p(token_t | tokens before t) in nats, or of a word of the user's choice; of a model that labels
rows, -log p(label of row t), the likeliest unless chosen; of a model that reads numbers, the squared error
with which it foretells number t. For states h (and c) of each layer and for the input vectors x, the lens
returns the Euclidean norms |dL_t/dh_k|, total derivatives through every path from row k to the prediction of
row t. For an LSTM, dL/dh_k holds c_k fixed (as autograd does) and dL/dc_k includes the way through
h_k = o ⊙ tanh(c_k).

Definition: Pascanu, Mikolov & Bengio 2013, section 2 (equations 3-5); |dL/dx_k| as saliency: Simonyan
et al. 2013, Li et al. 2016. Always computed in float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.arrays import Array, namespace, to_numpy
from engine.errors import PeepholeError
from engine.interventions import Rows
from engine.lenses.batch import Acting, acting, ids_of, in_float64, losses
from engine.lenses.prediction import predicted
from engine.models import LanguageModel, layer_params
from engine.models.recurrent import RecurrentLM
from engine.objective import slope
from engine.trace import Named, Trace

Norms = dict[str, np.ndarray]  # name -> (targets, time, layer)
_CHUNK = 64  # targets differentiated together by autograd; bounds the memory of a long text


def gradient_map(model: LanguageModel, trace: Trace, *, exact: bool = False) -> dict[str, Named]:
    """The full map: `h` (and `c`) (time, source, layer) and `x` (time, source), |dL_t/dh_k|.

    Entry (t, k) is 0 where nothing leads from k to the prediction of t, so for k >= t unless the model
    reads both ways, and in rows that nothing predicts: row 0, and of a source and its target the source
    and `<s>`. `exact` forces automatic differentiation where a closed form would do.
    """
    n, first = len(trace), predicted(trace).start
    if n > first:
        norms = _norms(model, trace, np.arange(first, n), _targets(model, trace)[first:], exact)
    else:
        norms = _gather({}, _names(model), model.architecture.layers, (0, n))
    none = {name: np.zeros((min(first, n), *array.shape[1:])) for name, array in norms.items()}
    unit = _unit(model)
    return {
        name: _named(name, np.concatenate((none[name], array)), ("time", "source"), unit)
        for name, array in norms.items()
    }


def gradient_flow(
    model: LanguageModel, trace: Trace, row: int, word: str | None = None, *, exact: bool = False
) -> dict[str, Named]:
    """One row of the map: `h` (and `c`) (source, layer), `x` (source,): |dL_row/dh_k|.

    `word` takes the loss of another word at that row than the one that was read there (or of another
    label than the likeliest). With a word, `row` may be len(trace): the prediction that nothing was read
    for yet.

    Raises:
        PeepholeError: nothing predicts the row.
    """
    rows = predicted(trace)
    last = rows.stop - 1 + (trace.header.ahead if word else 0)
    if not rows.start <= row <= last:
        raise PeepholeError(f"no loss at row {row}", do=f"Rows {rows.start} to {last} have one")
    target = model.vocabulary.encode([word])[0] if word else _targets(model, trace)[row]
    norms = _norms(model, trace, np.array([row]), np.array([target]), exact)
    unit = _unit(model)
    return {name: _named(name, array[0], ("source",), unit) for name, array in norms.items()}


def _targets(model: LanguageModel, trace: Trace) -> np.ndarray:
    """What each row's loss is of: its token, or the likeliest label where the model labels rows.

    Which label is right is not in a trace.
    """
    if trace.header.ahead == 0:
        return trace["logits"].argmax(-1)
    return ids_of(model, trace)


def _unit(model: LanguageModel) -> str:
    """Of the loss: a model of numbers has a squared error."""
    return "squared error" if getattr(model.architecture, "outputs", 0) else "nats"


def _named(name: str, array: np.ndarray, axes: tuple[str, ...], unit: str) -> Named:
    unit = f"|dL/d{name}|, {unit}"
    if name == "x":
        return Named(array[..., 0], axes, unit)
    return Named(array, (*axes, "layer"), unit)


def _names(model: LanguageModel) -> tuple[str, ...]:
    """What the norms are by: the input and every state (a Transformer: the residual stream)."""
    return ("x", *(model.architecture.states or ("h",)))


def _norms(
    model: LanguageModel, trace: Trace, rows: np.ndarray, targets: np.ndarray, exact: bool
) -> Norms:
    model = in_float64(model)
    rows = rows + 1 - trace.header.ahead  # below, the loss of row t is decided by row t - 1
    closed = isinstance(model.architecture, RecurrentLM) and model.backend.name == "numpy"
    if closed and not exact and not acting(trace):
        return closed_form(model, ids_of(model, trace), rows, targets)
    parts = [
        by_autograd(model, trace, rows[i : i + _CHUNK], targets[i : i + _CHUNK])
        for i in range(0, len(rows), _CHUNK)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def by_autograd(model: LanguageModel, trace: Trace, rows: np.ndarray, targets: np.ndarray) -> Norms:
    """The norms for any model: one backward pass over a batch in which item n has the loss L_n.

    Every state gets a zero added to it ("nudge"); the derivative by that zero is the derivative by the
    state. The losses of different items share nothing, so their sum keeps them apart.
    """
    architecture, backend, names = model.architecture, model.backend, _names(model)
    ids = np.repeat(ids_of(model, trace)[None], len(rows), axis=0)  # (N, T)
    zeros: dict[str, Array] = {}

    def probe(name: str, value: Array, layer: int, at: Rows) -> Array:
        if name in names:
            zeros[_key(name, layer, at)] = namespace(value).zeros_like(value)
        return value

    architecture.logits(model.params, ids, Acting(trace, probe))

    def total(nudges: dict[str, Array]) -> Array:
        def nudge(name: str, value: Array, layer: int, at: Rows) -> Array:
            key = _key(name, layer, at)
            return value + nudges[key] if key in nudges else value

        logits = architecture.logits(model.params, ids, Acting(trace, nudge))
        return namespace(logits).sum(losses(logits, rows, targets))

    _, grads = backend.value_and_grad(total, zeros)
    return _gather(grads, names, architecture.layers, ids.shape[:2])


def _key(name: str, layer: int, at: Rows) -> str:
    rows = f"{at.start or 0}:{'' if at.stop is None else at.stop}" if isinstance(at, slice) else at
    return f"{name}.{layer}.{rows}"


def _gather(
    grads: dict[str, Array], names: Sequence[str], layers: int, shape: tuple[int, ...]
) -> Norms:
    """Norms (N, T, layers) from the derivative by each nudge, (N, T, H) or one (N, H) a row."""
    norms = {name: np.zeros((*shape, 1 if name == "x" else layers)) for name in names}
    for key, grad in grads.items():
        name, layer, at = key.split(".")
        start, many, stop = at.partition(":")
        rows: Any = slice(int(start), int(stop) if stop else None) if many else int(start)
        norms[name][:, rows, int(layer)] = np.linalg.norm(to_numpy(grad), axis=-1)
    return norms


def closed_form(
    model: LanguageModel, ids: np.ndarray, rows: np.ndarray, targets: np.ndarray
) -> Norms:
    """The norms for a stack of cells on NumPy, all losses carried back together.

    Going back through time, only the losses of later rows take part at row k, so sorting them by row
    halves the work. `by_autograd` is its oracle in the tests.
    """
    architecture, params = model.architecture, model.params
    assert isinstance(architecture, RecurrentLM)
    cell, length, depth = architecture.rule, len(ids), architecture.layers
    values, tops = _forward(architecture, params, ids)
    order = np.argsort(-rows, kind="stable")  # latest loss first
    rows, targets = rows[order], targets[order]
    logits, one = tops[rows - 1] @ params["W_hy"] + params["b_y"], np.ones(len(rows))
    kind = "value" if targets.ndim > 1 else "words"
    by_logits = slope(kind, logits, targets[:, 0] if targets.ndim > 1 else targets, one)[1]
    above = by_logits @ params["W_hy"].T  # (N, H): dL/dh of the row that decides the loss
    incoming: dict[int, np.ndarray] = {}  # row k -> dL/dh_k from the layer above, (n_k, H)
    norms = {name: np.zeros((depth, length, len(rows))) for name in cell.STATE}
    norms["x"] = np.zeros((1, length, len(rows)))
    counts = np.searchsorted(-rows, -np.arange(length), side="left")  # losses with row > k
    for layer in reversed(range(depth)):
        # by columns: the way back multiplies by transposed matrices, which then lie in rows
        p_l = {name: np.asfortranarray(w) for name, w in layer_params(params, layer).items()}
        adjoint = tuple(np.zeros((0, architecture.width)) for _ in cell.STATE)
        for k in reversed(range(length)):
            n, known = counts[k], len(adjoint[0])
            adjoint = tuple(np.concatenate((a, np.zeros((n - known, a.shape[1])))) for a in adjoint)
            if layer == depth - 1:  # a loss comes in at the row that decides it
                incoming[k] = np.concatenate((np.zeros_like(above[:known]), above[known:n]))
            adjoint[0][:] += incoming[k]
            before = tuple(
                values[layer][name][k - 1] if k else np.zeros(architecture.width)
                for name in cell.STATE
            )
            now = {name: array[k] for name, array in values[layer].items()}
            dx, adjoint, totals = cell.backward(p_l, before, now, adjoint)
            for name, array in zip(cell.STATE, totals, strict=True):
                norms[name][layer, k, :n] = _length(array)
            if layer:
                incoming[k] = dx + incoming[k] if architecture.residual else dx
            else:
                norms["x"][0, k, :n] = _length(dx)
    back = np.argsort(order, kind="stable")
    return {name: norms[name].T[back] for name in ("x", *cell.STATE)}


def _length(vectors: np.ndarray) -> np.ndarray:
    """Euclidean norm of each row; NumPy's own makes two copies on the way."""
    return np.sqrt(np.einsum("nh,nh->n", vectors, vectors))


def _forward(
    architecture: RecurrentLM, params: Any, ids: np.ndarray
) -> tuple[list[dict[str, np.ndarray]], np.ndarray]:
    """All values of the cells again, in the precision of `params`: per layer, name -> (T, H).

    And what the readout reads, (T, H).
    """
    below, layers = architecture.embedded(params, ids), []  # (T, D)
    for layer, state in enumerate(architecture.start(params)):
        p, ticks = layer_params(params, layer), []
        for x in below:
            state, values = architecture.rule.step(p, x, state)
            ticks.append(values)
        names = architecture.rule.VALUES
        layers.append({name: np.stack([tick[name] for tick in ticks]) for name in names})
        below = architecture.above(layer, layers[-1]["h"], below)
    return layers, below
