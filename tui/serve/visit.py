"""Visits: each is the app in a process of its own, on a pseudo-terminal of its own.

The processes are copies of a fork server (`tui.serve.forks`), so that they start at once and share their
memory; this module itself imports neither Textual nor NumPy. A visit that crashes, is killed or hangs harms
nobody: the fork server reaps it, and its terminal says what happened.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import itertools
import json
import os
import shutil
import signal
import struct
import sys
import tempfile
import termios
from asyncio.subprocess import PIPE
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.errors import PeepholeError
from tui.serve.limits import Limits

GRACE = 2.0  # seconds that a visit has to end when it is asked to
KEYS = 4096  # bytes that are kept of what an app has not yet read
CHUNK = 1 << 16
MODULE = "tui.serve.forks"
ENDINGS = {
    70: "peephole has failed here. It is not your fault, and it has been noted.",
    71: "This visit has used all the memory that it may.",
    -signal.SIGXCPU: "This visit has used all the processor time that it may.",
}
BROKEN = "peephole was stopped here."
RESTORE = (
    b"\x18\x1b[?2026l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?2004l\x1b[?1004l\x1b[<u"
    b"\x1b[?7h\x1b[0m\x1b[?1049l\x1b[?25h"
)  # what the app would have written at its end


@dataclass(frozen=True)
class House:
    """What guests may see: a folder of scenarios beside the bundled ones, one to begin in instead of home,
    and the socket on which a presenter is followed."""

    scenarios: Path | None = None
    scenario: str = ""
    post: Path | None = None


@dataclass(frozen=True)
class Client:
    """Of one connection, already checked: its terminal, and who it is."""

    term: str
    columns: int
    rows: int
    colorterm: str = ""
    no_color: bool = False
    lang: str = ""
    role: str = "guest"
    name: str = ""


class Visit:
    """One visit; made by `Visits.open`.

    Attributes:
        pid: of its process.
    """

    def __init__(self, visits: Visits, master: int, pid: int) -> None:
        self.pid = pid
        self._visits, self._master = visits, master
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
        line = self._parting or ("" if code == 0 else ENDINGS.get(code, BROKEN))
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
            _resize(self._master, *self._visits.limits.clamp(columns, rows))

    # The end ----------------------------------------------------------------------------------

    async def ended(self) -> int:
        """Wait for the end: the exit code, or the negative number of the signal that ended it."""
        return await asyncio.shield(self._code)

    def tell(self, line: str) -> None:
        """Ask it to end, and say this line after the screen has been restored."""
        self._parting = line
        self._visits.signal(self.pid, signal.SIGTERM)
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
        self._visits.signal(self.pid, number)
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(self.ended(), GRACE)
        self._visits.signal(self.pid, signal.SIGKILL)
        return await self.ended()

    def gone(self, code: int) -> None:
        """It has been reaped."""
        if not self._code.done():
            self._code.set_result(code)


class Visits:
    """All visits of a server.

    Args:
        house: what they see.
        limits: what each may take.
    """

    def __init__(self, house: House, limits: Limits) -> None:
        self.house, self.limits = house, limits
        self.process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()
        self._numbers = itertools.count()
        self._asked: dict[int, tuple[int, asyncio.Future[Visit]]] = {}
        self._alive: dict[int, Visit] = {}
        self.home = ""
        self._listening: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[int] | None = None

    async def start(self) -> None:
        """Start the fork server, where none runs; returns when it is ready.

        Raises:
            PeepholeError: it does not start.
        """
        async with self._lock:
            if self.process is not None and self.process.returncode is None:
                return
            if self._listening is not None:  # one has ended: first all is told of it
                await self._listening
            if not self.home:
                self.home = tempfile.mkdtemp(prefix="peephole-home-")
                os.chmod(self.home, 0o500)
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", MODULE, stdin=PIPE, stdout=PIPE, stderr=PIPE,
                start_new_session=True, env=self._environment(),
            )  # fmt: skip
            loop = asyncio.get_running_loop()
            self._ready = loop.create_future()
            self._listening = loop.create_task(self._listen(self.process))
            self._order(
                home=self.home,
                scenarios=str(self.house.scenarios.absolute()) if self.house.scenarios else "",
                scenario=self.house.scenario,
                post=str(self.house.post) if self.house.post else "",
                memory=self.limits.memory,
                cpu=self.limits.cpu,
            )
            await self._ready

    def _environment(self) -> dict[str, str]:
        """Of the fork server: little, and what has to be known before something is imported."""
        known = {
            name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME") if name in os.environ
        }
        one = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
        root = str(Path(__file__).resolve().parents[2])
        known["PYTHONPATH"] = os.pathsep.join(filter(None, [root, known.get("PYTHONPATH", "")]))
        return {**known, **one, "LANG": "C.UTF-8", "PYTHONUTF8": "1", "TERM": "xterm-256color",
                "TEXTUAL_FPS": str(self.limits.fps)}  # fmt: skip

    async def open(self, client: Client) -> Visit:
        """A new visit, on a terminal of the client's size as far as the limits go.

        Raises:
            PeepholeError: there can be none now.
        """
        await self.start()
        try:
            master, slave = os.openpty()
        except OSError as error:
            raise PeepholeError(f"no more terminals ({error.strerror})") from None
        _raw(slave)
        _resize(master, *self.limits.clamp(client.columns, client.rows))
        number = next(self._numbers)
        answer: asyncio.Future[Visit] = asyncio.get_running_loop().create_future()
        self._asked[number] = (master, answer)
        try:
            self._order(open=number, tty=os.ttyname(slave), who=asdict(client))
            return await answer
        finally:
            os.close(slave)

    def signal(self, pid: int, number: int) -> None:
        """Send a signal to a visit that has not been reaped."""
        if pid in self._alive:
            self._order(signal=pid, number=int(number))

    async def close(self) -> None:
        """End all visits and the fork server; nothing is left."""
        await asyncio.gather(*(visit.close() for visit in list(self._alive.values())))
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()
            await self.process.wait()
        if self._listening is not None:
            await self._listening
        if self.home:
            shutil.rmtree(self.home, ignore_errors=True)
            self.home = ""

    # The fork server --------------------------------------------------------------------------

    def _order(self, **order: Any) -> None:
        process = self.process
        if process is not None and process.stdin is not None and process.returncode is None:
            process.stdin.write(json.dumps(order).encode() + b"\n")

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        complaints = asyncio.get_running_loop().create_task(_complain(process))
        while line := await process.stdout.readline():
            self._hear(json.loads(line))
        await process.wait()
        await complaints
        self._lost()

    def _hear(self, answer: dict[str, Any]) -> None:
        if "ready" in answer:
            if self._ready is not None and not self._ready.done():
                self._ready.set_result(answer["ready"])
        elif "ended" in answer:
            self._alive.pop(answer["ended"]).gone(answer["code"])
        else:
            master, asked = self._asked.pop(answer["open"])
            if "problem" in answer:
                os.close(master)
                if not asked.done():
                    asked.set_exception(PeepholeError(answer["problem"]))
                return
            visit = self._alive[answer["pid"]] = Visit(self, master, answer["pid"])
            if asked.done():  # whoever asked has gone
                visit._loop.create_task(visit.close(), name="nobody's visit")
            else:
                asked.set_result(visit)

    def _lost(self) -> None:
        """The fork server has ended, and with it all visits; the next one starts it again."""
        problem = PeepholeError("the process that makes visits has ended")
        if self._ready is not None and not self._ready.done():
            self._ready.set_exception(problem)
        for master, asked in self._asked.values():
            os.close(master)
            if not asked.done():
                asked.set_exception(problem)
        self._asked.clear()
        for visit in self._alive.values():
            visit.gone(-signal.SIGKILL)
        self._alive.clear()


async def _complain(process: asyncio.subprocess.Process) -> None:
    """Pass on what a visit says when it fails; it may write no file itself, and the log may be one."""
    assert process.stderr is not None
    while said := await process.stderr.read(CHUNK):
        text = said.decode(errors="replace")
        sys.stderr.write("".join(c for c in text if c.isprintable() or c == "\n"))
        sys.stderr.flush()


def _resize(master: int, columns: int, rows: int) -> None:
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def _raw(tty: int) -> None:
    """No echo and no signals by keys, from the first moment on; what is drawn is left as it is."""
    mode = termios.tcgetattr(tty)
    mode[0] &= ~(termios.IXON | termios.ICRNL)
    mode[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN)
    termios.tcsetattr(tty, termios.TCSANOW, mode)
