"""Which lags teach: the parts of a weight's gradient that arrive from each row.

A recurrent matrix is used at every row, so its gradient is a sum over them,

    dL/dW_hh = sum_k h_(k-1) δ_kᵀ        with δ_k = dL/d(h_(k-1) W_hh), the adjoint of row k's product

and what training can learn of row k is what row k's part puts into that sum: Pascanu, Mikolov & Bengio
2013, equations 3-4 (the "temporal components"); Hochreiter 1991.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays import Array, log_softmax, to_numpy
from engine.errors import PeepholeError
from engine.lenses.batch import Acting, ids_of, in_float64
from engine.lenses.jacobian import recurrent
from engine.models import LanguageModel
from engine.trace import Named, Trace


def lag_shares(
    model: LanguageModel, trace: Trace, row: int, word: str | None = None
) -> dict[str, Named]:
    """For the loss L_row, by the row k that a part of dL_row/dW_hh comes from; (source, layer) each.

    `norm` is |h_(k-1) δ_kᵀ|, the Frobenius norm of the part, in nats per unit of weight. `share` is
    its signed share along the whole, <part_k, G> / |G|² with G the sum of all parts: the shares of a
    layer add up to 1, and one below 0 works against the rest. `total` (layer,) is |G|. L_row is
    decided by row - 1, which is lag 0; later rows are 0, and so is row 0 (before it h is 0). `word`
    takes another word's loss; then `row` may be len(trace). Float64; by automatic differentiation,
    with the trace's interventions.

    Raises:
        PeepholeError: no such loss, or no recurrent model.
    """
    architecture = recurrent(model)
    last = len(trace) if word else len(trace) - 1
    if not 1 <= row <= last:
        raise PeepholeError(f"no loss at row {row}", do=f"Rows 1 to {last} have one")
    (target,) = model.vocabulary.encode([word or trace.tokens[row]])
    model = in_float64(model)
    ids, do = ids_of(model, trace)[:row], Acting(trace, lambda name, value, layer, at: value)
    layers = range(architecture.layers)

    def run(at: dict[str, Array]) -> tuple[Array, list[Any]]:
        """Logits of the last row, and the state before each row; `at` takes the place of weights."""
        state, states = architecture.start(model.params), []
        for k, token in enumerate(ids):
            own = {f"layers.{i}.b_hh": at[f"{k}.{i}"] for i in layers}
            states.append(state)
            state, values = architecture.step({**model.params, **at, **own}, state, token, do, k)
        return values["logits"], states

    def loss(at: dict[str, Array]) -> Array:
        return -log_softmax(run(at)[0])[target]

    # b_hh stands beside h W_hh in every cell, so the derivative by row k's copy of it is δ_k
    at = {f"{k}.{i}": model.params[f"layers.{i}.b_hh"] for k in range(row) for i in layers}
    at |= {f"layers.{i}.W_hh": model.params[f"layers.{i}.W_hh"] for i in layers}
    _, gradients = model.backend.value_and_grad(loss, at)
    _, states = run(at)
    norm, share = np.zeros((2, len(trace), architecture.layers))
    total = np.zeros(architecture.layers)
    for i in layers:
        h = np.stack([to_numpy(state[i][0]) for state in states])  # (row, H): before each row
        delta = np.stack([to_numpy(gradients[f"{k}.{i}"]) for k in range(row)])  # (row, B*H)
        whole = to_numpy(gradients[f"layers.{i}.W_hh"])  # (H, B*H), G
        total[i] = np.linalg.norm(whole)
        norm[:row, i] = np.linalg.norm(h, axis=-1) * np.linalg.norm(delta, axis=-1)
        if total[i] > 0:
            along = np.einsum("kb,kb->k", h @ (whole / total[i]), delta)  # <part_k, G> / |G|
            share[:row, i] = along / total[i]
    unit = "|dL/dW_hh|, nats"
    return {
        "norm": Named(norm, ("source", "layer"), unit),
        "share": Named(share, ("source", "layer"), "share, signed"),
        "total": Named(total, ("layer",), unit),
    }
