"""The worker as a process: what it is told, what it tells, and what is left when it is killed."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.learning.config import Every
from engine.learning.folder import RunFolder
from engine.learning.metrics import to_line
from engine.learning.parsing import parse_line
from scenarios.learning import worker as workers
from scenarios.learning.plan import begin, plan

PATIENCE = 60  # seconds until a worker that hangs is killed and the test fails
KILLS = 20


def made(path: Path, steps: int = 2000, every: Every | None = None, **more: Any) -> RunFolder:
    every = every or Every(probe=20, checkpoint=50)
    sizes = {"length": 3, "width": 4, "embed": 4, "batch": 2}
    return begin(plan("recall", "rnn", steps=steps, every=every, **sizes, **more), path)


class Worker:
    """A worker process with its lines read."""

    def __init__(self, folder: RunFolder, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "scenarios.learning", str(folder.path), *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.lines: list[dict[str, Any]] = []
        self._late = threading.Timer(PATIENCE, self.process.kill)
        self._late.start()

    def tell(self, do: str, **more: Any) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"do": do, **more}) + "\n")
        self.process.stdin.flush()

    def until(self, wanted: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """Read up to the line that is wanted."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(json.loads(line))
            if wanted(self.lines[-1]):
                return self.lines[-1]
        raise AssertionError(f"it ended: {self.lines[-3:]}, {self.end()}")

    def state(self, state: str) -> dict[str, Any]:
        return self.until(lambda line: line.get("state") == state)

    def end(self) -> tuple[int, str]:
        """Close its stdin and wait; exit code and stderr."""
        out, said = self.process.communicate()
        self.lines += [json.loads(line) for line in (out or "").splitlines()]
        self._late.cancel()
        return self.process.returncode, said


@contextmanager
def working(folder: RunFolder, *options: str) -> Iterator[Worker]:
    worker = Worker(folder, *options)
    try:
        yield worker
    finally:
        worker.process.kill()
        worker.end()


def written(folder: RunFolder) -> list[dict[str, Any]]:
    lines = [json.loads(to_line(record)) for record in folder.read().until(1 << 40)]
    return [
        {key: value for key, value in line.items() if key != "seconds"}
        for line in lines
        if line.get("event") not in ("resumed", "stopped")
    ]


def test_killed_at_twenty_random_moments_nothing_differs_in_the_end(tmp_path: Path) -> None:
    whole, killed = made(tmp_path / "whole"), made(tmp_path / "killed")
    with working(whole) as worker:
        worker.state("done")
        assert worker.end() == (0, "")
    once = whole.read().seconds[-1] / (0.75 * KILLS)  # so that it is not done before the last kill
    moment, lost = random.Random(), 0
    for _ in range(KILLS):
        with working(killed) as worker:
            if moment.random() < 0.8:  # the rest dies while it is starting
                worker.until(lambda line: line)
            time.sleep(moment.uniform(0, once))
            worker.process.kill()
            assert worker.end()[0] == -signal.SIGKILL, "it was done before: make the run longer"
        metrics = RunFolder.open(killed.path).read()
        lost = max(lost, metrics.last - max(killed.checkpoints(), default=0))
    assert lost <= 50, "more than a checkpoint's interval"
    with working(killed) as worker:
        worker.state("done")
        assert worker.end() == (0, "")
    assert written(killed) == written(whole)
    assert not list(killed.path.rglob("tmp*")), "unfinished files are cleared away"


def test_pause_step_set_and_stop(tmp_path: Path) -> None:
    folder = made(tmp_path / "a", steps=1_000_000)
    with working(folder, "--paused") as worker:
        assert worker.state("paused")["update"] == 0
        worker.tell("step")
        assert worker.state("paused")["update"] == 0
        assert worker.state("paused")["update"] == 1
        worker.tell("step", n=3)
        worker.until(lambda line: line.get("update") == 4 and "loss" in line)
        worker.state("paused")
        worker.tell("set", lr=0.125, clip=2)
        assert worker.until(lambda line: line.get("event") == "set")["lr"] == 0.125
        worker.tell("set", seed=3)
        message = worker.until(lambda line: line.get("message"))["message"]
        assert "'seed' cannot change during a run" in message
        worker.tell("checkpoint")
        assert worker.until(lambda line: "checkpoint" in line) == {"checkpoint": 4}
        worker.tell("go")
        worker.until(lambda line: line.get("update", 0) > 30)
        worker.tell("pause")
        at = worker.state("paused")["update"]
        time.sleep(0.05)
        worker.tell("stop")
        assert worker.state("stopped")["update"] == at
        assert worker.end() == (0, "")
    assert folder.checkpoints()[-1] == at == folder.read().last
    told = [line for line in worker.lines if "state" not in line and "checkpoint" not in line]
    assert [to_line(parse_line(json.dumps(line))) for line in told] == [
        to_line(record) for record in folder.read().until(1 << 40)
    ]


@pytest.mark.parametrize(
    ("how", "paused"),
    [
        *(("stdin", paused) for paused in (True, False)),
        *(("SIGTERM", paused) for paused in (True, False)),
        ("SIGINT", False),
        ("SIGHUP", False),
        ("nobody reads", False),
    ],
)
def test_it_ends_with_what_started_it_and_loses_nothing(
    tmp_path: Path, how: str, paused: bool
) -> None:
    folder = made(tmp_path / "a", steps=1_000_000)
    with working(folder, *["--paused"] * paused) as worker:
        if paused:
            worker.state("paused")
        else:
            worker.until(lambda line: line.get("update", 0) > 3)
        if how == "nobody reads":
            worker.process.stdout.close()  # type: ignore[union-attr]
            worker.process.stdout = None
            assert worker.process.wait(PATIENCE) == 0
        elif how != "stdin":
            worker.process.send_signal(getattr(signal, how))
            assert worker.process.wait(PATIENCE) == 0
        code, said = worker.end()
        assert (code, said) == (0, "")
    last = folder.read().last
    assert folder.checkpoints()[-1] == last
    assert (last > 3) is not paused


