"""Frames as pixels: every row that is ever shown is drawn once, and frames are put together of them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from engine.errors import PeepholeError
from tui.record.frame import Frame, Ink, Row, Run
from tui.record.glyphs import HIGH, WIDE
from tui.record.svg import MARGIN, ground, still

if TYPE_CHECKING:
    from PIL.Image import Image

SHEET = 24  # rows drawn in one go: its fonts are looked for each time


def images(frames: Sequence[Frame], zoom: int, told: Callable[[int], object]) -> Iterator[Image]:
    """A picture of each frame, `zoom` times as large as its SVG; `told` hears of rows that are drawn.

    Raises:
        PeepholeError: there is no font on this machine.
    """
    from PIL import Image as images

    see_font()
    size = (frames[0].columns * WIDE + 2 * MARGIN, len(frames[0].rows) * HIGH + 2 * MARGIN)
    back = f"#{ground(frames[-1])}"
    drawn = rows(distinct(frames), zoom, told)
    for frame in frames:
        picture = images.new("RGB", (size[0] * zoom, size[1] * zoom), back)
        for y, row in enumerate(frame.rows):
            picture.paste(drawn[row], (MARGIN * zoom, (MARGIN + y * HIGH) * zoom))
        yield picture


def distinct(frames: Sequence[Frame]) -> list[Row]:
    """Every row of the frames once, in the order in which they come."""
    return list(dict.fromkeys(row for frame in frames for row in frame.rows))


def rows(wanted: Sequence[Row], zoom: int, told: Callable[[int], object]) -> dict[Row, Image]:
    """A picture of each row."""
    found: dict[Row, Image] = {}
    for begin in range(0, len(wanted), SHEET):
        sheet = tuple(wanted[begin : begin + SHEET])
        whole = draw(still(Frame(sheet, 1, 1, "", 0), ""), zoom)
        left, right = MARGIN * zoom, whole.width - MARGIN * zoom
        for y, row in enumerate(sheet):
            top = (MARGIN + y * HIGH) * zoom
            found[row] = whole.crop((left, top, right, top + HIGH * zoom))
        told(len(sheet))
    return found


def draw(svg: str, zoom: int) -> Image:
    """An SVG as pixels."""
    import resvg_py
    from PIL import Image as images

    png = resvg_py.svg_to_bytes(svg_string=svg, zoom=zoom)
    return images.open(io.BytesIO(bytes(png))).convert("RGB")


def see_font() -> None:
    """See that there is a font to write with.

    Raises:
        PeepholeError: there is none.
    """
    row = (Run("M", Ink("ffffff", "000000"), 1),)
    letter = draw(still(Frame((row,), 1, 1, "", 0), ""), 1)
    inside = letter.crop((MARGIN, MARGIN, MARGIN + WIDE, MARGIN + HIGH))
    if len(inside.getcolors() or []) < 2:
        raise PeepholeError(
            "there is no font on this machine to draw letters with",
            do="Install one, e.g. DejaVu Sans Mono",
        )
