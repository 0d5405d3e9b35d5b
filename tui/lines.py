"""The two lines of text around the score: what is played above it, the exact number below it."""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from tui.palette import Palette
from tui.session import Session
from tui.views.plain import plain


class Line(Widget):
    """One line that is drawn again only where its parts differ from what is drawn.

    Attributes:
        parts: (text, colour) pairs; `right` those at the right end.
    """

    DEFAULT_CSS = "Line { height: 1; width: 1fr; }"

    def __init__(self, palette: Palette, on: str = "surface", id: str | None = None) -> None:
        super().__init__(id=id)
        self.palette, self.on = palette, on
        self.parts: list[tuple[str, str]] = []
        self.right: list[tuple[str, str]] = []

    def say(self, *parts: tuple[str, str], right: list[tuple[str, str]] | None = None) -> None:
        """Show other parts."""
        new, aside = list(parts), right or []
        if (new, aside) != (self.parts, self.right):
            self.parts, self.right = new, aside
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        aside = sum(cell_len(text) for text, _ in self.right)
        if sum(cell_len(text) for text, _ in self.parts) + aside > width:
            aside = 0  # what is on the left is worth more
        left = [self._segment(text, kind) for text, kind in self.parts]
        blank = self.palette.style("text", self.on)
        strip = Strip(left)
        if strip.cell_length > width:
            strip = Strip(
                [
                    *strip.crop(0, width - 1),
                    self.palette.text(self.palette.glyph("…", "~"), "muted", self.on),
                ]
            )
        strip = strip.adjust_cell_length(width - aside, blank)
        if not aside:
            return strip.simplify()
        end = [self._segment(text, kind) for text, kind in self.right]
        return Strip([*strip, *end]).simplify()

    def _segment(self, text: str, kind: str) -> Segment:
        if self.palette.ascii:
            text = plain(text)
        return self.palette.text(text, kind, self.on)


Parts = list[tuple[str, str]]


def headline(
    session: Session, beat: str = "", width: int = 10_000, lead: Parts | None = None
) -> tuple[Parts, Parts]:
    """What is played: title and models; and row, speed, what loops and breaks.

    Rows are numbered from 0, as everywhere. What does not fit into `width` columns is said shorter, but
    never the `lead`: who presents, in place of the app's name.
    """
    last = session.rows - 1
    row = f"row {session.cursor:>{len(str(last))}} of {last}"
    play = f"▶ {session.speed:g}/s" if session.playing else "paused"
    right = [(f" {row} ", "text"), (f"· {play} ", "accent" if session.playing else "muted")]
    if session.counted:
        right.insert(1, (f"· {_ticks(session)} ", "accent"))
    if session.loop:
        right.append(("· loop ", "accent"))
    if session.breaks:
        also = f" +{len(session.breaks) - 1}" if len(session.breaks) > 1 else ""
        right.append((f"· break {session.breaks[0]}{also} ", "accent"))
    pause = (f"· {play} ", "muted")
    if pause in right and cells(right) > width // 2:
        right.remove(pause)  # that it is paused can be seen
    least = 2 if session.counted else 1  # the steps are what such a reading is about
    while len(right) > least and cells(right) > width // 2:
        right.pop()  # no half of a word, and no dot with nothing behind it
    lefts = _lefts(session, beat, lead or [(" peephole ", "accent")])
    if lead:
        lefts += [[*lead, (f" {beat}", "primary")], lead]
    elif beat:
        lefts += [lefts[-1][1:], [(f" {beat}", "primary")]]  # no part of a number, ever
    fits = (left for left in lefts if cells(left) + cells(right) <= width)
    return next(fits, lefts[-1]), right


def _ticks(session: Session) -> str:
    """The sequential steps: how many were taken, and how many each lane takes in all."""
    totals = [lane.pace.total for lane in session.lanes]
    if len(totals) == 1:
        return f"tick {session.clock} of {totals[0]}"
    return f"tick {session.clock} · steps {' | '.join(map(str, totals))}"


def _lefts(session: Session, beat: str, app: Parts) -> list[Parts]:
    """What is played, the longest form first."""
    lanes = session.lanes
    full = " + ".join(lane.label for lane in lanes) if len(lanes) > 1 else lanes[0].name
    short = f"{len(lanes)} lanes" if len(lanes) > 1 else lanes[0].name
    modes = [lane.mode for lane in lanes]
    said = [f" · {mode}" for mode in modes[0]] if len(set(modes)) == 1 else []
    if said and session.right and any(lane.written not in ((), session.right) for lane in lanes):
        said = [f"{said[0]} · right: {' '.join(session.right)}", *said]
    number: Parts = [(f" · {beat}", "primary")] if beat else []
    title: Parts = [(f" {session.title}", "text"), *number]
    alone: Parts = [(f" {beat}", "primary")] if beat else []
    return [
        *([*app, *title, (f" · {full}", "muted"), (mode, "accent")] for mode in said),
        *([*app, *title, (f" · {short}", "muted"), (mode, "accent")] for mode in said[-1:]),
        *([*app, *alone, (f" {short}", "muted"), (mode, "accent")] for mode in said if not beat),
        [*app, *title, (f" · {full}", "muted")],
        [*app, *title, (f" · {short}", "muted")],
        [*app, *alone, (f" · {short}" if beat else f" {short}", "muted")],
    ]


def cells(parts: Parts) -> int:
    """How many columns they take."""
    return sum(cell_len(text) for text, _ in parts)
