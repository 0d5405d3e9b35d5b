"""One TCP connection of the SSH server: turned away before SSH begins, read no faster than anybody types.

asyncssh does neither by itself, and it keeps without bound what a client does not read: its connection
ignores `pause_writing`, a client may announce a window of gigabytes, replies that nobody reads pile up,
and so does all that is sent after a client began an exchange of keys that it never ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Any

from tui.serve.limits import Limits
from tui.serve.log import Log
from tui.serve.roll import Entry, Refused, Roll

VERSION = "peephole"  # SSH-2.0-peephole: neither the library nor its version
PACE = 65_536  # bytes a second that are read of one client in the long run; a mouse sends a tenth
BURST = 1_048_576  # bytes that may come at once: a long text that is pasted
EXCHANGE = 15.0  # seconds for an exchange of keys
LINGER = 2.0  # seconds for one who is turned away to read why
LINGERING = 50  # of them at once; more are cut off
DISCONNECT, TOO_MANY = 1, 12  # RFC 4253, 11.1


class Gate:
    """Listens in asyncssh's place (as its `tunnel`) and puts a Door before each of its connections."""

    def __init__(self, roll: Roll, limits: Limits, log: Log) -> None:
        self.roll, self.limits, self.log = roll, limits, log
        self.doors: dict[Any, Door] = {}  # by asyncssh's connection
        self.lingering = 0
        self._refused = Roll(limits)  # counts those who were turned away

    def is_news(self, address: str) -> bool:
        """Whether to tell that somebody was turned away: not of who knocks all the time."""
        try:
            self._refused.knock(address).leave()
        except Refused:
            return False
        return True

    async def create_server(
        self, factory: Callable[[str, int], Any], host: str, port: int
    ) -> asyncio.AbstractServer:
        """What asyncssh calls in order to listen."""
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: _Hall(self, factory), host, port, backlog=100)


class _Hall(asyncio.Protocol):
    """Where a connection is before it is known whether it may come in."""

    def __init__(self, gate: Gate, factory: Callable[[str, int], Any]) -> None:
        self._gate, self._factory = gate, factory
        self._lingers = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        gate = self._gate
        address, port = (transport.get_extra_info("peername") or ("", 0))[:2]
        log = gate.log.about(address=address, port=port, via="ssh")
        try:
            entry = gate.roll.knock(address)
        except Refused as refused:
            if gate.is_news(address):
                log("refused", reason=str(refused))
            self._turn_away(transport, str(refused))
            return
        log("connect")
        door = Door(gate, transport, entry, log, self._factory(address, port))
        transport.set_protocol(door)
        door.begin()

    def _turn_away(self, transport: asyncio.Transport, reason: str) -> None:
        """A disconnect message that any client shows; then some time, for a reset would overtake it."""
        if self._gate.lingering >= LINGERING:
            transport.abort()
            return
        self._lingers = True
        self._gate.lingering += 1
        transport.write(f"SSH-2.0-{VERSION}\r\n".encode() + farewell(reason))
        with contextlib.suppress(OSError):  # who has gone already
            transport.write_eof()
        asyncio.get_running_loop().call_later(LINGER, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._gate.lingering -= self._lingers


class Door(asyncio.Protocol):
    """Between a socket and asyncssh's connection, which is `inner`."""

    def __init__(
        self, gate: Gate, transport: asyncio.Transport, entry: Entry, log: Log, inner: Any
    ) -> None:
        self.gate, self.transport, self.entry, self.log, self.inner = (
            gate, transport, entry, log, inner,
        )  # fmt: skip
        self.inspect: Callable[[], str] = str  # what is wrong with the connection; "" is nothing
        self.over = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Event()
        self._room.set()
        self._full = self._early = False
        self._credit, self._counted = float(BURST), self._loop.time()
        self._wake: asyncio.TimerHandle | None = None
        self._exchange: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """SSH begins."""
        quarter = self.gate.limits.unread // 4
        self.transport.set_write_buffer_limits(high=quarter)
        sock = self.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, quarter)
        self.gate.doors[self.inner] = self
        self.inner.connection_made(self.transport)

    async def room(self) -> None:
        """Returns when more may be written, or when the connection is lost."""
        self._look()
        await self._room.wait()

    def drop(self, reason: str) -> None:
        """Ends the connection at once, with a line in the log."""
        self.log("dropped", reason=reason)
        self.inner.abort()

    def data_received(self, data: bytes) -> None:
        self.inner.data_received(data)
        if wrong := self.inspect():
            self.drop(wrong)
        self._pay(len(data))
        self._look()

    def eof_received(self) -> None:
        self.inner.eof_received()

    def pause_writing(self) -> None:
        self._full = True
        self._look()

    def resume_writing(self) -> None:
        self._full = False
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._wake, self._exchange):
            if timer:
                timer.cancel()
        self._wake = self._exchange = None
        self._full = self._early = False
        self._room.set()
        self.over.set()
        self.entry.leave()
        self.gate.doors.pop(self.inner, None)
        self.inner.connection_lost(exc)

    def _exchanging(self) -> bool:
        # asyncssh tells nobody; tests/serve/test_ssh_hostile.py fails should the name change
        return self.entry.inside and not self.inner._kex_complete

    def _look(self) -> None:
        """Whether to write, whether to read, and since when keys are exchanged."""
        if self.transport.is_closing():
            return
        exchanging = self._exchanging()
        if self._full or exchanging:
            self._room.clear()
        else:
            self._room.set()
        # who does not read what is sent is not read either: each request may want a reply
        if self._full or self._early:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()
        if exchanging and self._exchange is None:
            self._exchange = self._loop.call_later(EXCHANGE, self._overdue)
        elif not exchanging and self._exchange:
            self._exchange.cancel()
            self._exchange = None

    def _overdue(self) -> None:
        self.drop("it began to exchange keys and did not end")

    def _pay(self, size: int) -> None:
        """Reading costs credit, which comes back with time; without any, reading waits."""
        now = self._loop.time()
        self._credit = min(BURST, self._credit + (now - self._counted) * PACE) - size
        self._counted = now
        if self._credit < 0 and not self._early:
            self._early = True
            self._wake = self._loop.call_later(-self._credit / PACE, self._paid)

    def _paid(self) -> None:
        self._early = False
        self._look()


def farewell(reason: str) -> bytes:
    """SSH's disconnect message before any encryption (RFC 4253, 6 and 11.1)."""
    text = reason.encode()
    payload = bytes([DISCONNECT]) + TOO_MANY.to_bytes(4, "big")
    payload += len(text).to_bytes(4, "big") + text + (0).to_bytes(4, "big")
    padding = 8 - (5 + len(payload)) % 8
    padding += 8 * (padding < 4)
    return (
        (1 + len(payload) + padding).to_bytes(4, "big")
        + bytes([padding])
        + payload
        + bytes(padding)
    )
