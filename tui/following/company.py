"""What an app does for its company: those who watch what it shows, or whom it watches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import App
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

if TYPE_CHECKING:
    from textual.actions import ActionParseResult

    from tui.app import PeepholeApp
    from tui.lines import Parts


class Banner(Static):
    """Where there is no score: the line above a screen that says who presents."""

    DEFAULT_CSS = "Banner { dock: top; height: 1; background: $surface; color: $accent; }"


class Companion:
    """Somebody beyond this screen; every part may be left out."""

    app: PeepholeApp
    _told: tuple[Screen | None, Parts] = (None, [])

    @property
    def lead(self) -> Parts:
        """What the top line begins with."""
        return []

    def start(self) -> None:
        """The first frame is drawn."""

    async def stop(self) -> None:
        """The app ends."""

    def drawn(self) -> None:
        """Something was drawn: called after every frame, and so never while nothing happens."""

    def tell(self) -> None:
        """Have the screen say how things stand, where it does not already."""
        screen, lead = seen(self.app), self.lead
        if self._told != (screen, lead) and screen.is_mounted:
            self._told = screen, lead
            self.app.call_later(self._tell, screen, lead)

    @staticmethod
    def _tell(screen: Screen, lead: Parts) -> None:
        if not screen.is_attached:
            return
        if hasattr(screen, "say"):
            screen.say()
            return
        words = "".join(text for text, _ in lead)
        for banner in screen.query(Banner):
            banner.update(words)
            banner.display = bool(words)
            return
        if words:
            screen.mount(Banner(words, markup=False))

    def acts(self, action: str) -> Callable[[], None]:
        """An action begins; what is returned is called if it turns out to be none here."""
        return lambda: None

    def touched(self, event: events.InputEvent) -> bool:
        """A key or the mouse, before anybody else; whether that is all that happens with it."""
        return False

    def snap(self) -> bool:
        """Back to who presents; whether there is anybody."""
        return False

    @property
    def away(self) -> bool:
        """Whether there is a place to snap back to."""
        return False


class Accompanied(App[int]):
    """An app that tells its companion what happens. Without one nothing is different."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("backspace", "snap", "Presenter", id="app.snap", key_display="⌫",
                tooltip="Back to what the presenter shows"),
    ]  # fmt: skip

    companion: Companion | None = None

    def post_display_hook(self) -> None:
        """Textual has drawn a frame."""
        if self.companion is not None:
            self.companion.drawn()

    async def on_event(self, event: events.Event) -> None:
        """Keys and the mouse are shown to the companion first."""
        if (
            self.companion is not None
            and isinstance(event, events.InputEvent)
            and not event.is_forwarded
            and self.companion.touched(event)
        ):
            return
        await super().on_event(event)

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Do something that a key, the footer or the palette stands for."""
        if self.companion is None:
            return await super().run_action(action, default_namespace, namespaces)
        name = action if isinstance(action, str) else action[1]
        take_back = self.companion.acts(name.rpartition(".")[2].partition("(")[0])
        done = await super().run_action(action, default_namespace, namespaces)
        if done:
            self.companion.drawn()  # it may have changed what is told, and nothing that is drawn
        else:
            take_back()
        return done

    def action_snap(self) -> None:
        if self.companion is not None:
            self.companion.snap()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only who looks around can be brought back."""
        return action != "snap" or (self.companion is not None and self.companion.away)

    async def on_unmount(self) -> None:
        if self.companion is not None:
            await self.companion.stop()


def seen(app: App) -> Screen:
    """The screen that an app shows, below its dialogs."""
    stack = [screen for screen in app.screen_stack if not isinstance(screen, ModalScreen)]
    return stack[-1]


def company(app: PeepholeApp, share: bool = False) -> Companion | None:
    """Who an app's company is: of a visit in follow mode, of a presentation, or nobody."""
    guest = app.guest
    if guest is not None and guest.post is not None and guest.role == "presenter":
        from tui.following.presenter import Presenter

        return Presenter(app, guest.post, guest.name)
    if guest is not None and guest.post is not None and guest.role == "follower":
        from tui.following.follower import Follower

        return Follower(app, guest.post)
    if share and guest is None:
        from tui.notes.speaker import Speaker

        return Speaker(app)
    return None
