"""Many visitors at once: memory, first frames, frames delivered, a client that stalls, what is left behind.

The server is `peephole serve` in a process of its own, and the visitors come over SSH (asyncssh) from this
one; `visits` is the same without SSH, the visits being opened here.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Protocol

import asyncssh

from tests.benchmarks.timing import Figure
from tests.serve.ssh import serving
from tui.serve.limits import Limits
from tui.serve.visit import Client, House, Visits

SESSIONS, COLUMNS, ROWS = 50, 120, 40
SENTENCE = "the keys to the cabinet that the teacher near the house liked were old ."
DUE = 4.0  # rows a second, and so frames, of playback as it begins
SYNC, FRAME = b"\x1b[?2026$p", b"\x1b[?2026h"  # asked whether frames can be marked; the mark
SETTLED = 12  # frames after which all that comes before playback has been computed
PLAYED, STALLED, CAME_AND_WENT = 20.0, 60.0, 200  # seconds, seconds, connections


class Line(Protocol):
    """What a visitor has: bytes that come, keys that go."""

    async def read(self) -> bytes: ...
    def write(self, data: bytes) -> None: ...
    async def close(self) -> None: ...


class Visitor:
    """One who answers as a current terminal does, and counts frames."""

    def __init__(self, line: Line) -> None:
        self.line, self.frames, self.size = line, 0, 0
        self._tail = b""
        self._task: asyncio.Task[None] | None = None

    async def sees(self, text: bytes) -> None:
        """Read until a text has come."""
        seen = b""
        while text not in seen:
            data = await self.line.read()
            if not data:
                raise RuntimeError(f"{text!r} never came: {seen[-500:]!r}")
            seen += self._count(data)

    def _count(self, data: bytes) -> bytes:
        if SYNC in data:
            self.line.write(b"\x1b[?2026;2$y")
        whole = self._tail + data
        self.frames += whole.count(FRAME)
        self.size += len(data)
        self._tail = whole[len(whole) - len(FRAME) + 1 :]
        return data

    def watch(self) -> None:
        """Read on, in the background."""
        self._task = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while data := await self.line.read():
            self._count(data)

    def stall(self) -> None:
        """Read no more."""
        assert self._task is not None
        self._task.cancel()

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
        await self.line.close()


class Shell:
    """A session over SSH."""

    def __init__(
        self, connection: asyncssh.SSHClientConnection, process: asyncssh.SSHClientProcess
    ) -> None:
        self._connection, self._process = connection, process

    async def read(self) -> bytes:
        return await self._process.stdout.read(1 << 16)

    def write(self, data: bytes) -> None:
        self._process.stdin.write(data)

    async def close(self) -> None:
        self._connection.abort()
        await self._connection.wait_closed()


Opener = Callable[[], Awaitable[Line]]


@contextlib.asynccontextmanager
async def by_ssh() -> AsyncIterator[tuple[Opener, int]]:
    """How one connects, and the process whose children the visits are."""
    most = str(4 * CAME_AND_WENT)
    options = (
        "--anonymous",
        "--sessions",
        most,
        "--per-address",
        most,
        "--logins-per-minute",
        most,
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder), *options, "--stalled", "600") as server,
    ):

        async def connect() -> Line:
            connection = await asyncssh.connect(
                "127.0.0.1",
                server.port,
                known_hosts=None,
                username="visitor",
                client_keys=None,
                config=None,
            )
            process = await connection.create_process(
                term_type="xterm-256color",
                term_size=(COLUMNS, ROWS),
                encoding=None,
                env={"COLORTERM": "truecolor"},
            )
            return Shell(connection, process)

        yield connect, server.process.pid


@contextlib.asynccontextmanager
async def by_hand() -> AsyncIterator[tuple[Opener, int]]:
    """The visits alone."""
    visits = Visits(House(), Limits())
    await visits.start()
    try:
        yield lambda: visits.open(Client("xterm-256color", COLUMNS, ROWS, "truecolor")), os.getpid()
    finally:
        await visits.close()


# What the kernel says ---------------------------------------------------------------------------------


def children(pid: int) -> list[int]:
    """The processes that a process has started, also those that nobody has reaped."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def visits_of(server: int) -> list[int]:
    """The processes of the visits: children of the fork server, which is a child of the server."""
    return [visit for fork in children(server) for visit in children(fork)]


def megabytes(pid: int) -> float:
    """The proportional share of the memory of a process."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu(pid: int) -> float:
    """Seconds of processor time."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


# The load ---------------------------------------------------------------------------------------------


