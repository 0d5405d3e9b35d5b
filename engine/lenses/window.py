"""Gradient flow in long texts: only the last rows before the loss, at a cost that does not grow."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from engine.arrays import Params
from engine.errors import PeepholeError
from engine.lenses.batch import acting
from engine.lenses.gradient import gradient_flow
from engine.models import LanguageModel, reads
from engine.models.recurrent import RecurrentLM
from engine.trace import Named, Trace

ROWS = 512


@dataclass(frozen=True)
class _Onwards(RecurrentLM):
    """The same architecture, begun in the state that a trace recorded."""

    recorded: Any = None

    def start(self, params: Params, batch: tuple[int, ...] = ()) -> tuple[tuple[Any, ...], ...]:
        return self.recorded


def gradient_window(
    model: LanguageModel, trace: Trace, row: int, rows: int = ROWS
) -> dict[str, Named]:
    """`gradient_flow` for the `rows` rows before `row`; NaN for those before them.

    The run is begun again in the recorded state (float32 as a rule), the rest is float64.

    Raises:
        PeepholeError: the model carries no state to begin in, or something is held in it.
    """
    first = row - rows - 1  # its state is the one to begin in; its own gradient is not asked for
    ahead, whole = trace.header.ahead, reads(model.architecture) == "whole"
    # the likeliest label of a model that labels rows: a trace without values could not tell
    word = None if ahead else trace.header.vocabulary[int(trace["logits"][row].argmax())]
    if first < 1 and not whole:
        return gradient_flow(model, _until(trace, 0, row), row, word)
    if not isinstance(model.architecture, RecurrentLM) or acting(trace):
        raise PeepholeError(f"no gradients of {model.name} after {rows} rows of this kind")
    before = tuple(
        tuple(trace[name][first - 1, layer].astype(np.float64) for name in trace.header.states)
        for layer in range(model.architecture.layers)
    )
    sizes = {f.name: getattr(model.architecture, f.name) for f in fields(model.architecture)}
    onwards = replace(model, architecture=_Onwards(**sizes, recorded=before))
    part = gradient_flow(onwards, _until(trace, first, row), row - first, word)
    named = {}
    for name, result in part.items():
        full = np.full((len(trace), *result.array.shape[1:]), np.nan)
        full[first + 1 : row + 1] = result.array[1:]
        full[row + 1 - ahead :] = 0.0
        named[name] = Named(full, result.axes, result.unit)
    return named


def _until(trace: Trace, first: int, last: int) -> Trace:
    """The tokens of some rows, `last` included, without any values."""
    return Trace.from_arrays(replace(trace.header, axes={}), trace.tokens[first : last + 1], {})
