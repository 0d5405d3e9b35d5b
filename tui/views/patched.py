"""What the patching view says: the two readings, the number under the cursor, and who carries the answer."""

from __future__ import annotations

import numpy as np
from rich.text import Text

from engine import Trace
from tui.palette import Palette
from tui.views.axis import clip, label
from tui.views.question import Patched
from tui.views.scale import Scale, swatch

NOTHING = 0.01  # an effect below it carries nothing
SAME = 0.01  # effects that differ by no more carry alike


class EffectScale(Scale):
    """Effects, evenly from 0 to 1; what lies beyond has the colour of its end, and its number."""

    corner = "state of"

    def fraction(self, values: np.ndarray) -> np.ndarray:
        return np.clip(values, 0.0, 1.0)

    def digits(self, value: float, width: int) -> str:
        text = f"{value:.2f}" if abs(value) < 9.995 else f"{value:.0f}"
        if width < 5 and not -0.005 < value < 0.995:  # three characters, or neighbours run together
            text = f"{value:.1f}" if -0.95 < value < 9.95 else f"{value:.0f}"
        text = text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text
        return self.palette.glyph("·", ".") if text in (".00", "-.00") else text

    def legend(self) -> Text:
        high = " 1 (answers as the other), even scale"
        return swatch(self.palette, "effect 0 (says the same) ", high)


def place(trace: Trace, found: Patched, row: int) -> str:
    """`2 cats/cat`: a row, with what the other reading has there."""
    own, other = trace.tokens[row], found.question.tokens[row]
    return label(row, trace.tokens) + (f"/{other}" if other != own else "")


def both_texts(palette: Palette, trace: Trace, found: Patched, rows: int, width: int) -> Text:
    """Both readings up to the row that answers, with what they answer and where they differ."""
    changed = set(found.question.changed(trace.tokens))
    text = Text(no_wrap=True)
    for name, tokens, bits in (
        ("this ", trace.tokens, found.own),
        ("other", list(found.question.tokens), found.theirs),
    ):
        if text:
            text.append("\n")
        text.append(f"{name} {bits:+7.2f} bits  ", palette.style("muted"))
        line = Text(no_wrap=True)
        for row, token in enumerate(tokens[:rows]):
            differs = row in changed
            words = f"[{token}] " if differs else f"{token} "
            line.append(words, palette.style("word" if differs else "muted"))
        line.truncate(max(1, width - 20), overflow="ellipsis")
        text.append_text(line)
    return text


def readout(trace: Trace, found: Patched, layer: int, row: int) -> Text:
    """The number of one state."""
    effect, bits = (float(array[layer, row]) for array in (found.effect, found.bits))
    text = f"layer {layer} at {trace.tokens[row]!r}({row}): effect {effect:.4f}"
    change = f"{bits:+.2f} of {found.theirs - found.own:+.2f} bits"
    return Text(f"{text}, {change}", no_wrap=True)


def carriers(palette: Palette, trace: Trace, found: Patched, rows: int, width: int) -> Text:
    """Which row carries most of the answer in each layer; or that all or none of them does."""
    if (found.own > 0) == (found.theirs > 0):
        best = found.word if found.own > 0 else found.instead
        words = f"both readings prefer {best!r}: press o for two that differ"
        return Text(words, palette.style("bad"), no_wrap=True)
    parts = []
    for layer, effect in enumerate(found.effect[:, :rows]):
        row = found.carrier(layer)
        said = f"{label(row, trace.tokens)} {effect[row]:.2f}"
        if effect.max() < NOTHING:
            said = "none"
        elif rows > 1 and effect.min() >= effect.max() - SAME:
            low, high = (f"{value:.2f}" for value in (effect.min(), effect.max()))
            said = f"every row alike, {low if low == high else f'{low} to {high}'}"
        elif row < rows - 1 and effect[row:].min() >= effect.max() - SAME:
            said = f"each row from {said}"
        parts.append(f"layer {layer}: {said}")
    words = f"carried most by  {' · '.join(parts)}"
    return Text(clip(words, width, palette.glyph("…", "~")), no_wrap=True)
