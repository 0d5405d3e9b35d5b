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


def commands(
    app: PeepholeApp, screen: Screen, textual: Iterable[SystemCommand]
) -> Iterable[SystemCommand]:
    """Everything that has a key, what Textual itself offers, and a few things beyond."""
    for command in textual:
        # Textual's own themes have no maps for numbers
        if command.title != "Theme" and (app.guest is None or command.title != "Screenshot"):
            yield command
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
    for active in screen.active_bindings.values():
        binding = active.binding
        if binding.id and active.enabled:
            about = f"{binding.tooltip or binding.description} ({app.get_key_display(binding)})"
            yield SystemCommand(
                binding.description, about, partial(_do, app, binding.action, active.node)
            )


def _do(app: PeepholeApp, action: str, node: Any) -> None:
    app.call_later(app.run_action, action, node)
