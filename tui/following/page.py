"""What somebody who follows sees where the presenter shows no score: a page of text, or that they choose."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from tui.palette import Palette
from tui.place import Place
from tui.screens.keybar import KeyBar
from tui.views.plain import plain


class Watched(Screen[None]):
    """The text of a place."""

    DEFAULT_CSS = """
    Watched { layout: vertical; align-horizontal: center; }
    Watched VerticalScroll { height: 1fr; width: 104; max-width: 100%; padding: 1 3; }
    Watched Static { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Look around", id="watched.back",
                tooltip="Look around on your own; Backspace brings you back"),
    ]  # fmt: skip

    def __init__(self, place: Place, name: str) -> None:
        super().__init__()
        self.place, self.name_ = place, name

    def compose(self) -> ComposeResult:
        with VerticalScroll(can_focus=False):
            yield Static(id="page", markup=False)
        yield KeyBar(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        self.repaint()

    def follow(self, place: Place) -> None:
        """Show another page."""
        self.place = place
        if self.is_mounted:
            self.repaint()

    def repaint(self) -> None:
        """Draw it in the palette of now."""
        palette: Palette = self.app.palette  # type: ignore[attr-defined]
        look, place = palette.look, self.place
        text = Text()
        title = place.title or f"{self.name_} is choosing what to show"
        text.append(self._readable(title, palette), Style(color=look.primary, bold=True))
        for part in place.text:
            text.append("\n\n" + self._readable(part, palette))
        self.query_one("#page", Static).update(text)

    @staticmethod
    def _readable(text: str, palette: Palette) -> str:
        return plain(text) if palette.ascii else text

    def action_back(self) -> None:
        self.app.leave()  # type: ignore[attr-defined]
