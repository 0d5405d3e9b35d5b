"""`peephole play`: from a beat, over and over, against a clock, and in large cells."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine import PeepholeError
from tests.tui.play_stage import ASKS, SCRIPT, here, playing, says
from tests.tui.score_stage import idle, lines, press, text
from tests.tui.script_stage import script
from tests.waiting import until
from tui import start
from tui.lines import Line
from tui.present import show as shows
from tui.present.show import Show

pytestmark = pytest.mark.usefixtures("quick_play")


async def test_it_begins_at_the_beat_that_was_asked_for_in_large_cells(tmp_path: Path) -> None:
    show = Show((script(tmp_path, SCRIPT),), beat=1, big=True)
    async with playing(show).run_test(size=(80, 24)) as pilot:
        await says(pilot, "All is read")
        await until(lambda: here(pilot).big)
        assert here(pilot).beat == 1


@pytest.mark.parametrize("loop", [True, False])
async def test_behind_the_last_beat_comes_the_next_scenario(tmp_path: Path, loop: bool) -> None:
    other = script(tmp_path, SCRIPT.replace("A test", "Another"), "other")
    show = Show((script(tmp_path, SCRIPT), other), loop=loop, beat=1)
    async with playing(show).run_test(size=(80, 24), notifications=True) as pilot:
        await says(pilot, "All is read")
        await press(pilot, "z", "n")
        await says(pilot, "Two rows.")
        assert here(pilot).session.title == "Another"
        await until(lambda: here(pilot).big)  # as it was
        await press(pilot, "n")
        await says(pilot, "All is read")
        await press(pilot, "n")
        if loop:
            await says(pilot, "A test")
        else:
            assert "That was the last beat" in text(pilot)
            assert (here(pilot).beat, here(pilot).session.title) == (1, "Another")
        assert len(pilot.app.screen_stack) == 2


@pytest.mark.parametrize("loop", [True, False])
async def test_before_the_first_beat_comes_the_last_one_of_the_scenario_before(
    tmp_path: Path, loop: bool
) -> None:
    asks = script(tmp_path, SCRIPT + ASKS, "asks")
    other = script(tmp_path, SCRIPT.replace("A test", "Another"), "other")
    show = Show((asks, other), loop=loop, beat=1)
    async with playing(show).run_test(size=(80, 24), notifications=True) as pilot:
        await says(pilot, "How many?")
        await press(pilot, "5", "enter")
        await says(pilot, "You said 5")
        await press(pilot, "pagedown")
        await says(pilot, "Another")
        await says(pilot, "Two rows.")
        await press(pilot, "pageup")
        await says(pilot, "You said 5")  # it is asked once
        assert (here(pilot).beat, here(pilot).session.title) == (1, "A test")
        await press(pilot, "pageup")
        await says(pilot, "Two rows.")
        await press(pilot, "pageup")
        if loop:
            await says(pilot, "Another")
            assert here(pilot).beat == 1
        else:
            assert "This is the first beat" in text(pilot)


async def test_two_quick_keys_skip_no_scenario(tmp_path: Path) -> None:
    three = [script(tmp_path, SCRIPT.replace("A test", name), name) for name in ("aa", "bb", "cc")]
    show = Show(tuple(three), beat=1)
    async with playing(show).run_test(size=(80, 24), notifications=True) as pilot:
        await says(pilot, "All is read")
        first = here(pilot)
        first.action_beat(1)
        first.action_beat(1)
        await says(pilot, "Two rows.")
        assert here(pilot).session.title == "bb"


async def test_from_a_reading_of_ones_own_a_step_goes_back_to_the_beat(tmp_path: Path) -> None:
    other = script(tmp_path, SCRIPT.replace("A test", "Another"), "other")
    async with playing(Show((script(tmp_path, SCRIPT), other), beat=1)).run_test() as pilot:
        await says(pilot, "All is read")
        await press(pilot, "i", *"cats", "space", "enter")
        assert here(pilot).strayed
        await press(pilot, "n")
        await says(pilot, "All is read")
        assert here(pilot).session.title == "A test"


async def test_time_is_counted_down_in_a_group_of_cells_of_its_own(tmp_path: Path) -> None:
    app = playing(Show((script(tmp_path, SCRIPT),), minutes=10))
    async with app.run_test(size=(80, 24)) as pilot:
        await says(pilot, "Two rows.")
        await until(lambda: "left" in lines(pilot)[0])
        assert lines(pilot)[0].split()[-2].startswith("9:") or "10:00" in lines(pilot)[0]
        line = here(pilot).query_one("#timer", Line)
        assert line.size.width == len(" 9:59 left ")
        assert line.parts[0][1] == "accent"
        app.began -= 11 * 60
        await until(lambda: "over" in lines(pilot)[0])
        assert line.parts[0][1] == "bad"
        await until(lambda: line.size.width == len(line.parts[0][0]))


@pytest.mark.parametrize("width", [60, 72, 80, 100])
async def test_beside_the_timer_no_number_is_cut(width: int) -> None:
    from scenarios import shelf

    show = Show((shelf.find("agreement"),), beat=13, minutes=10, big=True)
    async with playing(show).run_test(size=(width, 24)) as pilot:
        await until(lambda: here(pilot).beat == 13 and len(here(pilot).session.lanes) == 2)
        await until(lambda: "left" in lines(pilot)[0])
        await idle(pilot)
        head = lines(pilot)[0]
        assert "beat 14/15 " in head, head
        assert re.search(r"row +\d+ of 13 ", head), head
        assert re.search(r" \d+:\d\d left $", head), head


async def test_in_large_cells_every_lane_shows_what_the_question_is_about() -> None:
    from scenarios import shelf
    from tui.tracks.prediction import PredictionTrack

    show = Show((shelf.find("agreement"),), beat=13, big=True)
    async with playing(show).run_test(size=(80, 24)) as pilot:
        await until(lambda: here(pilot).big and len(here(pilot).session.lanes) == 2)
        await idle(pilot)
        assert here(pilot).asking
        for lane in here(pilot).score.groups:
            assert any(track.display for track in lane if isinstance(track, PredictionTrack))
            assert any(track.display for track in lane if getattr(track, "value", "") == "c")
        assert text(pilot).count("next word") == 2


def test_there_is_no_beat_beyond_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "terminal", lambda: None)
    with pytest.raises(PeepholeError, match="no beat 3") as wrong:
        shows.run(Show((script(tmp_path, SCRIPT),), beat=2))
    assert "1 to 2" in str(wrong.value)
