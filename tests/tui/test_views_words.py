"""What views say in words: lanes by their labels, rows as rows, and lines that fit."""

from __future__ import annotations

import pytest

from tests.tui.stage import Stage, lane, ready
from tui.lane import Lane
from tui.views import VIEWS


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("family", ["elman", "transformer"])
async def test_a_view_calls_its_lane_by_its_label(name: str, family: str) -> None:
    made = lane(family)
    model = made.trace.header.model
    stage = Stage(name, Lane("rnn_600", made.trace, made.model), 5)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        assert "rnn_600" in stage.said("#title")
        assert model not in stage.said("#title")


async def test_the_equation_speaks_of_rows() -> None:
    stage = Stage("equation", lane("lstm"), 5)
    async with stage.run_test(size=(80, 40)) as pilot:
        await ready(pilot)
        assert "' is the row before" in stage.screen_text()
        assert "tick" not in stage.screen_text()


@pytest.mark.parametrize(("width", "says"), [(40, "reach: "), (60, "> 1e-3"), (120, "above 1e-3")])
async def test_the_reach_ends_with_its_median_at_every_width(width: int, says: str) -> None:
    stage = Stage("gradient", lane("lstm", 16), 15)
    async with stage.run_test(size=(width, 24)) as pilot:
        await ready(pilot)
        line = next(line for line in stage.lines() if line.startswith("reach"))
        assert says in line
        assert line.rstrip().rpartition("; median ")[2].isdecimal()
