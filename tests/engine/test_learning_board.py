"""TensorBoard's event files: what is given to a writer, and what a real one makes of it."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from engine.learning import board
from engine.learning.metrics import Event, Update
from tests.runs import probe

UPDATE = Update(3, 0.5, math.nan, 2.0, 0.01, 1.0)


class Writer:
    """Keeps what it is given."""

    def __init__(self, log_dir: str, **options: Any) -> None:
        self.options, self.scalars, self.texts, self.closed = options, {}, [], False

    def add_scalar(self, name: str, value: float, step: int) -> None:
        self.scalars[name, step] = value

    def add_text(self, name: str, text: str, step: int) -> None:
        self.texts.append((name, text, step))

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Any:
    module: Any = ModuleType("fake_board")
    module.SummaryWriter = Writer
    monkeypatch.setitem(sys.modules, "fake_board", module)
    monkeypatch.setattr(board, "find_spec", lambda name: name == "fake_board" or None)
    monkeypatch.setattr(board, "WRITERS", (("none", "none"), ("fake_board", "fake_board")))
    return module


def test_scalars_of_updates_and_probes(fake: Any, tmp_path: Path) -> None:
    taken = board.open_at(tmp_path, 2)
    taken.take(UPDATE)
    taken.take(probe(3))
    taken.take(Event(3, "done", "all done"))
    writer: Writer = taken._writer
    assert writer.options["purge_step"] == 3
    assert writer.scalars["loss", 3] == 0.5
    assert writer.scalars["gradient_norm", 3] == 2.0
    assert ("accuracy", 3) not in writer.scalars, "NaN is left out"
    assert writer.scalars["gradient_norm/layers.0.W_hh", 3] == 0.1 / 4
    assert writer.scalars["open/layers.0.f", 3] == 0.7
    assert writer.texts == [("done", "all done", 3)]
    taken.close()
    assert writer.closed


def test_a_writer_that_fails_is_left_alone(fake: Any, tmp_path: Path) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    fake.SummaryWriter = type("Full", (Writer,), {"add_scalar": full, "close": full})
    taken = board.open_at(tmp_path, 0)
    taken.take(UPDATE)
    taken.take(UPDATE)
    taken.close()


def test_without_tensorboard_there_is_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "find_spec", lambda name: None)
    taken = board.open_at(tmp_path, 0)
    taken.take(UPDATE)
    taken.close()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("which", board.WRITERS)
def test_tensorboard_reads_what_was_written(
    which: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tensorboard")
    pytest.importorskip(which[1])
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    monkeypatch.setattr(board, "WRITERS", (which,))
    for after, loss in ((0, 1.0), (5, 2.0)):  # resumed after update 5: what came after is dropped
        taken = board.open_at(tmp_path, after)
        for n in range(after + 1, 9):
            taken.take(Update(n, loss, 0.5, 1.0, 0.1, 1.0))
        taken.close()
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    assert [(each.step, each.value) for each in events.Scalars("loss")] == [
        *((n, 1.0) for n in range(1, 6)), *((n, 2.0) for n in range(6, 9)),
    ]  # fmt: skip
