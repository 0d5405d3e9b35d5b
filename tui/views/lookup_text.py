"""One head's lookup as styled text: scores, weights and context, then the block's sums."""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text

from engine import Trace, transformer
from engine.cells import Equation
from engine.models import Architecture
from tui.palette import Palette
from tui.views.axis import clip, label
from tui.views.formula import held
from tui.views.lookup import Lookup, lookup, residual
from tui.views.numbers import factor, fill, num
from tui.views.sight import CROSS, SELF, kinds

TOP, BAR = 6, 16
KEY = 44  # columns of a key before its bar
LARGE = 24  # lines from which on a bar has two
FEW = 3  # keys of a lookup, where all is large


def block_text(
    palette: Palette,
    trace: Trace,
    architecture: Architecture,
    row: int,
    layer: int,
    head: int,
    unit: int,
    room: tuple[int, int] | None = None,
    columns: int = 99,
) -> list[Text]:
    """What one head does at one row, then every sum of the block for one unit.

    Of a row of a source, the encoder's block; of a target's, the decoder's, which looks twice. `room` is
    the columns and lines that there are for fewer keys with larger bars; None: as many as there is room for,
    with bars that end within `columns`.
    """
    equations = architecture.equations
    if trace.source and "b" in trace and row < trace.source:
        equations = transformer.equations(str(trace.header.architecture.get("norm", "pre")))
    formulas = {equation.name: equation for equation in equations}
    dim = unit % trace["q"].shape[-1]
    found = {which: lookup(trace, row, layer, head, dim, which) for which in kinds(trace)}
    looks = {which: each for which, each in found.items() if each is not None}
    top = TOP if len(looks) < 2 and room is None else FEW
    wide = max(1, min(BAR, columns - KEY) if room is None else room[0] - KEY)
    tall = 2 if room is not None and room[1] >= LARGE else 1
    texts: list[Text] = []
    for which, added in ((SELF, "a"), (CROSS, "b")):
        if which in looks:
            texts += _looked(palette, trace, formulas, row, looks[which], which, top, wide, tall)
            texts += _added(palette, trace, formulas[added], row, layer, unit)
    texts += _added(palette, trace, formulas["m"], row, layer, unit)
    names = [name for name in ("a", "b", "m") if name in formulas]
    known = {"r": residual(trace, row, layer, unit)}
    known |= {name: float(trace[name][row, layer, unit]) for name in names}
    numbers = fill(formulas["h"].numbers, lambda name: factor(known[name]))
    value = num(float(trace["h"][row, layer, unit]))
    texts.append(_bold(formulas["h"].formula, f"   residual stream, unit {unit}", palette))
    said = f"{numbers} = {value}" if numbers else value
    texts.append(_sum(trace, "h", row, layer, unit, said))
    return texts


def _looked(
    palette: Palette,
    trace: Trace,
    formulas: Mapping[str, Equation],
    row: int,
    found: Lookup,
    which: str,
    top: int,
    wide: int,
    tall: int,
) -> list[Text]:
    """One lookup: the best score, the weights of the heaviest keys, and the context."""
    p = "cross_" if which == CROSS else ""
    quiet, token = palette.style("muted"), trace.tokens[row]
    best, total = found.keys[0], sum(key.share for key in found.keys)
    asks = "   best answer:" if p else f"   {token!r} asks at row {row}; the best answer:"
    return [
        _bold(formulas[f"{p}scores"].formula, asks, palette),
        Text(
            f"  = {factor(best.dot)} / √{found.width} = {num(best.score)}"
            f"   at {label(best.row, trace.tokens)}",
            no_wrap=True,
        ),
        _bold(formulas[f"{p}weights"].formula, f"   exp(score - highest) / {num(total)}", palette),
        Text(f"    {'row':<13}{'score':>9}{'exp':>8}{'weight':>9}", quiet, no_wrap=True),
        *_table(palette, trace, found, top, wide, tall),
        _bold(
            formulas[f"{p}context"].formula, f"   dimension {found.dim} of {found.width}", palette
        ),
        _context(found),
    ]


def _added(
    palette: Palette, trace: Trace, equation: Equation, row: int, layer: int, unit: int
) -> list[Text]:
    """What is added to the residual stream, for one unit."""
    value = num(float(trace[equation.name][row, layer, unit]))
    return [
        _bold(equation.formula, "", palette),
        _sum(trace, equation.name, row, layer, unit, value),
    ]


def _bold(formula: str, note: str, palette: Palette) -> Text:
    text = Text(no_wrap=True)
    text.append(formula, "bold")
    text.append(note, palette.style("muted"))
    return text


def _sum(trace: Trace, name: str, row: int, layer: int, unit: int, shown: str) -> Text:
    if held(trace, name, row, layer, unit):
        shown = f"{shown.rpartition('= ')[2]}, held there by an intervention"
    return Text(f"  = {shown}", no_wrap=True)


def _table(
    palette: Palette, trace: Trace, found: Lookup, top: int, wide: int, tall: int
) -> list[Text]:
    """The heaviest keys, each with a bar of so many columns and lines, and a line for all others together."""
    texts = []
    for key in found.keys[:top]:
        text = Text(no_wrap=True)
        name = clip(label(key.row, trace.tokens), 12)
        score = "cut" if key.score == float("-inf") else num(key.score)
        text.append(f"    {name:<13}{score:>9}{num(key.share):>8}")
        text.append(f"{key.weight:>9.4f} ", "bold")
        length = key.weight if key.weight == key.weight else 0.0  # a diverged model's has no bar
        for segment in palette.bar(round(2 * wide * length), wide, "attention"):
            text.append(segment.text, segment.style)
        texts.append(text)
        for _ in range(1, tall):
            more = Text(" " * KEY, no_wrap=True)
            more.append_text(text[KEY:])
            texts += [more, Text()]
    rest = found.keys[top:]
    if rest:
        weight = sum(key.weight for key in rest)
        share = num(sum(key.share for key in rest))
        line = f"    {f'{len(rest)} others':<13}{'':>9}{share:>8}{weight:>9.4f}"
        texts.append(Text(line, palette.style("muted"), no_wrap=True))
    return texts


def _context(found: Lookup) -> Text:
    """`= 0.431 · 0.120 + 0.310 · (-0.200) + … = 0.012` for one dimension of the head."""
    if found.cut:
        return Text("  = 0: the head is cut by an intervention", no_wrap=True)
    shown = found.keys[:3]
    parts = [f"{num(key.weight)} · {factor(key.value)}" for key in shown]
    if len(found.keys) > len(shown):
        parts.append("…")
    return Text(f"  = {' + '.join(parts)} = {num(found.context)}", no_wrap=True)
