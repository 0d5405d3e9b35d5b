"""A run goes on from what a dead process left as if nothing had happened, and never loses what it wrote."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import load_trace
from engine.errors import PeepholeError
from engine.learning import loop, thinning
from engine.learning.branch import branched
from engine.learning.config import Every
from engine.learning.files import Unwritable
from engine.learning.folder import RunFolder
from engine.learning.loop import Learning, Saved
from engine.learning.metrics import Event, Metrics, to_line
from engine.recipe import Diverged
from scenarios import tasks
from scenarios.learning.plan import begin, plan

OFTEN = Every(probe=2, checkpoint=5)
EXPLODING: dict[str, Any] = {
    "init": "orthogonal", "gain": 1.5, "optimiser": "sgd", "lr": 0.5, "clip": 0.0, "warmup": 0,
    "schedule": "constant",
}  # fmt: skip


def made(path: Path, cell: str = "rnn", steps: int = 13, **more: Any) -> RunFolder:
    sizes = {"length": 4, "width": 8, "embed": 4, "batch": 4, "every": OFTEN} | more
    return begin(plan("recall", cell, steps=steps, **sizes), path)


def task_of(folder: RunFolder) -> tasks.Task:
    assert folder.config.task is not None
    return tasks.load(folder.config.task.name, folder.config.task.length)


def train(folder: RunFolder, until: int = 1 << 40, **knobs: Any) -> Metrics:
    """Train up to an update and let go without a word, as a process that is killed does."""
    with Learning.opened(folder, task_of(folder)) as learning:
        if knobs:
            learning.set(**knobs)
        while not learning.done and learning.training.step < until:
            learning.advance()
        return learning.metrics


def written(folder: RunFolder) -> list[dict[str, Any]]:
    """What a run wrote, without the times and without having been resumed."""
    lines = [json.loads(to_line(record)) for record in folder.read().until(1 << 40)]
    return [
        {key: value for key, value in line.items() if key != "seconds"}
        for line in lines
        if line.get("event") not in ("resumed", "stopped")
    ]


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru", "transformer"])
def test_a_run_that_was_left_goes_on_bit_for_bit(tmp_path: Path, cell: str) -> None:
    whole, left = made(tmp_path / "whole", cell), made(tmp_path / "left", cell)
    train(whole)
    for until in (3, 7, 9, 12):
        train(left, until)
    metrics = train(left)
    assert written(left) == written(whole)
    said = [(e.update, e.event) for e in metrics.events]
    assert said == [(0, "resumed"), (5, "resumed"), (5, "resumed"), (10, "resumed"), (13, "done")]
    for n in whole.checkpoints():
        assert left.checkpoint(n).read_bytes() == whole.checkpoint(n).read_bytes()


def test_on_torch_as_well(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    whole, left = (made(tmp_path / name, "gru", backend="torch") for name in ("whole", "left"))
    train(whole)
    train(left, 8)
    train(left)
    assert written(left) == written(whole)


def test_what_a_run_writes_and_when(tmp_path: Path) -> None:
    folder, told = made(tmp_path / "a", "lstm"), []
    with Learning.opened(folder, task_of(folder), told.append) as learning:
        while not learning.done:
            learning.advance()
    metrics = folder.read()
    assert metrics.update.tolist() == list(range(1, 14))
    assert [probe.update for probe in metrics.probes] == [0, 2, 4, 6, 8, 10, 12, 13]
    assert folder.checkpoints() == [0, 5, 10, 13]
    assert [what.update for what in told if isinstance(what, Saved)] == [0, 5, 10, 13]
    order = [type(what).__name__ for what in told[-4:]]
    assert order == ["Update", "Probe", "Saved", "Event"]
    assert math.isnan(metrics.probes[0].params["W_hy"].update)
    assert metrics.probes[1].params["W_hy"].update > 0
    assert (np.diff(metrics.seconds) >= 0).all()
    trace = load_trace(folder.probe(13))
    assert trace.tokens == task_of(folder).probe_tokens()
    assert set(trace.lenses) == {"gradient_map", "jacobian_norms"}
    before = (folder.path / "metrics.jsonl").read_bytes()
    train(folder)
    assert (folder.path / "metrics.jsonl").read_bytes() == before, "a run that is done stays so"


def test_knobs_that_were_set_stay_set(tmp_path: Path) -> None:
    folder = made(tmp_path / "a", schedule="constant", warmup=0)
    train(folder, 5)
    train(folder, 5, lr=0.5)  # after checkpoint 5, and killed at once
    metrics = train(folder, 9)
    assert metrics.lr.tolist() == [0.003] * 5 + [0.5] * 4
    (event,) = [event for event in metrics.events if event.event == "set"]
    assert (event.update, event.details, event.message) == (5, {"lr": 0.5}, "lr 0.003 -> 0.5")
    assert train(folder).lr[-1] == 0.5
    with Learning.opened(folder, task_of(folder)) as learning:
        for knobs in ({"seed": 3}, {"lr": -1}, {"lr": "x"}, {"momentum": 0.5}):
            with pytest.raises(PeepholeError):
                learning.set(**knobs)  # type: ignore[arg-type]
        assert learning.training.recipe.lr == 0.5


def test_a_run_without_numbers_says_why_and_goes_on_with_other_knobs(tmp_path: Path) -> None:
    folder = made(tmp_path / "a", "relu", steps=60, length=40, width=32, **EXPLODING)
    with pytest.raises(Diverged):
        train(folder)
    metrics = folder.read()
    event = metrics.events[-1]
    assert event.event == "diverged"
    assert event.update == metrics.last == folder.checkpoints()[-1]
    assert event.details["at"] == metrics.last + 1
    assert np.isfinite(metrics.loss).all()
    assert np.isfinite(metrics.norm).all()
    assert event.details["radius"] > 1
    for words in ("spectral radius", "is not clipped", "learning rate (it is 0.5)", "smaller gain"):
        assert words in event.message
    grew = "grew from" if len(metrics) > 1 else "The gradient norm was"
    assert grew in event.message
    assert f"{metrics.norm[-1]:.3g} at update {metrics.last}" in event.message
    with Learning.opened(folder, task_of(folder)) as learning:
        assert learning.diverged
        learning.set(lr=0.01)
        assert not learning.diverged
        with pytest.raises(Diverged):  # these weights are spoilt
            learning.advance()
    second = folder.read().events[-1]
    assert (second.event, second.update) == ("diverged", event.update)
    assert second.details["back"] == event.details["back"]
    assert (
        f"Attempt 2 at update {event.update + 1}, with lr 0.5 -> 0.01: again no" in second.message
    )
    with pytest.raises(Diverged):
        train(folder)
    assert "Attempt 3 at update" in folder.read().events[-1].message
    assert "with the same knobs" in folder.read().events[-1].message
    back = event.details["back"]
    assert f"Go back to update {back} and try" in event.message
    clipped = branched(folder, tmp_path / "b", task_of(folder), back, clip=1.0)
    again = train(clipped)
    assert again.last == 60
    assert np.isfinite(again.loss).all()


def test_a_damaged_checkpoint_costs_one_interval_only(tmp_path: Path) -> None:
    whole, folder = made(tmp_path / "whole"), made(tmp_path / "a")
    train(whole)
    train(folder, 12)
    folder.checkpoint(10).write_bytes(b"torn")
    metrics = train(folder)
    assert metrics.events[0].message.startswith("resumed after update 5; 7 updates")
    assert written(folder) == written(whole)
    for n in folder.checkpoints():
        folder.checkpoint(n).write_bytes(b"torn")
    before = (folder.path / "metrics.jsonl").read_bytes()
    with pytest.raises(PeepholeError, match=r"000013\.safetensors: not a whole peephole file"):
        train(folder)
    for n in folder.checkpoints():
        folder.checkpoint(n).unlink()
    with pytest.raises(PeepholeError, match="no checkpoint that it could go on from"):
        train(folder)
    assert (folder.path / "metrics.jsonl").read_bytes() == before


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    one, other = made(tmp_path / "a", width=8), made(tmp_path / "b", width=9)
    train(one, 5)
    train(other, 5)
    other.checkpoint(5).write_bytes(one.checkpoint(5).read_bytes())
    other.checkpoint(0).unlink()
    with pytest.raises(PeepholeError, match="a checkpoint of another run"):
        train(other)


def test_a_watched_run_and_a_config_that_asks_for_what_there_is_not(tmp_path: Path) -> None:
    folder = made(tmp_path / "a")
    watched = replace(folder.config, kind="watch")
    with pytest.raises(PeepholeError, match="watched, not learned here"):
        train(RunFolder.create(tmp_path / "b", watched))
    odd = replace(folder.config, recipe={**folder.config.recipe, "optimiser": "adamm"})
    with pytest.raises(PeepholeError, match=r"config\.json: no optimiser 'adamm'"):
        train(RunFolder.create(tmp_path / "c", odd))


def test_a_full_disk_stops_a_run_that_can_go_on_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    whole, folder = made(tmp_path / "whole"), made(tmp_path / "a")
    train(whole)
    write, budget = os.write, [9_000]

    def full(file: int, data: bytes) -> int:
        budget[0] -= len(data)
        if budget[0] < 0:
            raise OSError(28, "No space left on device")
        return write(file, data)

    with monkeypatch.context() as patched:
        patched.setattr("engine.learning.files.os.write", full)
        with pytest.raises(Unwritable, match=r"metrics\.jsonl: cannot write \(No space left"):
            train(folder)
    assert 0 < folder.read().last < 13
    train(folder)
    assert written(folder) == written(whole)


# ------------------------------------------------------------------------------------------ branches


def test_a_branch_with_nothing_changed_goes_the_same_way(tmp_path: Path) -> None:
    whole = made(tmp_path / "whole")
    train(whole)
    branch = branched(whole, tmp_path / "b", task_of(whole), 5)
    train(branch)
    lines = [line for line in written(branch) if line.get("event") != "branched"]
    assert lines == written(whole)
    assert branch.config.parent is not None
    assert branch.config.parent.update == 5


def test_a_branch_with_other_knobs(tmp_path: Path) -> None:
    folder = made(tmp_path / "a", warmup=0, schedule="constant")
    train(folder)
    changed = branched(
        folder, tmp_path / "b", task_of(folder), 5, optimiser="sgd", lr=0.25, steps=8, momentum=0.5
    )
    metrics = train(changed)
    assert metrics.last == 8
    assert metrics.lr.tolist() == [0.003] * 5 + [0.25] * 3
    assert metrics.loss[:5].tolist() == folder.read().loss[:5].tolist()
    event = metrics.events[0]
    assert event.message.startswith("branched from a after update 5, with steps 13 -> 8")
    assert "optimiser adam -> sgd" in event.message
    assert changed.config.recipe["optimiser"] == "sgd"
    assert folder.read().last == 13


def test_other_first_weights_only_at_the_beginning(tmp_path: Path) -> None:
    folder = made(tmp_path / "a")
    train(folder)
    task = task_of(folder)
    with pytest.raises(PeepholeError, match="init cannot change after update 5"):
        branched(folder, tmp_path / "b", task, 5, init="orthogonal")
    with pytest.raises(PeepholeError, match="fewer than the 5"):
        branched(folder, tmp_path / "b", task, 5, steps=3)
    with pytest.raises(PeepholeError, match="no checkpoint of update 4"):
        branched(folder, tmp_path / "b", task, 4)
    with pytest.raises(PeepholeError, match="no knob 'speed'"):
        branched(folder, tmp_path / "b", task, 5, speed=3)
    with pytest.raises(PeepholeError, match="loss cannot change"):
        branched(folder, tmp_path / "b", task, 0, loss="value")
    assert not (tmp_path / "b").exists()
    branch = branched(folder, tmp_path / "b", task, 0, init="orthogonal", gain=1.5)
    metrics = train(branch)
    fresh = made(tmp_path / "c", init="orthogonal", gain=1.5)
    train(fresh)
    assert metrics.probes[0].layers[0].radius["hh"] == pytest.approx(1.5)
    assert [line for line in written(branch) if line.get("event") != "branched"] == written(fresh)


def test_events_are_told_as_they_are_written(tmp_path: Path) -> None:
    folder, told = made(tmp_path / "a"), []
    with Learning.opened(folder, task_of(folder), told.append) as learning:
        learning.advance()
        learning.set(clip=2.0)
        learning.stop()
        learning.stop()
    events = [what.event for what in told if isinstance(what, Event)]
    assert events == ["set", "stopped"]
    assert folder.checkpoints() == [0, 1]
    assert [event.event for event in folder.read().events] == events


# ----------------------------------------------------------------------- configs that others wrote

odd = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 40), st.floats(), st.text(max_size=6),
    st.sampled_from(["lstm", "transformer", "sgd", "value", "torch", "cuda", "orthogonal", "float64"]),
)  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_config_that_cannot_be_trained_is_one_message(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = made(tmp_path_factory.mktemp("run") / "a", steps=2)
    path = folder.path / "config.json"
    said = json.loads(path.read_text())
    for _ in range(data.draw(st.integers(1, 3))):
        table = said[data.draw(st.sampled_from(["task", "model", "recipe", "backend", "every"]))]
        table[data.draw(st.sampled_from(sorted(table)))] = data.draw(odd)
    path.write_text(json.dumps(said))
    try:
        train(RunFolder.open(folder.path))
    except Diverged:
        pass
    except PeepholeError as error:
        assert len(str(error)) < 600  # noqa: PT017


def test_no_more_is_lost_than_a_checkpoints_interval_however_long_the_run() -> None:
    for steps, every in ((45, 20), (1000, 50), (2000, 100), (1_000_000, 100)):
        assert plan("recall", steps=steps).every.checkpoint == every


def test_slow_updates_are_saved_by_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = made(tmp_path / "a", steps=3, every=Every(100, 100))
    monkeypatch.setattr(loop, "LONGEST", -1.0)
    train(folder, 2)
    assert folder.checkpoints() == [0, 1, 2]


def test_what_is_made_again_is_said(tmp_path: Path) -> None:
    folder = made(tmp_path / "a")
    train(folder, 8)
    said = [event for event in train(folder).events if event.event == "resumed"]
    assert said[-1].details == {"again": 3}
    assert said[-1].message == (
        "resumed after update 5; 3 updates that no checkpoint holds are made again"
    )


def test_old_checkpoints_are_thinned_to_the_same_ones_whatever_happened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thinning, "SPREAD", 4)
    monkeypatch.setattr(thinning, "RECENT", 2)
    whole, left = (
        made(tmp_path / name, steps=61, every=Every(20, 2)) for name in ("whole", "left")
    )
    train(whole)
    for until in (7, 8, 19, 33, 50):
        train(left, until)
    train(left)
    assert written(left) == written(whole)
    assert left.checkpoints() == whole.checkpoints() == [0, 16, 32, 48, 60, 61]
    traces = sorted(int(path.stem) for path in (left.path / "probes").iterdir())
    assert traces == left.checkpoints()
    assert thinning.kept([3, 7, 12, 40, 44, 48], 2, [7]) == [3, 7, 44, 48]


@given(st.integers(1, 3000), st.integers(1, 50))
def test_the_folder_stays_bounded_and_one_can_still_go_back(updates: int, every: int) -> None:
    saved: list[int] = []
    for n in range(0, updates * every + 1, every):
        saved = thinning.kept([*saved, n], every)
    assert len(saved) <= thinning.SPREAD + thinning.RECENT + 2
    assert saved[0] == 0
    assert saved[-thinning.RECENT :] == list(
        range(max(0, updates - thinning.RECENT + 1) * every, updates * every + 1, every)
    )
    assert max(np.diff(saved)) <= max(every, 2 * updates * every / thinning.SPREAD)
