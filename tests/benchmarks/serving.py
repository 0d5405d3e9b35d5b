"""Load on `peephole serve --ssh`, on loopback: visits in playback, one that reads nothing, many that leave."""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh

from tests.benchmarks.timing import Figure
from tests.serve.ssh import Server, serving

SESSIONS = 50
GUESTS = 200  # who come and go
SECONDS = 30.0  # of playback that are counted
HOME = b"Look inside sequence models"
SYNCHRONISED = b"\x1b[?2026;2$y"  # a terminal's answer: frames are marked from then on
FRAME = b"\x1b[?2026h"


class Guest(asyncssh.SSHClientSession[bytes]):
    """Counts frames and bytes."""

    def __init__(self) -> None:
        self.began = time.perf_counter()
        self.first = 0.0
        self.frames = self.bytes = 0
        self._home = b""

    def data_received(self, data: bytes, datatype: int | None) -> None:
        self.bytes += len(data)
        self.frames += data.count(FRAME)
        if not self.first:
            self._home += data
            if HOME in self._home:
                self.first = time.perf_counter() - self.began


async def come(server: Server) -> tuple[Any, Any, Guest]:
    """Connect, until the first frame."""
    guest = Guest()
    conn = await asyncssh.connect(
        "127.0.0.1", server.port, username="guest", known_hosts=None, client_keys=None, config=None,
        agent_path=None, compression_algs=None,
    )  # fmt: skip
    chan, _ = await conn.create_session(
        lambda: guest, term_type="xterm-256color", term_size=(100, 30), encoding=None
    )
    while not guest.first:
        await asyncio.sleep(0.01)
    return conn, chan, guest


async def play(chan: Any, guest: Guest) -> None:
    """Into a scenario, and on without an end."""
    chan.write(SYNCHRONISED)
    for keys in (b"agreement", b"\r", b"l", b" "):
        before = guest.bytes
        chan.write(keys)
        while guest.bytes < before + 100:
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.5)


def pss(pid: int) -> float:
    """Proportional share of memory, in MB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _parent(entry: Path) -> int:
    return int((entry / "stat").read_text().rpartition(")")[2].split()[1])


def _processes(pid: int) -> int:
    """How many processes descend from one, and it."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(entry.name)] = _parent(entry)
        except OSError:
            continue
    family = {pid}
    while more := {one for one, parent in parents.items() if parent in family} - family:
        family |= more
    return len(family)


def _held(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


async def _counted(guests: list[Guest]) -> list[int]:
    """Frames that each got in SECONDS."""
    before = [guest.frames for guest in guests]
    await asyncio.sleep(SECONDS)
    return [guest.frames - then for guest, then in zip(guests, before, strict=True)]


async def _load(server: Server) -> list[Figure]:
    pid = server.process.pid
    alone, held = _processes(pid), _held(pid)
    here = await asyncio.gather(*(come(server) for _ in range(SESSIONS)))
    first = sorted(guest.first for _, _, guest in here)
    await asyncio.gather(*(play(chan, guest) for _, chan, guest in here))
    guests = [guest for _, _, guest in here]
    frames = await _counted(guests)
    visits = [line["pid"] for line in server.events("session")]
    shares = [pss(visit) for visit in visits]
    before = pss(pid)
    here[0][0]._transport.pause_reading()  # the deaf one
    deaf = await _counted(guests[1:])
    grown = pss(pid) - before
    for conn, _, _ in here:
        conn.abort()
    for _ in range(GUESTS // 10):
        for conn, _, _ in await asyncio.gather(*(come(server) for _ in range(10))):
            conn.abort()
    for _ in range(600):
        if _processes(pid) == alone and _held(pid) == held:
            break
        await asyncio.sleep(0.1)
    p95 = first[int(0.95 * len(first))]
    rate, rate_deaf = statistics.median(frames[1:]) / SECONDS, statistics.median(deaf) / SECONDS
    return [
        Figure(f"memory of a visit (PSS), {SESSIONS} at once", f"{max(shares):.0f} MB", "",
               statistics.mean(shares), 60, "MB"),
        Figure("first frame, all at once, median and p95", f"{statistics.median(first):.2f} s", "",
               p95, None, "s"),
        Figure("frames a second, median and least", f"{rate:.1f}", "", min(frames) / SECONDS, None, "1/s"),
        Figure("frames with one that does not read / without", f"{rate_deaf:.1f}", f"{rate:.1f}",
               rate_deaf / rate, 0.9, more=True),
        Figure("memory of the server, grown by who does not read", "", "", grown, None, "MB"),
        Figure(f"processes left by {GUESTS} that came and went", "", "", _processes(pid) - alone, 0, ""),
        Figure(f"descriptors left by {GUESTS} that came and went", "", "", _held(pid) - held, 0, ""),
    ]  # fmt: skip


def main() -> Iterator[Figure]:
    """The figures."""
    wide = ("--per-address", "1000", "--logins-per-minute", "10000", "--sessions", "60")
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder), "--anonymous", *wide) as server,
    ):
        yield from asyncio.run(_load(server))
