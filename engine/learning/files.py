"""The metrics file as it grows: appended to by one process, read by others meanwhile."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from engine.errors import PeepholeError
from engine.learning.metrics import LONGEST, Metrics, Record
from engine.learning.parsing import parse_line

LARGEST = 1 << 30  # bytes of metrics that are read
_CHUNK = 1 << 22


class Unwritable(PeepholeError):
    """A run's folder cannot be written: the disk is full, it is read-only, it is not ours."""


@contextmanager
def told(path: Path, verb: str = "write") -> Iterator[None]:
    """Failures of the file system as one message about `path`."""
    try:
        yield
    except OSError as error:
        reason = f"cannot {verb} ({error.strerror or error})"
        if verb == "write":
            do = "Make room, or choose another place"
            raise Unwritable(reason, where=str(path), do=do) from None
        raise PeepholeError(reason, where=str(path)) from None


def append(path: Path, text: str) -> None:
    """Add text at the end, all or nothing."""
    data = text.encode()
    with told(path):
        file = os.open(path, os.O_WRONLY | os.O_APPEND)
        try:
            before = os.fstat(file).st_size
            try:
                while data:  # a disk that is nearly full takes a part; the next call says why
                    data = data[os.write(file, data) :]
            except OSError:
                with suppress(OSError):
                    os.ftruncate(file, before)
                raise
        finally:
            os.close(file)


def write_whole(path: Path, text: str) -> None:
    """Write a file; an old one is replaced only by a whole one."""
    with told(path):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix="tmp")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                os.fchmod(file.fileno(), 0o644)
            os.replace(name, path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise


class Tail:
    """Follows a metrics file that another process may be writing.

    Attributes:
        metrics: all that was read.
        offset: bytes that were read, up to the end of the last whole line.
        anew: whether the last `more` found another file in its place (a run that was resumed from an
            earlier update drops what came after it) and began again with empty metrics.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._begin(None)
        self.anew = False

    def _begin(self, file: tuple[int, int] | None) -> None:
        self.metrics = Metrics()
        self._file, self.offset, self._line = file, 0, 0

    def more(self) -> list[Record]:
        """The records written since the last call; a torn last line waits until it is whole.

        Raises:
            PeepholeError: a line is damaged, or the file cannot be read.
        """
        self.anew, new = False, []
        with told(self.path, "read"), self.path.open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_size > LARGEST:
                raise PeepholeError(f"larger than {LARGEST >> 20} MB", where=str(self.path))
            mine = (status.st_dev, status.st_ino)
            if mine != self._file or status.st_size < self.offset:
                self.anew = self._file is not None
                self._begin(mine)
            file.seek(self.offset)
            for line in _lines(file):
                new.append(self._record(line))
        return new

    def _record(self, line: bytes) -> Record:
        try:
            record = parse_line(line)
            self.metrics.add(record)
        except ValueError as error:
            raise PeepholeError(
                f"not a line of metrics: {error}", where=f"{self.path}, line {self._line + 1}",
                do="It is damaged or foreign",
            ) from None  # fmt: skip
        self._line += 1
        self.offset += len(line) + 1
        return record


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Whole lines without their ends; what follows the last end is not given."""
    left = b""
    while chunk := file.read(_CHUNK):
        *whole, left = (left + chunk).split(b"\n")
        yield from whole
        if len(left) > LONGEST:
            yield left  # refused by the parser for its length
            return
