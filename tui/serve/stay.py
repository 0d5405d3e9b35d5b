"""One visit from its opening to its end, whatever it comes over: its screen is carried, its time counted."""

from __future__ import annotations

import asyncio
from typing import Protocol

from tui.serve import endings
from tui.serve.limits import Limits
from tui.serve.log import Log
from tui.serve.roll import Entry
from tui.serve.terminal import Visit
from tui.serve.visit import Client, Visits

SETTLED = 0.5  # seconds until a screen on which something else was written is drawn anew
GRACE = 3.0  # seconds from being told to end until it is ended; a visit itself has two


class Far(Protocol):
    """The other end: an SSH channel or a websocket."""

    async def send(self, data: bytes) -> None:
        """Hand over what was drawn, as soon as there is room for it.

        Raises:
            ConnectionError: the other end has gone.
        """


class Stay:
    """A visit of `client`, who is on the roll as `entry` and has entered.

    Attributes:
        reason: why it ended, of `tui.serve.endings`; "" while it goes on.
    """

    def __init__(
        self, visits: Visits, limits: Limits, client: Client, entry: Entry, log: Log, far: Far
    ) -> None:
        self._visits, self._limits, self._client = visits, limits, client
        self._entry, self._far = entry, far
        self._log = log.about(name=client.name, role=client.role)
        self._loop = asyncio.get_running_loop()
        self._visit: Visit | None = None
        self._work: asyncio.Task[int] | None = None
        self._began = self._typed = self._loop.time()
        self._clock: asyncio.TimerHandle | None = None
        self._redrawing: asyncio.TimerHandle | None = None
        self._size = (client.columns, client.rows)
        self.reason = ""

    async def run(self) -> int:
        """Until it ends. Returns the code with which the app ended, 0 where it was asked to.

        Raises:
            PeepholeError: the visit could not be opened.
        """
        entry, client = self._entry, self._client
        entry.name, entry.role = client.name, client.role
        entry.columns, entry.rows = self._limits.clamp(*self._size)
        self._visit = await self._visits.open(client)
        entry.pid = self._visit.pid
        self._log(
            "session", pid=entry.pid, term=client.term, columns=entry.columns, rows=entry.rows
        )
        code = 0
        try:
            self._visit.resize(*self._size)  # it may have changed meanwhile
            self._work = self._loop.create_task(self._carry(self._visit))
            self._tick()
            if self.reason:
                self._work.cancel()  # it has ended before it began
            await asyncio.wait([self._work])
            if not self._work.cancelled():
                code = self._work.result()
        finally:
            for timer in (self._clock, self._redrawing):
                if timer:
                    timer.cancel()
            if self._work:
                self._work.cancel()
            await self._visit.close()
        if not self.reason:
            self.reason = endings.reason(code)
        seconds = round(self._loop.time() - self._began, 3)
        self._log("end", reason=self.reason, code=code, sent=entry.sent, seconds=seconds)
        return code

    def type(self, data: bytes) -> None:
        """Keys of the client."""
        self._typed = self._loop.time()
        if self._visit:
            self._visit.write(data)

    def resize(self, columns: int, rows: int) -> None:
        """The client's screen has another size."""
        self._size = columns, rows
        self._entry.columns, self._entry.rows = self._limits.clamp(columns, rows)
        if self._visit:
            self._visit.resize(columns, rows)

    def redraw(self) -> None:
        """The client wrote something of its own across the screen: draw all anew, soon and once."""
        if self._redrawing is None:
            self._redrawing = self._loop.call_later(SETTLED, self._redraw)

    def _redraw(self) -> None:
        self._redrawing = None
        if self._visit and not self.reason:
            self._visit.redraw()

    def end(self, reason: str, seconds: int = 0) -> None:
        """Ask the app to end, with the line of that reason for the visitor; after GRACE it is ended."""
        if self.reason:
            return
        self.reason = reason
        if self._visit and self._work:
            self._visit.tell(endings.line(reason, seconds))
            self._clock_in(GRACE, self._work.cancel)

    def gone(self, reason: str = "gone") -> None:
        """Nobody is there any more: end at once."""
        self.reason = self.reason or reason
        if self._work:
            self._work.cancel()

    async def _carry(self, visit: Visit) -> int:
        while data := await visit.read():
            self._entry.sent += len(data)
            try:
                async with asyncio.timeout(self._limits.stalled):
                    await self._far.send(data)
            except TimeoutError:
                self.reason = self.reason or "stalled"
                return 1
            except ConnectionError:
                self.reason = self.reason or "gone"
                return 1
        code = await visit.ended()
        return 0 if self.reason else code

    def _tick(self) -> None:
        """One timer for both limits, set anew only when it has run out.

        Who follows presses no keys, and who presents is not sent away.
        """
        now, waits, role = self._loop.time(), [], self._client.role
        total = self._limits.total if role != "presenter" else 0
        idle = self._limits.idle if role == "guest" else 0
        for reason, most, since in (
            ("total", total, self._began),
            ("idle", idle, self._typed),
        ):
            if most:
                left = since + most - now
                if left <= 0:
                    self.end(reason, most)
                    return
                waits.append(left)
        if waits and not self.reason:
            self._clock_in(min(waits), self._tick)

    def _clock_in(self, seconds: float, what: object) -> None:
        if self._clock:
            self._clock.cancel()
        self._clock = self._loop.call_later(seconds, what)  # type: ignore[arg-type]
