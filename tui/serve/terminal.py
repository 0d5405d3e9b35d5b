"""The terminal of a visit: what is seen and typed there, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import struct
import termios
from collections.abc import Callable

from tui.serve import endings
from tui.serve.limits import Limits

GRACE = 2.0  # seconds that a visit has to end when it is asked to
KEYS = 4096  # bytes that are kept of what an app has not yet read
CHUNK = 1 << 16
REDRAW = (
    signal.SIGUSR1
)  # what an app is sent to draw all anew; before it listens, it passes it over
RESTORE = (
    b"\x18\x1b[?2026l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?2004l\x1b[?1004l\x1b[<u"
    b"\x1b[?7h\x1b[0m\x1b[?1049l\x1b[?25h"
)  # what the app would have written at its end


class Visit:
    """One visit; made by `Visits.open`.

    Args:
        master: the server's side of its terminal, which is closed by `close`.
        pid: of its process.
        limits: of the size of its screen.
        send: sends the process a signal, unless it has been reaped.
    """

    def __init__(self, master: int, pid: int, limits: Limits, send: Callable[[int], None]) -> None:
        self.pid = pid
        self._master, self._limits, self._send = master, limits, send
        self._loop = asyncio.get_running_loop()
        self._code: asyncio.Future[int] = self._loop.create_future()
        self._closing: asyncio.Task[None] | None = None
        self._keys = b""
        self._parting = ""
        self._over = self._said = False  # nothing more is drawn; the last has been said
        self._ready: asyncio.Future[None] | None = None
        os.set_blocking(master, False)

    # The screen -------------------------------------------------------------------------------

    async def read(self) -> bytes:
        """What the app has drawn, at last what restores the screen and says why; b"" at the end.

        Where it is not called, the terminal fills, and the app drops frames.
        """
        drawn = b""
        while not (drawn or self._over):
            await self._readable()
            drawn = self._drawn()
        if drawn or self._said or self._closing is not None:
            return drawn
        self._said = True
        return await self._last()

    def _drawn(self) -> bytes:
        """All that is there to be read now, up to CHUNK bytes: the kernel gives it in smaller parts."""
        drawn = b""
        try:
            while len(drawn) < CHUNK and not self._over:
                part = os.read(self._master, CHUNK)
                self._over = not part
                drawn += part
        except BlockingIOError:
            pass
        except OSError:  # EIO: the app has closed its side
            self._over = True
        return drawn

    async def _readable(self) -> None:
        if self._closing is None:
            self._ready = self._loop.create_future()
            self._loop.add_reader(self._master, self._arrived)
            try:
                await self._ready
            finally:
                if self._closing is None:
                    self._loop.remove_reader(self._master)

    def _arrived(self) -> None:
        if self._ready is not None and not self._ready.done():
            self._ready.set_result(None)

    async def _last(self) -> bytes:
        code = await self._end(signal.SIGHUP)
        line = self._parting or endings.line(endings.reason(code))
        said = f"{line}\r\n".encode() if line else b""
        return said if code == 0 else RESTORE + said

    def write(self, data: bytes) -> None:
        """Type. Of what the app has not read some is kept, and the rest dropped."""
        if self._closing is not None:
            return
        waiting = bool(self._keys)
        self._keys = (self._keys + data)[:KEYS]
        if not waiting:
            self._type()
            if self._keys:
                self._loop.add_writer(self._master, self._type)

    def _type(self) -> None:
        try:
            while self._keys:
                self._keys = self._keys[os.write(self._master, self._keys) :]
        except BlockingIOError:
            return
        except OSError:
            self._keys = b""
        self._loop.remove_writer(self._master)

    def resize(self, columns: int, rows: int) -> None:
        """Another size, in cells, as far as the limits go."""
        if self._closing is None:
            resize(self._master, *self._limits.clamp(columns, rows))

    def redraw(self) -> None:
        """Have the app draw all of its screen anew."""
        self._send(REDRAW)

    # The end ----------------------------------------------------------------------------------

    async def ended(self) -> int:
        """Wait for the end: the exit code, or the negative number of the signal that ended it."""
        return await asyncio.shield(self._code)

    def tell(self, line: str) -> None:
        """Ask it to end, and say this line after the screen has been restored."""
        self._parting = line
        self._send(signal.SIGTERM)
        self._loop.create_task(self._end(signal.SIGTERM))

    async def close(self) -> None:
        """End it: it hangs up, and is killed where it does not. Returns when it has been reaped."""
        if self._closing is None:
            self._closing = self._loop.create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        self._loop.remove_reader(self._master)
        self._loop.remove_writer(self._master)
        self._over = True
        self._arrived()
        os.close(self._master)
        await self._end(signal.SIGHUP)

    async def _end(self, number: int) -> int:
        """Send a signal, after some time a stronger one, and wait."""
        self._send(number)
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(self.ended(), GRACE)
        self._send(signal.SIGKILL)
        return await self.ended()

    def gone(self, code: int) -> None:
        """It has been reaped."""
        if not self._code.done():
            self._code.set_result(code)


def resize(master: int, columns: int, rows: int) -> None:
    """Say how large a terminal is, in cells."""
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def raw(tty: int) -> None:
    """No echo and no signals by keys, from the first moment on; what is drawn is left as it is."""
    mode = termios.tcgetattr(tty)
    mode[0] &= ~(termios.IXON | termios.ICRNL)
    mode[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN)
    termios.tcsetattr(tty, termios.TCSANOW, mode)
