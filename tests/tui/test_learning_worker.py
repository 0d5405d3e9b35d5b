"""The learning screen with real workers: driven, killed, resumed, compared, branched, and left."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from engine.learning.folder import RunFolder
from tests import waiting
from tests.tui.score_stage import text
from tui.app import PeepholeApp
from tui.learning import launch, making
from tui.learning.dialogs.setting import usual
from tui.learning.screen import RunScreen


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are put into ./runs."""
    monkeypatch.chdir(tmp_path)


def small(steps: int = 200_000, **recipe) -> RunFolder:
    """A run that is quick to update, and does not come to its end."""
    setting = usual("recall", 4, "rnn")
    knobs = {**setting.recipe, "steps": steps, "batch": 4, "forget_bias": 0.0, **recipe}
    folder = making.create(replace(setting, width=8, recipe=knobs))
    return folder


async def until(pilot: Pilot, met: Callable[[], object]) -> None:
    """Wait for something that another process does, and until it is drawn."""
    await waiting.until(met, lambda: text(pilot))
    await pilot.pause()


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def answer(pilot: Pilot, **fields: str) -> None:
    """Fill in a form and press Enter."""
    for name, what in fields.items():
        pilot.app.screen.query_one(f"#{name}", Input).value = what
    await pilot.pause()
    await pilot.press("enter")
    await pilot.pause()


async def test_a_run_is_driven_killed_resumed_compared_and_branched() -> None:
    screen = RunScreen.open([small().path], True)
    app = PeepholeApp(first=screen)
    desk = screen.desk
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: desk.run.state == "running" and desk.run.metrics.last > 5)
        await pilot.press("space")
        await until(pilot, lambda: desk.run.state == "paused")
        await pilot.pause(0.3)
        stood = desk.run.metrics.last
        for more in (1, 2):
            await pilot.press("full_stop")
            await until(pilot, lambda n=stood + more: desk.run.metrics.last == n)
        await until(pilot, lambda: screen._due is None)  # no timer while nothing comes
        assert desk.run.metrics.last == stood + 2
        await until(pilot, lambda: "paused" in text(pilot))

        await pilot.press("k")
        await answer(pilot, lr="0.01", clip="0.5")
        await until(pilot, lambda: desk.run.metrics.events)
        assert desk.run.knobs(desk.run.newest)["lr"] == 0.01
        await until(pilot, lambda: "lr 0.01" in text(pilot) and "clip 0.5" in text(pilot))

        pid = screen.drivers[desk.run].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until(pilot, lambda: desk.run.state == "died")
        await until(pilot, lambda: "r resumes" in text(pilot))
        await until(pilot, lambda: "r Resume" in text(pilot))
        await pilot.press("space", "full_stop", "k")  # say so, and do nothing
        await pilot.press("r")
        await until(pilot, lambda: desk.run.state == "running")
        await until(pilot, lambda: desk.run.metrics.last > 0)
        await pilot.press("space")
        await until(pilot, lambda: desk.run.state == "paused")
        columns = desk.run.columns()
        assert columns.update.tolist() == list(range(1, len(columns.update) + 1))

        await pilot.press("c")
        await answer(pilot, cell="gru", clip="0")
        await until(pilot, lambda: len(desk.runs) == 2 and desk.runs[1].metrics.last > 2)
        await until(pilot, lambda: "A rnn 8 · clip 1" in text(pilot))
        await until(pilot, lambda: "B gru 8 · no clipping" in text(pilot))
        first, second = desk.runs
        await pilot.press("space")
        await until(pilot, lambda: second.state == "paused")
        await pilot.press("a", "left")
        assert desk.run is first
        assert desk.at is not None
        compared = screen.drivers[second].pid
        assert compared is not None
        await pilot.press("b")
        await answer(pilot, lr="0.02")
        await until(pilot, lambda: desk.runs[1] is not second and desk.runs[1].metrics.last > 2)
        branched = desk.runs[1]
        assert branched.folder.config.parent is not None
        assert branched.knobs(branched.newest)["lr"] == 0.02
        await until(pilot, lambda: gone(compared))
        pids = [screen.drivers[run].pid for run in desk.runs]
        await pilot.press("q")
    assert all(pid is not None and gone(pid) for pid in pids)
    assert len(app.parting) == 3
    for run in (first, second, branched):
        assert any(f"peephole learn {run.path}" in line for line in app.parting)
        again = RunFolder.open(run.path)
        assert again.checkpoints()[-1] == again.read().last


async def test_leaving_by_any_key_stops_the_workers() -> None:
    screen = RunScreen.open([small().path], True)
    async with PeepholeApp(first=screen).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: screen.desk.run.metrics.last > 0)
        pid = screen.drivers[screen.desk.run].pid
        await pilot.press("ctrl+q")
        assert pid is not None
        assert gone(pid)


async def test_home_asks_trains_and_takes_one_back() -> None:
    async with PeepholeApp().run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "Enter" in text(pilot))
        pilot.app.screen.query_one(Input).value = "recall"
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: "Train one yourself" in text(pilot))
        await answer(pilot, cell="rnn", width="4000")
        assert "✗ width is 4000" in text(pilot)
        await answer(pilot, length="3", cell="rnn", width="8", steps="20")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        run = pilot.app.screen.desk.run  # type: ignore[attr-defined]
        await until(pilot, lambda: run.state == "done")
        await until(pilot, lambda: "update 20 of 20" in text(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, RunScreen))
        pilot.app.screen.query_one(Input).value = "recall-rnn"
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        await until(pilot, lambda: "update 20 of 20" in text(pilot))


async def test_a_run_that_another_process_trains_is_followed() -> None:
    folder = small()
    screen = RunScreen.open([folder.path], True)
    with folder.lock():
        async with PeepholeApp(first=screen).run_test(size=(80, 24), notifications=True) as pilot:
            await until(pilot, lambda: "Followed here" in text(pilot))
            assert screen.desk.run.state == "following"
            assert not screen.drivers
            await pilot.press("r")
            assert not screen.drivers


async def test_a_run_that_is_done_offers_no_key_that_does_nothing() -> None:
    screen = RunScreen.open([small(3).path], True)
    async with PeepholeApp(first=screen).run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: screen.desk.run.state == "done" and not screen.drivable)
        footer = lambda: text(pilot).splitlines()[-1]  # noqa: E731
        await until(pilot, lambda: "Step" not in footer())
        assert not {"Pause", "Knobs", "Resume"} & set(footer().split())
        await pilot.press("escape")
        await until(pilot, lambda: "Esc again leaves" in text(pilot))
        assert not pilot.app._exit
        await pilot.press("escape")
        assert pilot.app._exit


def test_launch_prints_how_to_go_on(monkeypatch, capsys) -> None:
    folder = small()

    def leave(app: PeepholeApp) -> None:
        app.parting.append("peephole learn RUN")

    monkeypatch.setattr(PeepholeApp, "run", leave)
    assert launch([folder.path], True) == 0
    assert capsys.readouterr().out == "peephole learn RUN\n"
