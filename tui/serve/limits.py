"""What one visitor, and all of them together, may take of the machine. Each is an option of `serve`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

import click

from engine.errors import PeepholeError

MEGABYTE = 1_000_000


def _limit(default: Any, about: str, least: int, most: int) -> Any:
    return field(default=default, metadata={"about": about, "range": click.IntRange(least, most)})


@dataclass(frozen=True)
class Limits:
    """Times are in seconds, sizes of the screen in cells. Bounds are inclusive.

    `idle` counts from the last key, `cpu` is processor time, `unread` is what the server keeps of the
    screen for a client that does not read, and a client that stays at that cap for `stalled` is dropped.
    """

    sessions: int = _limit(50, "Visitors at once.", 1, 10_000)
    per_address: int = _limit(10, "Connections at once from one address.", 1, 10_000)
    logins_per_minute: int = _limit(30, "Connections a minute from one address.", 1, 100_000)
    idle: int = _limit(900, "Seconds without a key until a visit ends; 0: never.", 0, 10**7)
    total: int = _limit(3600, "Seconds until a visit ends; 0: never.", 0, 10**7)
    columns: tuple[int, int] = _limit((20, 300), "Narrowest and widest screen.", 2, 1000)
    rows: tuple[int, int] = _limit((5, 100), "Lowest and highest screen.", 2, 1000)
    memory: int = _limit(512, "Memory of a visit, in MB.", 128, 10**6)
    cpu: int = _limit(600, "Seconds of processor time of a visit.", 1, 10**7)
    unread: int = _limit(262_144, "Bytes kept for a client that does not read.", 4096, 1 << 26)
    stalled: int = _limit(30, "Seconds at that cap until a client is dropped.", 1, 10**6)
    fps: int = _limit(15, "Frames a second at most.", 1, 60)

    def __post_init__(self) -> None:
        for name in ("columns", "rows"):
            least, most = getattr(self, name)
            if least > most:
                raise PeepholeError(
                    f"the least ({least}) is more than the most ({most})", where=f"--{name}"
                )

    def clamp(self, columns: int, rows: int) -> tuple[int, int]:
        """The size of the screen that a client with this size gets; 0 (unknown) counts as 80 x 24."""
        (narrow, wide), (low, high) = self.columns, self.rows
        return (
            min(max(columns or 80, narrow), wide),
            min(max(rows or 24, low), high),
        )


def options(decorated: Callable[..., Any]) -> Callable[..., Any]:
    """An option of the command line for each limit, of the same name."""
    for limit in reversed(fields(Limits)):
        default: Any = limit.default
        pair = isinstance(default, tuple)
        decorated = click.option(
            "--" + limit.name.replace("_", "-"),
            type=limit.metadata["range"],
            nargs=2 if pair else 1,
            metavar="MIN MAX" if pair else "N",
            default=default,
            show_default=True,
            help=limit.metadata["about"],
        )(decorated)
    return decorated
