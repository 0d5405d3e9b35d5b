"""Visits: each is the app in a process of its own, on a pseudo-terminal of its own.

The processes are copies of a fork server (`tui.serve.forks`), so that they start at once and share their
memory; this module itself imports neither Textual nor NumPy. A visit that crashes, is killed or hangs harms
nobody: the fork server reaps it, and its terminal says what happened.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.errors import PeepholeError
from tui.serve.limits import Limits
from tui.serve.log import STDERR, printed
from tui.serve.terminal import CHUNK, Visit, raw, resize

MODULE = "tui.serve.forks"
ANSWER, END = (
    20.0,
    5.0,
)  # seconds that the fork server has to make a visit, and to end with all of them


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


class Visits:
    """All visits of a server.

    Args:
        house: what they see.
        limits: what each may take.

    Attributes:
        process: the fork server, once it has been started.
        home: the folder that is HOME of them all; nobody may write there.
        broken: mistakes in the scenarios of the house, a line each.
    """

    def __init__(self, house: House, limits: Limits) -> None:
        self.house, self.limits = house, limits
        self.process: asyncio.subprocess.Process | None = None
        self.home = ""
        self.broken: list[str] = []
        self._lock = asyncio.Lock()
        self._numbers = itertools.count()
        self._asked: dict[int, tuple[int, asyncio.Future[Visit]]] = {}
        self._alive: dict[int, Visit] = {}
        self._listening: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[int] | None = None

    async def start(self) -> None:
        """Start the fork server, where none runs; returns when it is ready.

        Raises:
            PeepholeError: it does not start.
        """
        async with self._lock:
            if self.process is None or self.process.returncode is not None:
                await self._begin()
        assert self._ready is not None
        await asyncio.shield(self._ready)  # others may wait for the same

    async def _begin(self) -> None:
        if self._listening is not None:  # one has ended: first all is told of it
            await self._listening
        if not self.home:
            self.home = tempfile.mkdtemp(prefix="peephole-home-")
            os.chmod(self.home, 0o500)
        try:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", MODULE, stdin=PIPE, stdout=PIPE, stderr=PIPE,
                start_new_session=True, env=self._environment(),
            )  # fmt: skip
        except OSError as error:
            raise PeepholeError(
                f"visits cannot be started ({error.strerror})", where=sys.executable
            ) from None
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
        raw(slave)
        resize(master, *self.limits.clamp(client.columns, client.rows))
        number = next(self._numbers)
        answer: asyncio.Future[Visit] = asyncio.get_running_loop().create_future()
        self._asked[number] = (master, answer)
        try:
            self._order(open=number, tty=os.ttyname(slave), who=asdict(client))
            async with asyncio.timeout(ANSWER):
                return await answer
        except TimeoutError:
            raise PeepholeError("the process that makes visits does not answer") from None
        finally:
            os.close(slave)

    def _visit(self, master: int, pid: int) -> Visit:
        return Visit(master, pid, self.limits, lambda number: self._signal(pid, number))

    def _signal(self, pid: int, number: int) -> None:
        """Send a signal to a visit that has not been reaped."""
        if pid in self._alive:
            self._order(signal=pid, number=int(number))

    async def close(self) -> None:
        """End all visits and the fork server; nothing is left."""
        if self.process is not None and self.process.stdin is not None:
            try:
                async with asyncio.timeout(END):
                    await asyncio.gather(*(visit.close() for visit in list(self._alive.values())))
                    self.process.stdin.close()
                    await self.process.wait()
            except TimeoutError:  # it hangs, and nobody obeys; visits die with it
                self.process.kill()
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
                self.broken = answer["broken"]
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
            visit = self._alive[answer["pid"]] = self._visit(master, answer["pid"])
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
        with contextlib.suppress(OSError):
            printed(STDERR, "".join(c for c in text if c.isprintable() or c == "\n"))
