"""A cell's equations for those who sit far away: bars as long and as high as there is room, and the results
in large digits.

    f = σ(W_xf x + W_hf h' + b_f)       ┏━┓ ╺━┓┏━┓┏━┓     ████████████
      = σ(+1.203) = 0.769               ┃ ┃   ┃┣━┓┗━┫   0 ████████████      1
                                        ┗━┛•  ╹┗━┛╺━┛     ████████████
"""

from __future__ import annotations

import math

from rich.text import Text

from engine.models import Architecture
from tui.lane import Lane
from tui.palette import Palette
from tui.views.digits import HIGH, digits
from tui.views.formula import Line, lines, result
from tui.views.formula_text import MEANING, bar, scales
from tui.views.numbers import num
from tui.views.plain import shown

ENDS = 12  # columns of the numbers at the ends of a bar, and of the blanks around it
SHORT = 12  # columns of a bar at least, else there are no digits beside it
TALLEST = HIGH + 2  # lines of an equation
LOWER = str.maketrans("█▌▐=", "▄▖▗_", "-")  # the lower half of a bar


def large_text(
    palette: Palette,
    lane: Lane,
    architecture: Architecture,
    row: int,
    layer: int,
    unit: int,
    room: tuple[int, int],
) -> list[Text]:
    """Every equation of a recurrent cell, in `room` columns and lines if it can be done.

    One line each, the numbers alone, where there is room for no more; two with the formula and a thick
    bar; from four on large digits.
    """
    found = lines(lane.trace, architecture.equations, row, layer, unit)
    width, height = room
    tall = max(1, min(TALLEST, (height - 1) // max(1, len(found))))
    texts: list[Text] = []
    words = [
        [_shown(palette, text) for text in _words(palette, line, tall, width)] for line in found
    ]
    barred = [parts for line, parts in zip(found, words, strict=True) if not line.looked]
    longest = max((text.cell_len for parts in barred for text in parts), default=0) + 2
    large = [digits(num(line.value)) for line in found if not line.looked]
    wide = max((len(parts[0]) for parts in large), default=0) + 1
    if tall <= HIGH or palette.ascii or longest + wide + ENDS + SHORT > width:
        wide = 0
    longest = max(0, min(longest, width - wide - ENDS - SHORT))
    for line, parts in zip(found, words, strict=True):
        beside = [] if line.looked else _beside(palette, lane, line, tall, wide, width - longest)
        for at in range(max(len(parts), tall)):
            text = parts[at].copy() if at < len(parts) else Text()
            if at < len(beside) and text.cell_len <= longest:
                text.append(" " * (longest - text.cell_len))
                text.append_text(beside[at])
            text.no_wrap = not line.looked
            texts.append(text)
    texts.append(scales(palette, lane, row, unit, width))
    return texts


def _words(palette: Palette, line: Line, tall: int, width: int) -> list[Text]:
    """The formula and its numbers; the numbers alone where there is one line for both."""
    said = result(line).partition(":")[0] if line.held else result(line)
    colour = palette.style("bad" if line.held else "text")
    if tall < 2:
        return [Text.assemble((f"{line.name} ", "bold"), (said, colour))]
    meaning = f"   {MEANING[line.name]}" if line.name in MEANING else ""
    formula = Text.assemble((line.formula, "bold"), (meaning, palette.style("muted")))
    if formula.cell_len > width:
        formula.right_crop(len(meaning))
    return [formula, Text.assemble("  ", (said, colour))]


def _shown(palette: Palette, text: Text) -> Text:
    """In ASCII before it is measured, where only that can be shown: its symbols are longer there."""
    found = shown(palette, text)
    assert isinstance(found, Text)
    return found


def _beside(
    palette: Palette, lane: Lane, line: Line, tall: int, wide: int, width: int
) -> list[Text]:
    """What stands beside the words: the value in `wide` columns of large digits, and its bar."""
    scale = lane.scale(line.name)
    low, high = (0.0, 1.0) if scale is None else (-scale, scale)
    length = (width - wide - ENDS) // 2 * 2
    if length < 2:
        return []
    many = 1 if tall < 2 else min(HIGH, max(2, tall - 1))
    middle = many // 2
    said = digits(num(line.value)) if wide else [""] * many
    texts = []
    for at in range(many):
        text = Text(f"{said[at]:<{wide}}", "bold")
        text.append_text(bar(palette, line.value, low, high, length, at == middle))
        texts.append(text)
    if tall == 2:  # it ends below the bar of the equation above, with half a line between
        texts[0].plain = texts[0].plain.translate(LOWER)
    return texts


def large_strip(
    palette: Palette, lane: Lane, row: int, layer: int, unit: int, width: int, wide: int = 3
) -> Text:
    """The units of h around the chosen one, each `wide` columns and two lines."""
    values = lane.trace["h"][row, layer]
    scale = lane.scale("h") or 1.0
    fit = max(1, (width - 10) // wide)
    first = max(0, min(unit - fit // 2, len(values) - fit))
    seen = values[first : first + fit]
    text = Text(f"{'units h':<9}", no_wrap=True)
    for below in (False, True):
        text.append("" if not below else f"\n{f'{first} to {first + len(seen) - 1}':<9}"[:10])
        for segment in palette.blocks(seen.tolist(), scale, wide, below):
            text.append(segment.text, segment.style)
    mark = f"\n{' ' * (9 + wide * (unit - first) + wide // 2)}{palette.glyph('▲', '^')}"
    value = float(values[unit])
    said = num(value) if math.isfinite(value) else "nan"
    text.append(f"{mark} unit {unit}: h = {said}, scale ±{scale:g}", palette.style("muted"))
    return text
