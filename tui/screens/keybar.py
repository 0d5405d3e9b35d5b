"""The footer: as many keys as there is room for; Help and Quit are always among them."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

ALWAYS = ("explain", "quit", "app.quit", "done")


class KeyBar(Footer):
    """Leaves out the last keys where the terminal is narrow, but never those that are always shown."""

    def compose(self) -> ComposeResult:
        keys = list(super().compose())
        over = sum(map(_cells, keys)) - self.app.size.width
        for key in reversed(keys):
            if over <= 0:
                break
            if isinstance(key, FooterKey) and key.action not in ALWAYS:
                over -= _cells(key)
                keys.remove(key)
        yield from keys

    def on_resize(self, event: events.Resize) -> None:
        self.refresh(recompose=True)


def _cells(key: Widget) -> int:
    """The columns of a key with what it does, a blank between them and one behind."""
    return cell_len(key.key_display + key.description) + 2 if isinstance(key, FooterKey) else 0
