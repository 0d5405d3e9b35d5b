"""What the fork server does once, so that no visit has to: import the app and warm its caches."""

from __future__ import annotations

import importlib

MODULES = (
    "tui.app", "tui.screens.home", "tui.screens.score", "tui.screens.help", "tui.serve.driver",
    "tui.serve.child", "tui.tour.contents", "tui.dialogs.intervene", "tui.dialogs.jump", "tui.dialogs.models",
    "tui.dialogs.condition",
)  # fmt: skip


def rehearse() -> None:
    """Import what a visit shows."""
    for name in MODULES:
        importlib.import_module(name)
