"""`peephole learn` and `peephole watch` without the screen: what they print, and where runs are kept."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.learning.folder import RunFolder
from tests.runs import synthetic

SMALL = ["--length", "3", "--width", "4", "--batch", "4", "--updates", "45"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test in a folder of its own: that is where runs go."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_run_prints_how_it_goes_and_what_came_of_it(cli, here: Path) -> None:
    result = cli("learn", "recall", "--cell", "gru", *SMALL)
    assert result.exit_code == 0
    assert re.search(
        r"update 20 of 45: loss \d\.\d+ nats, accuracy .*, gradient norm", result.stderr
    )
    assert re.search(
        r"gradient reaches \d of \d steps, r 0\.\d+ open, z 0\.\d+ open", result.stderr
    )
    assert re.match(r"update 45 in \d+\.\d s: loss", result.stdout)
    assert "not learned: that would be accuracy of at least 0.95" in result.stdout
    assert result.stdout.splitlines()[-1] == "runs/recall-gru-1"
    folder = RunFolder.open(here / "runs" / "recall-gru-1")
    assert folder.read().last == 45
    assert folder.checkpoints() == [0, 20, 40, 45]
    assert (
        folder.config.command
        == "peephole learn recall --cell gru --length 3 --width 4 --batch 4 --updates 45"
    )
    assert cli("learn", "recall", "--cell", "gru", *SMALL).stdout.endswith("runs/recall-gru-2\n")


def test_its_command_makes_the_same_run_again(cli, here: Path) -> None:
    asked = ["--cell", "lstm", "--forget-bias", "1.5", "--lr", "0.003", "--clip", "0", *SMALL]
    cli("learn", "recall", *asked, "--run", "a")
    command = RunFolder.open("a").config.command.split()
    assert cli(*command[1:-1], "b").exit_code == 0
    one, other = (RunFolder.open(name).read() for name in "ab")
    assert one.loss.tolist() == other.loss.tolist()


def test_naming_a_run_goes_on_with_it(cli, here: Path) -> None:
    cli("learn", "recall", *SMALL, "--run", "a")
    before = Path("a/metrics.jsonl").read_bytes()
    for again in (["a"], ["recall", "--run", "a"], ["recall", "--run", "a", *SMALL]):
        result = cli("learn", *again)
        assert result.exit_code == 0
        assert result.stdout.endswith("\na\n")
    assert Path("a/metrics.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        (["recall", "--run", "a", "--updates", "46"], "a: this run has the updates 45, not 46"),
        (["a", "--cell", "gru"], "a: this run has the cell lstm, not gru"),
        (["a", "--residual"], "the residual False, not True"),
        (["copy", "--run", "a"], "a: this run has the task recall, not copy"),
        (["a", "--run", "b"], "--run names the folder of a new run"),
        (["recal"], "no task 'recal'. Did you mean 'recall'?"),
        (["./none"], "none: no such folder"),
        (["recall", "--run", "file"], "file: is there, but is not a run of peephole"),
        (["recall", "--run", "file/b"], "file/b: cannot write ("),
        (["recall", "--cell", "gru", "--forget-bias", "1"], "only an LSTM has a forget gate"),
        (["recall", "--k1", "5"], "do not go together"),
        (["recall", "--lr", "-1"], "--lr: -1 is not in the range of 0 and more"),
        (["recall", "--length", "5000"], "recall has a length of from 1 to 2000 words"),
        (["adding", "--cell", "transformer"], "reads words, and adding is a task of numbers"),
        (["recall", "--backend", "numpy", "--device", "cuda"], "NumPy has no device 'cuda'"),
    ],
)
def test_a_mistake_is_one_message(cli, here: Path, asked: list[str], what: str) -> None:
    Path("file").write_text("mine")
    cli("learn", "recall", *SMALL, "--run", "a")
    before = Path("a/metrics.jsonl").read_bytes()
    result = cli("learn", *asked)
    assert result.exit_code == 2
    assert what in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert Path("file").read_text() == "mine"
    assert Path("a/metrics.jsonl").read_bytes() == before


def test_weights_that_do_not_fit_into_memory(cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_large(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("scenarios.learning.plan.Training.start", too_large)
    result = cli("learn", "recall", "--width", "4096")
    assert "building a model of width 4,096" in result.stderr
    assert result.exit_code == 2
    assert "its weights do not fit into memory" in result.stderr
    assert not Path("runs").exists()


def test_a_device_that_is_not_there(cli) -> None:
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is one")
    result = cli("learn", "recall", *SMALL, "--device", "cuda")
    assert result.exit_code == 2
    assert "torch cannot use device 'cuda'" in result.stderr
    assert not Path("runs").exists()


def test_a_place_that_is_read_only(cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also for root, whom no permission keeps out."""

    def read_only(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.mkdir", read_only)
        result = cli("learn", "recall", *SMALL)
    assert result.exit_code == 2
    assert "cannot write (Read-only file system)" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    cli("learn", "recall", *SMALL, "--run", "a")
    Path("a/checkpoints/000045.safetensors").unlink()
    opened = os.open

    def frozen(path: object, flags: int, *more: object, **also: object) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR) and "metrics" in str(path):
            read_only()
        return opened(path, flags, *more, **also)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr("engine.learning.files.os.open", frozen)
        result = cli("learn", "a")
    assert result.exit_code == 2
    assert "metrics.jsonl: cannot write (Read-only file system)" in result.stderr
    assert RunFolder.open("a").read().last == 40
    assert cli("learn", "a").exit_code == 0
    assert RunFolder.open("a").read().last == 45


