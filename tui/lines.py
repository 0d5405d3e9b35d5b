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
        strip = Strip(left).adjust_cell_length(width - aside, blank)
        if not aside:
            return strip.simplify()
        end = [self._segment(text, kind) for text, kind in self.right]
        return Strip([*strip, *end]).simplify()

    def _segment(self, text: str, kind: str) -> Segment:
        if self.palette.ascii:
            text = plain(text)
        return self.palette.text(text, kind, self.on)


Parts = list[tuple[str, str]]


def headline(session: Session, beat: str = "") -> tuple[Parts, Parts]:
    """What is played: title and models; and row, speed, what loops and breaks."""
    names = " + ".join(lane.label for lane in session.lanes)
    only = session.lanes[0] if len(session.lanes) == 1 else None
    if only is not None:
        names = " · ".join(part for part in (names, only.note, only.cut) if part)
    row = f"row {session.cursor + 1:>{len(str(session.rows))}}/{session.rows}"
    play = f"▶ {session.speed:g}/s" if session.playing else "paused"
    left = [(" peephole ", "accent"), (f" {session.title}", "text"), (f" · {names}", "muted")]
    if beat:
        left.insert(2, (f" · {beat}", "primary"))
    right = [(f" {row} ", "text"), (f"· {play} ", "accent" if session.playing else "muted")]
    if session.loop:
        right.append(("· loop ", "accent"))
    if session.breaks:
        also = f" +{len(session.breaks) - 1}" if len(session.breaks) > 1 else ""
        right.append((f"· break {session.breaks[0]}{also} ", "accent"))
    return left, right
