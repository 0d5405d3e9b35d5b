"""What was looked at and liked: the screen at three sizes, dark, light and without colour.

`python run.py test tests/tui/test_snapshots.py --snapshot-update` draws them anew; look before you commit.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from textual.pilot import Pilot

from scenarios import shelf
from tests.tui import snaps
from tests.tui.snaps import SIZES, Snap, name
from tui.app import PeepholeApp
from tui.score import Score
from tui.screens.preview import Preview
from tui.start import of_models

SENTENCE = "the cats that sat on the mat that was red were happy ."


@pytest.fixture(autouse=True)
def nothing_before(all_colours: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A user without a past."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("tui.screens.choices.runs", list)


async def settled(pilot: Pilot) -> None:
    """Until no thread works and nothing plays on the way to where a beat stops."""
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    while (session := getattr(pilot.app.screen, "session", None)) and session.playing:
        await pilot.pause(0.05)
    await pilot.pause()


keys = partial(snaps.keys, settled)


@pytest.mark.parametrize("size", SIZES, ids=name)
@pytest.mark.parametrize("look", ["dark", "light", "no-color"])
def test_score(
    snap_compare: Snap, monkeypatch: pytest.MonkeyPatch, look: str, size: tuple[int, int]
) -> None:
    if look == "no-color":
        monkeypatch.setenv("NO_COLOR", "1")
    theme = "peephole-light" if look == "light" else "peephole-dark"
    app = PeepholeApp(of_models(["lstm"], SENTENCE))
    press = keys("end", "up", "up", theme=theme)
    assert snap_compare(app, terminal_size=size, run_before=press)


@pytest.mark.parametrize("size", SIZES, ids=name)
def test_transformer_beside_lstm(snap_compare: Snap, size: tuple[int, int]) -> None:
    app = PeepholeApp(of_models(["lstm", "transformer"], SENTENCE))
    assert snap_compare(app, terminal_size=size, run_before=keys("end", "up", "up"))


@pytest.mark.parametrize("key", ["2", "3", "4", "5", "6"])
def test_view(snap_compare: Snap, key: str) -> None:
    app = PeepholeApp(of_models(["transformer" if key == "2" else "lstm"], SENTENCE))
    press = keys("end", "up", "up", key)
    assert snap_compare(app, terminal_size=(120, 40), run_before=press)


def test_jacobian_in_a_small_light_terminal(snap_compare: Snap) -> None:
    app = PeepholeApp(of_models(["gru"], SENTENCE))
    press = keys("end", "up", "up", "6", "right", "v", theme="peephole-light")
    assert snap_compare(app, terminal_size=(80, 24), run_before=press)


def test_steps_shares_saturation_and_the_cut(snap_compare: Snap) -> None:
    session = of_models(["rnn"], SENTENCE)
    for lane in session.lanes:
        lane.trace.header = replace(lane.trace.header, truncation=(2, 4))
    press = keys("end", "up", "up", "tab", "tab", "tab", "tab")
    assert snap_compare(PeepholeApp(session), terminal_size=(160, 40), run_before=press)


def test_beat_with_its_claims(snap_compare: Snap) -> None:
    app = PeepholeApp(None, shelf.find("agreement"))
    assert snap_compare(app, terminal_size=(120, 40), run_before=keys("pagedown", "pagedown"))


@pytest.mark.parametrize("size", SIZES, ids=name)
def test_large_cells(snap_compare: Snap, size: tuple[int, int]) -> None:
    app = PeepholeApp(None, shelf.find("agreement"))
    assert snap_compare(app, terminal_size=size, run_before=keys("z", "pagedown"))


def test_large_attention(snap_compare: Snap) -> None:
    app = PeepholeApp(of_models(["transformer"], SENTENCE))
    assert snap_compare(app, terminal_size=(80, 24), run_before=keys("end", "up", "up", "2", "z"))


def test_question_of_a_beat(snap_compare: Snap) -> None:
    app = PeepholeApp(None, shelf.find("coreference"))
    press = keys("G", "8", "enter", "b")
    assert snap_compare(app, terminal_size=(80, 24), run_before=press)


def test_curtain(snap_compare: Snap) -> None:
    app = PeepholeApp(None, shelf.find("agreement"))
    assert snap_compare(app, terminal_size=(80, 24), run_before=keys("c"))


def test_forget_gate_held_shut(snap_compare: Snap) -> None:
    app = PeepholeApp(of_models(["lstm"], SENTENCE))
    press = keys("end", "tab", "tab", "tab", "tab", "tab", "minus")
    assert snap_compare(app, terminal_size=(120, 40), run_before=press)


def test_ascii(snap_compare: Snap) -> None:
    app = PeepholeApp(of_models(["lstm"], SENTENCE), plain=True)
    assert snap_compare(app, terminal_size=(80, 24), run_before=keys("end"))


@pytest.mark.parametrize("size", SIZES, ids=name)
def test_one_vector_beside_attention(snap_compare: Snap, size: tuple[int, int]) -> None:
    app = PeepholeApp(of_models(["copy-gru", "copy-bahdanau"], "deadbeef"))
    assert snap_compare(app, terminal_size=size, run_before=keys("end"))


@pytest.mark.parametrize("model", ["en-fr-bahdanau", "en-fr-gru"])
def test_alignment(snap_compare: Snap, model: str) -> None:
    app = PeepholeApp(of_models([model], "she finds her beautiful black lamp ."))
    assert snap_compare(app, terminal_size=(80, 24), run_before=keys("end", "up", "8"))


@pytest.mark.parametrize("size", SIZES, ids=name)
def test_home(snap_compare: Snap, size: tuple[int, int]) -> None:
    async def read_to_the_end(pilot: Pilot) -> None:
        await pilot.pause()  # the first screen comes once the app is drawn
        preview = pilot.app.screen.query_one(Preview)
        for _ in range(100):
            await pilot.pause(0.05)
            await pilot.app.workers.wait_for_complete()
            if pilot.app.screen.query(Score) or (not preview.display and preview.screen.size):
                break
        while preview._timer is not None:
            preview._tick()
        await pilot.pause()

    assert snap_compare(PeepholeApp(), terminal_size=size, run_before=read_to_the_end)
