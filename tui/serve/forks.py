"""The fork server: it imports the app once, and every visit is a copy of it that shares its memory.

It is run by `tui.serve.visit`. Orders come as JSON lines on standard input, answers go out on standard
output; the first order says what all visits share. When the orders end, so do all visits.
"""

from __future__ import annotations

import gc
import json
import os
import selectors
import signal
import threading
from pathlib import Path
from typing import Any


class Forks:
    """The visits that live, by the ids of their processes.

    Args:
        settings: what they share.
        answers: the file descriptor on which is told what became of an order.
    """

    def __init__(self, settings: dict[str, Any], answers: int) -> None:
        self.settings, self.answers = settings, answers
        self.alive: set[int] = set()

    def tell(self, **answer: Any) -> None:
        """Send one line."""
        data = json.dumps(answer).encode() + b"\n"
        while data:
            data = data[os.write(self.answers, data) :]

    def obey(self, order: dict[str, Any]) -> None:
        """Open a visit, or send a signal to one that has not been reaped: an id is never another's."""
        if "open" in order:
            try:
                tty = os.open(order["tty"], os.O_RDWR | os.O_NOCTTY)
            except OSError as error:  # who asked has given it up again
                self.tell(open=order["open"], problem=str(error))
                return
            pid = os.fork()
            if not pid:
                self._be(tty, order["who"])
            os.close(tty)
            self.alive.add(pid)
            self.tell(open=order["open"], pid=pid)
        elif order["signal"] in self.alive:
            os.kill(order["signal"], order["number"])

    def _be(self, tty: int, who: dict[str, Any]) -> None:
        """What the new process does; it never comes back."""
        from tui.serve import child

        code = child.CRASHED
        try:
            signal.set_wakeup_fd(-1)
            code = child.live(tty, who, self.settings)
        except BaseException as error:
            child.tell(error)
        finally:
            os._exit(code)

    def reap(self) -> None:
        """Say who has ended."""
        while self.alive:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            self.alive.discard(pid)
            self.tell(ended=pid, code=os.waitstatus_to_exitcode(status))

    def end(self) -> None:
        """End all visits."""
        for pid in self.alive:
            os.kill(pid, signal.SIGKILL)
        for _ in self.alive:
            os.wait()


def preload() -> None:
    """Import what visits need, and play a little, so that they share it and find it warm."""
    from tui.serve.rehearsal import rehearse

    rehearse()
    assert threading.active_count() == 1, "a copy of a process has only one of its threads"
    gc.unfreeze()  # the app that was played has frozen itself
    gc.collect()
    gc.freeze()


def serve(forks: Forks, pending: bytes) -> None:
    """Obey until the orders end; `pending` has already been read of them."""
    waker, wakened = os.pipe()
    os.set_blocking(waker, False)
    os.set_blocking(wakened, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # in visits too, until they know what it means
    signal.set_wakeup_fd(wakened, warn_on_full_buffer=False)
    selector = selectors.DefaultSelector()
    selector.register(0, selectors.EVENT_READ)
    selector.register(waker, selectors.EVENT_READ)
    data = b""
    while True:
        *lines, pending = (pending + data).split(b"\n")
        for line in lines:
            forks.obey(json.loads(line))
        data = b""
        for key, _ in selector.select():
            if key.fd == waker:
                os.read(waker, 4096)
                forks.reap()
            elif not (data := os.read(0, 1 << 16)):
                return


def _broken(folder: str) -> list[str]:
    """Mistakes in the scenarios of a folder; what was read of them, visits need not read again."""
    from tui.serve.mistakes import mistakes

    return mistakes(Path(folder)) if folder else []


def main() -> None:
    """Serve until the orders end; nothing but answers goes to where the answers go."""
    answers = os.dup(1)
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who began it says when it ends
    said = b""
    while b"\n" not in said and (data := os.read(0, 1 << 16)):
        said += data
    first, _, pending = said.partition(b"\n")
    preload()
    forks = Forks(json.loads(first), answers)
    try:
        forks.tell(ready=os.getpid(), broken=_broken(forks.settings["scenarios"]))
        serve(forks, pending)
    finally:
        forks.end()


if __name__ == "__main__":
    main()
