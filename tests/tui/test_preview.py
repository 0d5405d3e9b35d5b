"""The preview on home: it reads the marked entry, rests at the end, and gives way where there is no room."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from scenarios.samples import SAMPLES
from tests.tui.score_stage import idle
from tests.waiting import until
from tui.app import PeepholeApp
from tui.guest import Guest
from tui.score import Score
from tui.screens.preview import Preview

pytestmark = pytest.mark.usefixtures("own_state")


async def settle(pilot: Pilot) -> None:
    """Until the preview of the marked entry has been run."""
    await until(lambda: pilot.app.screen.query(Score))
    await idle(pilot)


async def test_the_marked_scenario_is_read_row_by_row_and_then_nothing_runs() -> None:
    app = PeepholeApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        preview = app.screen.query_one(Preview)
        session = preview.query_one(Score).session
        assert session.tokens[1:4] == ["the", "cats", "that"]
        for _ in range(session.rows):
            preview._tick()
        assert session.cursor == session.rows - 1
        assert preview._timer is None


async def test_a_guest_who_only_looks_at_home_costs_nothing_after_one_pass() -> None:
    app = PeepholeApp(guest=Guest())
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        preview = app.screen.query_one(Preview)
        session = preview.query_one(Score).session
        await until(lambda: session.cursor == session.rows - 1 and preview._timer is None)
        await idle(pilot)
        timers = [timer for node in app.screen.walk_children() for timer in node._timers]
        assert not [timer for timer in timers if timer._active.is_set()]  # one that is paused rests


async def test_another_entry_is_another_preview() -> None:
    app = PeepholeApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press(*"gru")
        await settle(pilot)
        session = app.screen.query_one(Score).session
        assert session.lanes[0].label == "gru"
        assert " ".join(session.tokens[1:]) == SAMPLES["english"].text


async def test_a_sentence_with_unknown_words_has_none() -> None:
    app = PeepholeApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("t", "h", "e", "space", "z", "z", "space", "full_stop")
        await until(lambda: not app.screen.query(Score))
        assert app.screen.query_one(Preview)._waiting is None  # and none will come


async def test_a_low_terminal_keeps_the_list() -> None:
    app = PeepholeApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await idle(pilot)
        preview = app.screen.query_one(Preview)
        assert not preview.display
        assert preview._waiting is None
