"""`peephole watch --print`: what a run says in lines, while it is written and afterwards."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from engine.learning.config import Config
from engine.learning.folder import RunFolder
from engine.learning.metrics import Event, Gate, Layer, Param, Probe, Update
from tui.headless.watching import lines, row, written

ROOT = Path(__file__).resolve().parents[2]
LAYER = Layer(
    "lstm.l0", "lstm", {"h": np.geomspace(1e-20, 1e-2, 50)}, {"f": Gate(0.51, 0, 0)}, 0.05
)


def begin(path: Path) -> RunFolder:
    return RunFolder.create(path, Config(name=path.name, kind="watch", command="python train.py"))


def learn(folder: RunFolder, updates: int, probe: int, loss: float = 2.3) -> None:
    folder.append(Probe(probe, 50, loss, math.nan, (LAYER,), {"w": Param(1.0, 2.0, 0.01)}))
    folder.append(*(Update(n, loss, math.nan, 0.25, 1e-3, 0.1) for n in range(1, updates + 1)))


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return begin(tmp_path / "mine")


def test_a_probe_is_a_line_with_its_layer_and_the_update_beside_it(folder: RunFolder) -> None:
    learn(folder, 3, 0)
    metrics = folder.read()
    said = " ".join(row(metrics.probes[0], metrics).split())
    assert said == "0 2.3 0.25 0.001 8 of 49 steps f 0.51 5% 0.50% lstm.l0"


def test_what_is_wrong_is_said_at_the_end(folder: RunFolder) -> None:
    learn(folder, 120, 0)
    folder.append(Event(120, "done", "the script ended"))
    said = list(lines([folder]))
    assert said[0] == "mine (watched): python train.py"
    assert "     120 the script ended" in said
    assert said[-3] == "warning: vanishing gradient (update 0)"
    assert "reaches 8 of 49 steps" in said[-2]
    assert said[-1].strip() == "Set the forget bias to 2 or more"


def test_a_healthy_and_an_empty_run_say_so(folder: RunFolder, tmp_path: Path) -> None:
    assert "nothing was measured yet" in list(lines([folder]))
    healthy = begin(tmp_path / "well")
    healthy.append(*(Update(n, 3.0 / n, math.nan, 1.0, 1e-3, 0.1) for n in range(1, 100)))
    assert "nothing wrong is seen after 99 updates" in list(lines([healthy]))
    assert list(lines([healthy]))[-1].endswith("it was killed")


def test_json_is_the_records_and_the_findings(folder: RunFolder) -> None:
    learn(folder, 120, 0)
    said = [json.loads(line) for line in lines([folder], as_json=True)]
    assert next(s for s in said if "loss" in s)["loss"] == 2.3
    assert said[-1]["finding"]["symptom"] == "vanishing gradient"
    assert said[-1]["run"] == str(folder.path)


def test_two_runs_are_told_apart(folder: RunFolder, tmp_path: Path) -> None:
    other = begin(tmp_path / "other")
    for each in (folder, other):
        learn(each, 5, 0)
    said = "\n".join(lines([folder, other]))
    assert "mine:        0" in said
    assert "other:        0" in said


def test_a_run_is_followed_as_long_as_its_process_holds_it(folder: RunFolder) -> None:
    learn(folder, 3, 0)
    assert not written(folder)
    with folder.lock():
        assert written(folder)
        watching = subprocess.Popen(
            [sys.executable, "-m", "tui.cli", "watch", str(folder.path), "--print"],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert watching.stdout
        head = [watching.stdout.readline() for _ in range(6)]  # with a note of three lines
        assert head[2].split()[0] == "0"
        folder.append(Probe(4, 50, 2.2), Event(4, "done", "that was it"))
        assert watching.stdout.readline().split()[:2] == ["4", "2.2"]
        assert watching.poll() is None, "the run is held: there may be more"
    rest = watching.stdout.read()  # communicate() would lose what readline() has buffered
    assert "that was it" in rest
    assert watching.wait(timeout=30) == 0


def test_a_finding_is_said_while_the_run_goes_on(folder: RunFolder) -> None:
    with folder.lock():
        following = lines([folder], follow=True)
        learn(folder, 20, 0)
        said = [next(following) for _ in range(6)]
        assert "note: vanishing gradient" in said[3]
        began = time.monotonic()
        folder.append(*(Update(n, 2.3, math.nan, 0.2, 1e-3, 0.1) for n in range(21, 120)))
        folder.append(Probe(119, 50, 2.3, math.nan, (LAYER,)))
        assert next(following).split()[0] == "119"
        assert time.monotonic() - began < 30
    following.close()
