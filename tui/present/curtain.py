"""A dark screen, for when all shall look at the speaker."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Static


class CurtainScreen(ModalScreen[None]):
    """Over everything; a clicker's key, or any that would move something, takes it away."""

    DEFAULT_CSS = """
    CurtainScreen { background: black; align: center bottom; }
    CurtainScreen Static { width: auto; height: 1; color: #606060; background: black; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c,escape,enter,space,n,N,pagedown,pageup,up,down,left,right,home,end,g,G,j,k,q,backspace",
                "lift", "Back", id="curtain.lift", tooltip="Show everything again"),
    ]  # fmt: skip

    def compose(self) -> ComposeResult:
        yield Static("c: back")

    def action_lift(self) -> None:
        self.dismiss(None)

    def on_click(self, event: events.Click) -> None:
        self.dismiss(None)
