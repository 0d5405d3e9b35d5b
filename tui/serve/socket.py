"""A visit over a websocket: what the page may say, how much of it, and how the screen goes out.

The page is textual-serve's terminal: text messages are JSON lists that begin with their kind, binary
messages are what the terminal is to draw.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from typing import Literal, NamedTuple

from aiohttp import WSCloseCode, WSMsgType, web

from tui.serve.door import BURST, PACE
from tui.serve.limits import Limits
from tui.serve.log import Log
from tui.serve.stay import Stay

LONGEST = 65_536  # bytes of a message: a text that is pasted
EACH = 32  # bytes that a message counts beside its own, so that empty ones are not free
PING = 32  # characters
LEAVING = 3.0  # seconds for the page to say goodbye
Kind = Literal["stdin", "resize", "ping", "focus", "blur"]


class Said(NamedTuple):
    """One message: keys, a size in cells, or what is to be sent back."""

    kind: Kind
    keys: bytes = b""
    size: tuple[int, int] = (0, 0)
    ping: str = ""


def said(text: str) -> Said:
    """Read one message.

    Raises:
        ValueError: it is no message of the page.
    """
    try:
        message = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    match message:
        case ["stdin", str(keys)]:
            return Said("stdin", keys=keys.encode(errors="replace"))
        case ["resize", {"width": int(width), "height": int(height)}]:
            return Said("resize", size=(width, height))
        case ["ping", str(ping)] if len(ping) <= PING:
            return Said("ping", ping=ping)
        case ["focus" | "blur" as kind]:
            return Said(kind)
    raise ValueError("no message of the page")


class Far:
    """The page's end of a visit.

    Attributes:
        over: set when the connection has ended.
    """

    def __init__(self, request: web.BaseRequest, limits: Limits, log: Log) -> None:
        self._request, self._log = request, log
        self._piece = limits.unread // 4
        self._credit = float(BURST)
        self._loop = asyncio.get_running_loop()
        self._counted = self._loop.time()
        self.over = asyncio.Event()
        # who does not read answers no ping either: `stalled` is to come before that
        self._web = web.WebSocketResponse(
            timeout=LEAVING, autoping=False, compress=False, max_msg_size=LONGEST, writer_limit=0,
            heartbeat=2.0 * limits.stalled,
        )  # fmt: skip

    async def open(self) -> web.WebSocketResponse:
        """The handshake; from now on the kernel and asyncio keep little of what is not read."""
        transport = self._request.transport
        if transport is not None:
            transport.set_write_buffer_limits(high=self._piece)
            wire = transport.get_extra_info("socket")
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self._piece)
        await self._web.prepare(self._request)
        return self._web

    async def send(self, data: bytes) -> None:
        """What `Stay` calls: returns when all of it has been handed over."""
        for start in range(0, len(data), self._piece):
            await self._web.send_bytes(data[start : start + self._piece])

    async def hear(self, stay: Stay) -> None:
        """Pass on what the page says, no faster than anybody types, until it is gone."""
        try:
            with contextlib.suppress(ConnectionError):
                await self._hear(stay)
        finally:
            stay.gone()

    async def _hear(self, stay: Stay) -> None:
        while True:
            message = await self._web.receive()
            if message.type is WSMsgType.PING:
                await self._web.pong(message.data)
            elif message.type is WSMsgType.TEXT:
                try:
                    await self._obey(said(message.data), stay)
                except ValueError as error:
                    self._log("refused", reason=f"a message: {error}")
                    await self.close(WSCloseCode.POLICY_VIOLATION)
                    return
            elif message.type is not WSMsgType.PONG:
                if message.type is WSMsgType.BINARY:
                    self._log("refused", reason="a message: bytes")
                    await self.close(WSCloseCode.UNSUPPORTED_DATA)
                return
            await self._pay(EACH + len(message.data or ""))

    async def _obey(self, said: Said, stay: Stay) -> None:
        if said.kind == "stdin":
            stay.type(said.keys)
        elif said.kind == "resize":
            stay.resize(*said.size)
        elif said.kind == "ping":
            await self._web.send_str(json.dumps(["pong", said.ping]))

    async def _pay(self, size: int) -> None:
        """Reading costs credit, which comes back with time; without any, reading waits."""
        now = self._loop.time()
        self._credit = min(BURST, self._credit + (now - self._counted) * PACE) - size
        self._counted = now
        if self._credit < 0:
            await asyncio.sleep(-self._credit / PACE)

    async def say(self, line: str) -> None:
        """One line on the terminal, where there is no visit to say it."""
        with contextlib.suppress(ConnectionError):
            await self.send(f"peephole: {line}\r\n".encode())

    @property
    def transport(self) -> asyncio.Transport | None:
        """Of the connection, while it is there."""
        return self._request.transport

    async def close(self, code: int = WSCloseCode.OK) -> None:
        """Say goodbye, and end the connection also where that is not answered."""
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(LEAVING):
                await self._web.close(code=code)
        self.drop()

    def drop(self) -> None:
        """End the connection at once."""
        if self._request.transport is not None:
            self._request.transport.abort()
