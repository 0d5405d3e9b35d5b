"""The app: its screens, themes and the command palette. `launch` starts it."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from engine import PeepholeError
from tui.command_palette import commands
from tui.following.company import Accompanied, company
from tui.guest import FORBIDDEN, Guest, admit
from tui.palette import Colours, Palette
from tui.start import of_models, of_scenario, only_ascii
from tui.themes import LOOKS, themes
from tui.views.plain import plain

if TYPE_CHECKING:  # at run time only when needed: the first frame of home does not wait for NumPy
    from textual.widget import AwaitMount

    from scenarios.script import Scenario
    from tui.screens.home import HomeScreen
    from tui.session import Session

Start = Literal["", "play", "type"]


class PeepholeApp(Accompanied):
    """One session, one scenario, or the list of all there is.

    Attributes:
        session, scenario, first: what to begin with, `first` being a screen of its own kind; nothing
            is home.
        start: `play` plays the session at once, `type` lets the user type a sentence.
        plain: whether only ASCII is drawn.
        colours: how many colours there are; None asks the terminal.
        parting: lines to print once the screen is gone.
        guest: who is only visiting, and so writes and starts nothing; None is the owner of the machine.
        share: whether `peephole notes` finds what is shown.
    """

    TITLE = "peephole"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "Quit", id="app.quit", tooltip="Leave peephole"),
        Binding("T", "next_theme", "Theme", id="app.theme", show=False,
                tooltip="Dark, light, colour-blind safe"),
        Binding("A", "plain", "ASCII", id="app.ascii", show=False, tooltip="Draw with ASCII only"),
    ]  # fmt: skip

    def __init__(
        self,
        session: Session | None = None,
        scenario: Scenario | None = None,
        *,
        start: Start = "",
        plain: bool = False,
        colours: Colours | None = None,
        first: Screen | None = None,
        guest: Guest | None = None,
        share: bool = False,
    ) -> None:
        super().__init__(driver_class=None if guest is None else guest.driver())
        self.guest = guest
        admit(guest)
        self.colours = colours
        self.session, self.scenario, self.start, self.first = session, scenario, start, first
        self.parting: list[str] = []
        self.plain = plain
        for theme in themes():
            self.register_theme(theme)
        self.theme = next(iter(LOOKS))
        self._palette: tuple[tuple, Palette] | None = None
        self.companion = company(self, share)

    @property
    def palette(self) -> Palette:
        """How numbers look now."""
        key = (self.theme, self._colours(), self.plain)
        if self._palette is None or self._palette[0] != key:
            look = LOOKS.get(self.theme, next(iter(LOOKS.values())))
            self._palette = (key, Palette(look, self._colours(), self.plain))
        return self._palette[1]

    def _colours(self) -> Colours:
        if self.colours is not None:
            return self.colours
        if self.no_color:
            return "none"
        if self.is_headless:
            return "full"
        return "few" if self.console.color_system in ("standard", "windows") else "full"

    def on_mount(self) -> None:
        self.theme_changed_signal.subscribe(self, lambda _: self.repaint())
        # Textual shows nothing while it mounts the app: a screen pushed here would be drawn in vain
        self.call_later(self.show_first)

    async def show_first(self) -> None:
        """The screen that the app begins with."""
        if self.first is not None:
            await self.push_screen(self.first)
        elif self.session is None and self.scenario is None:
            from tui.screens.home import HomeScreen

            await self.push_screen(HomeScreen())
        else:
            await self.show(self.session, self.scenario, start=self.start)
        self.call_after_refresh(settle)
        if self.companion is not None:
            self.call_after_refresh(self.companion.start)

    def show(
        self, session: Session | None, scenario: Scenario | None = None, *, start: Start = ""
    ) -> AwaitMount:
        """Open a session, or a scenario, on a screen of its own."""
        from tui.screens.score import ScoreScreen

        if session is None:
            assert scenario is not None
            session = of_scenario(scenario)
        return self.push_screen(ScoreScreen(session, scenario, start=start))

    def leave(self) -> None:
        """Back to home, where the app began there."""
        if len(self.screen_stack) > 2:
            self.pop_screen()

    async def action_quit(self) -> None:
        """Leave; whatever works for a screen ends first."""
        for screen in self.screen_stack:
            if hasattr(screen, "leaving"):
                await screen.leaving()
        await super().action_quit()

    def on_home_screen_chosen(self, event: HomeScreen.Chosen) -> None:
        """Open what was chosen on the home screen."""
        choice = event.choice
        try:
            if choice.kind == "scenario":
                from tui.screens.choices import scenario

                self.show(None, scenario(choice.name))
            elif choice.kind == "tour":
                self.tour()
            elif choice.kind == "model":
                self.open(choice.name)
            elif choice.kind == "train":
                self.train(choice.name)
            elif choice.kind == "run":
                from tui.learning.screen import RunScreen

                self.push_screen(RunScreen.open([Path(choice.name)], drive=False))
            else:
                self.show(of_models(["lstm", "transformer"], choice.name), start="play")
        except PeepholeError as error:
            self.notify(str(error), severity="error", markup=False)

    def open(self, name: str) -> None:
        """A bundled model: for a sentence that is typed, or with a sample of what it was made for."""
        from scenarios import zoo
        from scenarios.samples import sample

        if zoo.entry(name).reads == "english":
            self.show(of_models([name], ""), start="type")
        else:
            self.show(of_models([name], sample(name).text), start="play")

    def tour(self) -> None:
        """The contents of the tour; back to them where one is on it."""
        from scenarios.tour import course
        from tui.tour.contents import TourScreen

        if any(isinstance(screen, TourScreen) for screen in self.screen_stack):
            while not isinstance(self.screen, TourScreen):
                self.pop_screen()
        else:
            self.push_screen(TourScreen(course()))

    def train(self, task: str = "recall") -> None:
        """Ask what to train on a task, and watch it learn."""
        from tui.learning.making import begin

        begin(self, task)

    # Looks ----------------------------------------------------------------------------------------

    def action_next_theme(self) -> None:
        names = list(LOOKS)
        at = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(at + 1) % len(names)]
        self.notify(f"Theme: {self.theme.removeprefix('peephole-')}", timeout=2)

    def action_plain(self) -> None:
        self.plain = not self.plain
        self.repaint()

    def repaint(self) -> None:
        """Draw every screen anew in the palette of now."""
        for screen in self.screen_stack:
            getattr(screen, "repaint", screen.refresh)()
            screen.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No palette opens over what says that the terminal is too small; guests save nothing."""
        if self.guest is not None and action in FORBIDDEN:
            return False
        if action == "command_palette" and self.screen.has_class("-small"):
            return False
        return super().check_action(action, parameters)

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        """Open a link; a guest's browser is not on this machine."""
        if self.guest is None:
            super().open_url(url, new_tab=new_tab)
        else:
            self.notify(url, markup=False)

    def get_key_display(self, binding: Binding) -> str:
        """A key as footer and help show it."""
        shown = super().get_key_display(binding)
        return plain(shown) if self.plain else shown

    def get_system_commands(self, screen: Screen) -> Iterable[SystemCommand]:
        """Everything that has a key can be found in the command palette too."""
        yield from commands(self, screen, super().get_system_commands(screen))


def settle() -> None:
    """After the first frame: what start-up made stays, so that no search for garbage looks at it."""
    gc.freeze()
    gc.enable()


def launch(
    session: Session | None = None,
    scenario: Scenario | None = None,
    *,
    start: Start = "",
    plain: bool = False,
) -> int:
    """Run the app until it is left. Returns the exit code."""
    ascii = plain or only_ascii()
    app = PeepholeApp(session, scenario, start=start, plain=ascii, share=scenario is not None)
    app.run()
    return app.return_code or 0
