"""The two clients of a post (`tui.post`): who publishes, who listens. Both connect again by themselves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from tui.post import LONGEST, Outbox, line, lines

FIRST, LONGEST_WAIT = 0.1, 2.0  # seconds until one connects again, doubling


class Link:
    """A connection to a post.

    Args:
        path: of its socket.
        role: what one is there.
        got: is called with every line that comes, and with None when the connection is lost.
    """

    def __init__(
        self,
        path: Path,
        role: Literal["publisher", "listener"],
        got: Callable[[dict[str, Any] | None], None],
    ) -> None:
        self.path, self._role, self._got = path, role, got
        self._task: asyncio.Task[None] | None = None
        self._outbox: Outbox | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._latest = b""

    def start(self) -> None:
        """Connect, and stay connected until `stop`."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Leave."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def publish(self, state: dict[str, Any]) -> None:
        """Have this be the latest; where there is no connection, as soon as there is one."""
        self._latest = line(state)
        if self._outbox is not None:
            self._outbox.put(self._latest)

    def command(self, **said: Any) -> bool:
        """Send a command; whether there is anybody to take it."""
        if self._writer is None or self._writer.is_closing():
            return False
        self._writer.write(line(said))
        return True

    async def _run(self) -> None:
        wait = FIRST
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(str(self.path), limit=LONGEST)
            except OSError:
                await asyncio.sleep(wait)
                wait = min(LONGEST_WAIT, wait * 2)
                continue
            wait = FIRST
            await self._talk(reader, writer)
            self._got(None)
            await asyncio.sleep(wait)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(line({"as": self._role}))
        self._writer = writer
        outbox = Outbox(writer) if self._role == "publisher" else None
        self._outbox = outbox
        try:
            if outbox is not None and self._latest:
                outbox.put(self._latest)
            async for said in lines(reader):
                self._got(said)
        finally:
            self._writer = self._outbox = None
            if outbox is not None:
                outbox.close()
            with contextlib.suppress(OSError):
                writer.transport.abort()
