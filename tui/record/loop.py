"""An event loop whose clock only moves when nothing is left to do.

The app under it is the real one, with its timers and threads, but no real clock reaches it: a timer of a
tenth of a second is due when everything before it has come to its end, however long that took. So a sleep
is a wait for rest, and what the app shows after it is the same on every machine.

Threads' work is done one piece after the other, in the order in which it was asked for.
"""

from __future__ import annotations

import asyncio
import selectors
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, TypeVar

from textual import _time

T = TypeVar("T")
Job = tuple[Callable[..., Any], tuple[Any, ...], "asyncio.Future[Any]"]


class Still(RuntimeError):
    """Nothing is left to do, no timer is set, and somebody still waits: it would be for ever."""


class _Selector(selectors.DefaultSelector):  # type: ignore[valid-type, misc]
    """Asked by the loop how long to wait; it waits for threads only, and lets the clock jump."""

    loop: TickLoop

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout == 0:
            return super().select(0)
        if self.loop.working():
            return super().select(None)
        if timeout is None:
            raise Still("the recorder waits for something that will never come")
        self.loop.now += timeout
        return super().select(0)


class TickLoop(asyncio.SelectorEventLoop):
    """The loop; `now` is its clock, in seconds since it was made."""

    # Ctrl-C while it is being made: what has no handlers yet is closed without a complaint.
    _signal_handlers: ClassVar[dict[int, Any]] = {}

    def __init__(self) -> None:
        self.now = 0.0
        self._jobs: deque[Job] = deque()
        self._busy = False
        selector = _Selector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.now

    def working(self) -> bool:
        """Whether a thread works; the next piece of work is begun if there is one."""
        while self._jobs and not self._busy:
            work, arguments, future = self._jobs.popleft()
            if not future.cancelled():
                self._busy = True
                job = (work, arguments, future)
                threading.Thread(target=self._do, args=job, daemon=True).start()
        return self._busy

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Any, *args: Any
    ) -> asyncio.Future[Any]:
        """Work in a thread, after all that was asked for before."""
        future = self.create_future()
        self._jobs.append((func, args, future))
        return future

    def _do(
        self, work: Callable[..., Any], arguments: tuple[Any, ...], future: asyncio.Future[Any]
    ) -> None:
        try:
            found, error = work(*arguments), None
        except BaseException as caught:
            found, error = None, caught
        if not self.is_closed():  # it was stopped while this went on
            self.call_soon_threadsafe(self._done, future, found, error)

    def _done(self, future: asyncio.Future[Any], found: Any, error: BaseException | None) -> None:
        self._busy = False
        if future.cancelled():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(found)


def run(main: Callable[[], Awaitable[T]]) -> T:
    """Run a coroutine to its end; Textual's timers go by the loop's clock meanwhile."""

    async def begin() -> T:
        return await main()

    kept = _time.get_time
    with asyncio.Runner(loop_factory=TickLoop) as runner:
        loop = runner.get_loop()
        _time.get_time = loop.time
        try:
            return runner.run(begin())
        finally:
            _time.get_time = kept
