"""Numbers as glyphs and colours: the only place that knows how a value looks.

A palette has three forms, so that colour is never alone:

- `full`: colour carries sign and size, and two units share a cell (▌ has one as its foreground, the
  other as its background). Where a unit has a cell of its own its sign is written in it as well.
- `few` (16 colours) and `none` (NO_COLOR): a glyph a unit carries sign and size: ▼ ▾ ▿ · ▵ ▴ ▲ and ·░▒▓█.
- `ascii` (with any of them): % = - . + * # and . : o O @

Values are quantised to few levels and every level's Style is made once: fresh styles a cell are slow.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from rich.segment import Segment
from rich.style import Style

from tui.themes import DARK, MAPS, Look

Colours = Literal["full", "few", "none"]
STEPS = 5  # levels on each side of zero; 0..1 values have 2 * STEPS + 1 levels: tenths
SIGNED = ("▼", "▾", "▿", "·", "▵", "▴", "▲")
SIGNED_ASCII = ("%", "=", "-", ".", "+", "*", "#")
UNIT = ("·", "░", "▒", "▓", "█")
UNIT_ASCII = (".", ":", "o", "O", "@")
HALF, FULL = "▌", "█"


@dataclass(frozen=True)
class Palette:
    """How numbers look: a theme's colours, how many colours there are, and whether only ASCII."""

    look: Look = DARK
    colours: Colours = "full"
    ascii: bool = False

    @property
    def dense(self) -> bool:
        """Whether two units fit into a cell."""
        return self.colours == "full" and not self.ascii

    @property
    def per_cell(self) -> int:
        """How many units of a heatmap share a cell, 1 or 2."""
        return 2 if self.dense else 1

    # Levels -----------------------------------------------------------------------------------

    @staticmethod
    def signed_level(value: float, scale: float) -> int:
        """-STEPS..STEPS; only 0 itself and what is nearer to 0 than to a step is 0."""
        if value != value:
            return 0
        return max(-STEPS, min(STEPS, round(value / scale * STEPS))) if scale else 0

    @staticmethod
    def unit_level(value: float) -> int:
        """-STEPS..STEPS for 0..1, so that both kinds of map share their code."""
        if value != value:
            return -STEPS
        return max(-STEPS, min(STEPS, round((value - 0.5) * 2 * STEPS)))

    # Cells ------------------------------------------------------------------------------------

    def signed(self, value: float, scale: float) -> Segment:
        """One cell for one signed value; ±`scale` and beyond is the strongest."""
        return self._single[True][self.signed_level(value, scale) + STEPS]

    def unit(self, value: float) -> Segment:
        """One cell for one value within 0..1."""
        return self._single[False][self.unit_level(value) + STEPS]

    def cells(self, values: Iterable[float], scale: float | None = None) -> list[Segment]:
        """A row of a heatmap: signed within ±`scale`, or within 0..1 where there is no scale.

        Two values a cell in the dense form (`per_cell`), else one; an odd last one fills a cell.
        """
        if scale is None:
            levels = [self.unit_level(v) + STEPS for v in values]
        else:
            levels = [self.signed_level(v, scale) + STEPS for v in values]
        signed = scale is not None
        if not self.dense:
            single = self._single[signed]
            return [single[level] for level in levels]
        if len(levels) % 2:
            levels.append(levels[-1])
        pairs, size = self._pairs[signed], 2 * STEPS + 1
        return [pairs[a * size + b] for a, b in zip(levels[::2], levels[1::2], strict=True)]

    def blocks(
        self, values: Iterable[float], scale: float | None, wide: int, below: bool = False
    ) -> list[Segment]:
        """A row of a heatmap of which each value has `wide` columns; `below` is its second line."""
        signed = scale is not None
        key = (signed, wide, below)
        if key not in self._blocks:
            self._blocks[key] = [self._wide(one, wide, below) for one in self._single[signed]]
        block = self._blocks[key]
        if scale is None:
            return [block[self.unit_level(v) + STEPS] for v in values]
        return [block[self.signed_level(v, scale) + STEPS] for v in values]

    def _wide(self, one: Segment, wide: int, below: bool) -> Segment:
        """A cell made wider: a glyph that is all of a value again and again, the sign of a colour once."""
        if self.colours != "full" or self.ascii:
            return Segment(one.text * wide, one.style)
        return Segment((" " if below else one.text).ljust(wide), one.style)

    def swatch(self, signed: bool, width: int = 7) -> list[Segment]:
        """The scale from its lowest to its highest value, for a legend."""
        single = self._single[signed]
        return [single[round(i * 2 * STEPS / (width - 1))] for i in range(width)]

    def bar(
        self, halves: int, width: int, kind: str = "bar", on: str = "background"
    ) -> list[Segment]:
        """A bar of so many half cells in `width` cells, padded with blanks."""
        halves = max(0, min(2 * width, halves))
        if self.ascii:
            text = "=" * (halves // 2) + "-" * (halves % 2)
        else:
            text = FULL * (halves // 2) + HALF * (halves % 2)
        return [Segment(text.ljust(width), self.style(kind, on))]

    def text(self, text: str, kind: str = "text", on: str = "background") -> Segment:
        """Words in one of the colours of the look."""
        return Segment(text, self.style(kind, on))

    def style(self, kind: str = "text", on: str = "background") -> Style:
        """The Style of a colour of the look on another; made once."""
        key = (kind, on)
        if key not in self._styles:
            self._styles[key] = Style(
                color=getattr(self.look, kind), bgcolor=getattr(self.look, on)
            )
        return self._styles[key]

    def glyph(self, unicode: str, plain: str) -> str:
        """A symbol, or what stands for it where only ASCII can be shown."""
        return plain if self.ascii else unicode

    # Made once --------------------------------------------------------------------------------

    @cached_property
    def _styles(self) -> dict[tuple[str, str], Style]:
        return {}

    @cached_property
    def _blocks(self) -> dict[tuple[bool, int, bool], list[Segment]]:
        return {}

    def _colours(self, signed: bool) -> list[str]:
        """One colour a level, 2 * STEPS + 1 of them, evenly along the map."""
        anchors = MAPS[self.look.signed if signed else self.look.unit].split()
        last = len(anchors) - 1
        return [_between(anchors, i * last / (2 * STEPS)) for i in range(2 * STEPS + 1)]

    @cached_property
    def _pairs(self) -> dict[bool, list[Segment]]:
        """All pairs of levels as half blocks, by whether the values have a sign."""
        return {
            signed: [
                Segment(" ", Style(bgcolor=left))  # half as many bytes
                if left == right
                else Segment(HALF, Style(color=left, bgcolor=right))
                for left in self._colours(signed)
                for right in self._colours(signed)
            ]
            for signed in (True, False)
        }

    @cached_property
    def _single(self) -> dict[bool, list[Segment]]:
        """One Segment a level."""
        glyphs = (SIGNED_ASCII, UNIT_ASCII) if self.ascii else (SIGNED, UNIT)
        return {
            True: [self._one(level, glyphs[0], True) for level in range(-STEPS, STEPS + 1)],
            False: [self._one(level, glyphs[1], False) for level in range(-STEPS, STEPS + 1)],
        }

    def _one(self, level: int, glyphs: Sequence[str], signed: bool) -> Segment:
        half = len(glyphs) // 2
        # away from zero: a value that is not zero shows its sign, however small its level
        step = math.ceil(abs(level) / STEPS * half) if signed else round(abs(level) / STEPS * half)
        glyph = glyphs[half + (step if level > 0 else -step)]
        if self.colours == "full":
            colour = self._colours(signed)[level + STEPS]
            if not self.ascii and not signed:
                return Segment(" ", Style(color=_ink(colour), bgcolor=colour))
            if not self.ascii:
                glyph = " " if level == 0 else "+" if level > 0 else "−"
            return Segment(glyph, Style(color=_ink(colour), bgcolor=colour))
        if self.colours == "none":
            return Segment(glyph, self.style("text" if level else "muted"))
        few = "yellow" if level > 0 else "bright_blue" if level < 0 else "bright_black"
        colour = few if signed else "cyan"
        return Segment(glyph, Style(color=colour, bgcolor=self.look.background))


def _between(anchors: Sequence[str], at: float) -> str:
    """The colour at a place between two anchors."""
    low = min(int(at), len(anchors) - 2)
    pairs = zip(bytes.fromhex(anchors[low]), bytes.fromhex(anchors[low + 1]), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * (at - low)):02x}" for a, b in pairs)


def _ink(colour: str) -> str:
    """A colour that can just be read on another: the same hue, darker or lighter."""
    r, g, b = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    toward = 0 if 0.2126 * r + 0.7152 * g + 0.0722 * b > 110 else 255
    return "#" + "".join(f"{round(v * 0.45 + toward * 0.55):02x}" for v in (r, g, b))
