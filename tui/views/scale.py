"""From a number to a cell of a map: its colour, its shade where there is no colour, and its digits."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from tui.palette import Palette
from tui.scales import short

TOP = 16  # levels 0..TOP, as many as a palette has for 0..1
BLANK = -1  # the level of a cell where nothing can be
ADDS_UP = " · each row adds up to 1"
DECADES = 6  # how many powers of ten a gradient map tells apart


def swatch(palette: Palette, low: str, high: str, signed: bool = False) -> Text:
    """A legend: all colours from the lowest to the highest, between what they stand for."""
    text = Text(low, no_wrap=True)
    for segment in palette.swatch(signed, 9):
        text.append(segment.text, segment.style)
    text.append(high)
    return text


class Scale:
    """A scale for shares, 0 to 1: their square root, because the most are far below a half.

    Subclasses change `fraction`, `digits` and `legend`.
    """

    corner = "looks at"
    wide = 4  # columns that a cell needs to show its digits

    def __init__(self, palette: Palette) -> None:
        self.palette = palette
        self.plain = not palette.dense
        self.quiet = Style(color=palette.look.muted)  # labels
        self.loud = Style(color=palette.look.text, bold=True)  # those of the cursor
        self.mark = palette.glyph("▶", ">")
        self.ellipsis = palette.glyph("…", "~")
        self.leader = palette.glyph("│", "|")

    def fraction(self, values: np.ndarray) -> np.ndarray:
        """Where values stand on the scale, 0 to 1."""
        return np.sqrt(values)

    def digits(self, value: float, width: int) -> str:
        """The value in at most three characters: `.43`, or a dot where it rounds to nothing."""
        if value < 0.005:
            return self.palette.glyph("·", ".") if value > 0 else "0"
        return short(value)

    def legend(self) -> Text:
        """The scale in one line: name, unit, range, and what a blank means."""
        return swatch(self.palette, "weight 0 ", f" 1, √ scale (¼ in the middle){ADDS_UP}")

    def levels(self, values: np.ndarray) -> np.ndarray:
        """Levels 0..TOP of an array of values, integers of the same shape."""
        return np.clip(np.rint(self.fraction(values) * TOP), 0, TOP).astype(int)

    def cell(self, value: float, width: int, digits: bool = True) -> tuple[str, Style]:
        """Text of `width` columns and its style: `digits` where they fit, else a shade."""
        segment = self.palette.unit(float(self.fraction(np.array(value))))
        style = segment.style or Style()
        if digits and width >= self.wide:
            return f"{self.digits(value, width):^{width}}", _readable(self.palette, style)
        return segment.text * width, style

    def marked(self, text: str, style: Style) -> tuple[str, Style]:
        """A cell with the mark of the largest in front of its digits."""
        said = self.palette.glyph("◆", "*") + text.strip()
        fits = said if len(said) <= len(text) else said[: len(text)]
        return f"{fits:^{len(text)}}", _readable(self.palette, style)

    def chosen(self, style: Style) -> Style:
        """How the cell under the cursor looks: as it is, so that it can be compared, and in bold ink."""
        if self.palette.colours != "full":
            return style + Style(bold=True, reverse=True)
        return _readable(self.palette, style) + Style(bold=True)

    def single(self, level: int) -> Segment:
        """One cell of a small map."""
        return Segment(" ") if level == BLANK else self.palette.unit(level / TOP)

    def pair(self, upper: int, lower: int) -> Segment:
        """Two cells of a small map, one above the other, as half blocks."""
        return _pair(self.palette, upper, lower)


class DecadeScale(Scale):
    """A log10 scale over the six powers of ten below the largest value of a map."""

    corner = "loss by"

    def __init__(self, palette: Palette, largest: float, unit: str) -> None:
        super().__init__(palette)
        self.unit = unit
        self.largest = largest if largest > 0 else 1.0
        self.bottom = math.log10(self.largest) - DECADES

    def fraction(self, values: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore"):
            return np.clip((np.log10(values) - self.bottom) / DECADES, 0.0, 1.0)

    def digits(self, value: float, width: int) -> str:
        """log10 of the value, `-2.3`, or `-2` in a narrow cell; 0 itself has none, and is a dot."""
        if not value > 0:
            return self.palette.glyph("·", ".")
        power = math.log10(value)
        text = f"{power:.1f}" if width > 4 and power > -9.95 else f"{power:.0f}"
        return text.lstrip("-") if float(text) == 0 else text

    def legend(self) -> Text:
        low = f"{self.unit}: ≤{self.largest / 10**DECADES:.0e} "
        high = f" {self.largest:.3g}; colour and digits are log10, a dot is 0"
        return swatch(self.palette, low, high)


@lru_cache(maxsize=1024)
def _pair(palette: Palette, upper: int, lower: int) -> Segment:
    colours = [
        None if level == BLANK else (palette.unit(level / TOP).style or Style()).bgcolor
        for level in (upper, lower)
    ]
    if upper == lower == BLANK:
        return Segment(" ")
    if upper == BLANK:
        return Segment("▄", Style(color=colours[1]))
    return Segment("▀", Style(color=colours[0], bgcolor=colours[1]))


@lru_cache(maxsize=256)
def _readable(palette: Palette, style: Style) -> Style:
    """The style with ink that can be read on its background (digits matter more than shade)."""
    if palette.colours != "full" or style.bgcolor is None or style.bgcolor.triplet is None:
        return style
    r, g, b = style.bgcolor.triplet
    dark = 0.2126 * r + 0.7152 * g + 0.0722 * b < 115
    return Style(color="#ffffff" if dark else "#000000", bgcolor=style.bgcolor)
