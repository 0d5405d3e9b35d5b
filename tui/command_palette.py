"""What the command palette offers."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.app import SystemCommand
from textual.screen import Screen

from tui.themes import SPOKEN

if TYPE_CHECKING:
    from tui.app import PeepholeApp


# What Textual offers that means something here: its own themes have no maps for numbers
TEXTUAL = ("Screenshot",)
QUIT = "Quit"  # leaves, whichever of its keys; the last one does so from anywhere


def commands(
    app: PeepholeApp, screen: Screen, textual: Iterable[SystemCommand]
) -> Iterable[SystemCommand]:
    """Everything that has a key, once however many it has, and a few things beyond."""
    if app.guest is None:
        yield from (command for command in textual if command.title in TEXTUAL)
    yield SystemCommand(
        "Take the tour", "All scenarios in the order of history, from where you were", app.tour
    )
    if app.guest is None:
        yield SystemCommand(
            "Train a network", "Choose task, cell and knobs, and watch it learn", app.train
        )
    for name, spoken in SPOKEN.items():
        here = " (as now)" if name == app.theme else ""
        yield SystemCommand(
            f"Theme: {spoken}", f"Show everything so{here}", partial(setattr, app, "theme", name)
        )
    found: dict[tuple[str, str], SystemCommand] = {}
    known: set[tuple[str, str]] = set()  # what was said of those that have more keys than one
    for active in screen.active_bindings.values():
        binding = active.binding
        title, said = binding.description, binding.tooltip or binding.description
        same = title, "" if title == QUIT else binding.action
        again = same in found or (title, said) in known
        if binding.id and active.enabled and (title == QUIT or not again):
            about = f"{said} ({app.get_key_display(binding)})"
            does = partial(_do, app, binding.action, active.node)
            found[same] = SystemCommand(title, about, does)
            known.add((title, said))
    yield from found.values()


def _do(app: PeepholeApp, action: str, node: Any) -> None:
    app.call_later(app.run_action, action, node)
