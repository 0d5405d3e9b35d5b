"""The Jacobian of each step: how much one tick stretches or shrinks a small change of the state."""

from __future__ import annotations

import numpy as np

from engine.arrays import Array, concat, namespace, to_numpy
from engine.cells import Cell
from engine.errors import PeepholeError
from engine.lenses.batch import Acting, acting, in_float64
from engine.models import LanguageModel, layer_params
from engine.models.recurrent import RecurrentLM
from engine.trace import Named, Trace


def jacobian_norms(model: LanguageModel, trace: Trace) -> dict[str, Named]:
    """`state` (time, layer): the spectral norm |ds_t/ds_(t-1)|_2 of one layer's step, no unit.

    s is everything that the cell carries: h, or h and c together for an LSTM. Below 1 every change
    shrinks in that tick; above 1 some change grows. Pascanu, Mikolov & Bengio 2013, equation 5.
    Row 0 is the step out of the zero state. It is the step as it ran: what an intervention held there
    depends on nothing.

    Raises:
        PeepholeError: the model has no recurrent step (a Transformer).
    """
    architecture = model.architecture
    if not isinstance(architecture, RecurrentLM):
        raise PeepholeError(
            f"{model.name} has no step Jacobian", do="It carries no state from tick to tick"
        )
    model = in_float64(model)
    norms = np.zeros((len(trace), architecture.layers))
    step = _by_autograd if acting(trace) else _closed_form
    for t, layer in np.ndindex(norms.shape):
        norms[t, layer] = np.linalg.norm(step(model, trace, t, layer), 2)
    return {"state": Named(norms, ("time", "layer"))}


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
    below = backend.asarray(trace["h"][t, layer - 1] if layer else trace["x"][t])
    p = layer_params(model.params, layer)
    do = Acting(trace, lambda name, value, layer, rows: value).at(layer, t)

    def diagonal(state: dict[str, Array]) -> Array:
        new, _ = cell.step(p, below, tuple(state.values()), do)
        return namespace(*new).sum(concat(new, -1) * backend.asarray(np.eye(size)))

    _, grads = backend.value_and_grad(diagonal, at)
    return np.concatenate([to_numpy(grads[name]) for name in cell.STATE], axis=-1)
