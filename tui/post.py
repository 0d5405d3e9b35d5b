"""The post: what one app shows, passed on to those who watch it, over a Unix socket.

JSON lines. Whoever connects says first what they are, `{"as": "publisher"}` or `{"as": "listener"}`. A
publisher sends states, any JSON object; the post keeps the latest and sends it to all listeners:
`{"here": true, "state": {...}}`, or `{"here": false, "by": "ada"}` when there is no publisher. A listener
may send commands, `{"do": "next"}`; a post that takes none passes them over. A publisher is told how many
listen: `{"watching": 3}`. Of several publishers the one that came last counts, and the others are told so,
`{"watching": 3, "elsewhere": true}`; when it leaves, the one before it counts again, with its latest state.

Nobody waits for anybody: each connection has room for one line to be sent, the latest. Lines are bounded,
bad ones are passed over, and who sends many of them is sent away.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.errors import PeepholeError
from tui.sockets import answers, is_socket, private

LONGEST = 131_072  # bytes of a line
BAD = 20  # lines that are none, until a connection is closed
CONNECTIONS = 500
FASTEST = 1 / 30  # seconds between two lines to the same connection
COMMANDS = 20  # that a listener may send in a second
HELLO = 5.0  # seconds in which one has to say what one is


class Post:
    """The server.

    Args:
        path: of the socket, in a folder that only this user can enter.
        told: is called with each command of a listener; None: commands are passed over.
        watched: is called with the number of listeners when it changes.
        by: who is going to publish, where that is known.
    """

    def __init__(
        self,
        path: Path,
        told: Callable[[dict[str, Any]], None] | None = None,
        watched: Callable[[int], None] | None = None,
        by: str = "",
    ) -> None:
        self.path, self._told, self._watched = path, told, watched
        self._server: asyncio.Server | None = None
        self._listeners: set[Outbox] = set()
        self._publishers: dict[
            Outbox, dict[str, Any] | None
        ] = {}  # their states; the last one counts
        self._tasks: set[asyncio.Task[None]] = set()
        self._nobody = {"here": False, "by": by}
        self._latest = line(self._nobody)

    @property
    def watching(self) -> int:
        """How many listen."""
        return len(self._listeners)

    async def start(self) -> None:
        """Listen on the socket.

        Raises:
            PeepholeError: it cannot be made there, or another post has it.
        """
        private(self.path.parent)
        if await answers(self.path):
            raise PeepholeError("another post is there", where=str(self.path))
        if is_socket(self.path):
            self.path.unlink(missing_ok=True)
        mask = os.umask(0o177)  # the socket is never, not for a moment, anybody else's
        try:
            self._server = await asyncio.start_unix_server(
                self._serve, str(self.path), limit=LONGEST
            )
        except (OSError, AttributeError, ValueError) as error:  # no such sockets; a path too long
            raise PeepholeError(f"no socket can be made ({error})", where=str(self.path)) from None
        finally:
            os.umask(mask)

    async def stop(self) -> None:
        """Let go of everybody, and take the socket away."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.path.unlink(missing_ok=True)

    def publish(self, state: dict[str, Any] | None) -> None:
        """Send what is shown now to all who listen; None: nothing is shown any more."""
        said = self._nobody if state is None else {"here": True, "state": state}
        self._latest = line(said)
        for listener in self._listeners:
            listener.put(self._latest)

    # Connections ----------------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if len(self._tasks) >= CONNECTIONS:
            writer.transport.abort()
            return
        self._tasks.add(task)
        outbox = Outbox(writer)
        try:
            async with asyncio.timeout(HELLO):
                hello = await lines(reader).__anext__()
            if hello.get("as") == "publisher":
                await self._publisher(reader, outbox)
            elif hello.get("as") == "listener":
                await self._listener(reader, outbox)
        except (TimeoutError, StopAsyncIteration, OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            outbox.close()

    async def _publisher(self, reader: asyncio.StreamReader, outbox: Outbox) -> None:
        self._publishers[outbox] = None
        self._tell_publishers()
        try:
            async for state in lines(reader):
                self._publishers[outbox] = state
                if outbox is self._counting():
                    self.publish(state)
        finally:
            counted = outbox is self._counting()
            del self._publishers[outbox]
            if counted:
                before = self._counting()
                self.publish(self._publishers[before] if before is not None else None)
                self._tell_publishers()

    def _counting(self) -> Outbox | None:
        """The publisher that counts."""
        return next(reversed(self._publishers), None)

    def _tell_publishers(self) -> None:
        for publisher in self._publishers:
            elsewhere = {} if publisher is self._counting() else {"elsewhere": True}
            publisher.put(line({"watching": self.watching} | elsewhere))

    async def _listener(self, reader: asyncio.StreamReader, outbox: Outbox) -> None:
        self._listeners.add(outbox)
        self._counted()
        outbox.put(self._latest)
        try:
            second, many = 0, 0
            async for command in lines(reader):
                now = int(time.monotonic())
                second, many = now, many + 1 if now == second else 1
                if self._told is not None and many <= COMMANDS:
                    self._told(command)
        finally:
            self._listeners.discard(outbox)
            self._counted()

    def _counted(self) -> None:
        self._tell_publishers()
        if self._watched is not None:
            self._watched(self.watching)


class Outbox:
    """Room for one line to a connection: a newer one takes the place of one that was not sent yet."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._line = b""
        self._full = asyncio.Event()
        writer.transport.set_write_buffer_limits(high=LONGEST)
        self._task = asyncio.create_task(self._send())

    def put(self, line: bytes) -> None:
        """Send a line as soon as there is room."""
        self._line = line
        self._full.set()

    async def _send(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                await self._full.wait()
                self._full.clear()
                self._writer.write(self._line)
                await self._writer.drain()
                await asyncio.sleep(FASTEST)

    def close(self) -> None:
        """End the connection, whatever is still to be sent."""
        self._task.cancel()
        self._writer.transport.abort()


class _Lines:
    """The JSON objects that come over a connection, until it ends or sends too much that is none."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader, self._bad = reader, 0

    def __aiter__(self) -> _Lines:
        return self

    async def __anext__(self) -> dict[str, Any]:
        while self._bad < BAD:
            try:
                line = await self._reader.readline()
            except (ValueError, OSError):  # longer than a line may be; or the connection broke
                break
            if not line.endswith(b"\n"):
                break
            try:
                found = json.loads(line)
            except (ValueError, RecursionError):
                found = None
            if isinstance(found, dict):
                return found
            self._bad += 1
        raise StopAsyncIteration


def lines(reader: asyncio.StreamReader) -> _Lines:
    """The JSON objects that come over a connection."""
    return _Lines(reader)


def line(said: dict[str, Any]) -> bytes:
    """An object as it is sent."""
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
