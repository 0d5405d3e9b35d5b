"""Playing a scenario: beat after beat, each with its lanes, its stop, its view and its words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine import PeepholeError
from tui.lane import Lane
from tui.narrator import Words
from tui.reading import CROSS, SELF
from tui.screens.core import Core
from tui.session import Session
from tui.tracks.attention import AttentionTrack
from tui.widths import key

if TYPE_CHECKING:
    from scenarios.lanes import Lane as ScriptLane
    from scenarios.play import Play
    from scenarios.play import Stage as Beat
    from scenarios.script import Scenario

PACE = 12.0  # rows a second on the way to where a beat stops


class Scripted(Core):
    """A scenario on the screen; without one, the keys of beats turn pages."""

    def begin(self, scenario: Scenario | None) -> None:
        """What will be played."""
        self.scenario = scenario
        self.play_script: Play | None = None
        self.beat = 0
        self._target: int | None = None  # the row to which a beat is on its way
        self._shown: Beat | None = None
        self.answers: dict[
            int, str
        ] = {}  # of the beats whose question was answered: what was guessed
        self._lanes: dict[int, tuple[ScriptLane, Lane]] = {}  # by id; kept with what it is of
        if scenario is not None:
            from scenarios.play import Play

            self.play_script = Play(scenario)

    @property
    def beat_number(self) -> str:
        """`beat 3/12`, or "" without a scenario."""
        return f"beat {self.beat + 1}/{len(self.play_script)}" if self.play_script else ""

    # What those are told who watch from elsewhere (`tui.following`)

    @property
    def beat_shown(self) -> int:
        """The beat whose lanes are on the screen, from 0: the one before while another is run."""
        beats = self.scenario.beats if self.scenario is not None else ()
        shown = self._shown.beat if self._shown is not None else None
        return next((at for at, beat in enumerate(beats) if beat is shown), self.beat)

    @property
    def as_told(self) -> bool:
        """Whether the lanes of a beat are on the screen, and no others."""
        if self._shown is None:
            return self.play_script is not None
        return self.session.lanes == [self._lane(lane) for lane in self._shown.lanes]

    @property
    def strayed(self) -> bool:
        """Whether nothing on the screen is of the scenario: a sentence was typed, or other models read."""
        own = [lane for _, lane in self._lanes.values()]
        if not own:  # before its first beat there are lanes in their place, under its title
            return self.scenario is not None and self.session.title != self._title
        return not any(lane in own for lane in self.session.lanes)

    def stray(self) -> None:
        """Say how to come back: what the beat says, and claims, is of other rows than those that are here."""
        self._target = None
        self.workers.cancel_group(self, "beat")  # one that is being run would take their place
        back = f"n, N or Esc: back to beat {self.beat + 1}"
        self.narrator.say(Words("", "Your own reading", back))

    @property
    def scripted_models(self) -> dict[int, str]:
        """The models of the scenario's lanes that were run so far: their `id`, and whose they are."""
        return {id(lane.model): lane.label for lane, _ in self._lanes.values()}

    def action_beat(self, by: int) -> None:
        if self.play_script is None:
            self.go(self.session.cursor + by * max(1, self.score.visible_rows - 2))
        elif by > 0 and self._target is not None and self.session.cursor < self._target:
            self.go(self._target)  # pressed on the way: there at once
            self.playing(False)
            self.arrived(self.session.cursor)
        elif 0 <= self.beat + by < len(self.play_script):
            self.go_to_beat(self.beat + by)
        else:
            self.notify("That was the last beat" if by > 0 else "This is the first beat")

    def go_to_beat(self, number: int) -> None:
        """Run what a beat needs, then show it."""
        play = self.play_script
        assert play is not None
        self.beat = number
        self.say()

        async def show(beat: Beat) -> None:
            await self._show(beat)

            if number == self.beat and not self.asking:
                self.tell()

        self.in_thread(lambda: play.stage(number), show, "beat", self._cannot)

    def tell(self) -> None:
        """Measure what the beat says, and say it."""
        number = self.beat

        def say(words: Words) -> None:
            if self.strayed:  # meanwhile
                return
            self.narrator.say(words)
            self.told()

        self.in_thread(lambda: self.words(number), say, "claims", self._cannot)

    def words(self, number: int) -> Words:
        """What a beat says, with all that it claims; it is measured here."""
        play, counted = self.play_script, self.beat_number
        assert play is not None
        title, said = play.scenario.beats[number].title, play.narration(number)
        try:
            found = play.verdicts(number)
        except PeepholeError as error:
            return Words(counted, title, said, [], self.why_not(error))
        return Words(counted, title, said, [(v.text, v.measured, v.passed) for v in found])

    def told(self) -> None:
        """The words of a beat stand there, or why they cannot."""

    @property
    def asking(self) -> bool:
        """Whether a question is open, so that nothing else is told or shown."""
        return False

    def held_back(self, beat: Beat) -> bool:
        """Show what stands before the answer, and no more; whether a question is open."""
        return False

    @property
    def at_end(self) -> bool:
        """Whether there is nothing after what is shown."""
        at_last = self.play_script is not None and self.beat + 1 == len(self.play_script)
        return at_last and not self.asking and self._target is None

    def _cannot(self, error: PeepholeError) -> None:
        """Say in the beat why it cannot be shown, or its numbers not be measured."""
        assert self.play_script is not None
        title = self.play_script.scenario.beats[self.beat].title
        self.narrator.say(Words(self.beat_number, title, "", (), self.why_not(error)))
        self.told()

    def why_not(self, error: PeepholeError) -> str:
        """A mistake in one sentence: its line is for the file's author, whom `peephole check` tells."""
        return f"not measured: {error.what}" + (f". {error.do}" if error.do else "")

    async def _show(self, beat: Beat) -> None:
        self.playing(False)
        lanes = [self._lane(lane) for lane in beat.lanes]
        for lane in lanes:  # what was set by hand is compared with the same reading without it
            if lane.cut and lane.parent is None:
                same = (x for x in lanes if x.model is lane.model and not x.cut)
                lane.parent = next(same, None)
        session = self.session
        if beat.unit is not None:
            session.unit = beat.unit
        session.layer = beat.layer if beat.layer is not None else session.layer
        session.head = beat.head if beat.head is not None else session.head
        self.narrator.say(Words(self.beat_number, beat.beat.title, "", None))
        if lanes != session.lanes or session.title != self._title:
            onwards = (
                session.title == self._title
                and lanes[0].trace.tokens == session.lanes[0].trace.tokens
            )
            new = Session(lanes, self._title)
            new.speed, new.unit, new.layer, new.head = (
                session.speed, session.unit, session.layer, session.head
            )  # fmt: skip
            if onwards:
                new.clock = min(session.clock, new.ticks)
                new.cursor = min(session.cursor, new.shown - 1)
            await self.show_session(new)
            if self.session is not new:  # something else was opened meanwhile
                return
        self.session.feed("ticks" not in (beat.of or "").split())
        self._shown, self._target = beat, beat.row
        if self.held_back(beat):
            return
        if self.session.cursor < beat.row and beat.view in ("score", "compare"):
            self.action_view("score")
            self._focus(beat.of)
            self.session.speed, kept = PACE, self.session.speed
            self.playing(True)
            self.session.speed = kept
        else:
            self.go(beat.row)
            self.arrived(self.session.cursor)

    @property
    def _title(self) -> str:
        return self.scenario.title if self.scenario is not None else ""

    def _lane(self, lane: ScriptLane) -> Lane:
        if id(lane) not in self._lanes:
            made = Lane(lane.label, lane.trace, lane.model, note=lane.note)
            made.run, made.update = lane.run, lane.model.card.get("updates")
            self._lanes[id(lane)] = (lane, made)
        return self._lanes[id(lane)][1]

    def arrived(self, row: int) -> bool:
        """Whether a beat's stop has been reached; then its view is shown."""
        beat = self._shown
        if beat is None or self._target is None or row < self._target:
            return False
        if row > self._target:  # a tick reads more rows than one where they are read together
            self.session.move(self._target)
            self.score.moved()
        self._target = None
        if beat.view in ("score", "compare"):
            if self.view is not None:
                self.action_view("score")
            self._focus(beat.of)
        else:
            self.action_view(beat.view)
            if self.view is not None:
                self.view.point(of=beat.of, unit=beat.unit, layer=beat.layer, head=beat.head)
                self.sync()
        return True

    def _focus(self, of: str | None) -> None:
        """Give the focus to the track that a beat is about: a value's name or a track's."""
        names = (of or "").split()
        looks = [name for name in names if name in (CROSS, SELF)]
        if looks:
            self.session.which = looks[0]
            names.append(AttentionTrack.NAME)
        self.score.prefer(names)
        for track in self.score.tracks:
            if key(track) in names:
                self.score.focus_track(track)
                break
        self.score.selected()
        self.say()
