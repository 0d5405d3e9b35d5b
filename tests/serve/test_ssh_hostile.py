"""Clients that do what OpenSSH's never does: asyncssh as a client, misused, and bytes that are no SSH."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from asyncssh.packet import String
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.serve.ssh import Server, run, serving, terminal
from tests.waiting import PATIENCE, until, wait

HOME = "Look inside sequence models"
MANY = ("--logins-per-minute", "1000", "--per-address", "100")
PLAYING = ["conveyor", "\r", " "]  # from home into a scenario, which draws without further keys


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Keeps little for those who do not read, and not for long."""
    little = ("--unread", "65536", "--stalled", "1", *MANY)
    with serving(tmp_path_factory.mktemp("strict"), "--anonymous", *little) as server:
        yield server


class Reader(asyncssh.SSHClientSession[bytes]):
    """Counts what comes."""

    def __init__(self) -> None:
        self.came = bytearray()

    def data_received(self, data: bytes, datatype: int | None) -> None:
        self.came += data


@asynccontextmanager
async def connected(server: Server, name: str, **options: Any) -> AsyncIterator[Any]:
    async with asyncssh.connect(
        "127.0.0.1", server.port, username=name, known_hosts=None, client_keys=None, config=None,
        agent_path=None, **options,
    ) as conn:  # fmt: skip
        try:
            yield conn
        finally:
            conn.abort()


async def session(conn: Any, **options: Any) -> tuple[Any, Reader]:
    """A terminal in which the lab is seen."""
    chan, reader = await conn.create_session(
        Reader, term_type="xterm-256color", term_size=(100, 30), encoding=None, **options
    )
    await until(lambda: HOME.encode() in reader.came)
    return chan, reader


def memory(server: Server) -> int:
    """Resident bytes of the server's own process."""
    pages = Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


async def test_who_does_not_read_is_dropped_and_costs_little(strict: Server) -> None:
    """It announces a window of a gigabyte, asks for frames without end, and reads nothing."""
    async with connected(strict, "deaf") as conn, connected(strict, "other") as other:
        chan, _ = await session(conn, window=1 << 30)
        other_chan, other_reader = await session(other)
        before = memory(strict)
        conn._transport.pause_reading()
        conn._transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVBUF, 4096
        )
        size = 50
        async with asyncio.timeout(PATIENCE):
            while not strict.events("dropped", reason="the client did not read"):
                size = 50 + (size + 1) % 50
                chan.change_terminal_size(size * 2, size)  # each time all is drawn anew
                count = len(other_reader.came)
                other_chan.write(b"\x1b[B")
                await until(lambda count=count: len(other_reader.came) > count)
        assert memory(strict) - before < 8_000_000
    (end,) = wait(lambda: strict.events("end", name="deaf"))
    assert end["reason"] == "stalled"
    assert not strict.events("dropped", name="other")


async def test_an_exchange_of_keys_that_never_ends_holds_nothing_up(strict: Server) -> None:
    """Whatever is sent during one is kept by asyncssh until its end, in a list without bound."""
    async with connected(strict, "exchange") as conn:
        chan, reader = await session(conn)
        for keys in PLAYING:
            count = len(reader.came)
            chan.write(keys.encode())
            await until(lambda count=count: len(reader.came) > count)
        conn._transport.pause_reading()
        conn._send_kexinit()
        await until(lambda: strict.events("end", name="exchange"))
    (end,) = strict.events("end", name="exchange")
    assert end["reason"] == "stalled"


async def test_variables_without_end_are_dropped(strict: Server) -> None:
    async with connected(strict, "variables") as conn:
        chan, _ = await session(conn)
        for number in range(300):
            chan._send_request(b"env", String(f"NAME_{number}"), String("x"))
        await until(lambda: strict.events("dropped", reason="too many variables"))
    async with connected(strict, "long") as conn:
        chan, _ = await session(conn)
        for number in range(3):
            chan._send_request(b"env", String(f"NAME_{number}"), String("x" * 30_000))
        await until(lambda: len(strict.events("dropped", reason="too many variables")) == 2)


