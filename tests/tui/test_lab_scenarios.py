"""What the scenarios of the gradient lab talk about is on the screen, in every lane, at 80 x 24."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from scenarios import shelf
from tests.tui.score_stage import idle, lines, press, screen, text
from tui.app import PeepholeApp
from tui.views.training import TrainingView
from tui.widths import key


async def beat(pilot: Pilot, number: int) -> None:
    """Go to a beat, from 1, and have it shown at once."""
    stage = screen(pilot)
    stage.go_to_beat(number - 1)
    await idle(pilot)
    if stage._target is not None and stage.session.cursor < stage._target:
        await press(pilot, "n")
    await idle(pilot)


def in_sight(pilot: Pilot, name: str) -> list[bool]:
    """Whether each lane has a track of that name on the screen."""
    groups = screen(pilot).score.groups
    return [any(key(track) == name and track.display for track in group) for group in groups]


@pytest.mark.parametrize(("name", "number", "track"), [
    ("vanishing", 4, "gradient"), ("vanishing", 5, "slope"), ("lstm-belt", 3, "c"),
    ("gru-as-ema", 3, "z"),
])  # fmt: skip
async def test_what_a_beat_is_about_has_room_in_every_lane(
    name: str, number: int, track: str
) -> None:
    app = PeepholeApp(scenario=shelf.find(name))
    async with app.run_test(size=(80, 24)) as pilot:
        await idle(pilot)
        await beat(pilot, number)
        assert all(in_sight(pilot, track))
        said = screen(pilot).narrator
        assert said.size.height <= 9
        assert said.max_scroll_y == 0  # all of it is in sight
        assert "measured, and true" in text(pilot)


@pytest.mark.parametrize(
    ("name", "number"), [("vanishing", 4), ("vanishing", 3), ("truncation", 4)]
)
async def test_in_ascii_everything_is_ascii(name: str, number: int) -> None:
    app = PeepholeApp(scenario=shelf.find(name), plain=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await idle(pilot)
        await beat(pilot, number)
        assert text(pilot).isascii()


async def test_room_is_kept_after_a_full_size_view_and_given_up_for_another_track() -> None:
    app = PeepholeApp(scenario=shelf.find("truncation"))
    async with app.run_test(size=(80, 24)) as pilot:
        await idle(pilot)
        await beat(pilot, 4)
        assert isinstance(screen(pilot).view, TrainingView)
        assert "A recall-lstm-60-full (recall 60)" in text(pilot)
        assert "B recall-lstm-60-k10 (recall 60)" in text(pilot)
        await beat(pilot, 5)
        assert screen(pilot).view is None
        assert in_sight(pilot, "c") == [True, True]
        assert "update 600 of recall-lstm-60-full" in lines(pilot)[1]
        while in_sight(pilot, "c") == [True, True]:
            await press(pilot, "tab")
        assert screen(pilot).score.focused is not None
