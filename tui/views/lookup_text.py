"""One head's lookup as styled text: scores, weights and context, then the block's sums."""

from __future__ import annotations

from rich.text import Text

from engine import Trace
from engine.models import Architecture
from tui.palette import Palette
from tui.views.axis import clip, label
from tui.views.formula import held
from tui.views.lookup import Lookup, lookup, residual
from tui.views.numbers import factor, fill, num

TOP, BAR = 6, 16


def block_text(
    palette: Palette,
    trace: Trace,
    architecture: Architecture,
    row: int,
    layer: int,
    head: int,
    unit: int,
) -> list[Text]:
    """What one head does at one row, then every sum of the block for one unit."""
    dim = unit % trace["q"].shape[-1]
    found = lookup(trace, row, layer, head, dim)
    formulas = {equation.name: equation for equation in architecture.equations}
    quiet, token = palette.style("muted"), trace.tokens[row]
    best = found.keys[0]
    total = sum(key.share for key in found.keys)
    texts = [
        _bold(
            formulas["scores"].formula, f"   row {row} {token!r} asks; the best answer:", palette
        ),
        Text(
            f"  = {factor(best.dot)} / √{found.width} = {num(best.score)}"
            f"   at {label(best.row, trace.tokens)}",
            no_wrap=True,
        ),
        _bold(formulas["weights"].formula, f"   exp(score - highest) / {num(total)}", palette),
        Text(f"    {'row':<13}{'score':>9}{'exp':>8}{'weight':>9}", quiet, no_wrap=True),
        *_table(palette, trace, found),
        _bold(formulas["context"].formula, f"   dimension {dim} of {found.width}", palette),
        _context(found),
    ]
    for name in ("a", "m"):
        value = float(trace[name][row, layer, unit])
        texts.append(_bold(formulas[name].formula, "", palette))
        texts.append(_sum(trace, name, row, layer, unit, num(value)))
    known = {"r": residual(trace, row, layer, unit)}
    known |= {name: float(trace[name][row, layer, unit]) for name in ("a", "m")}
    numbers = fill(formulas["h"].numbers, lambda name: factor(known[name]))
    value = float(trace["h"][row, layer, unit])
    texts.append(_bold(formulas["h"].formula, f"   residual stream, unit {unit}", palette))
    texts.append(_sum(trace, "h", row, layer, unit, f"{numbers} = {num(value)}"))
    return texts


def _bold(formula: str, note: str, palette: Palette) -> Text:
    text = Text(no_wrap=True)
    text.append(formula, "bold")
    text.append(note, palette.style("muted"))
    return text


def _sum(trace: Trace, name: str, row: int, layer: int, unit: int, shown: str) -> Text:
    if held(trace, name, row, layer, unit):
        shown = f"{shown.rpartition('= ')[2]}, held there by an intervention"
    return Text(f"  = {shown}", no_wrap=True)


def _table(palette: Palette, trace: Trace, found: Lookup) -> list[Text]:
    """The heaviest keys, and one line for all the others together."""
    texts = []
    for key in found.keys[:TOP]:
        text = Text(no_wrap=True)
        name = clip(label(key.row, trace.tokens), 12)
        score = num(key.score) if key.score > float("-inf") else "cut"
        text.append(f"    {name:<13}{score:>9}{num(key.share):>8}")
        text.append(f"{key.weight:>9.4f} ", "bold")
        for segment in palette.bar(round(2 * BAR * key.weight), BAR, "attention"):
            text.append(segment.text, segment.style)
        texts.append(text)
    rest = found.keys[TOP:]
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
