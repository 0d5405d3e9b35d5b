"""The app of `peephole play`: scenarios one after the other, a timer, and the rules of a booth."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import events
from textual.timer import Timer

from engine import PeepholeError
from scenarios.reader import read
from tui.app import PeepholeApp, Start
from tui.guest import Guest
from tui.present.screen import PlayScreen
from tui.present.show import Show
from tui.present.watching import Watch
from tui.start import of_scenario

if TYPE_CHECKING:
    from textual.driver import Driver
    from textual.widget import AwaitMount

    from scenarios.script import Scenario
    from tui.session import Session

AWAY = 60.0  # seconds without a key after which a booth goes on by itself, from the start
LEAVING = frozenset({"quit", "command_palette"})  # what nobody does in a booth
QUITS = ("q", "ctrl+q")  # their keys
YOURS = (
    "It is yours: n is the next beat, ? shows all keys. A minute without a key, and it begins again"
)
SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


@dataclass(frozen=True, eq=False)
class Passer(Guest):
    """Somebody at a booth: a guest, but at the machine's own terminal."""

    def driver(self) -> type[Driver] | None:
        return None


class PlayApp(PeepholeApp):
    """Plays a show.

    Attributes:
        show_: what is played.
        minutes: that there are for it; 0 is no end.
        began: when its first frame was there, by the monotonic clock.
        left: whether somebody was allowed to end it.
        problem: the mistake that ended it.
    """

    def __init__(self, show: Show, problem: str = "", **options: Any) -> None:
        options = {"share": not show.kiosk, "guest": Passer() if show.kiosk else None} | options
        super().__init__(None, show.scenarios[0], **options)
        self.show_, self.minutes = show, show.minutes
        self.began, self.left, self.problem = time.monotonic(), False, ""
        self._said = problem
        self._at = 0  # which of the scenarios
        self._answers: dict[int, tuple[Scenario, dict[int, str]]] = {}  # of those that were left
        self._watches: dict[Path, Watch] = {}
        if show.watch:
            for scenario in show.scenarios:
                self.watch_of(scenario)
        self._away: Timer | None = None

    async def show_first(self) -> None:
        await super().show_first()
        self.began = time.monotonic()
        if self._said:
            self.notify(self._said, severity="warning", timeout=10, markup=False)
        if self.show_.kiosk:
            for number in SIGNALS:
                with suppress(NotImplementedError, ValueError, RuntimeError):  # in no main thread
                    asyncio.get_running_loop().add_signal_handler(number, self._leave, 128 + number)

    def show(
        self, session: Session | None, scenario: Scenario | None = None, *, start: Start = ""
    ) -> AwaitMount:
        """Open a scenario so that it is presented."""
        if scenario is None:
            return super().show(session, scenario, start=start)
        show, self.show_ = self.show_, replace(self.show_, beat=0)
        return self.push_screen(PlayScreen(of_scenario(scenario), scenario, show))

    def turns(self, by: int = 1) -> Iterator[tuple[int, Scenario]]:
        """The scenarios that follow the one on the screen, or with -1 those before it, the nearest first.

        Where they are played over and over, the last of them is the one on the screen.
        """
        scenarios = self.show_.scenarios
        for step in range(1, len(scenarios) + 1):
            at = self._at + by * step
            if self.show_.loop or 0 <= at < len(scenarios):
                yield at % len(scenarios), scenarios[at % len(scenarios)]

    async def onward(self, by: int = 1, left: PlayScreen | None = None) -> None:
        """Behind the last beat: the next scenario's first; with -1 the last one of the scenario before.

        Args:
            left: the screen that is left; a second key for the same screen does nothing.
        """
        if left is not None and left not in self.screen_stack:
            return
        for at, _ in self.turns(by):
            try:
                await self._begin(at, by)
                return
            except PeepholeError as error:  # a model that is gone: another scenario may do
                self.notify(str(error), severity="warning", markup=False)

    def watch_of(self, scenario: Scenario) -> Watch:
        """What watches a scenario's file, since it was read first; also while another one is played."""
        path = scenario.source.path
        return self._watches.setdefault(path, Watch(path))

    def renewed(self, scenario: Scenario) -> None:
        """The file of a scenario was read again; its next turn is that of the new version."""
        path = scenario.source.path
        scenarios = (scenario if s.source.path == path else s for s in self.show_.scenarios)
        self.show_ = replace(self.show_, scenarios=tuple(scenarios))

    def _opened(self, at: int) -> tuple[Session, Scenario]:
        """The scenario whose turn it is, read again where its file has changed meanwhile.

        Where that has a mistake the version before is played, and its screen tells of it.
        """
        old = self.show_.scenarios[at]
        if self.show_.watch and (watch := self.watch_of(old)).changed():
            try:
                scenario = read(old.source.path, old.source.name)
                session = of_scenario(scenario)
            except PeepholeError:
                watch.again()
            else:
                self.renewed(scenario)
                return session, scenario
        return of_scenario(old), old

    async def _begin(self, at: int, by: int) -> None:
        here = next(s for s in self.screen_stack if isinstance(s, PlayScreen))
        session, scenario = self._opened(at)
        beat = 0 if by > 0 else len(scenario.beats) - 1
        screen = PlayScreen(session, scenario, replace(self.show_, big=here.big, beat=beat))
        screen.alone = self.show_.kiosk and self._away is None  # else it is somebody's
        if here.scenario is not None:
            self._answers[self._at] = here.scenario, here.answers
        if by > 0 and at <= self._at:  # from the beginning, for those who come then
            self._answers.clear()
        known, answers = self._answers.get(at, (None, {}))
        if known is scenario:
            screen.answers = answers
        self._at = at
        while self.screen is not here:
            self.pop_screen()
        await self.switch_screen(screen)

    # A booth --------------------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """In a booth whoever presses a key takes over, and may have gone a minute later."""
        if self.show_.kiosk and isinstance(
            event, events.Key | events.Click | events.MouseScrollDown
        ):
            if isinstance(event, events.Key) and event.key == "ctrl+c":
                self._leave(130)
                return
            if not event.is_forwarded:
                refused = self._refused(event)
                told = f"This cannot be left here. {YOURS}" if refused else YOURS
                if self._take_over() or refused:
                    self.clear_notifications()  # it is said once, however often it is pressed
                    self.notify(told, timeout=5)
                if refused:
                    return
        await super().on_event(event)

    def _take_over(self) -> bool:
        """Whether it played by itself until now."""
        alone = [s for s in self.screen_stack if isinstance(s, PlayScreen) and s.alone]
        for screen in alone:
            screen.hand_over()
        if self._away is None:
            self._away = self.set_timer(AWAY, self._gone)
        else:
            self._away.reset()
        return bool(alone)

    async def _gone(self) -> None:
        self._away = None
        self._at = -1
        self._answers.clear()  # of who is gone
        await self.onward()

    def _refused(self, event: events.Event) -> bool:
        """Whether it is a key to leave with that does nothing here: it closes nothing, nor is it typed."""
        if not (isinstance(event, events.Key) and event.key in QUITS):
            return False
        return isinstance(self.screen, PlayScreen) and not self.screen.typing

    def _leave(self, code: int) -> None:
        self.left = True
        self.exit(return_code=code)

    async def action_quit(self) -> None:
        if not self.show_.kiosk:
            await super().action_quit()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if self.show_.kiosk and action in LEAVING:
            return False
        return super().check_action(action, parameters)

    def _handle_exception(self, error: Exception) -> None:
        self.problem = f"{type(error).__name__}: {error}"[:200]
        super()._handle_exception(error)
