"""Truncated backpropagation through time: which losses go back how far (Williams & Peng 1990).

After every k1 rows, the losses of those k1 rows go back to k2 rows before their end; the state that
enters there is a constant. With k1 = k2 a sequence falls into pieces without gradient between them,
which is what `state.detach()` does in a PyTorch loop.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from engine.arrays import Array, Params, detach, stack
from engine.models.recurrent import RecurrentLM


class Window(NamedTuple):
    """The losses of rows `losses` to `end` - 1 go back to row `first`, and no further."""

    first: int
    losses: int
    end: int


def windows(rows: int, k1: int, k2: int) -> list[Window]:
    """The windows of a sequence; k1 = 0: one, all of it.

    The last piece may be shorter than k1; its window begins where that of a whole piece would, so that
    k1 = k2 never goes back beyond the beginning of a piece.
    """
    if not k1:
        return [Window(0, 0, rows)]
    return [Window(max(0, s + k1 - k2), s, min(s + k1, rows)) for s in range(0, rows, k1)]


def logits(
    architecture: RecurrentLM, params: Params, inputs: np.ndarray, k1: int, k2: int
) -> Array:
    """`architecture.logits` (B, T, V), of which derivatives go back only within each window.

    Rows of a window before its losses are read a second time: their states must be cut off from the
    window before and yet pass derivatives on within this one.
    """
    state = architecture.start(params, inputs.shape[:1])
    before, top = [state], []  # before[t] is the state that row t starts from, a constant
    for first, losses, end in windows(inputs.shape[1], k1, k2):
        rows: Iterable[int] = range(first, end)
        states, read = architecture.read(params, before[first], inputs, rows)
        top += read[losses - first :]
        for after in states[losses - first :]:
            before.append(tuple(tuple(detach(part) for part in layer) for layer in after))
    return stack(top, -2) @ params["W_hy"] + params["b_y"]
