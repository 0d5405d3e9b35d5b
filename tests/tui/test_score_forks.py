"""The score screen: what is cut, held or replaced by keys; what is saved, and opened again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine import load_trace
from tests.tui.score_stage import SIZES, app, go_to, go_to_lane, idle, lines, press, screen, text
from tui.app import PeepholeApp
from tui.session import Session
from tui.start import of_trace


async def test_a_gate_held_shut_from_the_keyboard() -> None:
    async with app("lstm").run_test(size=(140, 40)) as pilot:
        await press(pilot, "end", "up", "up", "up")
        await go_to(pilot, "f")
        await press(pilot, "minus")
        s = screen(pilot).session
        assert [x.cut for x in s.lanes] == ["", "f of layer 1 = 0"]
        assert (s.lanes[1].trace["f"][:, 1] == 0).all()
        assert (s.lanes[1].trace["f"][:, 0] == s.lanes[0].trace["f"][:, 0]).all()
        shown = text(pilot)
        assert "f of layer 1 = 0" in shown
        bits = s.lanes[1].bits(8) - s.lanes[0].bits(8)
        row = next(line for line in lines(pilot) if re.search(r"^ +8 w", line))
        assert f"{bits:+5.1f}" in row
        await press(pilot, "u")
        assert len(screen(pilot).session.lanes) == 1


async def test_one_head_cut_and_one_edge() -> None:
    async with app("transformer").run_test(size=(140, 40)) as pilot:
        await press(pilot, "end")
        await go_to(pilot, "heads")
        await press(pilot, "right", "X")
        s = screen(pilot).session
        head = s.head
        assert s.lanes[1].cut == f"head {head} of layer 1 cut"
        assert (s.lanes[1].trace["context"][:, 1, head] == 0).all()
        await press(pilot, "u")
        await go_to(pilot, "attention")
        screen(pilot).score.focused.probe = 4
        await press(pilot, "left", "minus")
        assert s.lanes[1].cut == f"edge 9→3 cut in layer 1 head {head}"
        assert s.lanes[1].trace["weights"][9, 1, head, 3] == 0
        assert s.lanes[0].trace["weights"][9, 1, head, 3] > 0


async def test_a_word_replaced_through_the_dialog_gives_the_fork_its_own_tokens() -> None:
    async with app("lstm").run_test(size=(140, 40)) as pilot:
        await press(pilot, "end", "up", "r")
        dialog = pilot.app.screen
        dialog.query_one("#replace-word").value = "w9"
        await press(pilot, "tab", "enter")
        s = screen(pilot)
        assert s.session.lanes[1].trace.tokens[8] == "w9"
        assert len([t for t in s.score.tracks if t.NAME == "tokens"]) == 2


async def test_traces_and_pictures_are_saved_and_a_failure_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with app("lstm").run_test(size=(120, 40), notifications=True) as pilot:
        await press(pilot, "end", "s", "enter")
        (saved,) = tmp_path.glob("*.safetensors")
        trace = load_trace(saved)
        assert trace.tokens == screen(pilot).session.tokens
        assert "gradient_map" in trace.lenses
        await press(pilot, "p", "enter")
        (picture,) = tmp_path.glob("*.svg")
        assert "<svg" in picture.read_text()[:200]
        assert "Saved the picture" in text(pilot)


async def test_a_fork_is_saved_by_its_name_and_stands_complete_when_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with app("lstm").run_test(size=(140, 40)) as pilot:
        await press(pilot, "end")
        await go_to(pilot, "f")
        await press(pilot, "minus")
        await go_to_lane(pilot, 1, "f")
        await press(pilot, "s")
        assert "Save the trace of lstm · f of layer 1 = 0" in text(pilot)
        await press(pilot, "enter")
    (saved,) = tmp_path.glob("*.safetensors")
    session = of_trace(load_trace(saved))
    assert (session.shown, session.cursor) == (10, 9)
    for size in SIZES:
        async with PeepholeApp(session).run_test(size=size) as pilot:
            await idle(pilot)
            assert "lstm · f of layer 1 = 0" in lines(pilot)[0]


async def test_a_saved_trace_opens_without_its_model() -> None:
    from tests.tui.stage import lane, without_model

    full = lane("lstm")
    bare = without_model(full)
    async with PeepholeApp(Session([bare])).run_test(size=(120, 40), notifications=True) as pilot:
        await press(pilot, "end")
        assert "not saved" in text(pilot)
        for key in ("x", "i", "minus", "r"):
            await press(pilot, key)
            assert len(pilot.app.screen_stack) == 2
            assert len(screen(pilot).session.lanes) == 1
