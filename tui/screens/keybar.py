"""The footer: as many keys as there is room for; Help and Quit are always among them."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widget import Widget
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

from tui.keys import ANSWERS, KEYS

ALWAYS = ("explain", "quit", "app.quit", "done", "beat(1)", "over", "reveal")
VIEWS, PLAY = "view('score')", "play"
PLACES = {
    binding.action: place
    for place, binding in reversed([*enumerate(KEYS)])
    if isinstance(binding, Binding)
    and binding.show
    and binding.action.partition("(")[0] not in ANSWERS
}


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

    def on_mount(self) -> None:
        self.display = not self.app.has_class("-bare")  # of a picture

    def on_resize(self, event: events.Resize) -> None:
        self.refresh(recompose=True)


def _action(key: Widget) -> str:
    return key.action if isinstance(key, FooterKey) else ""


def _placed(keys: list[Widget]) -> list[Widget]:
    """The keys of the score in the order of their table, also those that answer questions before all else."""
    at = [place for place, key in enumerate(keys) if _action(key) in PLACES]
    placed = list(keys)
    for place, key in zip(at, sorted((keys[i] for i in at), key=_place), strict=True):
        placed[place] = key
    return placed


def _place(key: Widget) -> int:
    return PLACES[_action(key)]


def _ranked(keys: list[Widget]) -> list[Widget]:
    """The keys as they are worth their room: the way to the views before what plays the score."""
    ranked, actions = list(keys), [_action(key) for key in keys]
    if VIEWS in actions and PLAY in actions:
        ranked.insert(actions.index(PLAY), ranked.pop(actions.index(VIEWS)))
    return ranked


def _cells(key: Widget) -> int:
    """The columns of a key with what it does, a blank between them and one behind."""
    return cell_len(key.key_display + key.description) + 2 if isinstance(key, FooterKey) else 0
