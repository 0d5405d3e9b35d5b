"""The vector that crosses from a source to its target, as cells with their numbers."""

from __future__ import annotations

import numpy as np
from rich.style import Style
from rich.text import Text
from textual.geometry import Size

from engine import Trace
from tui import crossing
from tui.lane import Lane
from tui.palette import Palette
from tui.views.scale import swatch

DIGITS = 6  # columns of a cell that tells its number
UNTOLD = 2  # of one that does not


def vector_of(trace: Trace, name: str, layer: int, row: int) -> np.ndarray:
    """(unit,) of a state after a row of the source; after the last one, what the decoder starts from.

    Where the source was read in both directions, the backward half of that is of row 0, its last.
    """
    found = trace[name][row, layer].copy()
    if row == trace.source - 1 and trace.header.architecture.get("bidirectional"):
        half = len(found) // 2
        found[half:] = trace[name][0, layer, half:]
    return found


def told_of(
    lane: Lane, cursor: int, unit: int, palette: Palette, size: Size
) -> dict[str, str | Text]:
    """What the alignment view says, line by line, of a model without attention."""
    row = min(cursor, lane.source - 1)
    body, legend = vector(lane, row, unit, palette, size.width, size.height - 5)
    name, layer, value = unit_of(lane, row, unit)
    which = f" of layer {layer}" if lane.layers > 1 else ""
    words = f"{crossing.words(lane)[0]} · {name}[{unit}]{which} = {value:+.4f}"
    if row < lane.source - 1:
        said = f"not yet what crosses: that is the state after row {lane.source - 1}"
    else:
        said = "the target knows of the source what these numbers tell, and nothing else"
    return {
        "#title": f"alignment · {lane.label} has no attention: one vector crosses instead",
        "#vector": body,
        "#row": said,
        "#readout": Text(words, "bold", no_wrap=True),
        "#legend": legend,
    }


def unit_of(lane: Lane, row: int, unit: int) -> tuple[str, int, float]:
    """The exposed state's name, its last layer, and the number of one unit there after a row."""
    name, layer = lane.trace.header.states[0], lane.layers - 1
    return name, layer, float(vector_of(lane.trace, name, layer, row)[unit])


def vector(
    lane: Lane, row: int, unit: int, palette: Palette, width: int, height: int
) -> tuple[Text, Text]:
    """All numbers of the state after a row, in as many lines as it takes; and the legend of its colours."""
    trace = lane.trace
    states = [name for name in trace.header.states if name in trace]
    parts = [(name, layer) for name in states for layer in range(lane.layers)]
    across = _across(width // DIGITS)
    if _lines(trace, parts, across) > height:
        across = width // DIGITS
    told = _lines(trace, parts, across) <= height
    cell = DIGITS if told else UNTOLD
    across = across if told else max(1, width // cell)
    text = Text(no_wrap=True)
    for name, layer in parts:
        values, scale = vector_of(trace, name, layer, row), lane.scale(name) or 1.0
        which = f" of layer {layer}" if lane.layers > 1 else ""
        text.append(f"{name}{which} after row {row} {trace.tokens[row]!r}")
        text.append(f" · {len(values)} numbers · ±{scale:g}\n", palette.look.muted)
        for start in range(0, len(values), across):
            for at, value in enumerate(values[start : start + across].tolist(), start):
                segment = palette.signed(value, scale)
                style = segment.style or Style()
                here = at == unit and (name, layer) == parts[len(parts) // len(states) - 1]
                style += Style(bold=True, reverse=True) if here else Style()
                said = f"{value:+.2f}" if told else segment.text
                text.append(f"{said:^{cell - 1}}"[: cell - 1], style)
                text.append(palette.glyph("◂", "<") if here else " ", palette.look.accent)
            text.append("\n")
    low, high = "unit by unit from the left · - ", " + of the scale above each block"
    legend = swatch(palette, low, high, signed=True)
    return text, legend


def _across(room: int) -> int:
    """How many cells stand in a line: 8, 16, 24 ..., where there is room for 8."""
    return room // 8 * 8 if room >= 8 else max(1, room)


def _lines(trace: Trace, parts: list[tuple[str, int]], across: int) -> int:
    """How many lines they take with so many cells in one."""
    return sum(1 - (-trace[name].shape[-1] // max(1, across)) for name, _ in parts)
