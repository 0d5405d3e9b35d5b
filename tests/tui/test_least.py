"""Below the least size: what is needed can be read, whole, for as long as there are columns for it."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from textual.geometry import Size

from tests.tui import learned
from tests.tui.score_stage import app, idle, lines, press
from tui.app import PeepholeApp
from tui.learning.screen import RunScreen
from tui.screens.least import wanting


@pytest.mark.parametrize("who", ["peephole", "watching a run"])
def test_no_line_is_cut_and_the_size_stands_in_one(who: str) -> None:
    for width, height in product(range(7, 60), range(2, 8)):
        said = wanting(Size(width, height), (60, 12), who).splitlines()
        assert max(map(len, said)) <= width
        assert len(said) <= height - 1
        assert any("60 x 12" in line for line in said)
        assert width < len("needs 60 x 12") or "needs" in " ".join(said)
        if width >= 40 and height >= 3:
            assert said == [f"{who} needs 60 x 12", f"this is {width} x {height}"]


async def test_it_reads_at_fifteen_columns_and_four_lines() -> None:
    async with app("lstm").run_test(size=(80, 24)) as pilot:
        await idle(pilot)
        for size, told in (
            ((15, 4), ["peephole needs", "60 x 12", "this is 15 x 4"]),
            ((20, 5), ["peephole needs", "60 x 12", "this is 20 x 5"]),
            ((13, 3), ["needs 60 x 12"]),
            ((7, 2), ["60 x 12"]),
        ):
            await pilot.resize_terminal(*size)
            await idle(pilot)
            shown = [line.strip() for line in lines(pilot)]
            assert [line for line in shown[:-1] if line] == told
            assert shown[-1] == "q Quit"
        await press(pilot, "n", "z", "G")  # keys that would draw more do nothing
        await pilot.resize_terminal(80, 24)
        await idle(pilot)
        assert "needs" not in "".join(lines(pilot))


@pytest.mark.parametrize("keys", ["", "4", "6"])
async def test_what_had_the_focus_has_it_again_when_there_is_room(keys: str) -> None:
    async with app("lstm").run_test(size=(100, 30)) as pilot:
        await idle(pilot)
        await press(pilot, "tab", *keys)
        had, footer = pilot.app.focused, lines(pilot)[-1]
        assert had is not None
        for small in ((50, 10), (100, 8), (40, 30)):
            await pilot.resize_terminal(*small)
            await idle(pilot)
            assert pilot.app.focused is None
            await press(pilot, "tab", "n")  # keys that do nothing, to nobody
            await pilot.resize_terminal(100, 30)
            await idle(pilot)
            assert pilot.app.focused is had
            assert lines(pilot)[-1] == footer


async def test_a_sentence_that_is_typed_goes_on_when_there_is_room() -> None:
    async with app("lstm").run_test(size=(100, 30)) as pilot:
        await idle(pilot)
        await press(pilot, "i", "a")
        await pilot.resize_terminal(50, 10)
        await press(pilot, "b")
        await pilot.resize_terminal(100, 30)
        await press(pilot, "c")
        assert pilot.app.screen.query_one("WordInput").value == "ac"  # type: ignore[attr-defined]


async def test_a_panel_of_a_run_has_the_focus_again_when_there_is_room(tmp_path: Path) -> None:
    folder = learned.growing(tmp_path / "a", 40)
    made = PeepholeApp(first=RunScreen.open([folder.path], False))
    async with made.run_test(size=(100, 30)) as pilot:
        await idle(pilot)
        await press(pilot, "tab")
        had = pilot.app.focused
        assert had is not None
        await pilot.resize_terminal(50, 10)
        await idle(pilot)
        assert pilot.app.focused is None
        await pilot.resize_terminal(100, 30)
        await idle(pilot)
        assert pilot.app.focused is had
