"""The Jacobian of each step: how much one tick stretches or shrinks a small change of the state."""

from __future__ import annotations

import numpy as np

from engine.errors import PeepholeError
from engine.lenses.batch import in_float64
from engine.models import LanguageModel, layer_params
from engine.models.recurrent import RecurrentLM
from engine.trace import Named, Trace


def jacobian_norms(model: LanguageModel, trace: Trace) -> dict[str, Named]:
    """`state` (time, layer): the spectral norm |ds_t/ds_(t-1)|_2 of one layer's step, no unit.

    s is everything that the cell carries: h, or h and c together for an LSTM. Below 1 every change
    shrinks in that tick; above 1 some change grows. Pascanu, Mikolov & Bengio 2013, equation 5.
    Row 0 is the step out of the zero state. Held values are not seen: this is the cell's own step.

    Raises:
        PeepholeError: the model has no recurrent step (a Transformer).
    """
    architecture = model.architecture
    if not isinstance(architecture, RecurrentLM):
        raise PeepholeError(
            f"{model.name} has no step Jacobian", do="It carries no state from tick to tick"
        )
    params, cell = in_float64(model).params, architecture.rule
    width, states = architecture.width, len(cell.STATE)
    norms = np.zeros((len(trace), architecture.layers))
    every = np.eye(states * width)
    adjoint = tuple(every[:, i * width : (i + 1) * width] for i in range(states))  # (S, H) each
    values = {name: trace[name].astype(np.float64) for name in cell.VALUES}
    for layer in range(architecture.layers):
        p = {k: np.asarray(v) for k, v in layer_params(params, layer).items()}
        for t in range(len(trace)):
            before = tuple(
                values[name][t - 1, layer] if t else np.zeros(width) for name in cell.STATE
            )
            now = {name: values[name][t, layer] for name in cell.VALUES}
            _, back, _ = cell.backward(p, before, now, adjoint)
            norms[t, layer] = np.linalg.norm(np.concatenate(back, axis=-1), 2)
    return {"state": Named(norms, ("time", "layer"))}
