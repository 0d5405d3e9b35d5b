"""The score of somebody who follows: it goes where the presenter's goes, and never by a clock of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.css.query import NoMatches
from textual.widget import MountError

from engine import PeepholeError
from tui import views
from tui.following.choices import choose
from tui.following.readers import read
from tui.following.room import give_room, look, mark, track_of
from tui.lane import Lane
from tui.lines import Line
from tui.place import Place, Reader
from tui.screens.score import ScoreScreen
from tui.session import Session

if TYPE_CHECKING:
    from scenarios.lanes import Lane as ScriptLane
    from scenarios.play import Stage
    from scenarios.script import Scenario

Content = tuple[int, tuple[Reader, ...]]  # a beat, and other lanes than its own


class Followed(ScoreScreen, inherit_bindings=False):
    """A score that shows a place as long as it is led.

    Attributes:
        led: whether it follows; else it is a score like any other.
    """

    BINDINGS = ScoreScreen.BINDINGS

    def __init__(self, session: Session, scenario: Scenario | None, place: Place) -> None:
        """A session of any lanes, which those of the place take over from as soon as they are read."""
        self.led, self._place = True, place
        self._has: Content | None = None
        self._wants: Content | None = None
        self._room: tuple[object, object] | None = None  # what was given room, and of which tracks
        self._viewed: tuple[object, ...] = ()  # what the view in front was shown last
        self._stood: list[Lane] | None = None  # the lanes that the presenter's place brought here
        super().__init__(session, scenario)

    @classmethod
    def free(cls, lanes: Sequence[Lane], place: Place) -> Followed:
        """Of free reading, whose lanes have been read."""
        made = cls(Session(lanes, place.title), None, place)
        made._has, made._stood = (place.beat, place.lanes), list(lanes)
        return made

    def on_mount(self) -> None:
        """Textual calls that of the score as well, after this one."""
        if self.play_script is None:
            self.call_later(self._begin)

    def _begin(self) -> None:
        if self.led:
            self.follow(self._place)

    def go_to_beat(self, number: int) -> None:
        """The first one to be shown is the presenter's."""
        if self.led:
            number = self._place.beat if self._place.beat < len(self.play_script or ()) else 0
            self._wants = (number, ())
        super().go_to_beat(number)

    async def _show(self, beat: Stage) -> None:
        try:
            await super()._show(beat)
        except (NoMatches, MountError):  # the screen was left meanwhile
            if self in self.app.screen_stack:
                raise
            return
        self._has, self._stood = (self.beat, ()), list(self.session.lanes)
        if self.led:
            self.playing(False)  # a beat plays to its stop by the presenter's clock
            self._target = None
            self.follow(self._place)

    @property
    def untouched(self) -> bool:
        """Whether a follower made nothing here that going on with the presenter would lose."""
        return self._stood is None or (not self.typing and self.session.lanes == self._stood)

    # Following ------------------------------------------------------------------------------------

    def follow(self, place: Place) -> None:
        """Show a place of the same scenario, or of free reading."""
        self.led, self._place = True, place
        if not self.is_mounted:
            return
        wants = (place.beat, place.lanes)
        if wants == self._has:
            self._wants = None
            self._arrange(place)
        elif wants != self._wants:
            self._wants = wants
            if self.play_script is not None and (self._has or (-1,))[0] != place.beat:
                if place.beat < len(self.play_script):
                    self.go_to_beat(place.beat)
            elif self.play_script is not None and not place.lanes:
                self.go_to_beat(place.beat)
            else:
                self._read(wants)

    def leave_it(self, playing: bool = False) -> None:
        """Follow no longer; `playing` leaves it to the next key to pause."""
        self.led, self._wants, self._room, self._viewed = False, None, None, ()
        if not playing and self.session.playing:
            self.playing(False)

    def _read(self, wants: Content) -> None:
        """Read other lanes than those of the beat, beside the interface."""
        play = self.play_script

        def scripted(label: str) -> ScriptLane:
            if play is None or label not in play.scenario.lanes:
                raise PeepholeError(f"there is no lane {label} here")
            return play.lane(label, wants[0])

        async def put(lanes: list[Lane]) -> None:
            if self.led and wants == self._wants:
                await self._put(lanes)
                self._has, self._stood = wants, list(self.session.lanes)
                self.follow(self._place)

        self.in_thread(lambda: read(wants[1], scripted), put, "beat")

    async def _put(self, lanes: list[Lane]) -> None:
        """Show lanes; where only words were added, in the place of those that had fewer."""
        old = self.session.lanes
        if len(old) == len(lanes) and all(map(_grown, old, lanes)):
            for lane, new in zip(old, lanes, strict=True):
                lane.trace = new.trace
            self.session.title = self._place.title
            self.score.fit()
            self.score.grown()
            self._viewed = ()
            self.prepare()
            return
        await self.show_session(Session(lanes, self._place.title))

    def _arrange(self, place: Place) -> None:
        """Everything but the lanes: only what differs is drawn."""
        session = self.session
        with self.app.batch_update():
            picked = place.unit, place.layer, place.head, place.which
            differ = picked != (session.unit, session.layer, session.head, session.which)
            session.unit, session.layer, session.head, session.which = picked
            session.speed, session.loop, session.right = place.speed, place.loop, place.right
            session.feed(place.fed)
            session.clock = max(1, min(place.clock, session.ticks))
            session.cursor = max(0, min(place.cursor, session.shown - 1))
            self._play(place.playing)
            room = self.score.groups, (place.beat, place.wanted, place.preferred)
            if self._room is None or self._room[0] is not room[0] or self._room[1] != room[1]:
                self._room = room  # not each time: on another screen the track in focus may need it
                give_room(self.score, place)
            look(self.score, place)
            self._look(place)
            session.unit = place.unit  # a view that was left had one of its own
            if self.curtain != place.blank:
                self.action_curtain()
            if place.revealed and not self.revealed:
                self.reveal()
            if differ:
                self.score.selected()
            if self.view is None:
                self.sync()
                mark(self.track, place.probe)
            self.say()

    def _play(self, on: bool) -> None:
        """Say whether it is played; it moves with the presenter's cursor, without a timer."""
        if self.session.playing and not on:
            for track in self.score.tracks:
                if track.display:
                    track.rested()
        self.session.playing = on
        if not on:
            self.rest()

    def _look(self, place: Place) -> None:
        """The view, its lane and what is chosen in it; or the track that has the focus."""
        front = next((name for name, made in self._views.items() if made is self.view), "score")
        if place.view != front and (place.view == "score" or place.view in views.VIEWS):
            self.action_view(place.view)
        lane = min(place.lane, len(self.session.lanes) - 1)
        if self.view is not None:
            shown = self.session.lanes[lane]
            at = self.session.cursor, self.session.begun(shown), len(shown.trace)
            if self._viewed != (self.view, shown, at):
                self._viewed = self.view, shown, at
                self.show_view(self.view, shown)
            choose(place.view, self.view, shown, place.state)
            return
        track = track_of(self.score, lane, place.track)
        if track is not None and track is not self.score.focused:
            self.score.focus_track(track)

    def say(self) -> None:
        super().say()
        if self.led and self.view is not None and self._place.partly:
            said = "what was chosen here is too long to be followed: you see something else"
            self.query_one("#info", Line).say((f" {said}", "bad"))


def _grown(old: Lane, new: Lane) -> bool:
    """Whether a lane is another one with words typed on to it, or taken back."""
    if old.model is not new.model or old.trace.source or old.trace.header.decoding:
        return False
    if old.name != new.name or old.parent is not None or new.parent is not None:
        return False
    short, long = sorted((old.trace.tokens, new.trace.tokens), key=len)
    return long[: len(short)] == short
