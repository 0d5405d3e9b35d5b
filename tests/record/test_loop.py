"""A loop without a clock: timers come in their order, when all before them has come to its end."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from textual import _time
from textual.app import App
from textual.widgets import Static

from tui.record import loop


def test_an_hour_of_timers_takes_no_time_and_keeps_its_order() -> None:
    came = []

    async def main() -> float:
        running = asyncio.get_running_loop()
        for delay in (3600.0, 0.5, 60.0, 0.0):
            running.call_later(delay, came.append, delay)
        await asyncio.sleep(3601)
        return running.time()

    begin = time.monotonic()
    assert loop.run(main) == pytest.approx(3601)
    assert time.monotonic() - begin < 600, "it did not wait for an hour"
    assert came == [0.0, 0.5, 60.0, 3600.0]


def test_a_sleep_ends_after_work_in_threads_and_what_follows_from_it() -> None:
    came: list[str] = []

    async def main() -> None:
        running = asyncio.get_running_loop()
        go = threading.Event()

        def slow() -> None:
            go.wait(60)
            came.append("slow")
            running.call_soon_threadsafe(running.call_soon, came.append, "told")

        first = running.run_in_executor(None, slow)
        second = running.run_in_executor(None, came.append, "second")
        threading.Timer(0.05, go.set).start()
        await asyncio.sleep(1e-6)
        came.append("slept")
        await asyncio.gather(first, second)

    loop.run(main)
    assert came == ["slow", "told", "second", "slept"]


def test_one_thread_works_at_a_time() -> None:
    working = []
    most = []

    def work() -> None:
        working.append(1)
        most.append(len(working))
        working.pop()

    async def main() -> None:
        await asyncio.gather(*(asyncio.to_thread(work) for _ in range(20)))

    loop.run(main)
    assert most == [1] * 20


def test_what_goes_wrong_in_a_thread_is_raised_where_it_is_waited_for() -> None:
    def wrong() -> None:
        raise LookupError("here")

    async def main() -> None:
        with pytest.raises(LookupError, match="here"):
            await asyncio.to_thread(wrong)

    loop.run(main)


def test_to_wait_for_ever_is_an_error() -> None:
    async def main() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(loop.Still):
        loop.run(main)


def test_textuals_own_timers_go_by_it_and_are_given_back() -> None:
    real = _time.get_time
    ticks: list[float] = []

    class Clock(App[None]):
        def compose(self):
            yield Static("here")

        def on_mount(self) -> None:
            self.set_interval(10.0, lambda: ticks.append(asyncio.get_running_loop().time()))

    async def main() -> None:
        async with Clock().run_test():
            begin = asyncio.get_running_loop().time()
            await asyncio.sleep(100.5)
            ticks[:] = [tick - begin for tick in ticks]

    loop.run(main)
    assert ticks == pytest.approx([10.0 * n for n in range(1, 11)], abs=0.2)
    assert _time.get_time is real
