"""The column of rows and tokens: numbered in every lane where there is room, and then named alike."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from tests.tui.score_stage import app, idle, press, screen, text
from tui.app import PeepholeApp
from tui.start import of_models
from tui.tracks.token import TokenTrack


def columns(pilot: Pilot) -> list[TokenTrack]:
    return [t for t in screen(pilot).score.tracks if isinstance(t, TokenTrack) and t.display]


def header(track: TokenTrack) -> str:
    return track.render_line(track.stage.header - 2).text.strip()


async def test_every_lane_of_pairs_numbers_its_rows_where_it_is_wide() -> None:
    session = of_models(["copy-gru", "copy-bahdanau"], "deadbeef")
    async with PeepholeApp(session).run_test(size=(200, 60)) as pilot:
        await press(pilot, "end")
        first, second = columns(pilot)
        assert header(first) == header(second) == "row token"
        for track in (first, second):
            y = track.stage.line(3) + track.stage.header
            assert track.render_line(y).text.split()[:2] == ["3", "d"]
        await pilot.resize_terminal(100, 40)
        await idle(pilot)
        first, second = columns(pilot)
        numbered = [track.size.width >= track.claims[-1][1] for track in (first, second)]
        assert header(first) == "row token"
        assert header(second) == ("row token" if numbered[1] else "token")
        said = second.render_line(second.stage.line(3) + second.stage.header).text.split()
        assert said[0] == ("3" if numbered[1] else "d")


@pytest.mark.parametrize("length", [5, 9, 12, 101])
async def test_rows_are_called_so_however_few_there_are(length: int) -> None:
    async with app("lstm", length=length).run_test(size=(120, 40)) as pilot:
        await idle(pilot)
        assert header(columns(pilot)[0]) == "row token"
        assert "row token" in text(pilot)
