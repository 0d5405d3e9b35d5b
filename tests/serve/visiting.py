"""A visit, its screen read by a terminal emulator that is not ours (pyte)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pyte

from tests.waiting import PATIENCE
from tui.serve.limits import Limits
from tui.serve.terminal import Visit
from tui.serve.visit import Client, House, Visits

SENTENCE = "the keys to the cabinet that the teacher near the house liked were old ."
ODD = re.compile(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$p")  # what pyte takes for text
CUT = re.compile(rb"\x1b(\[[0-9;?<>=$]*)?$")


class Emulator:
    """What a terminal shows after the bytes that it is fed, whole or in any parts."""

    def __init__(self, columns: int, rows: int) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self._cut = b""

    def feed(self, data: bytes) -> None:
        data = self._cut + data
        cut = CUT.search(data)
        self._cut = cut.group() if cut else b""
        self._stream.feed(ODD.sub(b"", data[: len(data) - len(self._cut)]))

    def looks(self) -> list[list[tuple]]:
        """Every cell: its letter and its colours."""
        screen = self.screen
        return [
            [(c.data, c.fg, c.bg, c.bold, c.reverse) for c in map(row.__getitem__, range(screen.columns))]
            for row in map(screen.buffer.__getitem__, range(screen.lines))
        ]  # fmt: skip


class Seen:
    """Reads a visit as long as it is not told to stop."""

    def __init__(self, visit: Visit, columns: int = 100, rows: int = 30) -> None:
        self.visit, self.terminal = visit, Emulator(columns, rows)
        self.raw = bytearray()
        self.over = False

    @property
    def text(self) -> str:
        return "\n".join(self.terminal.screen.display)

    async def until(self, met: str | Callable[[], object]) -> None:
        """Read on until a text is on the screen, or a condition holds."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not (met in self.text if isinstance(met, str) else met()):
                    await self._more()
        except TimeoutError:
            raise AssertionError(f"never came: {met}\n{self.text}") from None

    async def as_large_as(self, columns: int, rows: int) -> None:
        """The terminal has another size: read on until its last row is drawn."""
        screen = self.terminal.screen
        screen.resize(rows, columns)
        await self.until(lambda: screen.display[-1].strip())

    async def end(self) -> int:
        """Read until nothing comes any more; the exit code."""
        async with asyncio.timeout(PATIENCE):
            while not self.over:
                await self._more()
            return await self.visit.ended()

    async def quiet(self, seconds: float = 1.0) -> None:
        """Read until nothing has come for some time."""
        with contextlib.suppress(TimeoutError):
            while not self.over:
                async with asyncio.timeout(seconds):
                    await self._more()

    async def _more(self) -> None:
        data = await self.visit.read()
        if not data:
            assert not self.over, "the end is said once"
            self.over = True
        self.raw += data
        self.terminal.feed(data)

    async def play(self) -> None:
        """From home: a sentence, played again and again, as fast as it goes."""
        await self.until("Take the tour")
        self.visit.write(f"{SENTENCE}\r".encode())
        await self.until("next word")
        self.visit.write(b"l.....")
        await self.until("16/s · loop")


@contextlib.asynccontextmanager
async def visiting(house: House | None = None, **limits: object) -> AsyncIterator[Visits]:
    """A fork server of its own."""
    visits = Visits(house or House(), Limits(**limits))  # type: ignore[arg-type]
    await visits.start()
    try:
        yield visits
    finally:
        await visits.close()


def client(columns: int = 100, rows: int = 30, **more: object) -> Client:
    """An ordinary terminal."""
    return Client("xterm-256color", columns, rows, **{"colorterm": "truecolor", **more})  # type: ignore[arg-type]


def megabytes(pid: int, field: str = "Private_Dirty") -> float:
    """Memory of a process as the kernel counts it."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    raise AssertionError(field)


def cpu(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
