"""A frame: what the terminal shows at one moment, as rows of runs of text in one style."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from rich.cells import cell_len
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.screen import Screen


@dataclass(frozen=True)
class Ink:
    """How a run looks: colours as `rrggbb`, and what a terminal can do to letters."""

    fg: str
    bg: str
    bold: bool = False
    italic: bool = False
    underline: bool = False
    strike: bool = False


@dataclass(frozen=True)
class Run:
    """Text of one look; `width` is how many cells it takes."""

    text: str
    ink: Ink
    width: int


Row = tuple[Run, ...]


@dataclass(frozen=True)
class Frame:
    """One picture of a film.

    Attributes:
        rows: from the top, each as wide as the terminal.
        beat: the number of the beat, from 1; beats: how many there are.
        title: of the beat.
        tick: sequential steps that were taken.
        said: what the narrator says.
        still: whether the screen rests here to be read; else a row after it follows at once.
        asks: whether a question is open, for the audience to guess.
        hold: seconds that it is shown.
    """

    rows: tuple[Row, ...]
    beat: int
    beats: int
    title: str
    tick: int
    said: str = ""
    still: bool = False
    asks: bool = False
    hold: float = 0.0

    @property
    def columns(self) -> int:
        return sum(run.width for run in self.rows[0])


def rows_of(screen: Screen, fg: str, bg: str) -> tuple[Row, ...]:
    """What a screen shows now; `fg` and `bg` are the colours of what has none, as `rrggbb`."""
    return tuple(_row(strip, fg, bg) for strip in screen._compositor.render_strips())


def _row(segments: Iterable[Segment], fg: str, bg: str) -> Row:
    """Segments as runs, those of one look as one; blanks take the look of what is before them."""
    runs: list[tuple[str, Ink]] = []
    for text, style, _ in segments:
        ink = _ink(style, fg, bg)
        if runs and not text.strip() and not ink.underline and not ink.strike:
            before = runs[-1][1]  # a blank has no letters: only where it stands is seen
            if before.bg == ink.bg and not before.underline and not before.strike:
                ink = before
        if runs and runs[-1][1] == ink:
            runs[-1] = (runs[-1][0] + text, ink)
        elif text:
            runs.append((text, ink))
    return tuple(Run(text, ink, cell_len(text)) for text, ink in runs)


@lru_cache(maxsize=4096)
def _ink(style: Style | None, fg: str, bg: str) -> Ink:
    style = style or Style.null()
    front, back = _hex(style.color, fg), _hex(style.bgcolor, bg)
    if style.reverse:
        front, back = back, front
    return Ink(
        front,
        back,
        bool(style.bold),
        bool(style.italic),
        bool(style.underline),
        bool(style.strike),
    )


def _hex(colour: Color | None, other: str) -> str:
    return other if colour is None or colour.is_default else colour.get_truecolor().hex[1:]
