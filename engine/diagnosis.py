"""The symptom table: what is wrong with a training, by what was measured, and what to do about it.

A finding needs evidence that lasts, and a loss that suffers: a gradient that vanishes at initialisation does
not mean that nothing is learned (a GRU at 5e-20 learns to recall over 100 steps), and units of a trained
network may well be saturated. So a run whose loss falls is healthy, whatever else it shows; units that were
saturated from the start are a note.

The thresholds were set by measurement on the trainings in tests/engine/watched (five faults and healthy
runs of an LSTM, a GRU and a Transformer, several seeds each); each says where it is from.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from engine.finding import Finding
from engine.learning.derived import figure, reach
from engine.learning.metrics import Layer, Metrics, Probe
from engine.signs import (
    FEW,
    KEEPS,
    change,
    fastest,
    fell,
    flow_of,
    furthest,
    grown,
    levels,
    recurs,
    share,
    still,
)
from engine.symptoms import flat_units, no_gradient, rises

__all__ = ["Finding", "diagnose"]

LASTING = (
    3  # probes at least that have to agree; a good start is blind for a while before it learns
)
SHORT = 0.5  # share of the steps that a gradient has to reach; faults 0.02 to 0.3
GROWN = 100.0  # times the last row's gradient: healthy runs stay below 20, gain 1.5 passes 1e4
SPIKE = 100.0  # times the median norm
SHUT, MOSTLY, HALF = (
    0.2,
    0.4,
    0.75,
)  # mean openness of a forget gate; 0.5 as torch starts, 0.88 with bias 2
SATURATED = 0.5  # share of |h| > 0.9 at the first probe; at torch's own start 0.0 to 0.1
FAST = (
    0.2  # |change| / |weights| of one update, median of the parameters; healthy runs 0.002 to 0.06
)
WORSE = 10.0  # times the first loss, in the end: healthy ones end below 1, Adam at lr 5 at 20
ROSE, LEFT = 1.5, 0.3  # times the first loss: a peak, and what is left of it in the end
SLOW = 1e-5  # of the weights, as FAST
DEAD = 0.5  # share of ReLU units that no row of the probe switches on; healthy 0.0 to 0.1


def diagnose(metrics: Metrics) -> list[Finding]:
    """What is wrong with a run, the most telling first; empty for a healthy one."""
    found = [*_exploding(metrics)] or [*_too_fast(metrics)] or [*no_gradient(metrics)]
    if metrics.probes and not found:
        if still(metrics):
            found = [*_backwards(metrics), *_dead(metrics)] or [*_stuck(metrics)]
        elif len(metrics) < FEW:
            found = [*_at_first(metrics)]
    return found or [*rises(metrics)] or [*flat_units(metrics)]


def _backwards(metrics: Metrics) -> Iterator[Finding]:
    """Vanishing, or the one of its causes that shows: shut gates, saturated units.

    It is a note where the loss fell well at first. Then either the mean was found and nothing else (the
    adding problem), or the noise is reached and the early steps do not matter: a forecast from a window.
    """
    first, last = metrics.probes[0], metrics.probes[-1]
    recent = metrics.probes[-max(LASTING, len(metrics.probes) // 2) :]
    seen = [layer for layer in map(furthest, recent) if layer is not None]
    if len(seen) < len(recent) or any(share(each) >= SHORT for each in seen):
        return
    layer = seen[-1]
    flow = flow_of(layer)
    arrived = reach(flow)
    says = f"the gradient reaches {arrived.steps} of {arrived.of} steps: in {layer.name}, |dL/dh| falls "
    says += f"from {figure(flow[arrived.of])} at step {arrived.of} to {figure(flow[0])} at step 0"
    level = "warning"
    if fell(metrics):
        level = "note"
        start, _, now = levels(metrics.loss)
        fall = f"the loss fell from {start:.3g} to {now:.3g} and stands there"
        says = f"{fall}, which is well if the rest is noise; {says}"
    gate, called = KEEPS.get(layer.kind, ("", ""))
    open_ = layer.gates[gate].mean if gate in layer.gates else math.nan
    began = next((each.saturated for each in first.layers if each.name == layer.name), math.nan)
    if open_ < SHUT:
        yield Finding(
            "dead forget gates",
            f"the {called} of {layer.name} are shut (mean {open_:.2f}): the state is lost at once; {says}",
            "Set the forget bias to 2 or more"
            if layer.kind == "lstm"
            else "Start with the bias of z at 2 or more",
            last.update,
            level,
        )
    elif min(began, layer.saturated) > SATURATED:
        yield Finding(
            "saturated tanh",
            f"{layer.saturated:.0%} of the units of {layer.name} are beyond ±0.9, where tanh is flat; {says}",
            "Scale the inputs to about ±1, or make the input weights smaller",
            last.update,
            level,
        )
    elif flat_from_start := [*flat_units(metrics)]:
        yield from flat_from_start
    else:
        half = open_ < HALF
        shut = "half" if open_ > MOSTLY else "mostly"
        says += f"; the {called} are {shut} shut (mean {open_:.2f})" if half else ""
        yield Finding("vanishing gradient", says, _against(layer, half), last.update, level)


def _against(layer: Layer, half: bool) -> str:
    if layer.kind == "lstm" and half:
        return "Set the forget bias to 2 or more"
    if layer.kind == "gru" and half:
        return "Start with the bias of z at 2 or more"
    if layer.kind in KEEPS:
        return "Shorten the sequences, or put attention on the states"
    return "Use an LSTM with a forget bias of 2, or a GRU; or start W_hh orthogonal"


def _at_first(metrics: Metrics) -> Iterator[Finding]:
    """What the first probe foretells, as long as there is nothing else to go by."""
    layer = furthest(metrics.probes[0])
    if layer is not None and share(layer) < SHORT:
        arrived = reach(flow_of(layer))
        says = f"at initialisation the gradient reaches {arrived.steps} of {arrived.of} steps in {layer.name}"
        advice = "That alone does not mean that it cannot learn: see whether the loss falls"
        yield Finding("vanishing gradient", says, advice, metrics.probes[0].update, "note")


def _exploding(metrics: Metrics) -> Iterator[Finding]:
    """The gradient grows on its way back, and the run is lost, jumps, or gets nowhere."""
    lost = next((each for each in metrics.events if each.event == "diverged"), None)
    bad = np.flatnonzero(~np.isfinite(metrics.loss)) if len(metrics) else np.array([], int)
    failed = lost.details.get("at", lost.update + 1) if lost else None  # the first without a number
    at = failed if lost else int(metrics.update[bad[0]]) if bad.size else None
    steepest = [_steepest(probe) for probe in metrics.probes]
    most = max((each for each in steepest if each), key=lambda each: each[0], default=None)
    norms = metrics.norm[np.isfinite(metrics.norm)]
    says = ""
    if most and most[0] >= GROWN:
        factor, layer, rows = most
        says = (
            f"in {layer.name}, |dL/dh| grows {factor:.0e} times on its way back through {rows} rows"
        )
        radius = max(layer.radius.values(), default=math.nan)
        says += f" (spectral radius of W_hh {radius:.2f})" if radius > 1 else ""
    clip = "Clip the gradient's norm to 1, and start W_hh with a spectral radius of at most 1"
    if at is not None and (says or not fastest(metrics) >= FAST):
        what = f"the loss is no longer a number at update {at}"
        yield Finding(
            "exploding gradient", f"{what}; {says or _norms(norms)}",
            clip if says else "Clip the gradient's norm to 1, and lower the learning rate", at, "error",
        )  # fmt: skip
    elif at is None and says and norms.size >= FEW:
        lasts = steepest[-1] is not None and steepest[-1][0] >= GROWN and still(metrics)
        if lasts or norms.max() > SPIKE * np.median(norms):
            yield Finding("exploding gradient", f"{_norms(norms)}; {says}", clip, metrics.last)


def _steepest(probe: Probe) -> tuple[float, Layer, int] | None:
    """The layer in which the gradient grows most on its way back: how many times, through how many rows."""
    layers = [each for each in probe.layers if recurs(each)]
    found = [(grown(flow_of(each)), each, len(each.time["h"])) for each in layers]
    return max(found, key=lambda each: each[0], default=None)


def _norms(norms: np.ndarray) -> str:
    if not norms.size:
        return "no gradient was finite"
    return f"the gradient's norm reaches {figure(norms.max())}, its median is {figure(np.median(norms))}"


def _too_fast(metrics: Metrics) -> Iterator[Finding]:
    """Each update changes the weights by a good part of themselves, and the loss does not fall, or rises.

    Where the weights have become large, later changes are small beside them; then the loss alone tells.
    """
    ratio = fastest(metrics)
    finite = metrics.loss[np.isfinite(metrics.loss)]
    lost = any(each.event == "diverged" for each in metrics.events)
    if not finite.size and not lost:
        return
    now = levels(metrics.loss)[-1]
    worse = finite.size >= FEW and now > WORSE * finite[0] > 0
    wild = finite.size >= FEW and finite.max() > ROSE * finite[0] and now > LEFT * finite[0]
    if worse or (ratio >= FAST and (lost or wild or still(metrics))):
        says = f"an update changes the weights by {ratio:.0%} of their size, and the loss "
        if not ratio >= FAST:
            says = "the loss "
        if lost:
            says += "is no longer a number"
        else:
            says += f"swings between {finite.min():.3g} and {finite.max():.3g}: "
            says += f"{finite[0]:.3g} at first, {now:.3g} now"
        lr = metrics.lr[np.isfinite(metrics.lr)]
        rate = f" (it is {lr[-1]:g})" if lr.size else ""
        advice = f"Divide the learning rate by 10 or more{rate}; good changes are near 0.1 % to 1 %"
        yield Finding(
            "learning rate too high", says, advice, metrics.last, "error" if lost else "warning"
        )


def _dead(metrics: Metrics) -> Iterator[Finding]:
    last = metrics.probes[-1]
    for layer in last.layers:
        if "on" in layer.gates and layer.gates["on"].shut >= DEAD:
            dead = layer.gates["on"].shut
            yield Finding(
                "dead ReLU", f"{dead:.0%} of the units of {layer.name} are 0 for everything in the probe",
                "Lower the learning rate, or use GELU or a leaky ReLU", last.update,
            )  # fmt: skip


def _stuck(metrics: Metrics) -> Iterator[Finding]:
    start, _, now = levels(metrics.loss)
    ratios = [change(probe) for probe in metrics.probes]
    ratio = max((each for each in ratios if each == each), default=math.nan)
    if ratio < SLOW:
        says = f"the loss stands at {now:.3g}, as at first ({start:.3g}): "
        says += f"an update changes the weights by {ratio:.0e} of their size"
        advice = "Raise the learning rate; see that the optimiser was given these parameters"
        yield Finding("learning rate too low", says, advice, metrics.last)
