"""Who is on, and who may come in: the caps that SSH and web visitors share."""

from __future__ import annotations

import ipaddress
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tui.serve.limits import Limits

MINUTE = 60.0
WAITING = 100  # connections at once that have not logged in yet, of all addresses


class Refused(Exception):
    """A visitor who may not come in, with the reason in words that the visitor may read."""


@dataclass(eq=False)
class Entry:
    """One connection on the roll. What is known of it is filled in by who serves it."""

    roll: Roll
    address: str
    via: str
    since: float
    inside: bool = False
    name: str = ""
    role: str = "guest"
    pid: int = 0
    columns: int = 0
    rows: int = 0
    sent: int = 0  # bytes of the screen
    ended: bool = field(default=False, repr=False)

    def enter(self) -> None:
        """The one who waited is logged in and takes a place.

        Raises:
            Refused: all places are taken.
        """
        if not self.inside:
            self.roll.check_places()
            self.inside = True

    def leave(self) -> None:
        """Off the roll; a second time is harmless."""
        if not self.ended:
            self.ended = True
            self.roll.forget(self)


class Roll:
    """Counts connections by address: of IPv6 a whole /64 is one address, as one household has it."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits, self.clock = limits, clock
        self._entries: list[Entry] = []
        self._knocks: dict[str, deque[float]] = {}
        self._at: Counter[str] = Counter()
        self._swept = clock()

    def knock(self, address: str, via: str = "ssh") -> Entry:
        """A new connection that has yet to log in (then `Entry.enter`).

        Raises:
            Refused: too many connections a minute or at once from its address, or too many that wait.
        """
        key, now, limits = household(address), self.clock(), self.limits
        self._sweep(now)
        knocks = self._knocks.setdefault(key, deque())
        while knocks and knocks[0] <= now - MINUTE:
            knocks.popleft()
        if len(knocks) >= limits.logins_per_minute:
            raise Refused("too many logins from your address; try again in a minute")
        knocks.append(now)
        if self._at[key] >= limits.per_address:
            raise Refused(f"there are {limits.per_address} connections from your address already")
        if sum(not entry.inside for entry in self._entries) >= WAITING:
            raise Refused("too many are logging in; try again in a minute")
        entry = Entry(self, address, via, now)
        self._entries.append(entry)
        self._at[key] += 1
        return entry

    def admit(self, address: str, via: str = "web") -> Entry:
        """`knock` and `enter` in one, for those who need no login.

        Raises:
            Refused: as `knock`, or all places are taken.
        """
        entry = self.knock(address, via)
        try:
            entry.enter()
        except Refused:
            entry.leave()
            raise
        return entry

    def who(self) -> list[dict[str, Any]]:
        """Those who are in, the longest first: address, via, name, role, pid, size, sent, seconds."""
        now = self.clock()
        shown = ("address", "via", "name", "role", "pid", "columns", "rows", "sent")
        return [
            {key: getattr(entry, key) for key in shown} | {"seconds": round(now - entry.since, 1)}
            for entry in self._entries
            if entry.inside
        ]

    def check_places(self) -> None:
        """Raises Refused where all places are taken."""
        if sum(entry.inside for entry in self._entries) >= self.limits.sessions:
            raise Refused(f"all {self.limits.sessions} places are taken; try again later")

    def forget(self, entry: Entry) -> None:
        """Called by `Entry.leave`."""
        self._entries.remove(entry)
        key = household(entry.address)
        self._at[key] -= 1
        if not self._at[key]:
            del self._at[key]

    def _sweep(self, now: float) -> None:
        """Addresses that have been silent for a minute are forgotten, so that the roll never grows."""
        if now - self._swept >= MINUTE:
            self._swept = now
            self._knocks = {
                key: knocks for key, knocks in self._knocks.items() if knocks[-1] > now - MINUTE
            }


def household(address: str) -> str:
    """What counts as one address: an IPv4 address (also written as IPv6), or the /64 of an IPv6 one."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
