"""What the panels of the learning screen say: numbers, labels, the rows that are asked, sizes that change."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine import run
from engine.learning import derived
from engine.learning.folder import RunFolder
from engine.learning.metrics import Attention, Param
from engine.models import LanguageModel
from engine.storage import save_trace
from engine.text import Vocabulary
from scenarios import tasks
from tests.tui import learned
from tests.tui.score_stage import lines, press, text
from tests.tui.test_learning_screen import app, screen, settled
from tui.learning import words
from tui.learning.free import Free
from tui.learning.panels.inside import InsidePanel
from tui.learning.panels.params import ParamsPanel
from tui.learning.panels.reading import ReadingPanel
from tui.learning.plot import Curve, linear
from tui.learning.strip import _tops
from tui.score import Score


def probed(folder: RunFolder, *updates: int) -> None:
    """Checkpoints that read the run's own probe, by random weights."""
    task = tasks.load("recall", learned.T)
    for update in updates:
        folder.checkpoint(update).touch()
        vocabulary, architecture = Vocabulary(task.words), task.architecture("lstm", 8, 4)
        params = architecture.init(np.random.default_rng(update))
        model = LanguageModel("probe", architecture, params, vocabulary, digest="0" * 12)
        save_trace(run(model, task.probe_tokens()), folder.probe(update))


@pytest.mark.parametrize(
    ("value", "said"),
    [(1e-30, "< 1e-30"), (0.0, "0"), (math.nan, "-"), (math.inf, "infinite"), (0.012, "0.012"),
     (57.1, "57"), (311.0, "311"), (9999.9, "1.0e4"), (1.9e-4, "1.9e-4"), (2.4e-9, "2.4e-9")],
)  # fmt: skip
def test_a_norm_has_one_form_and_a_floor_is_none(value: float, said: str) -> None:
    assert derived.figure(value) == said


def test_how_long_it_will_take_is_said_as_exactly_as_it_is_known() -> None:
    assert [words.lasting(s) for s in (0.2, 61, 420, 9000)] == [
        "about 1 s", "about 61 s", "about 7 min", "about 2 h"
    ]  # fmt: skip


async def test_the_total_is_that_of_the_rows(tmp_path: Path) -> None:
    async with app(learned.growing(tmp_path / "a")).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await press(pilot, "left", "2")
        probe = screen(pilot).desk.run.probe(screen(pilot).desk.shown(screen(pilot).desk.run))
        assert probe is not None
        total = np.sqrt(sum(p.grad**2 for p in probe.params.values()))
        said = f"together {derived.figure(total, 3)} on the probe at update {probe.update}"
        assert said in text(pilot)


async def test_a_gradient_of_zero_by_theory_does_not_stretch_the_scale(tmp_path: Path) -> None:
    folder = learned.growing(tmp_path / "a", 40)
    async with app(folder).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        probes = screen(pilot).desk.run.metrics.probes
        tiny = Param(3.3e-18, 1.0, 0.1)
        probes[-1] = replace(probes[-1], params={**probes[-1].params, "b_k": tiny})
        await press(pilot, "2")
        panel = screen(pilot).panel
        assert isinstance(panel, ParamsPanel)
        panel.update(anew=True)
        await settled(pilot)
        row = next(line for line in lines(pilot) if "b_k" in line)
        assert row.split()[1:3] == ["<", "3.30e-18"]
        assert "1e-11" not in text(pilot)


async def test_attention_is_said_in_nats_of_the_highest(tmp_path: Path) -> None:
    folder = learned.vanishing(tmp_path / "a", 20)
    async with app(folder).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        probes = screen(pilot).desk.run.metrics.probes
        layer = replace(probes[-1].layers[0], gates={}, radius={}, saturated=math.nan)
        seen = Attention("layers.0", (2.0, 1.0), 52)
        probes[:] = [replace(p, layers=(layer,), attention=(seen,)) for p in probes]
        await press(pilot, "4")
        panel = screen(pilot).panel
        assert isinstance(panel, InsidePanel)
        panel.update(anew=True)
        await settled(pilot)
        assert "4 attention entropy" in text(pilot)
        assert "spectral radius" not in text(pilot)
        highest = math.log(52)
        said = f"e {1.5 / highest:.2f} (attention entropy 1.50 of at most {highest:.2f} nats)"
        assert said in text(pilot)
        assert "at update 20" in text(pilot)


