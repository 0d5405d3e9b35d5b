"""The whole app on a session of small random models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.pilot import Pilot
from textual.strip import Strip

from tests.engine.build import build, tokens
from tui.app import PeepholeApp
from tui.screens.score import ScoreScreen
from tui.session import Session

SIZES = [(80, 24), (120, 40), (200, 60), (250, 70), (60, 12)]


def app(*families: str, length: int = 10, **options: Any) -> PeepholeApp:
    """The app, opened on models that read random words."""
    models = [build(f, dtype="float32", width=24, heads=2) if f == "transformer" else
              build(f, dtype="float32", width=24) for f in families]  # fmt: skip
    return PeepholeApp(Session.read(models, tokens(length)), **options)


def screen(pilot: Pilot) -> ScoreScreen:
    """The score screen, also below a dialog."""
    return next(s for s in reversed(pilot.app.screen_stack) if isinstance(s, ScoreScreen))


def lines(pilot: Pilot) -> list[str]:
    """What the terminal shows."""
    return [strip.text for strip in pilot.app.screen._compositor.render_strips()]


def text(pilot: Pilot) -> str:
    return "\n".join(lines(pilot))


def strips(pilot: Pilot) -> list[Strip]:
    return pilot.app.screen._compositor.render_strips()


async def press(pilot: Pilot, *keys: str) -> None:
    """Press keys, one after the other, and let everything that they start come to its end."""
    for key in keys:
        await pilot.press(key)
        await idle(pilot)


async def idle(pilot: Pilot) -> None:
    """Wait until no thread works any more and everything is drawn."""
    await pilot.pause()
    while any(not worker.is_finished for worker in pilot.app.workers):
        await pilot.pause(0.005)
    await pilot.pause()


async def typed(pilot: Pilot, words: Sequence[str]) -> None:
    """Type words, each with a blank after it."""
    for word in words:
        await press(pilot, *word, "space")


async def go_to(pilot: Pilot, name: str) -> None:
    """Tab until the track of that name has the focus."""
    for _ in range(30):
        focused = screen(pilot).score.focused
        if focused and getattr(focused, "value", focused.NAME) == name:
            return
        await press(pilot, "tab")
    raise AssertionError(f"no track {name}")


async def go_to_lane(pilot: Pilot, lane: int, name: str) -> None:
    """Give the focus to a track of one lane."""
    score = screen(pilot).score
    score.focus_track(next(t for t in score.groups[lane] if getattr(t, "value", "") == name))
    await idle(pilot)
