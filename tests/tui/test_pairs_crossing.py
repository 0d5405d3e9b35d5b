"""Source and target on one score: what is said to cross, in any size, with or without the model."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from engine import load_trace, run, save_trace
from engine.lenses.record import record
from tests.tui.pair_lanes import SOURCE, TARGET, S, pair_app, pair_lane, pair_model
from tests.tui.score_stage import idle, lines, press, screen, text
from tui.app import PeepholeApp
from tui.crossing import words
from tui.lane import Lane
from tui.start import of_trace

KINDS = ("none", "bahdanau", "seq2seq", "encoder")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("none", "only this row crosses: h of 2 layers, 2 × 8 numbers"),
        ("bahdanau", "every source row can be looked at: 8 × 8 numbers"),
        ("seq2seq", "every source row can be looked at: 8 × 8 numbers, in each of 2 layers"),
    ],
)
async def test_between_source_and_target_stands_what_crosses(kind: str, said: str) -> None:
    async with pair_app(kind).run_test(size=(120, 30)) as pilot:
        await press(pilot, "end")
        shown = lines(pilot)
        at = next(i for i, line in enumerate(shown) if said in line)
        assert "</s>" in shown[at - 2]
        assert ("</s> ▼" in shown[at - 2]) == (kind == "none")
        assert "<s>" in shown[at + 1]
        for row in range(S):  # a source is not predicted: neither bits nor words
            line = next(
                x
                for x in shown
                if re.match(rf"[ ▶] *{row} {SOURCE.split()[row] if row < 7 else '<'}", x)
            )
            assert not re.search(r"\d\.\d|\.\d\d", line[8:])


def test_an_lstm_passes_both_its_states_on() -> None:
    from dataclasses import replace

    gru = pair_model("none", layers=1)
    architecture = replace(gru.architecture, cell="lstm")  # type: ignore[type-var]
    params = architecture.init(np.random.default_rng(0))
    model = replace(gru, architecture=architecture, params=params)
    lane = Lane("lstm", run(model, SOURCE.split(), target=TARGET), model)
    assert words(lane)[0] == "▼ only this row crosses: h and c, 2 × 8 numbers"


@pytest.mark.parametrize("kind", KINDS)
async def test_no_number_that_is_none_is_shown_in_any_track_or_view(kind: str) -> None:
    async with pair_app(kind).run_test(size=(100, 30)) as pilot:
        await idle(pilot)
        for row in (0, S, 99):
            screen(pilot).session.move(row)
            screen(pilot).sync()
            await idle(pilot)
            tracks = screen(pilot).score.tracks
            said = " ".join(track.reading() for track in tracks)
            assert not re.search(r"\bnan\b|-0\.0000", said + text(pilot)), (row, said)
        for view in "358":
            await press(pilot, view)
            assert not re.search(r"\bnan\b", text(pilot)), view


async def test_any_size_at_any_moment() -> None:
    async with pair_app("bahdanau", "seq2seq", free=True).run_test(size=(80, 24)) as pilot:
        for width, height in (
            (60, 12),
            (200, 60),
            (40, 8),
            (81, 13),
            (61, 40),
            (120, 18),
            (80, 24),
        ):
            await pilot.resize_terminal(width, height)
            await pilot.press("space", "down")
            await pilot.pause()
        screen(pilot).playing(False)
        await press(pilot, "end")
        assert "▲ all 8 rows" in text(pilot) or "▲ every source row" in text(pilot)


async def test_the_explanation_leaves_the_rows_their_room_when_the_terminal_shrinks() -> None:
    async with pair_app("none").run_test(size=(100, 40)) as pilot:
        await press(pilot, "end")
        assert "stands between them" in text(pilot)
        await pilot.resize_terminal(62, 16)
        await idle(pilot)
        assert "stands between them" not in text(pilot)
        assert "▶11" in text(pilot)


async def test_the_cursor_stays_in_sight_on_a_low_screen() -> None:
    async with pair_app("none").run_test(size=(80, 12)) as pilot:
        for key in ("end", "home", *["down"] * 11, *["up"] * 5):
            await press(pilot, key)
            assert any("▶" in line for line in lines(pilot)[3:])


@pytest.mark.parametrize("kind", ["none", "seq2seq"])
async def test_a_saved_reading_opens_without_its_model(tmp_path: Path, kind: str) -> None:
    lane = pair_lane(kind)
    assert lane.model is not None
    save_trace(record(lane.model, lane.trace), tmp_path / "pair.safetensors")
    session = of_trace(load_trace(tmp_path / "pair.safetensors"))
    assert session.lanes[0].model is None
    async with PeepholeApp(session).run_test(size=(120, 30)) as pilot:
        await idle(pilot)
        shown = text(pilot)
        assert ("only this row crosses" if kind == "none" else "every source row") in shown
        assert "not saved" not in shown  # the gradient came with it
        await press(pilot, "8", "1")
