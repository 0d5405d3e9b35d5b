"""Finding the presentations of this user that are running."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path

from engine import PeepholeError
from tui.notes.card import Card
from tui.post import LONGEST, line, lines
from tui.sockets import answers, playing, runtime

PATIENCE = 1.0  # seconds for a presentation to say what it is


@dataclass(frozen=True)
class Found:
    """A presentation: its socket, and what it said of itself."""

    path: Path
    title: str = ""
    number: str = ""

    @property
    def pid(self) -> str:
        return self.path.stem.partition("-")[2]

    def __str__(self) -> str:
        said = " · ".join(part for part in (self.title, self.number) if part)
        return f"{said or 'a presentation'} · process {self.pid}"


def socket_of(pid: int) -> Path:
    """The socket of the presentation of a process."""
    return runtime() / f"play-{pid}.sock"


async def found(path: Path | None) -> list[Found]:
    """The presentations that are running, the newest first; or the one at a socket."""
    if path is not None:
        return [Found(path)] if await answers(path) else []
    paths = playing(runtime())
    if len(paths) < 2:
        return [Found(path) for path in paths]
    return [found for path in paths if (found := await _asked(path)) is not None]


async def _asked(path: Path) -> Found | None:
    """What a presentation says of itself; None where nobody answers."""
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_unix_connection(str(path), limit=LONGEST)
            try:
                writer.write(line({"as": "listener"}))
                async for said in lines(reader):
                    with contextlib.suppress(PeepholeError):
                        card = Card.from_record(said.get("state"))
                        return Found(path, card.title, f"beat {card.beat + 1}/{card.beats}")
            finally:
                writer.close()
    return Found(path) if await answers(path) else None
