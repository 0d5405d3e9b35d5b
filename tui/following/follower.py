"""The follower's side of follow mode: shows the presenter's place until a key of one's own is pressed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import events
from textual.errors import NoWidget
from textual.screen import ModalScreen
from textual.widgets import Footer, Input
from textual.worker import get_current_worker

from engine import PeepholeError
from tui.following.company import Companion, seen
from tui.following.link import Link
from tui.following.page import Watched
from tui.following.placing import digest
from tui.following.readers import read
from tui.following.screen import Followed
from tui.lines import Parts
from tui.place import NAME, Place
from tui.screens.word_input import WordInput
from tui.sent import text

if TYPE_CHECKING:
    from scenarios.script import Scenario
    from tui.app import PeepholeApp

HARMLESS = frozenset(
    {"quit", "next_theme", "plain", "command_palette", "explain", "guide", "snap", "focus_next",
     "focus_previous", "copy_text", "help_quit", "choose", "digit", "erase", "lift", "big"}
)  # fmt: skip  # actions that leave what is shown where it is; anybody may guess along


class Follower(Companion):
    """Has the app show the place that the post tells of.

    Attributes:
        name: the presenter's.
        here: whether the presenter is; `place` is where they are, or were last.
        attached: whether the place is shown; else one looks around on one's own.
    """

    def __init__(self, app: PeepholeApp, post: Path) -> None:
        self.app, self.name = app, "the presenter"
        self.here, self.attached = False, True
        self.place: Place | None = None
        self._link = Link(post, "listener", self._got)
        self._on: Followed | Watched | None = None
        self._opening: tuple[str, str] | None = None  # the scenario that is being read

    @property
    def lead(self) -> Parts:
        if not self.attached:
            back = (
                f"Backspace: back to {self.name}" if self.place else f"{self.name} is not here yet"
            )
            gone = "" if self.here or not self.place else f" · {self.name} has left"
            return [(f" looking around{gone} · {back} ", "accent")]
        if self.here:
            return [(f" following {self.name} ", "accent")]
        return [(f" {self.name} {'has left' if self.place else 'is not here yet'} ", "accent")]

    @property
    def away(self) -> bool:
        return not self.attached and self.place is not None

    def start(self) -> None:
        self._link.start()
        self.tell()

    async def stop(self) -> None:
        await self._link.stop()

    def drawn(self) -> None:
        self.tell()

    def _got(self, said: dict[str, Any] | None) -> None:
        """A line came from the post; what is none is passed over."""
        said = said or {}
        state = said.get("state")
        self.here = said.get("here") is True and isinstance(state, dict)
        try:
            if self.here:
                assert isinstance(state, dict)
                self.place = Place.from_record(state.get("place"))
            named = state if isinstance(state, dict) else said
            self.name = text()(named.get("by", ""))[:NAME] or self.name
        except (PeepholeError, ValueError):
            return
        self.app.call_later(self._go)

    # Whose keys -----------------------------------------------------------------------------------

    def acts(self, action: str) -> Callable[[], None]:
        harmless = action in HARMLESS or action.startswith("scroll")
        if not self.attached or harmless or isinstance(self.app.screen, ModalScreen):
            return lambda: None
        self._detach(playing=action == "play")
        return self._attach

    def touched(self, event: events.InputEvent) -> bool:
        focused, dialog = self.app.focused, isinstance(self.app.screen, ModalScreen)
        if isinstance(event, events.Key) and isinstance(focused, Input) and not dialog:
            back = event.key == "backspace" and not focused.value
            if back and self.away and not isinstance(focused, WordInput):
                return self.snap()
            if self.attached and event.is_printable:
                self._detach()
        elif isinstance(event, events.MouseDown) and self.attached and not dialog:
            try:
                widget, _ = self.app.get_widget_at(event.x, event.y)
            except NoWidget:
                return False
            if not any(isinstance(node, Footer) for node in widget.ancestors_with_self):
                self._detach()
        return False

    def snap(self) -> bool:
        if not self.away:
            return False
        self._attach()
        return True

    def _detach(self, playing: bool = False) -> None:
        self.attached = False
        if isinstance(self._on, Followed):
            self._on.leave_it(playing)
        self._changed()

    def _attach(self) -> None:
        self.attached = True
        self.app.call_later(self._go)

    def _changed(self) -> None:
        self.tell()
        self.app.refresh_bindings()

    # Going where the presenter is -------------------------------------------------------------------

    async def _go(self) -> None:
        """Show the place."""
        self._changed()
        place, on = self.place, self._on
        if not self.attached or place is None:
            return
        if on is not None and (
            seen(self.app) is not on or (isinstance(on, Followed) and not on.untouched)
        ):
            if isinstance(on, Followed):  # what was made there stays, below what comes
                on.leave_it()
            on = self._on = None
        if place.kind == "page":
            if isinstance(on, Watched):
                on.follow(place)
            else:
                await self._put(Watched(place, self.name))
        elif isinstance(on, Followed) and _source(on.scenario) == (place.scenario, place.source):
            on.follow(place if self.here else _still(place))
        else:
            self._open(place)

    def _open(self, place: Place) -> None:
        """Read what a score of another scenario, or of free reading, needs; beside the interface."""
        if self._opening == (place.scenario, place.source):
            return
        self._opening = (place.scenario, place.source)

        def work() -> None:
            worker = get_current_worker()
            try:
                made: Followed | Watched = self._made(place)
            except PeepholeError as error:
                said = f"What {self.name} shows cannot be shown here: {error}"
                made = Watched(Place(title=said), self.name)
            if not worker.is_cancelled:
                opened: Any = self._opened
                self.app.call_from_thread(opened, made)

        self.app.run_worker(work, thread=True, group="follow", exclusive=True)

    def _made(self, place: Place) -> Followed:
        """A screen for a place."""
        if not place.scenario:
            return Followed.free(read(place.lanes), place)
        from tui.start import of_scenario

        scenario = self._scenario(place)
        return Followed(of_scenario(scenario), scenario, place)

    def _scenario(self, place: Place) -> Scenario:
        """The scenario of a place; no file is opened that somebody named.

        Raises:
            PeepholeError: it is not here, or another one has its name.
        """
        from scenarios import shelf

        guest = self.app.guest
        folder = guest.scenarios if guest is not None else None
        for heading in shelf.headings(folder, True):
            if heading.name.rpartition(":")[2] == place.scenario and not heading.problem:
                found = shelf.find(heading.name, folder, True)
                if digest(found) == place.source:
                    return found
        raise PeepholeError(f"there is no such scenario {place.scenario!r} here")

    async def _opened(self, made: Followed | Watched) -> None:
        """What was read is there; meanwhile the presenter may be somewhere else."""
        opening, self._opening = self._opening, None
        place = self.place
        if not self.attached or place is None:
            return
        if (
            isinstance(made, Watched)
            and isinstance(self._on, Watched)
            and seen(self.app) is self._on
        ):
            self._on.follow(made.place)
        elif place.kind == "score" and (place.scenario, place.source) == opening:
            await self._put(made)
        if not isinstance(made, Watched):
            await self._go()

    async def _put(self, screen: Followed | Watched) -> None:
        """A screen in the place of the one before, unless something was made there."""
        while isinstance(self.app.screen, ModalScreen):
            self.app.pop_screen()
        on, self._on = self._on, screen
        if on is not None and self.app.screen is on:
            await self.app.switch_screen(screen)
        else:
            await self.app.push_screen(screen)


def _source(scenario: Scenario | None) -> tuple[str, str]:
    return (scenario.name, digest(scenario)) if scenario is not None else ("", "")


def _still(place: Place) -> Place:
    """The same, with nothing that moves."""
    return replace(place, playing=False)
