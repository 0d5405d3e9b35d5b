"""A chapter on the screen: its scenario, whose last beat leads on to the next chapter."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.css.query import NoMatches
from textual.widget import MountError

from scenarios.play import Stage
from scenarios.script import Scenario
from scenarios.tour import Chapter
from scenarios.tour.questions import Asked
from tui.keys import KEYS
from tui.lane import Lane
from tui.screens.score import ScoreScreen
from tui.session import Session
from tui.tour import progress

NEXT = next(key for key in KEYS if isinstance(key, Binding) and key.action == "beat(1)")


class ChapterScreen(ScoreScreen, inherit_bindings=False):
    """A scenario that knows its place on the tour and keeps how far it was read."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n,pagedown", "beat(1)", "Next", id=NEXT.id, key_display="n", tooltip=NEXT.tooltip),
        Binding("n,pagedown", "over", "Next chapter", id="tour.over", key_display="n",
                tooltip="On to the next chapter"),
        *(key for key in KEYS if key is not NEXT),
    ]  # fmt: skip

    def __init__(
        self, play: Asked, chapter: Chapter, of: int, over: Callable[[], None], beat: int = 0
    ) -> None:
        """`of` is how many chapters there are; `over` is called behind the last beat; `beat` begins."""
        self._asked, self._chapter, self._of, self._over = play, chapter, of, over
        self._first: int | None = beat if 0 <= beat < len(play) else 0
        self._since = 0.0  # when the beat on show came up
        lanes = [Lane(lane.label, lane.trace, lane.model) for lane in play.stage(0).lanes]
        super().__init__(Session(lanes, play.scenario.title), play.scenario)

    def begin(self, scenario: Scenario | None) -> None:
        """With the lanes that the questions of the chapter are measured on."""
        super().begin(scenario)
        self.play_script = self._asked

    @property
    def beat_number(self) -> str:
        return f"ch. {self._chapter.number}/{self._of} · {super().beat_number}"

    @property
    def _at_end(self) -> bool:
        return self.beat + 1 == len(self._asked)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """At the last beat the key of the next one leads to the next chapter."""
        if action == "over" or (action == "beat" and parameters == (1,)):
            at_end = self._at_end and not self.asking
            return not self.has_class("-small") and at_end == (action == "over")
        return super().check_action(action, parameters)

    def action_over(self) -> None:
        if self._target is not None and self.session.cursor < self._target:
            super().action_beat(1)  # pressed on the way to where the beat stops: there at once
        else:
            self._note()
            self._over()

    def go_to_beat(self, number: int) -> None:
        """Show a beat; the first one to be shown is where the chapter was left."""
        if self._first is not None:
            number, self._first = self._first, None
        else:
            self._note()
        self._since = time.monotonic()
        super().go_to_beat(number)
        self.refresh_bindings()
        name, end = self._chapter.name, self._at_end

        def reached(known: progress.Progress) -> progress.Progress:
            done = known.done | {name} if end else known.done
            return replace(known, last=name, beat=0 if end else number, done=done)

        progress.update(reached)

    async def _show(self, beat: Stage) -> None:
        """A beat that comes when the next chapter is on already is not shown."""
        try:
            await super()._show(beat)
        except (NoMatches, MountError):
            if self in self.app.screen_stack:
                raise

    def action_back(self) -> None:
        if self.view is None:
            self._note()
        super().action_back()

    def _note(self) -> None:
        """The beat that was on show has been read."""
        if self._since:
            seconds, self._since = time.monotonic() - self._since, 0.0
            progress.update(lambda known: known.read(seconds))
