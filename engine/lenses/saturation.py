"""Saturation: the slope of the squashing function at each unit, which every gradient is multiplied by.

The slope of tanh at a is 1 - tanh²(a): 1 at 0, 0.19 where |tanh| = 0.9, and 0 where it is flat. A unit
that stays there passes nothing back, however large its weights. Glorot & Bengio 2010, section 3.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.trace import Named, Trace

FLAT = 0.19  # the slope where |tanh| = 0.9
Slope = Callable[[np.ndarray], np.ndarray]


def _of_output(y: np.ndarray) -> np.ndarray:
    return 1 - y**2


def _of_sum(a: np.ndarray) -> np.ndarray:
    return 1 - np.tanh(a) ** 2


def _rectified(y: np.ndarray) -> np.ndarray:
    return (y > 0).astype(float)


SLOPES: dict[
    str, dict[str, tuple[Slope, str]]
] = {  # cell -> value -> its slope, and as it is written
    "elman": {"h": (_of_output, "1 - h²")},
    "relu": {"h": (_rectified, "1 where h > 0")},
    "gru": {"n": (_of_output, "1 - n²")},
    "lstm": {"c": (_of_sum, "1 - tanh²(c)"), "g": (_of_output, "1 - g²")},
}


def slopes_of(trace: Trace) -> dict[str, tuple[Slope, str]]:
    """The squashed values that a trace has: for each its slope as a function, and as it is written."""
    cell = str(trace.header.architecture.get("cell", ""))
    return {value: slope for value, slope in SLOPES.get(cell, {}).items() if value in trace}


def saturation(trace: Trace) -> dict[str, Named]:
    """For every tanh (or ReLU) of the cell, (time, layer, unit): its slope, 0 (flat) to 1.

    An RNN has `h` (1 - h²), a GRU `n` (1 - n²), an LSTM `c` (1 - tanh²(c), on the way to h) and `g`
    (1 - g²). `h.saturated` and so on (time, layer) are the fractions of units whose slope is below
    0.19, that is |tanh| above 0.9; of a ReLU, those that are off. Of the values as they were recorded,
    whether they were held or not. Empty for a model without such a squashing function.
    """
    named: dict[str, Named] = {}
    for value, (slope, unit) in slopes_of(trace).items():
        slopes = slope(trace[value].astype(np.float64))
        named[value] = Named(slopes, ("time", "layer", "unit"), unit)
        flat = (slopes < FLAT).mean(-1)
        named[f"{value}.saturated"] = Named(flat, ("time", "layer"), "fraction of units")
    return named
