"""Where records come from: a worker process that is driven, or a folder that another process fills."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import engine
from engine import PeepholeError

if TYPE_CHECKING:
    from tui.learning.live import LiveRun

LONGEST = 1 << 23  # bytes of a line
BREATH = 20  # lines after which keys have their turn
PATIENCE = 20.0  # seconds that a worker has to write its checkpoint and end
ENDS = {"stopped", "done", "diverged", "failed"}


class Driver:
    """One worker process: `python -m scenarios.learning RUN`.

    It is spoken to in lines of JSON. When its stdin ends, whatever ended it, it writes a checkpoint and
    stops by itself, so that no worker outlives the screen.

    Attributes:
        run: what it trains; told of every line.
        changed: called after each of them.
    """

    def __init__(self, run: LiveRun, changed: Callable[[], None]) -> None:
        self.run, self.changed = run, changed
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Of the worker, while there is one."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self, paused: bool = False) -> None:
        """Spawn the worker; it resumes from the newest checkpoint."""
        self.run.state, self.run.message = "starting", ""
        pipe = asyncio.subprocess.PIPE
        options = ["--paused"] if paused else []
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "scenarios.learning", *options, str(self.run.path),
            stdin=pipe, stdout=pipe, stderr=pipe, limit=LONGEST, start_new_session=True,
            env=_environment(),
        )  # fmt: skip
        self._reading = asyncio.create_task(self._read(self._process))
        self.changed()

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        assert process.stderr is not None
        words = asyncio.create_task(process.stderr.read())
        heard = 0
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # a line longer than any that a worker of ours writes
                continue
            if not line:
                break
            self.run.take(line)
            self.changed()
            heard += 1
            if heard % BREATH == 0:
                await asyncio.sleep(0)  # lines that are there already are read without a break
        code = await process.wait()
        self._ended(code, (await words).decode(errors="replace").strip())
        self.changed()

    def _ended(self, code: int, words: str) -> None:
        """Say how it ended, where it did not say so itself."""
        run = self.run
        if code == 0:
            run.state = run.state if run.state in ENDS else "stopped"
        elif code == 2:
            run.state, run.message = "failed", words.removeprefix("peephole: ") or run.message
        else:
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            last = words.splitlines()[-1] if words else ""
            run.state = "died"
            run.message = f"its process ended by {how}" + (f": {last}" if last else "")

    def send(self, do: str, **details: Any) -> bool:
        """Tell the worker something; whether there was one to hear it."""
        if self.pid is None or self._process is None or self._process.stdin is None:
            return False
        with contextlib.suppress(ConnectionError, RuntimeError):
            self._process.stdin.write(json.dumps({"do": do, **details}).encode() + b"\n")
            return True
        return False

    async def stop(self) -> None:
        """Have it write a checkpoint and end; killed only if it does not in `PATIENCE` seconds."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        self.send("stop")
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), PATIENCE)
        except TimeoutError:
            process.kill()
            await process.wait()
        if self._reading is not None:
            await self._reading


def _environment() -> dict[str, str]:
    """That of the worker: it finds our packages, and not what is called like them where we are."""
    root = str(Path(engine.__file__).parents[1])
    paths = [root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


class Follower:
    """A folder that another process writes; `poll` reads what is new."""

    def __init__(self, run: LiveRun) -> None:
        self.run = run

    def poll(self) -> bool:
        """Whether there was something new; a damaged line ends the following with its message."""
        run, tail = self.run, self.run.tail
        if run.state == "failed":
            return False
        try:
            new = bool(tail.more())
        except PeepholeError as error:
            run.state, run.message = "failed", str(error)
            return True
        run.metrics = tail.metrics  # another one where the file was replaced
        if new:
            run.checkpoints = run.folder.checkpoints()
        return new
