"""The footer: as many keys as there is room for; Help and Quit are always among them."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

ALWAYS = ("explain", "quit", "app.quit", "done", "beat(1)", "over", "reveal")
VIEWS, PLAY, TYPE = "view('score')", "play", "type"


class KeyBar(Footer):
    """Leaves out the last keys where the terminal is narrow, but never those that are always shown.

    The way to the other views goes after the other keys of the score, before those of the view on show.
    A screen's `quiet` are the actions that have a key but nothing to do as things stand.
    """

    def compose(self) -> ComposeResult:
        quiet = getattr(self.screen, "quiet", ())
        keys = _placed([key for key in super().compose() if _action(key) not in quiet])
        over = sum(map(_cells, keys)) - self.app.size.width
        for key in reversed(_ranked(keys)):
            if over <= 0:
                break
            if isinstance(key, FooterKey) and key.action not in ALWAYS:
                over -= _cells(key)
                keys.remove(key)
        yield from keys

    def on_resize(self, event: events.Resize) -> None:
        self.refresh(recompose=True)


def _action(key: Widget) -> str:
    return key.action if isinstance(key, FooterKey) else ""


def _placed(keys: list[Widget]) -> list[Widget]:
    """The way to the views where it is on all screens, though its digits answer questions before all else."""
    placed, actions = list(keys), [_action(key) for key in keys]
    if VIEWS in actions and TYPE in actions and actions.index(VIEWS) < actions.index(TYPE):
        placed.insert(actions.index(TYPE) - 1, placed.pop(actions.index(VIEWS)))
    return placed


def _ranked(keys: list[Widget]) -> list[Widget]:
    """The keys as they are worth their room: the way to the views before what plays the score."""
    ranked, actions = list(keys), [_action(key) for key in keys]
    if VIEWS in actions and PLAY in actions:
        ranked.insert(actions.index(PLAY), ranked.pop(actions.index(VIEWS)))
    return ranked


def _cells(key: Widget) -> int:
    """The columns of a key with what it does, a blank between them and one behind."""
    return cell_len(key.key_display + key.description) + 2 if isinstance(key, FooterKey) else 0
