"""The socket over which a running server says who is on, and is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.errors import PeepholeError
from tui.sockets import private, runtime

SECONDS = 30.0  # that a server may take to answer, or to end
LONGEST = 1 << 22  # bytes of an answer


def folder() -> Path:
    """Where the sockets of this user's servers are: 0700, and ours.

    Raises:
        PeepholeError: somebody else owns it or could replace it, or it cannot be made.
    """
    path = runtime()
    private(path)
    return path


class Control:
    """A server's end.

    Args:
        status: says how things are.
        stop: begins the end of the server.
    """

    def __init__(self, status: Callable[[], dict[str, Any]], stop: Callable[[], None]) -> None:
        self._status, self._stop = status, stop
        self._path = folder() / f"serve-{os.getpid()}.sock"
        self._open: dict[asyncio.Task[None] | None, asyncio.StreamWriter] = {}

    async def open(self) -> None:
        """Listen."""
        self._path.unlink(missing_ok=True)
        try:
            self._server = await asyncio.start_unix_server(self._answer, self._path)
        except OSError as error:
            raise PeepholeError(str(error), where=str(self._path)) from None
        self._path.chmod(0o600)

    async def close(self) -> None:
        """Last of all: who asked for the end learns of it now."""
        self._server.close()
        self._path.unlink(missing_ok=True)
        for writer in self._open.values():
            writer.close()
        await asyncio.gather(*filter(None, self._open), return_exceptions=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._open[task] = writer
        try:
            while line := await reader.readline():
                asked = line.decode("ascii", "replace").strip()
                if asked == "stop":
                    self._stop()
                answer = self._status() if asked in ("status", "stop") else {}
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except (OSError, ValueError):
            pass
        finally:
            self._open.pop(task, None)
            writer.close()


def servers() -> list[int]:
    """The process ids of this user's servers that answer."""
    return [pid for pid, path in _sockets() if _speaks(path)]


def _sockets() -> list[tuple[int, Path]]:
    found = []
    for path in sorted(folder().glob("serve-*.sock")):
        with contextlib.suppress(ValueError):
            found.append((int(path.stem.removeprefix("serve-")), path))
    return found


def _speaks(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as line:
        try:
            line.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)  # of a server that was killed
            return False
        except OSError:
            return False
    return True


def ask(pid: int, what: str, until_end: bool = False) -> dict[str, Any]:
    """Ask a server for its `status`, or to `stop`; then wait for its end, if asked for.

    Raises:
        PeepholeError: it does not answer in time.
    """
    path = folder() / f"serve-{pid}.sock"
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(SECONDS)
        try:
            line.connect(str(path))
            line.sendall(what.encode() + b"\n")
            with line.makefile("rb") as answers:
                answer = json.loads(answers.readline(LONGEST))
                if until_end:
                    answers.read()
        except (OSError, ValueError) as error:
            raise PeepholeError(f"the server does not answer ({error})", where=str(pid)) from None
    return answer
