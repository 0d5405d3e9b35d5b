"""What the server keeps for a client that does not read, counted byte by byte in the server itself."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from tests.waiting import PATIENCE
from tui.serve.address import Address
from tui.serve.limits import Limits
from tui.serve.log import Log
from tui.serve.roll import Roll
from tui.serve.ssh import Doorman, Front
from tui.serve.visit import Client

UNREAD = 65_536


class Flood:
    """An app that always has more to show."""

    pid = 4711

    def __init__(self) -> None:
        self.closed = asyncio.Event()

    async def open(self, client: Client) -> Flood:
        return self

    async def read(self) -> bytes:
        await asyncio.sleep(0)
        return b"x" * 65_536

    async def close(self) -> None:
        self.closed.set()

    def tell(self, line: str) -> None: ...

    def resize(self, columns: int, rows: int) -> None: ...


@asynccontextmanager
async def served(tmp_path: Path, **limits: int) -> AsyncIterator[tuple[Front, Flood, int]]:
    flood, given = Flood(), Limits(unread=UNREAD, **limits)
    front = Front(flood, Roll(given), given, Log(tmp_path / "log"), Doorman(None, True))  # type: ignore[arg-type]
    key = asyncssh.generate_private_key("ssh-ed25519")
    there = await front.open(Address("127.0.0.1", 0), key)
    try:
        yield front, flood, there.port
    finally:
        await front.close(0.1)


def _stops_reading(conn: Any, chan: Any) -> None:
    conn._transport.pause_reading()


def _takes_no_more(conn: Any, chan: Any) -> None:
    """It reads, but opens its window no further."""
    chan.pause_reading()


def _exchanges_keys(conn: Any, chan: Any) -> None:
    """It begins to, and does not go on."""
    conn._transport.pause_reading()
    conn._send_kexinit()


@pytest.mark.parametrize(
    ("window", "does"),
    [(1 << 30, _stops_reading), (1 << 20, _takes_no_more), (1 << 30, _exchanges_keys)],
)
async def test_no_more_is_kept_than_the_cap(
    tmp_path: Path, window: int, does: Callable[[Any, Any], None]
) -> None:
    async with served(tmp_path, stalled=1) as (front, flood, port):
        conn = await asyncssh.connect(
            "127.0.0.1", port, username="deaf", known_hosts=None, client_keys=None, config=None,
            agent_path=None,
        )  # fmt: skip
        chan, _ = await conn.create_session(
            asyncssh.SSHClientSession, term_type="xterm", encoding=None, window=window
        )
        (door,) = front.gate.doors.values()
        (session,) = front.sessions
        held = door.transport.get_extra_info("socket").getsockopt(
            socket.SOL_SOCKET, socket.SO_SNDBUF
        )
        assert held <= UNREAD  # Linux doubles it, for what it keeps beside
        does(conn, chan)
        most = 0
        async with asyncio.timeout(PATIENCE):
            while not flood.closed.is_set():
                deferred = sum(
                    len(part) for _, parts in door.inner._deferred_packets for part in parts
                )
                buffered = session._chan.get_write_buffer_size()
                most = max(most, deferred + buffered + door.transport.get_write_buffer_size())
                await asyncio.sleep(0)
        conn.abort()
    assert 0 < most <= UNREAD
    assert '"reason": "stalled"' in (tmp_path / "log").read_text()


async def test_a_slow_client_gets_all_of_it_and_stays(tmp_path: Path) -> None:
    class Slow(asyncssh.SSHClientSession[bytes]):
        came = 0

        def data_received(self, data: bytes, datatype: int | None) -> None:
            assert not data.strip(b"x")
            Slow.came += len(data)

    async with served(tmp_path, stalled=1) as (_, flood, port):
        conn = await asyncssh.connect(
            "127.0.0.1", port, username="slow", known_hosts=None, client_keys=None, config=None,
            agent_path=None,
        )  # fmt: skip
        chan, _session = await conn.create_session(
            Slow, term_type="xterm", encoding=None, window=32_768
        )
        async with asyncio.timeout(PATIENCE):
            while Slow.came < 2_000_000:
                chan.pause_reading()
                await asyncio.sleep(0)
                chan.resume_reading()
                await asyncio.sleep(0)
        assert not flood.closed.is_set()
        conn.abort()


async def test_who_does_not_log_in_is_sent_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.serve.ssh.LOGIN", 0.1)
    async with served(tmp_path) as (front, _, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"SSH-2.0-silent\r\n")
        async with asyncio.timeout(PATIENCE):
            while await reader.read(4096):
                pass
            while front.gate.doors:
                await asyncio.sleep(0.01)
        writer.close()
