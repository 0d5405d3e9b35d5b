"""Recorded runs: what their folders say is what their configs and weights give, here and now."""

from __future__ import annotations

import shlex

import numpy as np
import pytest

from engine.learning.folder import RunFolder
from engine.learning.probe import measure
from engine.learning.starting import fresh
from engine.recipe import Diverged
from engine.training import Training
from scenarios import tasks
from scenarios.learning.plan import plan
from scenarios.tasks.calibrate import SETTINGS, options
from scenarios.tasks.record import NAMES, RUNS, SEEDS, row

FIRST = 3  # updates that are made again


def opened(name: str) -> tuple[RunFolder, tasks.Task]:
    folder = RunFolder.open(RUNS / name)
    spec = folder.config.task
    assert spec is not None
    return folder, tasks.load(spec.name, spec.length)


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_run_begins_again_as_it_was_recorded(name: str) -> None:
    folder, task = opened(name)
    metrics, training = folder.read(), fresh(folder, task)
    for n in range(min(FIRST, len(metrics))):
        did = training.update()
        assert did.loss == pytest.approx(metrics.loss[n], rel=1e-4)
        assert did.norm == pytest.approx(metrics.norm[n], rel=5e-3)
    if any(event.event == "diverged" for event in metrics.events):
        with np.errstate(all="ignore"), pytest.raises(Diverged, match=f"update {len(metrics) + 1}"):
            training.update()


@pytest.mark.parametrize("name", NAMES)
def test_the_kept_weights_score_as_the_last_probe_says(name: str) -> None:
    folder, task = opened(name)
    *_, kept = folder.checkpoints()
    metrics = folder.read()
    assert kept == metrics.last
    training = Training.load(
        folder.checkpoint(kept), fresh(folder, task).backend, lambda step: task.batch(0, step, 1)
    )
    assert training.step == kept
    recipe = training.recipe
    again = measure(
        kept, training.architecture, training.params, task.probe(),
        loss=recipe.loss, k1=recipe.k1, k2=recipe.k2, before=None, backend=training.backend,
    )  # fmt: skip
    said = metrics.probes[-1]
    if said.update == kept:
        assert again.loss == pytest.approx(said.loss, rel=1e-4)
        assert again.accuracy == pytest.approx(said.accuracy)
    else:  # it ended before the next probe was due
        assert any(event.event == "diverged" for event in metrics.events)


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_run_is_its_setting(name: str) -> None:
    """The config is what the setting of that name gives today, and its command gives the same."""
    folder, _ = opened(name)
    seed = SEEDS.get(name, 0)
    task, asked = options(SETTINGS[name.removesuffix(f"-{seed}") if seed else name])
    planned = plan(task, **{"seed": seed, **asked})
    for part in ("task", "model", "recipe", "backend"):
        assert getattr(folder.config, part) == getattr(planned, part)
    words = shlex.split(folder.config.command)
    assert words[-2:] == ["--run", f"scenarios/runs/{name}"]
    task, asked = options(shlex.join(words[2:-2]))
    assert plan(task, **asked).recipe == folder.config.recipe


def test_the_folder_holds_these_runs_and_its_readme_says_what_became_of_them() -> None:
    assert {path.name for path in RUNS.iterdir() if path.is_dir()} == set(NAMES)
    text = (RUNS / "README.md").read_text(encoding="utf-8")
    assert all(row(name) in text for name in NAMES)
