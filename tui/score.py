"""The score: all tracks of all lanes side by side, time running downwards, on one cursor."""

from __future__ import annotations

from collections.abc import Iterable

from textual import events
from textual.app import ComposeResult
from textual.geometry import Size
from textual.widget import Widget

from tui.allocate import Claims, allocate
from tui.lane import Lane
from tui.palette import Palette
from tui.session import Session
from tui.tracks import build
from tui.tracks.base import Track
from tui.tracks.prediction import PredictionTrack
from tui.tracks.stage import Stage
from tui.tracks.token import TokenTrack

WIDE = 85  # columns of a lane from which on claims of luxury are met, which cost bytes a step
WIDE_ALONE = 140  # the same for a lane that is alone
LUXURY = 20  # the rank from which on a claim is one
TALL = (
    2,
    3,
)  # lines of a row at least, and at most, where all is large; its units are twice as wide
LARGE = 40  # columns of a lane for each track beyond three, where all is large
LOW = 18  # lines below which the end of a source has one line instead of two


class Score(Widget):
    """Lays the tracks out, scrolls them together and tells them what changed."""

    DEFAULT_CSS = "Score { layout: horizontal; height: 1fr; width: 1fr; overflow: hidden; }"

    def __init__(self, session: Session, palette: Palette) -> None:
        super().__init__()
        self.stage = Stage(session, palette)
        self.groups: list[list[Track]] = []  # the tracks of each lane
        self.wanted: Track | None = None  # has the first claim to the width
        self.preferred: frozenset[str] = (
            frozenset()
        )  # values or tracks that come first in every lane
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
        stage.dividers = tuple(
            sorted({lane.source for lane in lanes if 0 < lane.source < len(lane)})
        )
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
        token = self.groups[0][0]
        room = allocate([token.claims], width)[0] if len(self.groups) > 1 else 0
        share = (width - room) // len(self.groups)
        several = len(self.groups) > 1
        first = 1 if several else 0  # the words stand before all lanes, beside none of their tracks
        lanes = [group[first if group is self.groups[0] else 0 :] for group in self.groups]
        room_here = share if several else width
        wide = self.big or room_here >= (WIDE if several else WIDE_ALONE)
        claims = [[self._claims(track, wide) for track in tracks] for tracks in lanes]
        if self.big:
            for own in claims:
                few(own, 2 + room_here // LARGE)
        widths = [allocate(own, room_here) for own in claims]
        claims = compared(lanes, claims, widths)
        widths = [allocate(own, room_here) for own in claims]
        if several:
            widths[0] = [room, *widths[0]]
        for index, (group, own_widths) in enumerate(zip(self.groups, widths, strict=True)):
            self._place(group, own_widths, index < len(self.groups) - 1)
        self.scroll_into_sight(force=True)

    def _claims(self, track: Track, wide: bool) -> Claims:
        """What a track asks for: the one that the user went to, and what is held, come first."""
        held = {name for lane in self.session.lanes for name in lane.held}
        claims = track.claims
        raised = key(track) in self.preferred or (track.RAISED and key(track) in held)
        if track is self.wanted or raised:
            claims = ((-1.0, claims[0][1]), *claims[1:])
        elif (self.preferred or self.big) and isinstance(track, PredictionTrack):
            # A beat's words are about what comes of it; and where there are few tracks, it is what all ask.
            claims = ((-0.5, claims[0][1]), *claims[1:])
        return [claim for claim in claims if wide or claim[0] < LUXURY]

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


def few(claims: list[Claims], most: int) -> None:
    """Take back the claims of all tracks but those that are needed most; the words always have theirs."""
    firsts = sorted(claim[0][0] for claim in claims if claim)
    last = firsts[min(most, len(firsts) - 1)] if firsts else 0
    claims[:] = [claim if claim and claim[0][0] <= last else [] for claim in claims]


def compared(
    lanes: list[list[Track]], claims: list[list[Claims]], widths: list[list[int]]
) -> list[list[Claims]]:
    """Claims with which bars that are compared are as wide in each lane as where they are narrowest."""
    got: dict[str, set[int]] = {}
    for tracks, own in zip(lanes, widths, strict=True):
        for track, width in zip(tracks, own, strict=True):
            if track.COMPARED and width:
                got.setdefault(track.NAME, set()).add(width)
    return [
        [
            [c for c in claim if not track.COMPARED or c[1] <= min(got.get(track.NAME, {c[1]}))]
            for track, claim in zip(tracks, own, strict=True)
        ]
        for tracks, own in zip(lanes, claims, strict=True)
    ]


def key(track: Track) -> str:
    """What a scenario's `of` calls a track: the value that it shows, else its name."""
    return str(getattr(track, "key", "") or getattr(track, "value", "") or track.NAME)


def differs(lane: Lane, other: Lane) -> bool:
    """Whether a lane reads other tokens than the leading one, more of them, or writes them sooner."""
    if lane.trace.tokens != other.trace.tokens[: len(lane)]:
        return True
    return bool(lane.trace.header.decoding) and lane.pace.ends != other.pace.ends[: len(lane)]