async def _come(connect: Opener, many: int) -> tuple[list[Visitor], list[float]]:
    """All at once; seconds until each sees the last line of its first frame."""
    began = time.perf_counter()

    async def one() -> tuple[Visitor, float]:
        visitor = Visitor(await connect())
        await visitor.sees(b"palette")
        return visitor, time.perf_counter() - began

    came = await asyncio.gather(*(one() for _ in range(many)))
    return [visitor for visitor, _ in came], sorted(seconds for _, seconds in came)


async def _play(visitors: list[Visitor]) -> None:
    """Everybody has a sentence read, again and again."""

    async def one(visitor: Visitor) -> None:
        visitor.line.write(f"{SENTENCE}\r".encode())
        await visitor.sees(b"transformer")
        visitor.line.write(b"l")
        visitor.watch()

    await asyncio.gather(*(one(visitor) for visitor in visitors))
    shown = [visitor.frames + SETTLED for visitor in visitors]
    while any(visitor.frames < frames for visitor, frames in zip(visitors, shown, strict=True)):
        await asyncio.sleep(0.2)


async def _rate(visitors: list[Visitor], seconds: float) -> float:
    """Frames a second and visitor."""
    before = sum(visitor.frames for visitor in visitors)
    began = time.perf_counter()
    await asyncio.sleep(seconds)
    frames = sum(visitor.frames for visitor in visitors) - before
    return frames / (time.perf_counter() - began) / len(visitors)


async def _load(
    way: str, opened: Callable[[], contextlib.AbstractAsyncContextManager]
) -> AsyncIterator[Figure]:
    async with opened() as (connect, server):
        (one,), _ = await _come(connect, 1)
        await _play([one])
        alone = await _rate([one], 5)
        await one.close()

        visitors, seconds = await _come(connect, SESSIONS)
        middle, late = seconds[SESSIONS // 2], seconds[int(SESSIONS * 0.95)]
        yield Figure(
            f"{way}: first frame, {SESSIONS} at once, p95 p50",
            f"{late:.2f} s",
            f"{middle:.2f} s",
            late,
            None,
            "s",
        )
        await _play(visitors)
        pids = visits_of(server)
        used, spent = cpu(server), sum(map(cpu, pids))
        rate = await _rate(visitors, PLAYED)
        used, spent = (cpu(server) - used) / PLAYED, (sum(map(cpu, pids)) - spent) / PLAYED
        share = [megabytes(pid) for pid in pids]
        yield Figure(f"{way}: memory of a visit in playback, of {len(pids)}", f"{max(share):.1f} MB", "",
                     sum(share) / len(share), 60, "MB")  # fmt: skip
        yield Figure(
            f"{way}: frames delivered / alone",
            f"{rate:.2f} /s",
            f"{alone:.2f} /s",
            rate / alone,
            None,
        )
        yield Figure(
            f"{way}: processors, visits and server",
            f"{spent:.2f}",
            f"{used:.2f}",
            spent + used,
            None,
            "",
        )

        stalling, others = visitors[0], visitors[1:11]
        for visitor in visitors[11:]:  # so that the processors are not what the others wait for
            await visitor.close()
        before, held = await _rate(others, 10), megabytes(server)
        stalling.stall()
        after = await _rate(others, STALLED)
        grown = max(0.0, megabytes(server) - held)
        yield Figure(f"{way}: others' frames, one stalled / none", f"{after:.2f} /s", f"{before:.2f} /s",
                     after / before, 0.95, "x", True)  # fmt: skip
        if server != os.getpid():  # this one holds the visitors as well
            what = f"{way}: server's memory, one stalled {STALLED:.0f} s"
            yield Figure(what, f"+{grown:.2f} MB", "", grown, 2.0, "MB")
        for visitor in [stalling, *others]:
            await visitor.close()
        await _gone(server)

        files = descriptors(server)
        for _ in range(CAME_AND_WENT // 20):
            some = await asyncio.gather(*(connect() for _ in range(20)))
            await asyncio.gather(*(line.close() for line in some))
        await _gone(server)
        more = descriptors(server) - files
        yield Figure(
            f"{way}: left of {CAME_AND_WENT} connections: descriptors", str(more), "", more, 0, ""
        )
        yield Figure(
            f"{way}: and processes", str(len(visits_of(server))), "", len(visits_of(server)), 0, ""
        )


async def _gone(server: int) -> None:
    """Wait until no visit is left; what is left after some time is left."""
    until = time.monotonic() + 30
    while visits_of(server) and time.monotonic() < until:
        await asyncio.sleep(0.1)
    await asyncio.sleep(1)


async def _all() -> list[Figure]:
    ways = {"visits": by_hand, "ssh": by_ssh}
    wanted = os.environ.get("SERVE", " ".join(ways)).split()
    return [figure for way in wanted async for figure in _load(way, ways[way])]


def main() -> list[Figure]:
    """Both ways."""
    return asyncio.run(_all())
