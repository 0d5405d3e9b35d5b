"""The worker: trains one run, takes orders as lines of JSON, and tells as lines of JSON what it does.

Orders on stdin: {"do": "pause"}, {"do": "go"}, {"do": "step", "n": 1}, {"do": "set", "lr": 0.01},
{"do": "checkpoint"} and {"do": "stop"}. The end of stdin, SIGTERM, SIGINT and SIGHUP are orders to stop:
a checkpoint is written and the process ends, so that none outlives what started it.

On stdout: every record as it is written to the metrics, {"checkpoint": n} when that one is on the disk,
and {"state": ..., "update": n, "message": ...} whenever the state changes. After `diverged` it waits, as
after `paused`: with other knobs it may go on. An order that makes no sense is answered by a message.
"""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import threading
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, TextIO

from engine.errors import PeepholeError, shown
from engine.learning.files import Unwritable
from engine.learning.folder import RunFolder
from engine.learning.loop import Learning, Saved
from engine.learning.metrics import Record, to_line
from engine.learning.parsing import load, number
from engine.recipe import LIVE, Diverged
from scenarios import tasks

LONGEST = 1 << 16  # bytes of an order
STOP = {"do": "stop"}
_SIGNALS = ("SIGTERM", "SIGINT", "SIGHUP")


def main(path: str, paused: bool, orders: int, out: TextIO) -> int:
    """Train the run in a folder until it is done or stopped, `orders` a file descriptor; the exit code."""
    queue: SimpleQueue[dict[str, Any]] = SimpleQueue()
    for name in _SIGNALS:
        signal.signal(getattr(signal, name), lambda *_: queue.put(STOP))
    threading.Thread(target=_listen, args=(orders, queue), daemon=True).start()
    voice = Voice(out)
    try:
        folder = RunFolder.open(path)
        with Learning.opened(folder, task_of(folder), voice.tell) as learning:
            Worker(learning, queue, voice).work(paused)
            return 0
    except PeepholeError as error:
        problem = str(error)
    except MemoryError:
        problem = f"{path}: it does not fit into memory. Take a smaller batch or width"
    voice.say(state="failed", message=problem)
    print(f"peephole: {problem}", file=sys.stderr)
    return 2


def task_of(folder: RunFolder) -> tasks.Task:
    """The task that a run learns.

    Raises:
        PeepholeError: there is none, or it is not known here.
    """
    spec = folder.config.task
    if spec is None:
        raise PeepholeError("a run without a task cannot be trained", where=str(folder.path))
    return tasks.load(spec.name, spec.length)


class Voice:
    """Writes lines for whoever started the worker; where nobody listens any more, nothing."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self.heard = True

    def tell(self, what: Record | Saved) -> None:
        """A record, or that a checkpoint is on the disk."""
        self._line(
            json.dumps({"checkpoint": what.update}) if isinstance(what, Saved) else to_line(what)
        )

    def say(self, **said: Any) -> None:
        """Anything else."""
        self._line(json.dumps(said, ensure_ascii=False))

    def _line(self, line: str) -> None:
        if self.heard:
            try:
                self._out.write(line + "\n")
                self._out.flush()
            except (OSError, ValueError):
                self.heard = False
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._out.fileno())


@dataclass
class Worker:
    """Carries out orders between updates."""

    learning: Learning
    orders: SimpleQueue[dict[str, Any]]
    voice: Voice
    _left: int = 0  # updates until it pauses by itself
    _state: str = ""

    def work(self, paused: bool) -> None:
        """Until the run is done, or told to stop."""
        learning = self.learning
        if learning.diverged:
            self._turn("diverged", learning.diverged.message)
        elif not learning.done:
            self._turn("paused" if paused else "running")
        while not learning.done:
            busy = self._state == "running" or self._left
            if not busy or not self.orders.empty() or not self.voice.heard:
                order = self.orders.get() if self.voice.heard else STOP
                if not self._obey(order):
                    learning.stop()
                    return self._turn("stopped")
            elif self._advance() and self._left:
                self._left -= 1
                if not self._left:
                    self._say("")
        self._turn("done")

    def _advance(self) -> bool:
        try:
            self.learning.advance()
        except Diverged:
            event = self.learning.diverged
            self._left = 0
            self._turn("diverged", event.message if event else "")
            return False
        return True

    def _obey(self, order: dict[str, Any]) -> bool:
        """Do as told; False for stop."""
        do, order = order.get("do"), {key: order[key] for key in order if key != "do"}
        try:
            if do == "stop":
                return False
            if do == "pause":
                self._left = 0
                self._turn("paused")
            elif do == "go":
                self._left = 0
                self._turn("running")
            elif do == "step":
                n = order.get("n", 1)
                if type(n) is not int or n < 1:
                    raise PeepholeError(f"{shown(n)} is no number of updates")
                self._turn("paused")
                self._left += n
            elif do == "set":
                self.learning.set(**_knobs(order))
            elif do == "checkpoint":
                self.learning.checkpoint()
            else:
                raise PeepholeError(f"no order {shown(do)}")
        except Unwritable:
            raise
        except PeepholeError as error:
            self._say(str(error))
        return True

    def _turn(self, state: str, message: str = "") -> None:
        self._state = state
        self._say(message)

    def _say(self, message: str) -> None:
        n = self.learning.training.step
        self.voice.say(state=self._state, update=n, message=message)


def _knobs(order: dict[str, Any]) -> dict[str, Any]:
    """The numbers of an order to set."""
    if not order:
        raise PeepholeError("nothing to set", do=f"These can be: {', '.join(LIVE)}")
    try:
        for name, value in order.items():
            if math.isnan(number(value, name)):
                raise ValueError(f"{name} = {shown(value)} is no number")
    except ValueError as error:
        raise PeepholeError(str(error)) from None
    return order


def _listen(orders: int, queue: SimpleQueue[dict[str, Any]]) -> None:
    """Put orders into the queue; the end of them is an order to stop.

    Read without Python's buffers: their lock, held by a thread that waits, would end the process badly.
    """
    left, skip = b"", False
    while data := _read(orders):
        *lines, left = (left + data).split(b"\n")
        for line in lines:
            if line.strip() and not skip:
                queue.put(_order(line))
            skip = False
        if len(left) > LONGEST:
            if not skip:
                queue.put(_order(left))
            left, skip = b"", True
    queue.put(STOP)


def _read(file: int) -> bytes:
    try:
        return os.read(file, LONGEST)
    except OSError:
        return b""


def _order(line: bytes) -> dict[str, Any]:
    """A line as an order; what is none becomes one that nobody knows."""
    try:
        return load(line, LONGEST)
    except ValueError as error:
        return {"do": f"{shown(line)}: {error}"}