def test_a_run_that_is_trained_is_not_trained_by_another(tmp_path: Path) -> None:
    folder = made(tmp_path / "a", steps=1_000_000)
    with working(folder, "--paused") as first:
        first.state("paused")
        with working(folder) as second:
            code, said = second.end()
    assert code == 2
    assert f"another process is training this run (process {first.process.pid})" in said
    assert second.lines[-1]["state"] == "failed"
    assert "another process" in second.lines[-1]["message"]


@pytest.mark.parametrize(
    ("limit", "what"), [(1_000, r"probes/000000\.safetensors"), (20_000, r"metrics\.jsonl")]
)
def test_a_disk_that_is_full_is_one_message(tmp_path: Path, limit: int, what: str) -> None:
    """No file may become larger than `limit` bytes, which fails as a full disk does."""
    folder = made(tmp_path / "a")
    code = "import resource, runpy, sys, signal\n"
    code += "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    code += f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
    code += "runpy.run_module('scenarios.learning', run_name='__main__')"
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(folder.path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    out, said = process.stdout.read(), process.stderr.read() if process.stderr else ""
    assert process.wait(PATIENCE) == 2
    assert re.match(rf"peephole: .*{what}: cannot write \(File too large\)", said)
    assert len(said.splitlines()) == 1
    assert json.loads(out.splitlines()[-1])["state"] == "failed"
    metrics = RunFolder.open(folder.path).read()
    assert (folder.path / "metrics.jsonl").read_bytes().endswith(b"\n")
    assert metrics.last >= max(folder.checkpoints(), default=0)


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scenarios.learning", str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "not a run of peephole" in done.stderr


# -------------------------------------------------------------------------------------------- garbage

orders = st.one_of(
    st.binary(max_size=30),
    st.sampled_from([b"", b"[]", b"{}", b'{"do": 3}', b'{"do": "step", "n": -1}', b"\xff", b"{" * 9999]),
    st.builds(
        lambda do, more: json.dumps({"do": do, **more}).encode(),
        st.sampled_from(["pause", "step", "set", "checkpoint", "fly", None]),
        st.dictionaries(
            st.sampled_from(["lr", "clip", "k1", "k2", "momentum", "n", "seed"]),
            st.none() | st.booleans() | st.integers(-2, 3) | st.just(10**400) | st.floats()
            | st.text(max_size=3) | st.lists(st.integers(), max_size=2),
            max_size=2,
        ),
    ),
)  # fmt: skip


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(orders, max_size=6))
def test_orders_that_make_no_sense_are_answered(
    tmp_path_factory: pytest.TempPathFactory, given_orders: list[bytes]
) -> None:
    folder = made(tmp_path_factory.mktemp("run") / "a", steps=6, every=Every(100, 100))
    queue: SimpleQueue[dict[str, Any]] = SimpleQueue()
    here, there = os.pipe()
    os.write(there, b"\n".join([*given_orders, b""]) if given_orders else b"")
    os.close(there)
    workers._listen(here, queue)
    os.close(here)
    said: list[dict[str, Any]] = []
    voice = workers.Voice(sys.stdout)
    voice._line = lambda line: said.append(json.loads(line))  # type: ignore[method-assign]
    with workers.Learning.opened(folder, workers.task_of(folder), voice.tell) as learning:
        workers.Worker(learning, queue, voice).work(paused=True)
    assert said[-1]["state"] in ("stopped", "done")
    assert folder.checkpoints()[-1] == folder.read().last


def test_an_order_without_end_is_one_order() -> None:
    queue: SimpleQueue[dict[str, Any]] = SimpleQueue()
    here, there = os.pipe()
    text = b"x" * (3 * workers.LONGEST) + b'\n{"do": "pause"}\n'
    writing = threading.Thread(target=lambda: (os.write(there, text), os.close(there)))
    writing.start()
    workers._listen(here, queue)
    writing.join()
    os.close(here)
    got = [queue.get() for _ in range(queue.qsize())]
    assert len(got) == 3
    assert len(got[0]["do"]) < 200
    assert got[1:] == [{"do": "pause"}, workers.STOP]


def test_a_run_that_diverged_waits_to_be_told(tmp_path: Path) -> None:
    exploding: dict[str, Any] = {
        "init": "orthogonal", "gain": 1.5, "optimiser": "sgd", "lr": 0.5, "clip": 0.0, "warmup": 0,
        "schedule": "constant", "length": 40, "width": 32, "steps": 60,
    }  # fmt: skip
    folder = begin(plan("recall", "relu", **exploding), tmp_path / "a")
    for _ in range(2):  # also when it is opened again
        with working(folder) as worker:
            state = worker.state("diverged")
            assert "no finite number" in state["message"]
            worker.tell("set", lr=0.1)
            worker.until(lambda line: line.get("event") == "set")
            worker.tell("go")
            worker.state("running")
            assert worker.state("diverged")["update"] == state["update"]
            worker.tell("stop")
            worker.state("stopped")
            assert worker.end() == (0, "")