async def test_both_runs_say_the_same_items_and_what_differs_comes_first(tmp_path: Path) -> None:
    runs = learned.growing(tmp_path / "a"), learned.vanishing(tmp_path / "b", 100)
    for width in (72, 80, 90, 100, 140):
        async with app(*runs).run_test(size=(width, 24)) as pilot:
            await settled(pilot)
            _, a, b = lines(pilot)[:3]
            for item in ("update", "loss", "accuracy", "gradient"):
                assert (f"{item} " in a) == (f"{item} " in b)
    async with app(runs[0]).run_test(size=(72, 24)) as pilot:
        await settled(pilot)
        assert "lstm 64 · forget bias 2" in lines(pilot)[0]


async def test_only_what_is_asked_has_an_answer(tmp_path: Path) -> None:
    folder = learned.growing(tmp_path / "a", 100)
    probed(folder, 0)
    async with app(folder).run_test(size=(120, 70)) as pilot:
        await settled(pilot)
        await press(pilot, "5")
        await settled(pilot)
        rows = [line for line in lines(pilot)[5:] if line[:3].strip(" ▶").isdigit()]
        marked = [line for line in rows if "✓" in line or "✗" in line]
        assert len(rows) == learned.T + 3
        assert [line.split()[1] for line in marked] == ["?"]
        assert sum("–" in line for line in rows) == len(rows) - 1
        assert f"the answer of row {learned.T + 1}" in text(pilot)


async def test_a_size_that_changes_while_the_score_is_made_ends_nothing(tmp_path: Path) -> None:
    runs = learned.growing(tmp_path / "a", 100), learned.vanishing(tmp_path / "b", 100)
    probed(runs[0], 0, 100)
    probed(runs[1], 0)
    async with app(*runs).run_test(size=(75, 22)) as pilot:
        for size in ((180, 50), (75, 22), (200, 60), (120, 40), (180, 50), (200, 60)):
            await pilot.resize_terminal(*size)
        await pilot.press("5", "left", "f")
        await settled(pilot)
        panel = screen(pilot).panel
        assert isinstance(panel, ReadingPanel)
        assert panel.score is not None
        empty = Score(panel.score.session, panel.palette)
        whole, panel.score = panel.score, empty  # as it is before its tracks are built
        panel.update(anew=True)
        assert panel.words() is not None
        panel.score = whole


@pytest.mark.parametrize(
    ("rows", "height", "half"), [(3, 8, 2), (7, 8, 2), (12, 8, 2), (52, 8, 2), (3, 8, 1)]
)
def test_every_row_is_there_and_begins_on_a_line_where_there_are_enough(
    rows: int, height: int, half: int
) -> None:
    tops = _tops(rows, height, half)
    assert tops[-1] == rows
    assert len(tops) == height * half + 1
    assert tops == sorted(tops)
    if rows <= height:
        assert {tops[i] for i in range(0, height * half, half)} == set(range(rows))


async def test_a_short_sequence_has_each_row_once(tmp_path: Path) -> None:
    folder = learned.growing(tmp_path / "a", 40)
    async with app(folder).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        run_ = screen(pilot).desk.run
        for probe in run_.metrics.probes:
            probe.layers[0].time["h"] = np.array([0.1, 0.2, 0.3])  # type: ignore[index]
        await press(pilot, "3")
        screen(pilot).panel.update(anew=True)  # type: ignore[union-attr]
        await settled(pilot)
        labels = [line[1:10].split() for line in lines(pilot)[3:-3]]
        found = [label[0] for label in labels if label and label[0].isdigit()]
        assert found[:3] == ["0", "1", "2"]
        assert "└ reaches 2 of 2 steps" in text(pilot)


def test_a_word_keeps_off_the_curve() -> None:
    x = np.linspace(0, 100, 50)
    high = Curve("", x, np.where(x > 50, 1.0, 0.0))
    free = Free([high], linear(0.0, 1.0), 100, 60, 10)
    assert free.end("chance", 1.0, False)[0] == "left"
    assert free.end("chance", 0.0, True)[0] == "right"
    assert free.corner("radius", 1.0, 0.0)[::2] == ("right", 0.0)


async def test_a_process_that_died_is_no_tick(tmp_path: Path) -> None:
    async with app(learned.growing(tmp_path / "a", 100)).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        run_ = screen(pilot).desk.run
        run_.state, run_.message = "died", "its process ended by signal 9"
        screen(pilot).draw()
        await settled(pilot)
        assert "✗ its process ended by signal 9" in text(pilot)
        assert "✓" not in text(pilot)
