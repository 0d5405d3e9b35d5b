"""What every track is: one quantity of one lane, a row a token, drawn line by line.

A track is told that rows were read, that the cursor moved or that everything changed, and refreshes just
the lines that look different. What it draws of a row must cost the same for every row of every length of
trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from rich.segment import Segment
from textual.events import Click
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui import crossing
from tui.lane import Lane
from tui.palette import FULL, HALF, Palette
from tui.session import Session
from tui.tracks.stage import Stage
from tui.views.plain import plain


class Track(Widget, can_focus=True):
    """One track. Subclasses give `title`, `scale`, `cells` and `reading`.

    Attributes:
        NAME: for menus; HELP: what `?` says: what it shows, in which unit, on which scale, from where.
        COMPARED: whether lanes side by side give it the same width, so that its bars can be compared.
        MARKED: whether its cursor row is marked (it must be cheap to draw again).
        RAISED: whether it is given room before others while its value is held.
        claims: (rank, width) pairs: how much width it asks for, and how urgently (low is urgent).
    """

    NAME: ClassVar[str] = ""
    HELP: ClassVar[str] = ""
    COMPARED: ClassVar[bool] = False
    MARKED: ClassVar[bool] = False
    RAISED: ClassVar[bool] = True
    DEFAULT_CSS = "Track { height: 1fr; width: 10; }"

    class Clicked(Message):
        """A row, and the column of the track in it, were clicked."""

        def __init__(self, track: Track, row: int, column: int) -> None:
            super().__init__()
            self.track, self.row, self.column = track, row, column

    class Needs(Message):
        """What is in sight is not known yet: do this beside the interface, then tell the tracks."""

        def __init__(self, track: Track, work: Callable[[], None]) -> None:
            super().__init__()
            self.track, self.work = track, work

    def __init__(self, stage: Stage, lane: Lane) -> None:
        super().__init__()
        self.stage, self.lane = stage, lane
        self.at = 0  # its first column within its lane, for the lane's name above the tracks
        self.ends = False  # whether another lane begins to its right
        self.room = 0  # columns of its lane

    # What a subclass says ---------------------------------------------------------------------

    @property
    def called(self) -> str:
        """What it is called in menus."""
        return self.NAME

    def about(self) -> str:
        """What `?` says."""
        return self.HELP

    @property
    def claims(self) -> tuple[tuple[float, int], ...]:
        raise NotImplementedError

    def title(self, width: int) -> str:
        """The first line."""
        raise NotImplementedError

    def scale(self, width: int) -> list[Segment]:
        """The second line: unit, scale, legend."""
        return []

    def pointed(self, width: int) -> int | None:
        """The column that the title points to while the track has the focus."""
        return None

    def cells(self, row: int, width: int) -> list[Segment]:
        """A row that has been read, in at most `width` columns."""
        raise NotImplementedError

    def below(self, row: int, width: int) -> list[Segment]:
        """The further lines of a row where rows are tall: its bars once more, and no words."""
        solid = set("=- " if self.palette.ascii else f"{HALF}{FULL} ")
        return [
            part if solid.issuperset(part.text) else Segment(" " * part.cell_length, part.style)
            for part in self.cells(row, width)
        ]

    def reading(self) -> str:
        """The exact number under the cursor, in words."""
        raise NotImplementedError

    def future(self, row: int, width: int) -> list[Segment]:
        """A row that has not been read yet."""
        return []

    def beyond(self, row: int) -> str:
        """What is said of a row that is not there (yet)."""
        if row >= len(self.lane):
            return "this lane has read all it has"
        return f"row {row} is not computed yet: {self.session.steps(self.lane)} taken"

    def crossing(self) -> str:
        """What is drawn of this track between a source and its target: `state`, `looks`, or nothing."""
        return ""

    def select(self, by: int) -> bool:
        """Left (-1) or right (1): select another unit or row of this track; whether there was one."""
        return False

    def pick(self, column: int) -> None:
        """A click in a column of the rows."""

    # Shorthands -------------------------------------------------------------------------------

    @property
    def session(self) -> Session:
        return self.stage.session

    @property
    def palette(self) -> Palette:
        return self.stage.palette

    @property
    def layer_index(self) -> int:
        """The selected layer; the last one where none is selected."""
        layer, layers = self.session.layer, self.lane.layers
        return layers - 1 if layer is None else min(layer, layers - 1)

    def layer_at(self, row: int) -> int:
        """The layer on show of a row: no higher than it is computed so far; below 0 where nothing is."""
        return min(self.layer_index, self.session.depth(self.lane, row) - 1)

    def ground(self, row: int) -> str:
        """The background of a row: that of the cursor where it is marked."""
        return "cursor" if self.MARKED and row == self.session.cursor else "background"

    # Drawing ----------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        width = self.size.width - 1  # a column parts the tracks
        if width < 1:
            return Strip.blank(self.size.width)
        header, ground = self.stage.header, "background"
        if y == header - 3:
            return Strip(self._banner(width + 1))
        if y == header - 2:
            cells = self._titled(width)
        elif y == header - 1:
            cells = self.scale(width)
        else:
            row, part = self.stage.at(y - header)
            if part >= 0:
                return Strip(self._divider(row, part, width + 1))
            first = part == -1
            if row >= len(self.lane):
                cells = []
            elif row < self.session.begun(self.lane):
                cells, ground = (self.cells if first else self.below)(row, width), self.ground(row)
            else:
                cells = self.future(row, width) if first else []
        blank = self.palette.style("text", ground)
        if not cells and not self.ends:
            return Strip.blank(width + 1, blank)
        if cells and cells[-1].style and cells[-1].style.bgcolor == blank.bgcolor:
            blank = cells[-1].style  # one style less to send
        strip = Strip(cells).adjust_cell_length(width, blank)
        gap = Segment(" ", blank)
        if self.ends:
            gap = self.palette.text(self.palette.glyph("│", "|"), "faint")
        return Strip([*strip, gap]).simplify()

    def _banner(self, width: int) -> list[Segment]:
        """This track's part of the lane's name, and of its steps where they are counted."""
        lane = self.lane
        steps = f" · {self.session.steps(lane)}" if self.session.counted else ""
        forms = [f" {lane.name} · {mode}{steps}" for mode in lane.mode]
        forms = [form for form in forms if len(form) <= self.room]
        text = forms[0] if forms else _fitting(f" {lane.name}", steps, self.room - self.ends)
        text = plain(text) if self.palette.ascii else text
        room = width - 1 if self.ends else width
        part = text[self.at : self.at + room].ljust(room)
        kind = "bad" if lane.cut else "text"
        end = [self.palette.text(" ")] if self.ends else []
        return [self.palette.text(part, kind, "cursor"), *end]

    def _divider(self, row: int, part: int, width: int) -> list[Segment]:
        """This track's part of the line between a source and its target, where its lane has one there."""
        room = width - 1 if self.ends else width
        end = [self.palette.text(self.palette.glyph("│", "|"), "faint")] if self.ends else []
        if self.lane.whole or row != self.lane.source:
            return [self.palette.text(" " * room), *end]
        if part == self.stage.gap - 1:
            forms = [f" {text} " for text in crossing.words(self.lane)]
            forms = [plain(text) for text in forms] if self.palette.ascii else forms
            text = next((text for text in forms if len(text) <= self.room), forms[-1])
            rule = self.palette.glyph("─", "-")
            said = text[self.at : self.at + room]
            rest = rule * (room - len(said))
            return [self.palette.text(said, "accent"), self.palette.text(rest, "faint"), *end]
        mark = {"state": ("▼", "v"), "looks": ("▲", "^")}.get(self.crossing())
        glyph = self.palette.glyph(*mark) if mark else self.palette.glyph("─", "-")
        own = glyph * (width - 1)
        line = self.palette.text(own, "accent" if mark else "faint")
        return [line, *(end or [self.palette.text(self.palette.glyph("─", "-"), "faint")])]

    def _titled(self, width: int) -> list[Segment]:
        text = self.title(width)[:width]
        if not self.has_focus:
            return [self.palette.text(text, "primary")]
        text, at = text.ljust(width), self.pointed(width)
        title = self.palette.style("background", "primary")
        if at is None:
            return [Segment(text, title)]
        mark = self.palette.glyph("▾", "v") if text[at] == " " else text[at]
        pointer = self.palette.text(mark, "background", "accent")
        return [Segment(text[:at], title), pointer, Segment(text[at + 1 :], title)]

    # What changed -----------------------------------------------------------------------------

    def refresh_rows(self, rows: Iterable[int]) -> None:
        """Draw some rows again, where they are in sight."""
        width, height = self.size
        for row in rows:
            y = self.stage.line(row) + self.stage.header
            if self.stage.header <= y < height:
                self.refresh(Region(0, y, width, self.stage.tall))

    def refresh_header(self) -> None:
        """Draw title and scale again."""
        self.refresh(Region(0, 0, self.size.width, self.stage.header))

    def moved(self, before: int, rows: Iterable[int]) -> None:
        """The cursor left row `before`, and `rows` were read."""
        changed = set(rows)
        if self.MARKED:
            changed |= {before, self.session.cursor}
        self.refresh_rows(changed)

    def grown(self) -> None:
        """The trace has more rows, or lens results that it did not have."""

    def rested(self) -> None:
        """Playing has ended: what was too much to compute on the way may be computed now."""

    def on_focus(self) -> None:
        self.refresh_header()

    def on_blur(self) -> None:
        self.refresh_header()

    def on_click(self, event: Click) -> None:
        row, part = self.stage.at(event.y - self.stage.header)
        if event.y >= self.stage.header and part < 0 and row < self.session.rows:
            self.post_message(self.Clicked(self, row, event.x))


def _fitting(name: str, steps: str, room: int) -> str:
    """A lane's name and its steps; a name that is too long ends at a word, with an ellipsis."""
    if len(name + steps) <= room:
        return name + steps
    if len(name) > room:
        cut = name[: room - 2]  # the ellipsis has two columns in ASCII
        name = cut.rpartition(" ")[0].rstrip(" ·") or cut
        name += "…"
    return name
