"""Inside a model: units, gates, steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import lenses
from engine.errors import PeepholeError
from scenarios.lanes import At, Lane
from scenarios.measures.table import a_lane, measure, of_model, of_trace, pick, whole


@measure("as the value")
def value(lane: Lane, name: str, unit: int, at: At | None = None, layer: int = -1) -> Any:
    """One unit of a named value (h, c, f ...) at a row; the last layer if no other is named."""
    array = units_of(lane, name)[:, layer]
    return pick(lane, array[:, whole(unit, 0, array.shape[-1] - 1)], at)


@measure("as the value")
def largest(lane: Lane, name: str) -> float:
    """The largest size of a named value over all rows, layers and units, whatever its sign."""
    return float(np.abs(units_of(lane, name)).max())


@measure("gate value, 0 shut to 1 open")
def gate(lane: Lane, name: str, at: At | None = None, layer: int = -1) -> Any:
    """Mean openness of a gate over its units."""
    return _gate(lane, name, "mean", at, layer)


@measure("fraction of units")
def gate_shut(lane: Lane, name: str, at: At | None = None, layer: int = -1) -> Any:
    """Share of a gate's units below 0.1."""
    return _gate(lane, name, "shut", at, layer)


@measure("fraction of units")
def gate_open(lane: Lane, name: str, at: At | None = None, layer: int = -1) -> Any:
    """Share of a gate's units above 0.9."""
    return _gate(lane, name, "open", at, layer)


@measure("no unit")
def jacobian(lane: Lane, at: At | None = None, layer: int = -1) -> Any:
    """Largest factor by which one step can stretch a small change of the state (spectral norm)."""
    norms = of_model(lenses.jacobian_norms, lane)["state"].array
    return pick(lane, norms[:, layer], at)


def units_of(lane: Lane, name: str) -> np.ndarray:
    """(time, layer, unit)"""
    array = a_lane(lane).trace[name]
    if lane.trace.axes(name) != ("time", "layer", "unit"):
        raise PeepholeError(f"{name!r} has no units", do="Name one of h, c or a gate")
    return array


def _gate(lane: Lane, name: str, what: str, at: At | None, layer: int) -> Any:
    named = of_trace(lenses.gate_statistics, lane)
    if f"{name}.{what}" not in named:
        gates = ", ".join(lane.trace.header.gates)
        has = f"It has: {gates}" if gates else "It has none"
        raise PeepholeError(f"{lane.label} has no gate {name!r}", do=has)
    return pick(lane, named[f"{name}.{what}"].array[:, layer], at)
