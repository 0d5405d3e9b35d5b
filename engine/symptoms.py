"""Symptoms that need no gradient through time: none at all, a loss that rises again, units that are flat."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from engine.finding import Finding
from engine.learning.metrics import Metrics
from engine.signs import FEW, KEEPS, SOLVED, best, change, flat, levels, still, unseen

FLAT = 0.8  # share of flat units, at the first probe and the last; torch's start 0.0, inputs near 300 0.94


def no_gradient(metrics: Metrics) -> Iterator[Finding]:
    """A note while the loss falls: an optimiser may step within backward."""
    if unseen(metrics):
        says = f"no parameter had a gradient at any of {len(metrics)} updates"
        advice = "Call doctor.step after loss.backward() and before the gradients are cleared"
        level = "warning" if still(metrics) else "note"
        yield Finding("no gradient", says, advice, metrics.last, level)


def rises(metrics: Metrics) -> Iterator[Finding]:
    """A good part of what was learned is lost again."""
    low = best(metrics.loss)
    if math.isnan(low):
        return
    start, _, now = levels(metrics.loss)
    says = f"the loss fell from {start:.3g} to {low:.3g} and rose again to {now:.3g}"
    ratio = change(metrics.probes[-1]) if metrics.probes else math.nan
    if not math.isnan(ratio):
        says += f"; an update changes the weights by {ratio:.1%} of their size"
    lr = metrics.lr[np.isfinite(metrics.lr)]
    rate = f" (it is {lr[-1]:g})" if lr.size else ""
    advice = f"Divide the learning rate by 3 or more{rate}, or let it fall as the training goes on"
    yield Finding("loss rises again", says, advice, metrics.last)


def flat_units(metrics: Metrics) -> Iterator[Finding]:
    """Raw inputs (prices, kelvin) drive tanh and gates to their ends: it learns, slowly and worse.

    A note while the loss falls, and no word once the task is learned.
    """
    start, _, now = levels(metrics.loss)
    if len(metrics) < FEW or not metrics.probes or not now > SOLVED * start:
        return
    first, last = metrics.probes[0], metrics.probes[-1]
    began = {each.name: flat(each) for each in first.layers}
    for layer in last.layers:
        if began.get(layer.name, math.nan) > FLAT and flat(layer) > FLAT:
            gates = layer.kind in KEEPS
            says = f"{flat(layer):.0%} of the "
            says += "gates" if gates else "units"
            says += f" of {layer.name} are " + (
                "below 0.1 or above 0.9" if gates else "beyond ±0.9"
            )
            says += (
                f", where their slope is near 0; {began[layer.name]:.0%} were at the first probe"
            )
            yield Finding(
                "saturated gates" if gates else "saturated tanh", says,
                "Scale the inputs to about ±1, or make the input weights smaller",
                last.update, "warning" if still(metrics) else "note",
            )  # fmt: skip
            return
