"""What a presenter does to the score screen: large cells, the curtain, a beat by its number."""

from __future__ import annotations

from textual.binding import Binding

from tui.present.curtain import CurtainScreen
from tui.screens.scripted import Scripted

FEW = ("play", "beat(1)", "reveal", "big", "explain")  # in the footer where all is large


class Presenting(Scripted):
    """Shows less, larger, or nothing.

    Attributes:
        big: whether there are fewer and larger cells, for a projector.
        curtain: whether the screen is dark.
    """

    big = False
    _dark: CurtainScreen | None = None

    @property
    def curtain(self) -> bool:
        return self._dark is not None

    @property
    def behind(self) -> str:
        """What a step behind the last beat leads to, for its speaker; "" where nothing comes."""
        return ""

    # Large cells ----------------------------------------------------------------------------------

    def action_big(self) -> None:
        self.big = not self.big
        with self.app.batch_update():
            self.set_class(self.big, "-big")
            self.narrator.set_class(self.big, "-big")
            self.score.enlarge(self.big)
            self.narrator.say_again()
            if self.view is not None:
                self.show_view(self.view, self.view.lane or self.lane)
            self.refresh_bindings()
            self.say()

    @property
    def silent(self) -> tuple[str, ...]:
        """Actions that are not named in the footer, since it is large and has room for few."""
        if not self.big:
            return ("big",)
        actions = (key.action for key in self.BINDINGS if isinstance(key, Binding))
        return tuple(action for action in actions if action not in FEW)

    # The curtain ----------------------------------------------------------------------------------

    def action_curtain(self) -> None:
        """Show nothing; or show again what is here."""
        if self._dark is not None:
            self.lift()
            return
        self.playing(False)
        self._dark = CurtainScreen()
        self.app.push_screen(self._dark, self._lifted)

    def lift(self) -> bool:
        """Take the curtain away; whether there was one."""
        dark, self._dark = self._dark, None
        if dark is None:
            return False
        while self.app.screen is not dark and dark in self.app.screen_stack:
            self.app.pop_screen()  # what was opened above it
        if self.app.screen is dark:
            dark.dismiss(None)
        return True

    def _lifted(self, _: None) -> None:
        self._dark = None

    # Beats by their numbers -----------------------------------------------------------------------

    async def action_go_beat(self) -> None:
        play = self.play_script
        if play is None:
            self.notify("Only a scenario has beats; g jumps to a row")
            return
        from tui.present.beats import BeatDialog

        self.playing(False)
        titles = [beat.title for beat in play.scenario.beats[: len(play)]]
        await self.app.push_screen(
            BeatDialog(titles, self.beat),
            lambda number: None if number is None else self.go_to_beat(number),
        )
