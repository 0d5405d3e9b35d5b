"""What happens to connections, as JSON: one object a line."""

from __future__ import annotations

import contextlib
import json
import os
import select
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.errors import PeepholeError

STDOUT, STDERR = 1, 2
LONGEST = 200  # characters of a value: names and commands come from strangers


class Log:
    """Appends lines to a file (made 0600, opened anew for each so that it may be rotated) or prints them.

    Raises:
        PeepholeError: the file cannot be written when the log is made. Later troubles (a full disk) lose
            lines and never visits.
    """

    def __init__(self, path: Path | None = None, **about: Any) -> None:
        self._path, self._about = path, about
        try:
            self._append("")
        except OSError as error:
            raise PeepholeError(f"cannot be written ({error.strerror})", where=str(path)) from None

    def about(self, **about: Any) -> Log:
        """The same log, with fields that each of its lines has."""
        return Log(self._path, **self._about, **about)

    def __call__(self, event: str, **about: Any) -> None:
        """One line: the time (UTC), the event, then what is known of it."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        fields = {"time": now, "event": event} | self._about | about
        line = json.dumps({key: _short(value) for key, value in fields.items()})
        with contextlib.suppress(OSError, ValueError):  # there is nobody to be told
            self._append(line + "\n")

    def _append(self, text: str) -> None:
        if self._path is None:
            printed(STDOUT, text)
            return
        # A pipe that nobody reads is refused at once (NONBLOCK) and would else stop the server.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK
        handle = os.open(self._path, flags, 0o600)
        try:
            os.write(handle, text.encode())
        finally:
            os.close(handle)


def printed(handle: int, text: str) -> None:
    """Print without waiting: what a pipe or a terminal that nobody reads has no room for is lost.

    Else whoever pauses the output of the server (`| less`, Ctrl-S) would pause all visits.
    """
    data = text.encode(errors="backslashreplace")
    for start in range(0, len(data), select.PIPE_BUF):  # for which there is room, if there is any
        if not select.select([], [handle], [], 0)[1]:
            return
        os.write(handle, data[start : start + select.PIPE_BUF])


def _short(value: Any) -> Any:
    if isinstance(value, str) and len(value) > LONGEST:
        return value[:LONGEST] + "…"
    return value
