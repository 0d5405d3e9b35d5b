"""A run's network on the score: by its folder, at any checkpoint, and from the learning screen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine import PeepholeError
from engine.training import Training
from scenarios.readers import RUNS
from tui.app import PeepholeApp
from tui.learning.screen import RunScreen
from tui.screens.score import ScoreScreen
from tui.start import of_run

RUN = RUNS / "recall-gru-100"


def test_the_network_is_the_one_of_the_checkpoint_and_reads_the_probe() -> None:
    session = of_run(RUN, 40)
    (lane,) = session.lanes
    assert lane.model is not None
    kept = Training.load(
        RUN / "checkpoints" / "000040.safetensors", lane.model.backend, lambda n: None
    )  # type: ignore[arg-type, return-value]
    assert np.array_equal(lane.model.params["W_hy"], kept.params["W_hy"])
    assert (session.rows, session.tokens[0]) == (103, "<s>")
    assert lane.note == "update 40 of recall-gru-100"
    assert lane.answers == {101: session.tokens[1]}, (
        "only the question's row is asked: for the first digit"
    )


def test_without_an_update_it_is_the_newest_checkpoint() -> None:
    newest = max(RUN.glob("checkpoints/*"))
    assert of_run(RUN).lanes[0].update == int(newest.stem)


def test_what_is_not_there_is_said_with_what_is(tmp_path: Path) -> None:
    with pytest.raises(PeepholeError, match="no checkpoint of update 7") as error:
        of_run(RUN, 7)
    assert "40" in error.value.do
    with pytest.raises(PeepholeError, match="not a run"):
        of_run(tmp_path)


async def test_o_opens_it_from_the_learning_screen_and_escape_comes_back() -> None:
    app = PeepholeApp(first=RunScreen.open([RUN], False))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("o")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert isinstance(app.screen, ScoreScreen)
        assert "recall-gru-100" in app.screen.session.lanes[0].note
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, RunScreen)