def test_a_run_without_numbers_ends_with_1_and_says_why(cli) -> None:
    exploding = "--cell relu --length 60 --init orthogonal --gain 1.5 --optimiser sgd --lr 0.5"
    exploding += " --clip 0 --warmup 0 --width 32 --updates 40 --schedule constant"
    result = cli("learn", "recall", *exploding.split())
    assert result.exit_code == 1
    assert "is no finite number any more" in result.stdout
    assert "Go back to update 0 and try clipping the gradient norm at 1" in result.stdout
    assert result.stdout.splitlines()[-1] == "runs/recall-relu-1"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_stopped_it_says_how_to_go_on(here: Path, how: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tui.cli", "learn", "recall", *SMALL[:-2], "--updates", "500000",
         "--run", "a"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    metrics = here / "a" / "metrics.jsonl"
    late = time.monotonic() + 30
    while not (metrics.exists() and metrics.stat().st_size > 20_000) and time.monotonic() < late:
        time.sleep(0.02)
    process.send_signal(how)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "stopped; it goes on with: peephole learn a" in said
    assert "Traceback" not in said
    folder = RunFolder.open(here / "a")
    assert folder.checkpoints()[-1] == folder.read().last > 0


def test_what_can_be_learned_is_listed(cli) -> None:
    listed = cli("learn", "--list").stdout
    assert re.search(r"^  recall  .*\[T = \d+ words\]", listed, re.MULTILINE)
    assert "Hochreiter & Schmidhuber" in listed
    assert cli("learn").stdout == cli("list", "tasks").stdout == listed


def test_on_a_terminal_the_screen_opens(cli, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []

    def launch(runs: list[Path], drive: bool) -> int:
        opened.append(([path.name for path in runs], drive))
        return 0

    monkeypatch.setattr("tui.commands._terminal", lambda: True)
    monkeypatch.setattr("tui.learning.launch", launch)
    assert cli("learn", "recall", *SMALL).exit_code == 0
    assert not RunFolder.open("runs/recall-lstm-1").read().last, "the screen's worker does the rest"
    for name in ("b", "c"):
        synthetic(here / name, updates=3)
    assert cli("watch", "b", "c").exit_code == 0
    assert opened == [(["recall-lstm-1"], True), (["b", "c"], False)]


def test_watch_prints_a_run_that_is_there(cli, here: Path) -> None:
    synthetic(here / "a", updates=40)
    result = cli("watch", "a", "--print")
    assert result.exit_code == 0
    assert "40" in result.stdout
    assert cli("watch", "a", "--json").stdout.startswith("{")
    assert "no such folder" in cli("watch", "b").stderr
    result = cli("watch", "a", "a", "a")
    assert result.exit_code == 2
    assert "3 runs do not fit side by side" in result.stderr