async def test_a_connection_has_one_session_and_no_other_channel(strict: Server) -> None:
    async with connected(strict, "channels") as conn:
        await session(conn)
        for opening in (
            conn.create_session(Reader, term_type="xterm"),
            conn.open_connection("127.0.0.1", strict.port),
            conn.open_unix_connection("/run/dbus.sock"),
            conn.open_tun(),
            conn.open_tap(),
        ):
            with pytest.raises(asyncssh.ChannelOpenError, match="and does nothing else"):
                await opening
        with pytest.raises(asyncssh.ChannelListenError):
            await conn.forward_remote_port("", 0, "127.0.0.1", 1)
        with pytest.raises(asyncssh.ChannelListenError):
            await conn.forward_remote_path(f"{strict.folder}/there", "/tmp/here")
    said = {line["reason"] for line in strict.events("refused", name="channels")}
    assert said == {"a second session", "forwarding", "forwarding from here", "a tunnel"}


async def test_who_asks_for_what_is_not_to_be_had_without_end_is_dropped(strict: Server) -> None:
    """Each refusal is a line in the log, and would be one for 100 bytes."""
    async with connected(strict, "greedy") as conn:
        await session(conn)
        for _ in range(21):
            with pytest.raises(asyncssh.ChannelOpenError):
                await conn.open_connection("127.0.0.1", strict.port)
        await until(conn.is_closed)
    reason = "it asked for too much that is not to be had"
    (line,) = strict.events("dropped", reason=reason)
    assert len(strict.events("refused", port=line["port"])) == 20


# Whoever of the two finds first that they have nothing in common hangs up.
REFUSED = (asyncssh.KeyExchangeFailed, asyncssh.ConnectionLost)


@pytest.mark.parametrize("exchange", ["diffie-hellman-group18-sha512", "rsa2048-sha256"])
async def test_keys_are_exchanged_in_no_way_that_costs_only_the_server(
    strict: Server, exchange: str
) -> None:
    with pytest.raises(REFUSED):
        async with connected(strict, "dear", kex_algs=[exchange]):
            pass


async def test_a_second_start_signals_and_breaks_change_nothing(strict: Server) -> None:
    async with connected(strict, "again") as conn:
        chan, reader = await session(conn)
        for request in (b"exec", b"subsystem"):
            assert not await chan._make_request(request, String("ls"))
        assert not await chan._make_request(b"pty-req", *_terminal("vt100"))
        chan.send_signal("KILL")
        chan.send_break(1000)
        chan.change_terminal_size(0xFFFFFFFF, 0)
        count = len(reader.came)
        chan.write(b"conveyor")
        await until(lambda: b"conveyor" in reader.came[count:])
        assert strict.events("session", name="again")


def _terminal(name: str) -> list[bytes]:
    return [String(name), *[(80).to_bytes(4, "big")] * 4, String(b"")]


async def test_no_compression_no_password_and_a_version_that_tells_nothing(strict: Server) -> None:
    with pytest.raises(REFUSED):
        async with connected(strict, "small", compression_algs=["zlib@openssh.com"]):
            pass
    async with connected(strict, "version") as conn:
        assert conn.get_extra_info("server_version") == "SSH-2.0-peephole"
        assert conn.get_extra_info("send_compression") == "none"


def _talk(port: int, said: bytes) -> bytes:
    came = b""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as line:
        try:
            line.sendall(said)
            line.shutdown(socket.SHUT_WR)
            while data := line.recv(4096):
                came += data
        except ConnectionError:
            pass
    return came


@settings(suppress_health_check=list(HealthCheck))
@given(
    said=st.one_of(st.binary(max_size=300), st.binary(max_size=300).map(b"SSH-2.0-x\r\n".__add__))
)
def test_bytes_that_are_no_ssh_harm_nobody(strict: Server, said: bytes) -> None:
    assert _talk(strict.port, said).startswith(b"SSH-2.0-peephole\r\n")
    assert strict.process.poll() is None


def test_after_all_this_the_lab_is_served_and_nothing_was_left(strict: Server) -> None:
    with terminal(strict, user="last") as client:
        client.sees(HOME)
        assert [who["name"] for who in strict.status()["who"]] == ["last"]
    assert "no commands are run" in run(strict, command=("ls",)).stderr
    wait(lambda: not strict.status()["who"])
    said = strict.said()
    assert "Traceback" not in said
    assert "Task exception" not in said
