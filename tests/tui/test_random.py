"""Random keys, resizes and sentences: whatever somebody does, the app goes on."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.tui.score_stage import app, idle, screen
from tui.keys import KEYS

EVENTS = 50  # an example
EXAMPLES = (
    20 if settings().max_examples > 100 else 2
)  # `--hypothesis-profile=thorough`: 2,000 events
PAUSE = 4  # events that may pile up before the app is let draw
SIZES = st.tuples(st.integers(1, 260), st.integers(1, 75))
LEAVE = {"q", "s", "p"}  # leaving ends the test; saving would write wherever random keys say
PRESSED = sorted({key for b in KEYS for key in b.key.split(",")} - LEAVE)
WORDS = st.lists(st.sampled_from(["w1", "w2", "w7", "wat", ".", "é", "<s>", "w3,"]), max_size=4)
EVENT = st.one_of(
    st.sampled_from([*PRESSED, "enter", "escape", "backspace", "a", "w", "T", "A", "ctrl+p"]),
    SIZES,
    WORDS,
)


@pytest.mark.parametrize("families", [("lstm",), ("elman", "transformer")])
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(events=st.lists(EVENT, min_size=EVENTS, max_size=EVENTS))
def test_nothing_that_somebody_does_ends_the_app(families: tuple[str, ...], events: list) -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):  # if they save
        asyncio.run(_live(families, events))


async def _live(families: tuple[str, ...], events: list) -> None:
    a = app(*families, length=14)
    async with a.run_test(size=(80, 24), notifications=True) as pilot:
        await idle(pilot)
        for number, event in enumerate(events):
            if isinstance(event, tuple):
                await pilot.resize_terminal(*event)
            else:
                for key in [event] if isinstance(event, str) else ["i", *" ".join([*event, ""])]:
                    a.simulate_key({" ": "space"}.get(key, key))
            if number % PAUSE == 0:
                await pilot.pause()
        await idle(pilot)
        while len(a.screen_stack) > 2:
            await pilot.press("escape")
            await idle(pilot)
        session = screen(pilot).session
        assert 0 <= session.cursor < session.shown <= session.rows
        assert 1 <= len(session.lanes) <= 3
