"""The search line of home."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.line import Line


class Search(Line):
    """The line to type in. Its keys are its own, so that none overtakes what is typed."""

    MORE: ClassVar[dict[str, str]] = {"escape": "screen.back"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Open", id="home.open", tooltip="Open what is marked",
                key_display="Enter"),
        Binding("up", "screen.move(-1)", "Choose", id="home.up", tooltip="The entry above",
                key_display="↑ ↓"),
        Binding("down", "screen.move(1)", "Choose", id="home.down", tooltip="The entry below", show=False),
        Binding("pageup", "screen.move(-5)", "Choose", id="home.page.up", tooltip="Five entries up",
                show=False),
        Binding("pagedown", "screen.move(5)", "Choose", id="home.page.down", tooltip="Five entries down",
                show=False),
    ]  # fmt: skip
