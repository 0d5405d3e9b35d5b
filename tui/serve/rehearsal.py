"""What the fork server does once, so that no visit has to: the app is played, unseen, from home on.

All that it imports, parses and remembers on the way is there in every visit, and in memory only once.
"""

from __future__ import annotations

import asyncio
from importlib import import_module

from textual.pilot import Pilot
from textual.widgets import Input

from scenarios import zoo
from tui.app import PeepholeApp
from tui.guest import Guest
from tui.serve.styles import kept
from tui.views import VIEWS, load

SIZE = (120, 40)
SENTENCE = "the cats were happy ."
SHOWN = (
    "tui.serve.child", "tui.serve.driver", "tui.screens.help", "tui.dialogs.intervene", "tui.dialogs.jump",
    "tui.tour.contents", "tui.tour.chapter",
)  # fmt: skip


def rehearse() -> None:
    """Load all models and most screens; show home, and open a sentence."""
    for module in SHOWN:
        import_module(module)
    for view in VIEWS:
        load(view)
    for name in zoo.entries():
        if zoo.size(name):
            zoo.model(name)
    with kept():
        asyncio.run(_play())


async def _play() -> None:
    app = PeepholeApp(guest=Guest())
    async with app.run_test(size=SIZE) as pilot:
        await _idle(pilot)
        app.screen.query_one("#search", Input).value = SENTENCE
        await _idle(pilot)
        await pilot.press("enter")
        await _idle(pilot)


async def _idle(pilot: Pilot[int]) -> None:
    """Let all work end: no thread may be left when the process is copied."""
    await pilot.pause()
    while any(not worker.is_finished for worker in pilot.app.workers):
        await pilot.pause(0.01)
    await pilot.pause()
