"""A training run as a folder: opened, read, followed while another process writes it, branched.

RUN/config.json, RUN/metrics.jsonl, RUN/checkpoints/000200.safetensors and RUN/probes/000200.safetensors.
Whatever stops the process, the folder stays whole: a line is written with one call and a torn last one
is ignored; every other file is replaced only by a whole one.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from engine.errors import PeepholeError
from engine.learning import parsing
from engine.learning.config import Config, Parent, parse
from engine.learning.files import Tail, append, told, write_whole
from engine.learning.metrics import Event, Metrics, Record, to_line

CONFIG, METRICS = "config.json", "metrics.jsonl"
CHECKPOINTS, PROBES, LOCK = "checkpoints", "probes", "lock"
_CONFIG_BYTES = 1 << 20
_NUMBERED = re.compile(r"(\d{6,12})\.safetensors")
_UNFINISHED = re.compile(r"tmp[a-z0-9_]{8}")  # as tempfile names them


class RunFolder:
    """The folder of one run. Reading never changes it.

    Attributes:
        path: of the folder.
        config: what the run is.
    """

    def __init__(self, path: Path, config: Config) -> None:
        self.path, self.config = path, config

    @classmethod
    def create(cls, path: str | Path, config: Config) -> RunFolder:
        """A new folder; its parents are made as well.

        Raises:
            PeepholeError: something is there already, or the place cannot be written.
        """
        path = Path(path)
        with told(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                path.mkdir()
            except FileExistsError:
                raise PeepholeError(
                    "is there already", where=str(path), do="Choose another folder"
                ) from None
            (path / CHECKPOINTS).mkdir()
            (path / PROBES).mkdir()
            (path / METRICS).touch()
            write_whole(path / CONFIG, json.dumps(config.as_json(), indent=1, ensure_ascii=False))
        return cls(path, config)

    @classmethod
    def open(cls, path: str | Path) -> RunFolder:
        """The folder of a run.

        Raises:
            PeepholeError: it is none, or its config is damaged.
        """
        path = Path(path)
        if not is_run(path):
            if os.path.exists(path):
                do = "Choose another folder; `peephole learn TASK --run FOLDER` makes a new one"
                raise PeepholeError(
                    "is there, but is not a run of peephole", where=str(path), do=do
                )
            raise PeepholeError(
                "no such folder", where=str(path), do="`peephole learn TASK` makes one"
            )
        with told(path / CONFIG, "read"), (path / CONFIG).open("rb") as file:
            text = file.read(_CONFIG_BYTES + 1)
        try:
            return cls(path, parse(parsing.load(text, _CONFIG_BYTES)))
        except ValueError as error:
            raise PeepholeError(
                f"not a run's config: {error}", where=str(path / CONFIG),
                do="It is damaged or foreign",
            ) from None  # fmt: skip

    def read(self) -> Metrics:
        """All that the run wrote so far.

        Raises:
            PeepholeError: a line is damaged; the message names it.
        """
        tail = self.follow()
        tail.more()
        return tail.metrics

    def follow(self) -> Tail:
        """The metrics from their beginning; ask it for `more` now and then."""
        return Tail(self.path / METRICS)

    def checkpoints(self) -> list[int]:
        """Numbers of the updates after which a checkpoint was written, in order."""
        try:
            names = [entry.name for entry in os.scandir(self.path / CHECKPOINTS)]
        except OSError:
            return []
        return sorted(int(found[1]) for name in names if (found := _NUMBERED.fullmatch(name)))

    def checkpoint(self, update: int) -> Path:
        """Where the checkpoint after an update is, or would be."""
        return self.path / CHECKPOINTS / f"{update:06d}.safetensors"

    def probe(self, update: int) -> Path:
        """Where the trace of the probe after an update is, or would be."""
        return self.path / PROBES / f"{update:06d}.safetensors"

    def check(self, update: int) -> None:
        """Refuse an update of which there is no checkpoint."""
        if update not in self.checkpoints():
            known = ", ".join(map(str, self.checkpoints()[-8:])) or "none"
            raise PeepholeError(
                f"no checkpoint of update {update}", where=str(self.path), do=f"There are: {known}"
            )

    def branch(
        self, path: str | Path, update: int, config: Config | None = None, more: str = ""
    ) -> RunFolder:
        """A new run that begins as this one was after `update`, with the config given.

        It holds the metrics up to there, that one checkpoint, and an event that says where it is from
        and `more`. The checkpoint is the old one: see `engine.learning.branch` for changed knobs.

        Raises:
            PeepholeError: no checkpoint of that update, or the place cannot be written.
        """
        self.check(update)
        parent = Parent(str(self.path.resolve()), update)
        path = Path(path)
        config = replace(config or self.config, name=path.resolve().name, parent=parent)
        new = RunFolder.create(path, config)
        with told(new.path):
            shutil.copyfile(self.checkpoint(update), new.checkpoint(update))
            if self.probe(update).exists():
                shutil.copyfile(self.probe(update), new.probe(update))
        said = f"branched from {self.config.name} after update {update}{more}"
        event = Event(update, "branched", said, {"run": parent.run})
        new.rewrite([*self.read().until(update), event])
        return new

    def append(self, *records: Record) -> None:
        """Write the next records.

        Raises:
            PeepholeError: the disk is full or the like; nothing of them was written then.
        """
        append(self.path / METRICS, "".join(to_line(record) + "\n" for record in records))

    def rewrite(self, records: Iterable[Record]) -> None:
        """Have these records and no others."""
        write_whole(self.path / METRICS, "".join(to_line(record) + "\n" for record in records))

    def cut(self, update: int) -> Metrics:
        """Drop every record after `update`, a torn last line and files that were never finished.

        Returns:
            What is left.
        """
        tail, kept = self.follow(), Metrics()
        total = len(tail.more())
        records = tail.metrics.until(update)
        for record in records:
            kept.add(record)
        path = self.path / METRICS
        if len(records) < total or tail.offset < path.stat().st_size:
            self.rewrite(records)
        for folder in (self.path, self.path / CHECKPOINTS, self.path / PROBES):
            with told(folder):
                for left in folder.iterdir():
                    if _UNFINISHED.fullmatch(left.name):
                        left.unlink()
        return kept

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Held while a process trains this run; it ends with the process, however that ends.

        Raises:
            PeepholeError: another process holds it.
        """
        import fcntl

        path = self.path / LOCK
        with told(path):
            file = path.open("a+b")
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.seek(0)
                who = file.read(40).decode("ascii", "replace").strip() or "its lock is held"
                raise PeepholeError(
                    f"another process is training this run ({who})", where=str(self.path),
                    do="`peephole watch` follows it",
                ) from None  # fmt: skip
            file.truncate(0)
            file.write(f"process {os.getpid()}".encode())
            file.flush()
            yield


def trainer(folder: RunFolder) -> str:
    """The process that trains a run now, e.g. `process 123`; "" where none does. Reading only."""
    import fcntl

    try:
        with (folder.path / LOCK).open("rb") as file:
            who = file.read(40).decode("ascii", "replace").strip()
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return who or "another process"
    except OSError:
        return ""
    return ""


def is_run(path: str | Path) -> bool:
    """Whether a folder looks like a run's."""
    path = Path(path)
    try:
        return (path / CONFIG).is_file() and (path / METRICS).is_file()
    except OSError:  # a name that no file could have, as somebody's text may be
        return False
