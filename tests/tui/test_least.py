"""Below the least size: what is needed can be read, whole, for as long as there are columns for it."""

from __future__ import annotations

from itertools import product

import pytest
from textual.geometry import Size

from tests.tui.score_stage import app, idle, lines, press
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
