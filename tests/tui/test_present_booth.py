"""`peephole play --kiosk`: a booth plays by itself, belongs to who presses a key, and never ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.tui.play_stage import ASKS, SCRIPT, here, says
from tests.tui.score_stage import lines, press, text
from tests.tui.script_stage import script
from tests.waiting import until
from tui import start
from tui.present import show as shows
from tui.present.app import PlayApp
from tui.present.show import Show

pytestmark = pytest.mark.usefixtures("quick_play")


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


@pytest.mark.parametrize("size", [(60, 12), (80, 24), (120, 40)])
async def test_a_booth_says_that_it_is_one_until_somebody_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.setattr("tui.present.screen.LEAST", 3600.0)  # a beat stays
    show = Show((script(tmp_path, SCRIPT),), loop=True, kiosk=True)
    async with PlayApp(show).run_test(size=size, notifications=True) as pilot:
        await says(pilot, "Two rows.")
        await until(lambda: "Help" not in lines(pilot)[-1])
        assert "press any key to take over" in lines(pilot)[-1]
        assert "paused" not in text(pilot)
        assert size[0] < 80 or "· ▶ auto" in lines(pilot)[0]
        await press(pilot, "n")  # the first key is obeyed
        await says(pilot, "All is read")
        assert here(pilot).beat == 1
        assert "press any key" not in text(pilot)
        assert "auto" not in lines(pilot)[0]
        assert "Help" in lines(pilot)[-1]


async def test_whoever_took_a_booth_over_has_the_next_scenario_too(tmp_path: Path) -> None:
    other = script(tmp_path, SCRIPT.replace("A test", "Another"), "other")
    show = Show((script(tmp_path, SCRIPT), other), loop=True, kiosk=True, beat=1)
    async with PlayApp(show).run_test(size=(80, 24)) as pilot:
        await until(lambda: here(pilot).beat == 1)
        await press(pilot, "down")
        while here(pilot).session.title != "Another":
            await press(pilot, "n")
        assert not here(pilot).alone


async def test_who_comes_next_is_asked_what_was_answered_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.present.screen.LEAST", 3600.0)
    other = script(tmp_path, SCRIPT.replace("A test", "Another"), "other")
    show = Show((script(tmp_path, SCRIPT + ASKS), other), loop=True, kiosk=True, beat=1)
    app = PlayApp(show)
    async with app.run_test(size=(80, 24)) as pilot:
        await says(pilot, "How many?")
        await press(pilot, "5", "enter")
        await says(pilot, "You said 5")
        await press(pilot, "n")
        await says(pilot, "Another")
        await app._gone()  # a minute later
        await says(pilot, "Two rows.")
        assert here(pilot).session.title == "A test"
        assert here(pilot).alone
        await press(pilot, "n")
        await says(pilot, "How many?")
        assert here(pilot).asking


async def test_the_key_that_cannot_be_obeyed_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.present.screen.LEAST", 3600.0)
    show = Show((script(tmp_path, SCRIPT),), loop=True, kiosk=True)
    async with PlayApp(show).run_test(size=(80, 24), notifications=True) as pilot:
        await says(pilot, "Two rows.")
        await press(pilot, "q")
        await until(lambda: "This cannot be left here" in text(pilot))
        assert text(pilot).count("It is") == 1  # one message
        await press(pilot, "question_mark", "q")  # where it closes something it does
        assert pilot.app.screen is here(pilot)


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
