"""Many variants of one run at once, as batch items: what gradient and ablation lenses stand on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.arrays import Array, Backend, constant, log_softmax
from engine.cells import Do
from engine.interventions import Interventions, Rows, from_record
from engine.models import LanguageModel
from engine.trace import Trace


class Acting:
    """`do` made of a trace's own interventions followed by one function of everything."""

    def __init__(self, trace: Trace, then: Callable[[str, Array, int, Rows], Array]) -> None:
        self._held = Interventions(from_record(record) for record in trace.header.interventions)
        self._then = then

    def at(self, layer: int, rows: Rows) -> Do:
        """The `do(name, value)` for one layer and the row(s) being computed."""
        held = self._held.at(layer, rows)
        return lambda name, value: self._then(name, held(name, value), layer, rows)


def in_float64(model: LanguageModel) -> LanguageModel:
    """The model in float64 where it lives: in float32 small gradients underflow to false zeros."""
    backend = model.backend
    return model.to(Backend(backend.name, "float64", backend.device))


def ids_of(model: LanguageModel, trace: Trace) -> np.ndarray:
    """Token ids of a trace, (time,)."""
    return np.asarray(model.vocabulary.encode(trace.tokens))


def losses(logits: Array, rows: np.ndarray, targets: np.ndarray) -> Array:
    """L_n = -log p(target_n at row n) in nats, (N,), from logits (N, T, V); rows from 1 to T.

    Targets that are inputs of numbers (N, D), the value first: (output - value)².
    """
    if targets.ndim > 1:
        return (logits[np.arange(len(rows)), rows - 1, 0] - constant(targets[:, 0], logits)) ** 2
    log_p = log_softmax(logits[np.arange(len(rows)), rows - 1])  # (N, V)
    return -log_p[np.arange(len(rows)), targets]


def acting(trace: Trace) -> Any:
    """The trace's interventions other than replaced tokens (those stand in its tokens already)."""
    return [r for r in trace.header.interventions if r["kind"] != "replace"]
