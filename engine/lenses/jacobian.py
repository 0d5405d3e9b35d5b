"""The Jacobian of each step: how much one tick stretches or shrinks a small change of the state.

`ds_t/ds_(t-1)` of a layer has a row for each unit of the new state and a column for each of the old
one (for tanh: diag(1 - h_t²) W_hhᵀ with our W_hh, which acts from the right; some texts print its
transpose). `of` says which part of it:

    s   everything that the cell carries: h, or h and c together for an LSTM; the whole step
    h   dh_t/dh_(t-1), what textbooks print; the same as s where h is all that is carried
    c   dc_t/dc_(t-1) with h_(t-1) held: diag(f), the straight road through an LSTM

No state acts on an earlier layer, so the total derivative of a layer's state by its own state some rows
before is the product of these steps. Computed in float64 from the values as they were recorded.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.arrays import Array, concat, namespace, to_numpy
from engine.cells import Cell
from engine.errors import PeepholeError, did_you_mean
from engine.lenses.batch import Acting, acting, in_float64
from engine.models import LanguageModel, layer_params
from engine.models.recurrent import RecurrentLM
from engine.trace import Named, Trace

WHOLE = "s"  # all that is carried


def jacobian_norms(model: LanguageModel, trace: Trace) -> dict[str, Named]:
    """`state` (time, layer): the spectral norm |ds_t/ds_(t-1)|_2 of one layer's step, no unit.

    Below 1 every change shrinks in that tick; above 1 some change grows. Pascanu, Mikolov & Bengio
    2013, equation 5. Row 0 is the step out of the zero state. It is the step as it ran: what an
    intervention held there depends on nothing.

    Raises:
        PeepholeError: the model has no recurrent step (a Transformer).
    """
    layers = range(recurrent(model).layers)
    norms = [singular_values(step_jacobians(model, trace, layer))[:, 0] for layer in layers]
    return {"state": Named(np.stack(norms, -1), ("time", "layer"))}


def singular_values(matrices: np.ndarray) -> np.ndarray:
    """(R, S) of (R, S, S), largest first; NaN for a matrix with an entry that is not finite."""
    finite = np.isfinite(matrices).all((1, 2))[:, None]
    values = np.linalg.svd(np.where(finite[..., None], matrices, 0.0), compute_uv=False)
    return np.where(finite, values, np.nan)


def step_jacobians(
    model: LanguageModel,
    trace: Trace,
    layer: int,
    rows: Sequence[int] | None = None,
    of: str = WHOLE,
) -> np.ndarray:
    """(R, S, S): ds_t/ds_(t-1) of one layer for each of `rows` (all of them if None), float64.

    S is the number of units of `of`: H, or 2H for an LSTM's s.

    Raises:
        PeepholeError: the model has no recurrent step, or no state of that name.
    """
    cell, width = recurrent(model).rule, recurrent(model).width
    if of not in (WHOLE, *cell.STATE):
        known = (WHOLE, *cell.STATE)
        raise PeepholeError(f"{model.name} carries no {of!r}", do=did_you_mean(of, known))
    rows = range(len(trace)) if rows is None else rows
    step = _by_autograd if acting(trace) else _closed_form
    model = in_float64(model)
    size = len(cell.STATE) * width
    found = [step(model, trace, t, layer) for t in rows]
    steps = np.stack(found) if found else np.zeros((0, size, size))
    if of == WHOLE:
        return steps
    block = slice(cell.STATE.index(of) * width, (cell.STATE.index(of) + 1) * width)
    return steps[:, block, block]


def recurrent(model: LanguageModel) -> RecurrentLM:
    """The architecture of a recurrent language model.

    Raises:
        PeepholeError: the model carries no state, or not from each row to the next by one cell.
    """
    if not isinstance(model.architecture, RecurrentLM):
        why = "It carries no state from tick to tick"
        if model.architecture.states:
            why = "Its rows are not all steps of one cell: open a recurrent language model"
        raise PeepholeError(f"{model.name} has no step Jacobian", do=why)
    return model.architecture


def _before(trace: Trace, cell: Cell, t: int, layer: int) -> tuple[np.ndarray, ...]:
    """The state that row t starts from, (H,) each, in float64."""
    zero = np.zeros(trace["h"].shape[-1])
    return tuple(trace[name][t - 1, layer].astype(np.float64) if t else zero for name in cell.STATE)


def _closed_form(model: LanguageModel, trace: Trace, t: int, layer: int) -> np.ndarray:
    """ds_t/ds_(t-1), (S, S) with S all units of the state, by the cell's own backward step."""
    cell = model.architecture.rule  # type: ignore[attr-defined]
    before, width = _before(trace, cell, t, layer), model.architecture.width
    every = np.eye(len(before) * width)
    adjoint = tuple(every[:, i : i + width] for i in range(0, len(every), width))  # (S, H) each
    p = {name: to_numpy(array) for name, array in layer_params(model.params, layer).items()}
    now = {name: trace[name][t, layer].astype(np.float64) for name in cell.VALUES}
    return np.concatenate(cell.backward(p, before, now, adjoint)[1], axis=-1)


def _by_autograd(model: LanguageModel, trace: Trace, t: int, layer: int) -> np.ndarray:
    """The same under the trace's interventions: S copies of the step, copy s differentiates unit s."""
    cell, backend = model.architecture.rule, model.backend  # type: ignore[attr-defined]
    before = _before(trace, cell, t, layer)
    size = sum(map(len, before))
    at = {
        name: backend.asarray(np.tile(array, (size, 1)))
        for name, array in zip(cell.STATE, before, strict=True)
    }
    below = trace["x"][t].astype(np.float64)
    for lower in range(layer):
        below = model.architecture.above(lower, trace["h"][t, lower].astype(np.float64), below)  # type: ignore[attr-defined]
    below = backend.asarray(below)
    p = layer_params(model.params, layer)
    do = Acting(trace, lambda name, value, layer, rows: value).at(layer, t)

    def diagonal(state: dict[str, Array]) -> Array:
        new, _ = cell.step(p, below, tuple(state.values()), do)
        return namespace(*new).sum(concat(new, -1) * backend.asarray(np.eye(size)))

    _, grads = backend.value_and_grad(diagonal, at)
    return np.concatenate([to_numpy(grads[name]) for name in cell.STATE], axis=-1)
