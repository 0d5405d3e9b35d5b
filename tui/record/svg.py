"""A frame as a picture: SVG that needs no font of its own, loads nothing, and is the same bytes every time.

What is not a letter is drawn as a shape, one path a colour. Letters are text of a fixed length, so that they
stand on their cells whatever font a viewer has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from rich.cells import cell_len

from tui.record.frame import Frame, Ink, Row
from tui.record.glyphs import HIGH, WIDE, shape

MARGIN = 10
FONT = "ui-monospace,'SF Mono',Menlo,'DejaVu Sans Mono','Liberation Mono',Consolas,monospace"
Cell = tuple[str, Ink]  # what stands in it
Cells = Mapping[tuple[int, int], Cell]  # by (line, column) of its left end
Letters = tuple[str, bool, bool, bool, bool]  # what makes letters look alike: all but the ground


def still(frame: Frame, title: str) -> str:
    """One frame."""
    styles = Styles()
    drawn = Layer(cells(frame.rows), ground(frame)).svg(styles)
    return page(frame, title, styles.css(), drawn)


def page(frame: Frame, title: str, css: str, drawn: str) -> str:
    """The picture around what is drawn: its size, its ground and its title."""
    width, height = frame.columns * WIDE + 2 * MARGIN, len(frame.rows) * HIGH + 2 * MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="{height}" '
        f'viewBox="{-MARGIN} {-MARGIN} {width} {height}" xml:space="preserve">'
        f"<title>{escaped(title)}</title><style>"
        f"text{{font:{WIDE / 0.6:.3f}px {FONT};white-space:pre}}path{{shape-rendering:crispEdges}}"
        f".p{{shape-rendering:auto;fill-rule:evenodd}}{css}</style>"
        f'<rect x="{-MARGIN + 0.5}" y="{-MARGIN + 0.5}" width="{width - 1}" height="{height - 1}" '
        f'rx="8" fill="#{ground(frame)}" stroke="#80808080"/>{drawn}</svg>\n'
    )


def ground(frame: Frame) -> str:
    """The colour that the most rows of a frame have in them; a map may cover more, but not its labels."""
    rows: dict[str, int] = {}
    wide: dict[str, int] = {}
    for row in frame.rows:
        for colour in {run.ink.bg for run in row}:
            rows[colour] = rows.get(colour, 0) + 1
        for run in row:
            wide[run.ink.bg] = wide.get(run.ink.bg, 0) + run.width
    return max(wide, key=lambda colour: (rows[colour], wide[colour]))


def cells(rows: Iterable[Row]) -> dict[tuple[int, int], Cell]:
    """What stands in every cell; a letter that takes two stands in the left one."""
    found: dict[tuple[int, int], Cell] = {}
    for y, row in enumerate(rows):
        x = 0
        for run in row:
            at = None
            for char in run.text:
                wide = cell_len(char)
                if not wide and at is not None:  # an accent belongs to the letter before it
                    found[at] = (found[at][0] + char, run.ink)
                    continue
                at = (y, x)
                found[at] = (char, run.ink)
                x += wide
    return found


@dataclass
class Styles:
    """The looks of letters in a picture, each with a short name, in the order of their use."""

    names: dict[Letters, str] = field(default_factory=dict)

    def name(self, letters: Letters) -> str:
        return self.names.setdefault(letters, f"t{len(self.names)}")

    def css(self) -> str:
        return "".join(f".{name}{{{_css(letters)}}}" for letters, name in self.names.items())


class Layer:
    """Some cells of a frame, drawn together."""

    def __init__(self, found: Cells, ground: str) -> None:
        self.grounds: dict[str, list[str]] = {}  # by colour
        self.shapes: dict[str, list[str]] = {}
        self.paths: dict[str, list[str]] = {}
        self.words: dict[Letters, list[str]] = {}
        self._grounds(found, ground)
        self._shapes(found)
        for y, x, said, wide, letters in _words(found):
            length = f' textLength="{wide * WIDE}"' if wide > 1 else ""
            place = f'x="{x * WIDE}" y="{y * HIGH + 12}"'
            self.words.setdefault(letters, []).append(f"<text {place}{length}>{said}</text>")

    def svg(self, styles: Styles) -> str:
        """Grounds first, shapes on them, letters above all."""
        solid = [*self.grounds.items(), *self.shapes.items()]
        parts = [f'<path fill="#{c}" d="{"".join(d)}"/>' for c, d in solid]
        parts += [f'<path class="p" fill="#{c}" d="{"".join(d)}"/>' for c, d in self.paths.items()]
        for letters, words in self.words.items():
            parts.append(f'<g class="{styles.name(letters)}">{"".join(words)}</g>')
        return "\n".join(parts)

    def _grounds(self, found: Cells, ground: str) -> None:
        """Rectangles as wide as cells side by side have the same colour."""
        begin: tuple[int, int, str] | None = None
        end = 0
        for (y, x), (char, ink) in [*found.items(), ((-1, 0), (" ", Ink("", "")))]:
            colour = ink.fg if char == "█" else ink.bg
            if begin is not None and (y, x, colour) != (begin[0], end, begin[2]):
                if begin[2] != ground:
                    place = (begin[1] * WIDE, begin[0] * HIGH, (end - begin[1]) * WIDE, HIGH)
                    self.grounds.setdefault(begin[2], []).append(rect(*place))
                begin = None
            if begin is None:
                begin = (y, x, colour)
            end = x + cell_len(char)

    def _shapes(self, found: Cells) -> None:
        for (y, x), (char, ink) in found.items():
            drawn = shape(char) if char not in (" ", "█") else None
            if drawn is None:
                continue
            rects, path, share = drawn
            colour = ink.fg if share == 1 else mixed(ink.fg, ink.bg, share)
            for left, top, wide, high in rects:
                drawn_at = (x * WIDE + left, y * HIGH + top, wide, high)
                self.shapes.setdefault(colour, []).append(rect(*drawn_at))
            if path:
                self.paths.setdefault(colour, []).append(moved(path, x * WIDE, y * HIGH))


def rect(x: float, y: float, wide: float, high: float) -> str:
    """A rectangle as a path."""
    return f"M{x:g} {y:g}h{wide:g}v{high:g}h{-wide:g}z"


def _words(found: Cells) -> Iterator[tuple[int, int, str, int, Letters]]:
    """(line, column, text, cells, look) of letters side by side; one blank between words keeps them."""
    begin: tuple[int, int] | None = None
    said, end, look = "", 0, None
    for (y, x), (char, ink) in [*found.items(), ((-1, 0), ("x", Ink("", "")))]:
        letters = (ink.fg, ink.bold, ink.italic, ink.underline, ink.strike)
        blank = not char.strip() and not ink.underline and not ink.strike
        drawn = shape(char) is not None
        if begin is not None:
            gap = x - end
            here = y == begin[0] and gap <= 1 and letters == look and not drawn
            if here and not blank:
                said += " " * gap + char
                end = x + cell_len(char)
                continue
            if here and gap == 0:
                continue
            assert look is not None
            yield (*begin, escaped(said), end - begin[1], look)
            begin = None
        if not blank and not drawn:
            begin, said, end, look = (y, x), char, x + cell_len(char), letters


def moved(path: str, x: float, y: float) -> str:
    """A path with its moves, which are absolute, elsewhere; all else in it is relative."""
    moves = []
    for part in path.split("M")[1:]:
        place, rest = _point(part)
        moves.append(f"M{place[0] + x:g} {place[1] + y:g}{rest}")
    return "".join(moves)


def _point(part: str) -> tuple[tuple[float, float], str]:
    """The point at the beginning of a piece of a path, and what follows it."""
    cut = next(i for i, char in enumerate(part) if char.isalpha())
    left, top = part[:cut].split()
    return (float(left), float(top)), part[cut:]


def mixed(one: str, other: str, share: float) -> str:
    """A colour between two, as `rrggbb`."""
    pairs = zip(bytes.fromhex(one), bytes.fromhex(other), strict=True)
    return "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _css(letters: Letters) -> str:
    colour, bold, italic, underline, strike = letters
    lines = " ".join(
        name for on, name in ((underline, "underline"), (strike, "line-through")) if on
    )
    parts = [f"fill:#{colour}"]
    parts += ["font-weight:bold"] * bold + ["font-style:italic"] * italic
    parts += [f"text-decoration:{lines}"] if lines else []
    return ";".join(parts)
