"""Signs that a diagnosis goes by: a loss that stands still, how far a gradient gets, how fast weights go."""

from __future__ import annotations

import math

import numpy as np

from engine.learning.derived import moved, reach
from engine.learning.metrics import Layer, Metrics, Probe

FEW = 50  # updates before which nothing is said about a loss that stands still
STILL = 0.1  # a fall of the loss by less than this share is none; measured 0.00 to 0.05 for faults
SOLVED = 0.1  # of the loss at the start: what is below it was learned; guessing the mean is 0.12 (adding)
FELL = 0.3  # a fall by more than this share may be all that there is to learn; faults 0.00 to 0.05
LOST = 0.5  # share of a fall that is lost again: healthy runs 0.00 to 0.12
LEARNED = 0.95  # accuracy from which a task counts as learned
ROWS = 10  # a sequence must have, before "early rows" means anything
KEEPS = {"lstm": ("f", "forget gates"), "gru": ("z", "update gates, which keep,")}
RECURRENT = ("rnn", "elman", "relu", "linear", "lstm", "gru")


def still(metrics: Metrics) -> bool:
    """Whether the loss stands still: enough updates, nothing learned, and no fall since the beginning.

    The first tenth of the updates is left out: in it, a model finds the mean of its targets.
    """
    loss, accuracy = metrics.loss, metrics.accuracy
    n = len(loss)
    right = accuracy[-max(5, n // 10) :]
    if n < FEW or (np.isfinite(right).any() and np.nanmedian(right) >= LEARNED):
        return False
    start, early, now = levels(loss)
    return now > SOLVED * start and early - now < STILL * abs(early)


def levels(loss: np.ndarray) -> tuple[float, float, float]:
    """The loss at the start, after a tenth of the updates, and at the end; medians, NaN left out."""
    n = len(loss)
    parts = (
        loss[: min(max(5, n // 50), 20)],  # in a long run, a fiftieth is time to learn
        loss[n // 10 : max(n // 5, n // 10 + 5)],
        loss[-max(5, n // 10) :],
    )
    start, early, now = (
        float(np.median(part[np.isfinite(part)])) if np.isfinite(part).any() else math.inf
        for part in parts
    )
    return start, early, now


def fell(metrics: Metrics) -> bool:
    """Whether a good part of the loss is gone: what is left may be noise that nobody can learn."""
    start, _, now = levels(metrics.loss)
    return start - now > FELL * abs(start)


def best(loss: np.ndarray) -> float:
    """The median of the best fifth of a run whose loss rose again since, for good; NaN for any other.

    Noise is no rise: what is typical of the last tenth would have been among the worst tenth of that fifth.
    """
    finite = loss[np.isfinite(loss)]
    if finite.size < 2 * FEW:
        return math.nan
    start, _, now = levels(loss)
    part = min(np.array_split(finite, 5), key=lambda each: float(np.median(each)))
    level = float(np.median(part))
    fall = start - level
    lasts = now - level > LOST * fall and now > np.quantile(part, 0.9)
    return level if fall > STILL * abs(start) and lasts else math.nan


def unseen(metrics: Metrics) -> bool:
    """Whether no gradient was there at any update, while there was a loss."""
    norms = metrics.norm[np.isfinite(metrics.loss)]
    return norms.size >= ROWS and not np.nan_to_num(norms, nan=0.0).any()


def fastest(metrics: Metrics) -> float:
    """The largest typical |change| / |weights| of an update at any probe; NaN where none was measured."""
    changes = [change(probe) for probe in metrics.probes]
    return max((each for each in changes if each == each), default=math.nan)


def change(probe: Probe) -> float:
    """Median over the parameters: biases that began at 0 change by all of themselves."""
    each = [moved(param.update, param.weight) for param in probe.params.values()]
    each = [ratio for ratio in each if math.isfinite(ratio)]
    return float(np.median(each)) if each else math.nan


def flat(layer: Layer) -> float:
    """Share of a recurrent layer's units, or of its least saturated gate's values, that are at their ends.

    The least of the gates: a forget bias, or chrono initialisation (Tallec and Ollivier, 2018), fills some
    gates on purpose and leaves the others.
    """
    if layer.kind not in RECURRENT:
        return math.nan
    if layer.kind in KEEPS:
        return min((gate.shut + gate.open for gate in layer.gates.values()), default=math.nan)
    return layer.saturated


def recurs(layer: Layer) -> bool:
    return layer.kind in RECURRENT and "h" in layer.time and len(layer.time["h"]) >= ROWS


def flow_of(layer: Layer) -> np.ndarray:
    """|dL/dh_t| in the order of the layer's own steps, (T,)."""
    norms = layer.time["h"]
    return norms[::-1] if layer.name.endswith("_reverse") else norms


def share(layer: Layer) -> float:
    arrived = reach(flow_of(layer))
    return arrived.steps / arrived.of if arrived.of else 1.0


def furthest(probe: Probe) -> Layer | None:
    """The recurrent layer through which the gradient gets furthest back: one is enough.

    A layer that is asked for its first steps only has no way back to show: the reversed half of a
    bidirectional one, where the loss reads the last row.
    """
    layers = [each for each in probe.layers if recurs(each) and reach(flow_of(each)).of >= ROWS - 1]
    return max(layers, key=share, default=None)


def grown(flow: np.ndarray) -> float:
    """How many times the last row's gradient the largest one is."""
    arrived = reach(flow)
    return float(np.nanmax(flow) / flow[arrived.of]) if arrived.of else 1.0
