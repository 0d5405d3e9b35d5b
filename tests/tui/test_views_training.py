"""The training view shows what recorded runs wrote down, and says where there is nothing to show."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from engine.learning.config import Config, ModelSpec, TaskSpec
from engine.learning.folder import RunFolder
from engine.learning.metrics import Event, Update
from engine.recipe import Recipe
from tests.tui.stage import SIZES, Stage, lane, ready
from tui.palette import Palette


def recorded(path: Path, losses: np.ndarray, shares: np.ndarray, diverged: bool = False) -> Path:
    config = Config(path.name, task=TaskSpec("recall", 20), model=ModelSpec("lstm"),
                    recipe=asdict(Recipe()))  # fmt: skip
    folder = RunFolder.create(path, config)
    numbers = enumerate(zip(losses, shares, strict=True), 1)
    folder.append(*(Update(n, loss, share, 1.0, 0.1, 0.1 * n) for n, (loss, share) in numbers))
    if diverged:
        folder.append(Event(len(losses), "diverged", "gone"))
    return path


@pytest.mark.parametrize("size", SIZES)
async def test_curves_and_how_the_run_came_out(tmp_path: Path, size: tuple[int, int]) -> None:
    shown = lane("lstm")
    shares = np.repeat([0.1, 1.0], [60, 60])
    shown.run = recorded(tmp_path / "a-run", np.repeat([2.3, 1.1], [60, 60]), shares)
    shown.update = 120
    stage = Stage("training", shown)
    async with stage.run_test(size=size) as pilot:
        await ready(pilot)
        assert stage.said("#title") == "training · lstm · left: loss, nats · right: accuracy"
        said = stage.said("#readout")
        assert said.startswith("a-run (recall 20): 120 updates, accuracy 1.00, learned at ")
        assert 60 < int(said.rpartition(" ")[2]) < 110  # smoothed over twenty updates
        assert "the score shows the model after update 120" in stage.said("#legend")
        text = stage.screen_text()
        assert "chance" in text
        assert "learned" in text


async def test_a_run_without_numbers_and_a_logarithmic_axis(tmp_path: Path) -> None:
    shown = lane("elman")
    losses = np.array([4.0, 4e9, np.nan])
    shown.run = recorded(tmp_path / "gone", losses, np.array([0.1, 0.1, np.nan]), diverged=True)
    stage = Stage("training", shown, palette=Palette(ascii=True))
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        assert "gone (recall 20): no number any more at update 3" in stage.said("#readout")
        assert "nats, log scale" in stage.said("#title")
        assert stage.screen_text().isascii()


async def test_a_lane_of_no_run_says_so(tmp_path: Path) -> None:
    stage = Stage("training", lane("gru"))
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        assert "gru is of no recorded run" in stage.said("#title")
        stage.lane.run = tmp_path
        stage.view.show(stage.lane, 0)
        await ready(pilot)
        assert "not a run of peephole" in stage.said("#title")
