"""A cell's equations as styled text: the formula, the numbers under it, and a bar of the result."""

from __future__ import annotations

import math

from rich.text import Text

from engine.models import Architecture
from tui.lane import Lane
from tui.palette import Palette
from tui.views.formula import Line, before, lines, result
from tui.views.numbers import num

NUMBERS, BAR = 54, 16  # columns of the numbers and of the bar beside them, at most
ENDS = 7  # columns of the number at the left end of a bar, and of what else stands beside it
MEANING = {
    "i": "input gate",
    "f": "forget gate",
    "g": "candidate",
    "o": "output gate",
    "c": "cell state",
    "h": "hidden state",
    "r": "reset gate",
    "z": "update gate: keeps",
    "n": "candidate",
    "cross_position": "aligned position",
    "cross_scores": "how row j of the source fits",
    "cross_weights": "shares of the source's rows",
    "cross_context": "what it takes from them",
    "h_tilde": "attentional vector, which is read out",
}


def cell_text(
    palette: Palette,
    lane: Lane,
    architecture: Architecture,
    row: int,
    layer: int,
    unit: int,
    room: tuple[int, int] = (99, 99),
) -> list[Text]:
    """Every equation of a recurrent cell in `room` columns and lines if it can be done.

    Two lines each, the formula and its numbers, with a blank line between where there is room; where
    there is not even room for two, the numbers alone.
    """
    texts: list[Text] = []
    found = lines(lane.trace, architecture.equations, row, layer, unit)
    count, (wide, tall) = len(found), room
    scaled = {line.name: None if line.looked else lane.scale(line.name) for line in found}
    ends = max((len(f"{scale:g}") for scale in scaled.values() if scale is not None), default=1)
    column = min(NUMBERS, max(0, wide - BAR - ENDS - ends))
    for line in found:
        scale = scaled[line.name]
        low, high = (0.0, 1.0) if scale is None else (-scale, scale)
        drawn = None if line.looked else bar(palette, line.value, low, high)
        if tall > 3 * count and texts:
            texts.append(Text())
        if tall > 2 * count:
            formula, numbers = _formula(palette, line), _numbers(palette, f"  {result(line)}", line)
            above = numbers.cell_len > column >= formula.cell_len
            texts.append(_beside(formula, drawn if above else None, column))
            texts.append(_beside(numbers, None if above else drawn, column))
        else:
            texts.append(
                _beside(
                    _numbers(palette, f"{line.name} {result(line)}", line, column), drawn, column
                )
            )
    if tall > 3 * count:
        texts.append(Text())
    texts.append(scales(palette, lane, row, unit, wide))
    return texts


def _beside(words: Text, drawn: Text | None, column: int) -> Text:
    """Words and a bar to their right, which is left out where they reach into it."""
    if drawn is not None and words.cell_len <= column:
        words.append(" " * (column + 1 - words.cell_len))
        words.append_text(drawn)
    return words


def scales(palette: Palette, lane: Lane, row: int, unit: int, wide: int = 99) -> Text:
    """What ' stands for, and the ends of the bars; in fewer words where `wide` columns are too few."""
    from_row = before(lane.trace, row, unit)
    which = "the row before" if from_row == row - 1 else f"row {from_row}, read just before"
    which = which if from_row >= 0 else "the zero state: nothing was read before"
    ends = "bars: gates 0 to 1, else ± the number at their ends"
    short = "bars: 0 to 1, else ± their ends"
    forms = (f"{which} · {ends}", f"{which} · {short}", f"{which.partition(':')[0]} · {short}")
    said = next((form for form in forms if len(form) + 5 <= wide), forms[-1])
    return Text(f"' is {said}", palette.style("muted"), no_wrap=True)


def _formula(palette: Palette, line: Line) -> Text:
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(line.formula, "bold")
    meaning = MEANING.get(line.name)
    if meaning:
        text.append(f"   {meaning}", palette.style("muted"))
    return text


def _numbers(palette: Palette, words: str, line: Line, column: int = 0) -> Text:
    """What a line comes to, and what it is called where `column` has room for that."""
    text = Text(no_wrap=True)
    text.append(words, palette.style("bad" if line.held else "text"))
    meaning = f"   {MEANING.get(line.name, '')}".rstrip()
    if len(words + meaning) <= column:
        text.append(meaning, palette.style("muted"))
    return text


def bar(
    palette: Palette, value: float, low: float, high: float, wide: int = BAR, ends: bool = True
) -> Text:
    """A value between `low` and `high`: from the left where low is 0, else from the middle.

    Args:
        wide: columns of the bar, an even number.
        ends: whether the numbers at its ends are said.
    """
    text = Text(no_wrap=True)
    text.append((f"{low:g} " if ends else "").rjust(4), palette.style("muted"))
    beyond = ">" if abs(value) > high * 1.0001 else ""
    value = 0.0 if math.isnan(value) else value  # a diverged model's has no bar
    if low < 0:
        half, share = wide // 2, min(1.0, abs(value) / high)
        cells = "".join(s.text for s in palette.bar(round(2 * half * share), half)).rstrip()
        if value < 0:
            cells = cells.replace("▌", "▐")[::-1]
        left, right = (cells, "") if value < 0 else ("", cells)
        colour = palette.style("bar")
        text.append(left.rjust(half), colour)
        text.append(palette.glyph("│", "|"), palette.style("muted"))
        text.append(right.ljust(half), colour)
    else:
        for segment in palette.bar(round(2 * wide * value), wide):
            text.append(segment.text, segment.style)
        text.append(palette.glyph("▏", "|"), palette.style("muted"))
    text.append(f"{beyond}{high:g}" if ends else "", palette.style("muted"))
    return text


def unit_strip(palette: Palette, lane: Lane, row: int, layer: int, unit: int, width: int) -> Text:
    """All units of h in this row, with a mark under the chosen one, and their scale."""
    trace = lane.trace
    values = trace["h"][row, layer]
    scale = lane.scale("h") or 1.0
    fit = max(1, width - 12)
    first = max(0, min(unit - fit // 2, len(values) - fit))
    seen = values[first : first + fit]
    text = Text("all units h ", no_wrap=True)
    for value in seen.tolist():
        segment = palette.signed(value, scale)
        text.append(segment.text, segment.style)
    mark = palette.glyph("▲", "^")
    here = f"{' ' * (12 + unit - first)}{mark}"
    note = f" unit {unit}: h = {num(float(values[unit]))}, scale ±{scale:g}"
    if len(here) + len(note) > width:
        here = f"{note.strip()} ".rjust(12 + unit - first) + mark
        note = ""
    text.append(f"\n{here}{note}", palette.style("muted"))
    return text
