"""What the strongest colour of a value stands for."""

from __future__ import annotations

import math

import numpy as np

from engine import Trace

SAMPLED = 1000  # rows that a scale is found from


class Scales:
    """The scale of each value of a trace, as far as it is read."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._known: dict[str, tuple[int, float]] = {}

    def of(self, name: str) -> float | None:
        """What the strongest colour of a value stands for, ±; None for a gate, which is 0..1.

        1 for what tanh bounds; else the next of 1, 2, 5 x 10^n above 95 of 100 sizes.
        """
        header = self._trace.header
        if name in header.gates:
            return None
        if name in ("h", "g", "n") and header.gates + header.states:
            return 1.0
        rows, scale = self._known.get(name, (0, 1.0))
        if rows != len(self._trace):
            values = self._trace[name]
            sample = np.abs(values[:: max(1, len(values) // SAMPLED)])
            sample = sample[~np.isnan(sample)]  # of rows that have no such value
            scale = nice_scale(percentile(sample, 95)) if sample.size else 1.0
            self._known[name] = (len(values), scale)
        return scale


def percentile(sample: np.ndarray, q: float) -> float:
    """The q-th percentile of a sample, linear between two of it: as np.percentile, which imports numpy.ma."""
    ordered = np.sort(sample, axis=None)
    place = q / 100 * (ordered.size - 1)
    below = ordered[int(place)]
    above = ordered[min(int(place) + 1, ordered.size - 1)]
    return float(below + (above - below) * (place % 1))


def nice_scale(largest: float) -> float:
    """The next of 1, 2, 5 x 10^n that holds a size, so that scales are round and seldom change."""
    if not largest > 0 or math.isinf(largest):
        return 1.0
    power = 10.0 ** math.floor(math.log10(largest))
    return next((m * power for m in (1, 2, 5) if largest <= m * power * 1.0001), 10 * power)


def short(part: float) -> str:
    """A part of 1 in three characters, rounded: `.43`; `1.0` from .995 on."""
    return f"{part:.2f}"[1:] if part < 0.995 else "1.0"
