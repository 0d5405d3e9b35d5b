"""The learning screen as it was looked at and liked.

`python run.py test tests/tui/test_learning_snapshots.py --snapshot-update` draws it anew; look before
you commit.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from textual.pilot import Pilot

from engine.learning.folder import RunFolder
from tests.tui import learned, snaps
from tests.tui.snaps import SIZES, Snap, name
from tests.tui.test_learning_screen import app, settled, traced
from tui.learning.dialogs.setting import Setting, SettingDialog

RECIPE = {"steps": 1000, "lr": 0.003, "clip": 1.0, "forget_bias": 3.0}
pytestmark = pytest.mark.usefixtures("all_colours")
keys = partial(snaps.keys, settled)


def one(path: Path) -> RunFolder:
    folder = learned.growing(path / "recall-lstm-1")
    traced(folder, 0, 600)
    return folder


def two(path: Path) -> list[RunFolder]:
    other = learned.vanishing(path / "recall-lstm-2")
    traced(other, 0, 600)
    return [one(path), other]


@pytest.mark.parametrize("size", SIZES, ids=name)
def test_one_run(snap_compare: Snap, tmp_path: Path, size: tuple[int, int]) -> None:
    assert snap_compare(app(one(tmp_path)), terminal_size=size, run_before=keys())


@pytest.mark.parametrize("size", SIZES, ids=name)
def test_two_runs(snap_compare: Snap, tmp_path: Path, size: tuple[int, int]) -> None:
    assert snap_compare(app(*two(tmp_path)), terminal_size=size, run_before=keys())


def test_light(snap_compare: Snap, tmp_path: Path) -> None:
    press = keys(theme="peephole-light")
    assert snap_compare(app(one(tmp_path)), terminal_size=(120, 40), run_before=press)


def test_no_color(snap_compare: Snap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(app(one(tmp_path)), terminal_size=(80, 24), run_before=keys())


def test_ascii(snap_compare: Snap, tmp_path: Path) -> None:
    screen = app(*two(tmp_path), plain=True)
    assert snap_compare(screen, terminal_size=(80, 24), run_before=keys())


def test_looking_back_at_the_gradient(snap_compare: Snap, tmp_path: Path) -> None:
    folder = learned.growing(tmp_path / "recall-lstm-1")
    traced(folder, 0, 400)
    press = keys("left", "3", "down", "down")
    assert snap_compare(app(folder), terminal_size=(120, 40), run_before=press)


def test_diverged(snap_compare: Snap, tmp_path: Path) -> None:
    screen = app(learned.diverging(tmp_path / "recall-relu-1"))
    assert snap_compare(screen, terminal_size=(80, 24), run_before=keys())


def test_train_one_yourself(snap_compare: Snap, tmp_path: Path) -> None:
    async def ask(pilot: Pilot) -> None:
        await keys()(pilot)
        pilot.app.push_screen(SettingDialog(Setting("recall", 50, "lstm", 64, RECIPE)))
        await pilot.pause()
        await pilot.press("down", "down", "down", "down", "down", "down")
        await settled(pilot)

    assert snap_compare(app(one(tmp_path)), terminal_size=(80, 24), run_before=ask)
