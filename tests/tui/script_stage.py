"""A scenario on the score: written to a file, and played until a beat is told."""

from __future__ import annotations

from pathlib import Path

from textual.pilot import Pilot

from scenarios.reader import read
from scenarios.script import Scenario
from tests.tui.score_stage import idle, press, screen, text
from tests.waiting import until


def script(folder: Path, text: str, name: str = "test") -> Scenario:
    """The scenario of a file with this text."""
    path = folder / f"{name}.toml"
    path.write_text(text)
    return read(path)


async def told(pilot: Pilot, *keys: str) -> None:
    """Press keys, and wait until a beat stands at its stop and is told, or asks."""
    await press(pilot, *keys)
    s = screen(pilot)
    await until(
        lambda: s._target is None and s.narrator.words and s.narrator.words.text,
        lambda: text(pilot),
    )
    await idle(pilot)
