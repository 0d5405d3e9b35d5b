"""The speaker's app, and how tests wait for what it shows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from tests.tui.score_stage import idle, text
from tests.waiting import until
from tui.app import PeepholeApp
from tui.notes.screen import NotesScreen


@asynccontextmanager
async def reading(
    path: Path | None = None, size: tuple = (80, 24), **options: Any
) -> AsyncIterator[Pilot]:
    """The speaker's app."""
    app = PeepholeApp(first=NotesScreen(path), **options)
    async with app.run_test(size=size, notifications=True) as pilot:
        await idle(pilot)
        yield pilot


async def sees(pilot: Pilot, words: str) -> None:
    await until(lambda: words in text(pilot), lambda: f"{words!r} in\n{text(pilot)}")
