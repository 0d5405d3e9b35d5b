"""The preview on home: it reads the marked entry, rests at the end, and gives way where there is no room."""

from __future__ import annotations

from textual.pilot import Pilot

from scenarios.samples import SAMPLES
from tui.app import PeepholeApp
from tui.score import Score
from tui.screens.preview import Preview


async def settle(pilot: Pilot) -> None:
    """Until the preview of the marked entry has been run."""
    for _ in range(100):
        await pilot.pause(0.05)
        await pilot.app.workers.wait_for_complete()
        if pilot.app.screen.query(Score):
            return


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
        await pilot.pause(0.5)
        await app.workers.wait_for_complete()
        assert not app.screen.query(Score)


async def test_a_low_terminal_keeps_the_list() -> None:
    app = PeepholeApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.5)
        assert not app.screen.query_one(Preview).display
