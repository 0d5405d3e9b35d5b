"""A recurrent cell's equations with one unit's numbers in them; drawn from a trace alone.

f = σ(W_xf x + W_hf h' + b_f)
  = σ(+1.203) = 0.769   ███████▊
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine import Trace
from engine.cells import Equation
from engine.models import Architecture
from engine.registry import ARCHITECTURES, load
from tui.views.numbers import factor, fill, num, unsquash
from tui.views.seen import seen


@dataclass(frozen=True)
class Line:
    """One equation at one tick, for one unit.

    Attributes:
        name: the value that it computes.
        formula: in symbols.
        numbers: what stands between `=` and the result; "" where only the result is known.
        value: the result, as recorded.
        held: the value is held by an intervention, so the numbers do not lead to it.
        looked: of a line of attention, what it found in the source; it is no number of one unit.
    """

    name: str
    formula: str
    numbers: str
    value: float
    held: bool
    looked: str = ""


def architecture_of(trace: Trace) -> Architecture:
    """The architecture that a trace's header describes; its equations need no model."""
    spec: dict[str, Any] = dict(trace.header.architecture)
    return load(ARCHITECTURES, spec.get("kind", ""), "architecture")(**spec)


def at(trace: Trace, name: str, row: int, layer: int, unit: int) -> np.floating:
    """A unit's recorded value; 0 before row 0, where every state begins."""
    return trace[name][row, layer, unit] if row >= 0 else np.float32(0.0)


def before(trace: Trace, row: int, unit: int) -> int:
    """The row that a unit's state comes from, -1 for none: one that reads backwards has it from below.

    A decoder's first row starts from the encoder's last states, a backward one's is at row 0.
    """
    said = trace.header.architecture
    both = said.get("bidirectional") or said.get("kind") == "bidirectional"
    if both and row <= trace.source and unit >= trace["h"].shape[-1] // 2:
        return 0 if row == trace.source else row + 1 if row + 1 < trace.source else -1
    return row - 1


def lines(
    trace: Trace, equations: tuple[Equation, ...], row: int, layer: int, unit: int
) -> list[Line]:
    """Every equation of a recurrent cell with the numbers of (row, layer, unit) in it.

    Where the row has no such value (a row of the source does not look at the source) it is left out.
    """
    found = []
    for equation in equations:
        if equation.name.startswith("cross_"):
            if looked := seen(trace, equation.name, row, layer, unit):
                if held(trace, equation.name, row, layer, unit):
                    looked += ", held there by an intervention"
                found.append(Line(equation.name, equation.formula, "", math.nan, False, looked))
            continue
        value = at(trace, equation.name, row, layer, unit)
        if np.isnan(value) and _lacks(trace, equation.name, row, layer):
            continue
        numbers = fill(equation.numbers, _values(trace, equation, row, layer, unit))
        is_held = held(trace, equation.name, row, layer, unit)
        found.append(Line(equation.name, equation.formula, numbers, float(value), is_held))
    return found


def _lacks(trace: Trace, name: str, row: int, layer: int) -> bool:
    """Whether there is no such value: on a row of the source, or in a layer that does not attend."""
    return bool(trace.source) and (row < trace.source or np.isnan(trace[name][:, layer]).all())


def _values(
    trace: Trace, equation: Equation, row: int, layer: int, unit: int
) -> Callable[[str], str]:
    def value(name: str) -> str:
        if name == "a":  # the sum itself is not recorded; a held value has none
            if held(trace, equation.name, row, layer, unit):
                return "…"
            return unsquash(at(trace, equation.name, row, layer, unit), equation.squash)
        if name.endswith("'"):
            return factor(float(at(trace, name[:-1], before(trace, row, unit), layer, unit)), "'")
        return factor(float(at(trace, name, row, layer, unit)))

    return value


def held(trace: Trace, name: str, row: int, layer: int, unit: int) -> bool:
    """Whether an intervention sets this value, whatever the equation says."""
    return any(_holds(record, name, row, layer, unit) for record in trace.header.interventions)


def _holds(record: Mapping[str, Any], name: str, row: int, layer: int, unit: int) -> bool:
    return (
        record["kind"] == "hold"
        and record["name"] == name
        and record["layer"] in (None, layer)
        and (not record["units"] or unit in record["units"])
        and record["start"] <= row
        and (record["stop"] is None or row < record["stop"])
    )


def result(line: Line) -> str:
    """`= σ(+1.203) = 0.769`, or `held at 0` where an intervention set it."""
    if line.looked:
        return line.looked
    if line.held:
        return f"held at {num(line.value)}: an intervention overrules the equation"
    return f"= {line.numbers} = {num(line.value)}" if line.numbers else f"= {num(line.value)}"
