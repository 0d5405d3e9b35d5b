"""Why a run stopped having numbers, in plain English with the numbers that show it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.arrays import to_numpy
from engine.learning.metrics import Event, Metrics
from engine.learning.probe import spectral_radius
from engine.models.recurrent import RecurrentLM
from engine.training import Diverged, Training

WINDOW = 20  # updates that are looked back over
GROWN = 10.0  # times: less is not called growth


def explain(
    error: Diverged, training: Training, metrics: Metrics, checkpoints: Sequence[int]
) -> Event:
    """The event of an update that could not be made: after which one, what grew, and what to try.

    Details: `at` is the update that failed, `loss` and `norm` what they became, `radius` the largest
    spectral radius of a recurrent block and `block` its name, `back` the checkpoint to go back to: the
    newest from before the growth began, as the weights just before the end are most often spoilt. An
    update that failed before, and was tried again, says so and with which knobs.
    """
    if before := [e for e in metrics.events if e.event == "diverged" and e.update == training.step]:
        return _again(error, before, metrics)
    what = "the gradient of update" if math.isfinite(error.loss) else "the loss of update"
    said = [f"{what} {error.update} is no finite number any more; the weights before it are kept"]
    growth, begin = _growth("gradient norm", metrics.norm, metrics)
    if not growth:
        growth, begin = _growth("loss", metrics.loss, metrics)
    said += growth
    back = max((n for n in checkpoints if n < begin), default=0)
    details: dict[str, Any] = {"at": error.update, "loss": error.loss, "norm": error.norm}
    details["back"] = back
    block, radius = _largest_radius(training)
    if block:
        details |= {"block": block, "radius": radius}
        if radius > 1:
            said.append(
                f"the spectral radius of {block} is {radius:.3g}: above 1, what goes through it again "
                "and again grows wherever nothing squashes it"
            )
    said.append(f"go back to update {back} and try {_remedies(training, radius)}")
    message = ". ".join(part[0].upper() + part[1:] for part in said) + "."
    return Event(training.step, "diverged", message, details)


def _again(error: Diverged, before: Sequence[Event], metrics: Metrics) -> Event:
    """The event of an update that had failed before: other knobs have not helped it."""
    first, since = before[0], metrics.events[metrics.events.index(before[-1]) + 1 :]
    knobs = ", ".join(event.message for event in since if event.event == "set")
    back = first.details.get("back", 0)
    message = (
        f"Attempt {len(before) + 1} at update {error.update}, with {knobs or 'the same knobs'}: again no "
        f"finite number. The weights before it are spoilt, and no knob mends weights: go back to update "
        f"{back} and branch there."
    )
    details = {**first.details, "loss": error.loss, "norm": error.norm, "attempt": len(before) + 1}
    return Event(first.update, "diverged", message, details)


def _growth(name: str, values: np.ndarray, metrics: Metrics) -> tuple[list[str], int]:
    """From which update to which a number grew within the last ones, and where that began.

    Nothing but the last update where none grew.
    """
    finite = np.isfinite(values[-WINDOW:])
    recent, numbers = values[-WINDOW:][finite], metrics.update[-WINDOW:][finite]
    if not len(recent):
        return [], metrics.last + 1
    low, last = int(np.argmin(recent)), f"{recent[-1]:.3g} at update {numbers[-1]}"
    if len(recent) == 1 and recent[-1] > GROWN:
        return [f"the {name} was {last}"], int(numbers[-1])
    if recent[-1] < GROWN * recent[low]:
        return [], metrics.last
    grew = f"the {name} grew from {recent[low]:.3g} at update {numbers[low]} to {last}"
    return [grew], int(numbers[low]) + 1


def _largest_radius(training: Training) -> tuple[str, float]:
    """The recurrent block with the largest spectral radius; ("", 0) of a model without any."""
    architecture = training.architecture
    if not isinstance(architecture, RecurrentLM):
        return "", 0.0
    found = {}
    for layer in range(architecture.layers):
        name = f"layers.{layer}.W_hh"
        weights = to_numpy(training.params[name]).astype(np.float64)
        blocks = np.hsplit(weights, architecture.rule.BLOCKS)
        found[name] = max(spectral_radius(block) for block in blocks)
    name = max(found, key=lambda each: found[each])
    return name, found[name]


def _remedies(training: Training, radius: float) -> str:
    recipe = training.recipe
    ways = [f"a lower learning rate (it is {recipe.lr:g})"]
    ways.insert(
        0,
        "clipping the gradient norm at 1 (it is not clipped)"
        if not recipe.clip
        else f"clipping harder than {recipe.clip:g}",
    )
    if radius > 1:
        ways.append("initial weights with a smaller gain")
    return ", or ".join(ways)
