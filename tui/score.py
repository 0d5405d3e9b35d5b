"""The score: all tracks of all lanes side by side, time running downwards, on one cursor."""

from __future__ import annotations

from collections.abc import Iterable

from textual import events
from textual.app import ComposeResult
from textual.geometry import Size
from textual.widget import Widget

from tui.lane import Lane
from tui.palette import Palette
from tui.session import Session
from tui.tracks import build
from tui.tracks.base import Track
from tui.tracks.stage import Stage
from tui.tracks.token import TokenTrack
from tui.widths import Wishes, share

TALL = 2, 3  # lines of a row at least, and at most, where all is large; its units are twice as wide
LOW = 18  # lines below which the end of a source has one line instead of two


class Score(Widget):
    """Lays the tracks out, scrolls them together and tells them what changed."""

    DEFAULT_CSS = "Score { layout: horizontal; height: 1fr; width: 1fr; overflow: hidden; }"

    def __init__(self, session: Session, palette: Palette) -> None:
        super().__init__()
        self.stage = Stage(session, palette)
        self.groups: list[list[Track]] = []  # the tracks of each lane
        self.wanted: Track | None = None  # has the first claim to the width
        self.preferred: frozenset[str] = frozenset()  # values or tracks, first in every lane
        self._room = Size()  # the last that it had
        self._drawn: tuple[int, int, list[tuple[int, int]]] = (0, 0, [])  # as `_now` then was

    @property
    def session(self) -> Session:
        return self.stage.session

    @property
    def big(self) -> bool:
        """Whether rows and units are large, and few."""
        return self.stage.tall > 1

    def enlarge(self, big: bool) -> None:
        """Draw fewer rows, units and tracks, all of them larger; or as many as there is room for."""
        self.stage.tall, self.stage.wide = (TALL[0], 2 * TALL[0] - 1) if big else (1, 1)
        self.fit()

    @property
    def tracks(self) -> list[Track]:
        """All tracks, whether there is room for them or not, from left to right."""
        return [track for group in self.groups for track in group]

    def compose(self) -> ComposeResult:
        yield from self._build()

    def _build(self) -> list[Track]:
        """The tracks for the session's lanes; lanes with other tokens have a token column of their own."""
        stage, lanes = self.stage, self.session.lanes
        stage.banner = len(lanes) > 1
        ends = {lane.source for lane in lanes if 0 < lane.source < len(lane)}
        stage.dividers = tuple(sorted(ends))
        self.groups, self.wanted = [], None
        for index, lane in enumerate(lanes):
            own: list[Track] = []
            if index == 0 or differs(lane, lanes[0]):
                own = [TokenTrack(stage, lane)]
            self.groups.append(own + build(stage, lane))
        self._drawn = self._now()
        return self.tracks

    async def rebuild(self, session: Session) -> None:
        """Show other lanes, or another session."""
        focused = self.focused
        name = type(focused), getattr(focused, "value", None)
        at = next((i for i, group in enumerate(self.groups) if focused in group), 0)
        self.stage.session = session
        with self.app.batch_update():
            await self.remove_children()
            await self.mount_all(self._build())
            self.fit()
            group = self.groups[min(at, len(self.groups) - 1)]
            same = (t for t in group if (type(t), getattr(t, "value", None)) == name)
            self.focus_track(next(same, self.tracks[0]))

    # Width and scrolling --------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        if event.size.width:
            self._room = event.size
        self.fit()

    @property
    def room(self) -> Size:
        """Its size; what it was, and will be again, while a view stands in its place."""
        return self.size if self.size.width else self._room

    def fit(self) -> None:
        """Give every track its width and bring the cursor into sight."""
        width = self.room.width
        self.stage.gap = 2 if self.room.height >= LOW else 1
        if self.big:
            low, high = TALL
            tall = max(low, min(high, self._lines // max(1, self.session.rows)))
            self.stage.tall, self.stage.wide = tall, 2 * tall - 1
        if not self.groups or width <= 0:
            return
        held = frozenset(name for lane in self.session.lanes for name in lane.held)
        widths = share(self.groups, width, Wishes(self.wanted, self.preferred, held, self.big))
        for index, (group, own_widths) in enumerate(zip(self.groups, widths, strict=True)):
            self._place(group, own_widths, index < len(self.groups) - 1)
        self.scroll_into_sight(force=True)

    @staticmethod
    def _place(tracks: list[Track], widths: list[int], ends: bool) -> None:
        at, last = 0, None
        for track, width in zip(tracks, widths, strict=True):
            track.display = width > 0
            if width:
                track.styles.width = width
                track.at, track.ends, last = at, False, track
                at += width
        for track in tracks:
            track.room = at
        if last is not None:
            last.ends = ends

    @property
    def visible_rows(self) -> int:
        """How many rows fit below the header."""
        return max(1, self._lines // self.stage.tall)

    @property
    def _lines(self) -> int:
        return max(1, self.room.height - self.stage.header)

    def scroll_into_sight(self, force: bool = False) -> bool:
        """Scroll by pages where the cursor has left them: a line at a time would resend them all."""
        if not self.stage.follow(self._lines) and not force:
            return False
        self.redraw()
        return True

    def begin_with(self, row: int) -> None:
        """Have a row be the first in sight, unless that hides the cursor."""
        if self.stage.begin_with(row, self._lines):
            self.redraw()

    def redraw(self) -> None:
        """Draw everything again."""
        self._drawn = self._now()
        for track in self.tracks:
            track.refresh()

    # What changed ---------------------------------------------------------------------------------

    def _now(self) -> tuple[int, int, list[tuple[int, int]]]:
        """The cursor, the clock, and of each lane how many rows are all there and how many begun."""
        session = self.session
        lanes = [(lane.pace.done(session.clock), session.begun(lane)) for lane in session.lanes]
        return session.cursor, session.clock, lanes

    def moved(self) -> None:
        """The cursor moved, or rows were read: draw what is different."""
        before, clock, known = self._drawn
        if self.scroll_into_sight():
            return
        now = self._now()
        if now[1] < clock or now[1] - clock > self.visible_rows or len(known) != len(now[2]):
            self.redraw()
            return
        self._drawn = now
        for group, (done, _), (_, more) in zip(self.groups, known, now[2], strict=True):
            for track in group:
                if track.display:
                    track.moved(before, range(done, more) if now[1] > clock else ())
                    if self.stage.banner and now[1] > clock and self.session.counted:
                        track.refresh_header()  # its steps are counted there

    def selected(self) -> None:
        """Another unit, layer or head was selected."""
        for track in self.tracks:
            if track.display:
                track.refresh()

    def grown(self) -> None:
        """A lane has more rows or more lens results than before."""
        for track in self.tracks:
            if track.display:
                track.grown()

    def repaint(self, palette: Palette) -> None:
        """Another theme or form."""
        self.stage.palette = palette
        self.fit()

    # Focus ----------------------------------------------------------------------------------------

    @property
    def focused(self) -> Track | None:
        """The track that has the focus."""
        focused = self.screen.focused if self.is_attached else None
        return focused if isinstance(focused, Track) else None

    @property
    def hidden(self) -> list[Track]:
        """The tracks for which there is no room."""
        return [track for track in self.tracks if not track.display]

    def focus_track(self, track: Track) -> None:
        """Give a track the focus, and room where it had none."""
        if not track.display:
            self.wanted = track
            self.fit()
        self.screen.set_focus(track)  # at once: `focus` would come after keys that are waiting

    def prefer(self, names: Iterable[str]) -> None:
        """Give these values or tracks room in every lane, until the user goes to another track."""
        names = frozenset(names)
        if names != self.preferred or self.wanted is not None:
            self.preferred, self.wanted = names, None
            self.fit()

    def focus_next(self, by: int) -> None:
        """The next track, right (1) or left (-1), hidden ones too."""
        tracks = self.tracks
        focused = self.focused
        at = tracks.index(focused) + by if focused in tracks else 0
        track = tracks[at % len(tracks)]
        if not track.display:
            self.preferred = frozenset()
        self.focus_track(track)

    def lane_of(self, track: Track) -> int:
        """The index of a track's lane."""
        return next(i for i, group in enumerate(self.groups) if track in group)


def differs(lane: Lane, other: Lane) -> bool:
    """Whether a lane reads other tokens than the leading one, more of them, or writes them sooner."""
    if lane.trace.tokens != other.trace.tokens[: len(lane)]:
        return True
    return bool(lane.trace.header.decoding) and lane.pace.ends != other.pace.ends[: len(lane)]
