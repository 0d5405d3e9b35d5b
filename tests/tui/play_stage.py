"""What tests of `peephole play` play, and how they wait for it."""

from __future__ import annotations

from typing import Any

from textual.pilot import Pilot

from tests.tui.score_stage import idle, text
from tests.waiting import until
from tui.present.app import PlayApp
from tui.present.screen import PlayScreen
from tui.present.show import Show

SCRIPT = """
title = "A test"
text = "the cats were happy ."
[lanes]
lstm = { model = "lstm" }
[[beats]]
title = "The beginning"
stop = "cats"
say = "Two rows."
[[beats]]
title = "The end"
say = "All is read, {n} rows."
measure.n = "rows(lstm)"
"""
ASKS = 'ask = "How many?"\nguess = "n"\nnear = 1\n'


def here(pilot: Pilot) -> PlayScreen:
    return next(s for s in reversed(pilot.app.screen_stack) if isinstance(s, PlayScreen))


async def says(pilot: Pilot, words: str) -> None:
    await until(lambda: words in text(pilot), lambda: f"{words!r} in\n{text(pilot)}")
    await idle(pilot)


def playing(show: Show, **options: Any) -> PlayApp:
    """Without the post of `peephole notes`."""
    return PlayApp(show, **{"share": False, **options})
