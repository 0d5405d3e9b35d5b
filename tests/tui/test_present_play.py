"""`peephole play`: over and over, by itself in a booth, while its file is written, and against a clock."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from engine import PeepholeError
from tests.tui.score_stage import idle, lines, press, text
from tests.tui.script_stage import script
from tests.waiting import until
from tui import start
from tui.guest import admit
from tui.lines import Line
from tui.narrator import Narrator, Words
from tui.present import show as shows
from tui.present.app import PlayApp
from tui.present.screen import PlayScreen
from tui.present.show import Show
from tui.present.watching import Watch, awaited

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


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Nothing takes the time that people need; nobody is a guest afterwards."""
    monkeypatch.setattr("tui.screens.scripted.PACE", 200.0)
    monkeypatch.setattr("tui.present.screen.WORD", 0.0)
    monkeypatch.setattr("tui.present.screen.LEAST", 0.3)
    monkeypatch.setattr("tui.present.screen.THINK", 0.0)
    monkeypatch.setattr("tui.present.screen.EVERY", 0.02)
    yield
    admit(None)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is told, one text a beat, however short it stands there."""
    told: list[str] = []
    say = Narrator.say

    def listen(self: Narrator, words: Words | None) -> None:
        if words is not None and words.text:
            told.append(" ".join([*(line for line, _ in words.before), words.text]))
        say(self, words)

    monkeypatch.setattr(Narrator, "say", listen)
    return told


def here(pilot: Pilot) -> PlayScreen:
    return next(s for s in reversed(pilot.app.screen_stack) if isinstance(s, PlayScreen))


async def says(pilot: Pilot, words: str) -> None:
    await until(lambda: words in text(pilot), lambda: f"{words!r} in\n{text(pilot)}")
    await idle(pilot)


def playing(show: Show, **options: Any) -> PlayApp:
    """Without the post of `peephole notes`."""
    return PlayApp(show, **{"share": False, **options})


# Beats, loop, timer -------------------------------------------------------------------------------


async def test_it_begins_at_the_beat_that_was_asked_for_in_large_cells(tmp_path: Path) -> None:
    show = Show((script(tmp_path, SCRIPT),), beat=1, big=True)
    async with playing(show).run_test(size=(80, 24)) as pilot:
        await says(pilot, "All is read")
        await until(lambda: here(pilot).big)
        assert here(pilot).beat == 1


@pytest.mark.parametrize("loop", [True, False])
async def test_behind_the_last_beat_comes_the_next_scenario_or_nothing(
    tmp_path: Path, loop: bool
) -> None:
    other = script(tmp_path, SCRIPT.replace("A test", "Another"), "other")
    show = Show((script(tmp_path, SCRIPT), other), loop=loop, beat=1)
    async with playing(show).run_test(size=(80, 24), notifications=True) as pilot:
        await says(pilot, "All is read")
        await press(pilot, "z", "n")
        if not loop:
            assert "That was the last beat" in text(pilot)
            assert here(pilot).beat == 1
            return
        await says(pilot, "Two rows.")
        assert here(pilot).session.title == "Another"
        await until(lambda: here(pilot).big)  # as it was
        await press(pilot, "n")
        await says(pilot, "All is read")
        await press(pilot, "n")
        await says(pilot, "A test")
        assert len(pilot.app.screen_stack) == 2


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


# A booth ------------------------------------------------------------------------------------------


async def test_a_booth_plays_by_itself_and_answers_its_questions(
    tmp_path: Path, heard: list[str]
) -> None:
    show = Show((script(tmp_path, SCRIPT + ASKS),), loop=True, kiosk=True)
    async with PlayApp(show).run_test(size=(80, 24)):
        rounds = ["Two rows.", "How many?", "Measured: 6. All is read, 6 rows."]
        await until(lambda: len(heard) >= 7)
        assert heard[:7] == [*rounds, *rounds, rounds[0]]  # the next people are asked as well


async def test_whoever_presses_a_key_has_a_booth_until_nobody_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heard: list[str]
) -> None:
    monkeypatch.setattr("tui.present.app.AWAY", 0.5)
    show = Show((script(tmp_path, SCRIPT),), loop=True, kiosk=True, beat=1)
    async with PlayApp(show).run_test(size=(80, 24), notifications=True) as pilot:
        await until(lambda: bool(heard))
        first = here(pilot)
        pilot.app.simulate_key("question_mark")
        await until(lambda: not first.alone)
        assert first._hold is None
        await until(lambda: here(pilot) is not first)  # a while without a key
        heard.clear()
        await until(lambda: len(heard) >= 2)
        assert heard[:2] in (
            ["Two rows.", "All is read, 6 rows."],
            ["All is read, 6 rows.", "Two rows."],
        )
        assert here(pilot).alone
        await until(lambda: pilot.app.screen is here(pilot))  # without what was opened


async def test_nobody_leaves_saves_or_opens_anything_in_a_booth(tmp_path: Path) -> None:
    show = Show((script(tmp_path, SCRIPT),), loop=True, kiosk=True)
    app = PlayApp(show)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "Two rows." in text(pilot))
        before = set(tmp_path.iterdir())
        await press(pilot, "q", "ctrl+q", "ctrl+p", "s", "p", "escape", "escape", "ctrl+z")
        assert app.is_running
        assert pilot.app.screen is here(pilot)
        assert set(tmp_path.iterdir()) == before
        assert "Quit" not in text(pilot)
        titles = {command.title for command in app.get_system_commands(app.screen)}
        assert not titles & {"Train a network", "Screenshot", "Save trace", "Picture"}
        await pilot.press("ctrl+c")
        await until(lambda: not app.is_running)
    assert (app.left, app.return_code) == (True, 130)


def test_a_mistake_never_ends_a_booth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[str, str]] = []

    class Broken:
        """An app that ends by a mistake twice, and then as it may."""

        def __init__(self, show: Show, problem: str, **_: Any) -> None:
            ran.append((show.scenarios[0].name, problem))
            self.left, self.problem, self.return_code = len(ran) == 3, "KeyError: 'x'", 1

        def run(self) -> None:
            pass

    waited: list[float] = []
    monkeypatch.setattr("tui.present.app.PlayApp", Broken)
    monkeypatch.setattr(start, "terminal", lambda: None)
    monkeypatch.setattr(start, "quick", lambda: None)
    monkeypatch.setattr(shows.time, "sleep", waited.append)
    two = tuple(script(tmp_path, SCRIPT, name) for name in ("one", "two"))
    show = Show(two, loop=True, kiosk=True)
    with pytest.raises(SystemExit):
        shows.run(show)
    told = "It ended by a mistake and began again: KeyError: 'x'"
    assert ran == [("one", ""), ("two", told), ("one", told)]
    assert waited == sorted(waited)  # longer and longer where it is broken for good
    ran.clear()
    with pytest.raises(SystemExit):
        shows.run(Show((script(tmp_path, SCRIPT),)))
    assert len(ran) == 1  # others see what went wrong


def test_there_is_no_beat_beyond_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "terminal", lambda: None)
    with pytest.raises(PeepholeError, match="no beat 3") as wrong:
        shows.run(Show((script(tmp_path, SCRIPT),), beat=2))
    assert "1 to 2" in str(wrong.value)


# While its file is written ------------------------------------------------------------------------


async def test_a_file_is_read_again_and_its_mistakes_are_shown_in_place(tmp_path: Path) -> None:
    scenario = script(tmp_path, SCRIPT)
    path = scenario.source.path
    async with playing(Show((scenario,), watch=True, beat=1)).run_test(size=(100, 30)) as pilot:
        await says(pilot, "All is read, 6 rows.")
        kept = here(pilot).session.lanes[0]
        path.write_text(SCRIPT.replace("All is read", "Everything is read"))
        await says(pilot, "Everything is read, 6 rows.")
        assert here(pilot).session.lanes[0] is kept  # only words changed: nothing is run again
        assert here(pilot).beat == 1
        path.write_text(SCRIPT.replace("{n} rows", "{m} rows"))
        await says(pilot, "the placeholder {m} has no measure")
        shown = lines(pilot)
        at = next(n for n, line in enumerate(shown) if "^^" in line)
        assert shown[at - 1].index("{m}") == shown[at].index("^^")
        assert "Everything is read, 6 rows." in text(pilot)
        await press(pilot, "pageup")  # the version before goes on
        await says(pilot, "Two rows.")
        assert "has no measure" in text(pilot)
        begin = '[[beats]]\ntitle = "New"\nsay = "Look."\n[[beats]]\ntitle = "The beginning"'
        path.write_text(SCRIPT.replace('[[beats]]\ntitle = "The beginning"', begin))
        await until(lambda: "has no measure" not in text(pilot))
        await says(pilot, "beat 2/3")  # the same beat, which now has another number
        await says(pilot, "Two rows.")


async def test_what_only_goes_wrong_when_it_runs_is_shown_with_its_line(tmp_path: Path) -> None:
    scenario = script(tmp_path, SCRIPT)
    path = scenario.source.path
    async with playing(Show((scenario,), watch=True)).run_test(size=(100, 30)) as pilot:
        await says(pilot, "Two rows.")
        path.write_text(SCRIPT.replace('stop = "cats"', 'stop = "dogs"'))
        await says(pilot, "no row 'dogs'")
        assert "^^^^" in text(pilot)
        assert "Two rows." in text(pilot)
        path.write_text(SCRIPT.replace('"the cats were', '"the wug were'))
        await says(pilot, "wug")
        path.write_text(
            SCRIPT.replace("cats were happy", "dogs were happy").replace('"cats"', '"dogs"')
        )
        await says(pilot, "dogs")
        await until(lambda: here(pilot).session.tokens[2] == "dogs")


async def test_an_editor_may_put_another_file_in_its_place(tmp_path: Path) -> None:
    scenario = script(tmp_path, SCRIPT)
    path = scenario.source.path
    async with playing(Show((scenario,), watch=True)).run_test(size=(100, 30)) as pilot:
        await says(pilot, "Two rows.")
        for word in ("Three", "Four"):
            draft = tmp_path / "draft"
            draft.write_text(SCRIPT.replace("Two rows", f"{word} rows"))
            os.replace(draft, path)
            await says(pilot, f"{word} rows.")
        path.unlink()
        await says(pilot, "cannot read")
        assert "Four rows." in text(pilot)
        path.write_text(SCRIPT)
        await says(pilot, "Two rows.")
        assert "cannot read" not in text(pilot)


async def test_an_answer_stays_and_another_question_is_asked_anew(tmp_path: Path) -> None:
    scenario = script(tmp_path, SCRIPT + ASKS)
    path = scenario.source.path
    async with playing(Show((scenario,), watch=True, beat=1)).run_test(size=(100, 30)) as pilot:
        await says(pilot, "How many?")
        await press(pilot, "6", "enter")
        await says(pilot, "You said 6; measured 6.")
        path.write_text((SCRIPT + ASKS).replace("All is", "It is all"))
        await says(pilot, "It is all read")
        assert "You said 6" in text(pilot)
        path.write_text((SCRIPT + ASKS).replace("How many", "How many rows"))
        await says(pilot, "How many rows?")
        assert here(pilot).asking


def test_a_file_has_changed_once(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("a")
    watch = Watch(path)
    assert not watch.changed()
    path.write_text("ab")
    assert [watch.changed(), watch.changed()] == [True, False]
    path.unlink()
    assert [watch.changed() for _ in range(4)] == [False, True, False, False]
    path.write_text("ab")
    assert [watch.changed(), watch.changed()] == [True, False]


def test_watch_waits_until_a_mistaken_file_is_mended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where nothing could be shown at all: no TOML yet, another mistake, no such stop."""
    path = tmp_path / "mine.toml"
    beat = (
        "title = 't'\ntext = 'the cats'\n[lanes]\na = { model = 'lstm' }\n[[beats]]\ntitle = 'x'\n"
    )
    versions = [beat, f"{beat}say = '{{p}} {{q}}'\n", f"{beat}say = '-'\nstop = 'dog'\n"]
    saved = iter([*versions, f"{beat}say = '-'\n"])
    path.write_text("title = ")
    scenario = awaited(str(path), lambda _: path.write_text(next(saved)) and None)
    assert scenario.beats[0].say.text == "-"
    assert next(saved, None) is None
    said = capsys.readouterr().err
    for mistake in ("not TOML", "needs the key 'say'", "and 1 more", "no row 'dog'"):
        assert mistake in said
    assert said.count("It begins once the file is right") == 4


def test_nothing_is_waited_for_that_is_no_file_of_ones_own(tmp_path: Path) -> None:
    with pytest.raises(PeepholeError, match="no scenario"):
        awaited("agrement")
    with pytest.raises(PeepholeError, match="cannot read"):
        awaited(str(tmp_path / "none.toml"))
