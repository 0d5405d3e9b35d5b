"""Visits: each is shown, ends and fails alone, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import fcntl
import gc
import os
import re
import signal
import struct
import termios
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from engine.errors import PeepholeError
from tests.serve.visiting import Emulator, Seen, client, cpu, megabytes, visiting
from tests.waiting import PATIENCE
from tui.serve.child import GONE
from tui.serve.endings import ENDINGS
from tui.serve.terminal import RESTORE
from tui.serve.visit import House, Visits

pytestmark = pytest.mark.asyncio(loop_scope="module")
LEFT_SCREEN = b"\x1b[?1049l"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def visits() -> AsyncIterator[Visits]:
    async with visiting() as made:
        yield made


def descriptors() -> int:
    gc.collect()  # what other tests left is closed now, and not between two counts
    return len(os.listdir("/proc/self/fd"))


def processes(visits: Visits) -> list[str]:
    """The children of the fork server, also those that nobody has reaped."""
    assert visits.process is not None
    pid = visits.process.pid
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


async def test_home_is_shown_keys_work_and_leaving_ends_it(visits: Visits) -> None:
    visit = await visits.open(client())
    seen = Seen(visit)
    await seen.until("Take the tour")
    visit.write(b"conveyor")
    await seen.until("The LSTM's conveyor belt")
    visit.write(b"\x1b\x1b")
    await seen.until(lambda: "conveyor belt" in seen.text and "Take the tour" in seen.text)
    visit.write(b"\x11")  # Ctrl+Q
    assert await seen.end() == 0
    assert LEFT_SCREEN in seen.raw
    assert RESTORE not in seen.raw, "the app has done it itself"
    assert await visit.read() == b""
    await visit.close()


def window(pid: int) -> tuple[int, int]:
    """The size of a process's terminal, as the kernel knows it."""
    tty = os.open(f"/proc/{pid}/fd/0", os.O_RDONLY | os.O_NOCTTY)
    rows, columns, _, _ = struct.unpack("HHHH", fcntl.ioctl(tty, termios.TIOCGWINSZ, bytes(8)))
    os.close(tty)
    return columns, rows


async def test_a_resize_is_followed_and_clamped(visits: Visits) -> None:
    visit = await visits.open(client(80, 24))
    seen = Seen(visit, 80, 24)
    await seen.until("Esc Quit")
    assert window(visit.pid) == (80, 24)
    visit.resize(140, 40)
    await seen.as_large_as(140, 40)
    for asked, given in (((100_000, 1), (300, 5)), ((1, 50_000), (20, 100))):
        visit.resize(*asked)
        assert window(visit.pid) == given
    await seen.as_large_as(20, 100)
    await visit.close()


async def test_of_two_resizes_in_a_row_the_last_counts(visits: Visits) -> None:
    """The second signal of two may come while the first is handled."""
    visit = await visits.open(client(80, 24))
    seen = Seen(visit, 80, 24)
    await seen.until("Esc Quit")
    for turn in range(40):
        begun = time.perf_counter()
        visit.resize(60, 12)
        while time.perf_counter() - begun < turn * 1e-5:
            pass
        rows = 24 + turn % 20
        visit.resize(80, rows)
        await seen.as_large_as(80, rows)
    await visit.close()


async def test_what_a_client_types_is_no_size(visits: Visits) -> None:
    """Terminals may say in band how large they are: then a key could ask for any amount of memory."""
    visit = await visits.open(client(80, 24))
    seen = Seen(visit, 80, 24)
    await seen.until("Esc Quit")
    visit.write(b"\x1b[?2048;1$y\x1b[48;9000;9000;9000;9000t")
    visit.write(b"conveyor")
    await seen.until("The LSTM's conveyor belt")
    assert b"?2048h" not in seen.raw
    assert b"\x1b[25;" not in seen.raw
    await visit.close()


async def test_each_has_its_own_colours(visits: Visits) -> None:
    ways = {
        "true": client(), "few": client(colorterm=""), "none": client(no_color=True),
        "ascii": client(lang="C"),
    }  # fmt: skip
    shown = {}
    for name, who in ways.items():
        visit = await visits.open(who)
        seen = Seen(visit)
        await seen.until("Esc Quit")
        shown[name] = seen.raw.decode()
        await visit.close()

    def hues(name: str) -> set[tuple[str, ...]]:
        found = re.findall(r"[34]8;2;(\d+);(\d+);(\d+)", shown[name])
        return {rgb for rgb in found if len(set(rgb)) > 1}

    assert hues("true")
    assert not hues("none")
    assert not re.search(r"[34]8;2;", shown["few"])
    assert re.search(r"[34]8;5;", shown["few"])
    letters = {name: {c for c in seen if not c.isascii()} for name, seen in shown.items()}
    assert "↑" in letters["true"]
    assert letters["ascii"] <= {"▏"}  # of Textual's footer


async def test_one_that_is_killed_harms_nobody_and_says_so(visits: Visits) -> None:
    first, second = await visits.open(client()), await visits.open(client())
    one, two = Seen(first), Seen(second)
    await one.until("Take the tour")
    await two.until("Take the tour")
    os.kill(first.pid, signal.SIGKILL)
    assert await one.end() == -signal.SIGKILL
    assert bytes(one.raw).endswith(RESTORE + f"{ENDINGS['killed']}\r\n".encode())
    second.write(b"conveyor")
    await two.until("The LSTM's conveyor belt")
    await first.close()
    await second.close()


async def test_a_line_is_said_at_the_end_once_the_screen_is_restored(visits: Visits) -> None:
    visit = await visits.open(client())
    seen = Seen(visit)
    await seen.until("Take the tour")
    visit.tell("Come back tomorrow.")
    assert await seen.end() == 0
    assert bytes(seen.raw).endswith(b"Come back tomorrow.\r\n")
    assert LEFT_SCREEN in seen.raw
    await visit.close()


async def test_one_that_hangs_is_told_and_then_killed(visits: Visits, monkeypatch) -> None:
    monkeypatch.setattr("tui.serve.terminal.GRACE", 0.2)
    visit = await visits.open(client())
    seen = Seen(visit)
    await seen.until("Take the tour")
    os.kill(visit.pid, signal.SIGSTOP)
    visit.tell("Come back tomorrow.")
    assert await seen.end() == -signal.SIGKILL
    assert bytes(seen.raw).endswith(RESTORE + b"Come back tomorrow.\r\n")
    hanging = await visits.open(client())
    os.kill(hanging.pid, signal.SIGSTOP)
    await hanging.close()
    assert await hanging.ended() < 0
    await visit.close()


async def test_forty_that_come_and_go_leave_no_process_and_no_descriptor(visits: Visits) -> None:
    first = await visits.open(client())
    await first.close()
    assert visits.process is not None
    theirs = Path(f"/proc/{visits.process.pid}/fd")
    before, there = descriptors(), len(os.listdir(theirs))
    asked = [asyncio.create_task(visits.open(client())) for _ in range(8)]
    await asyncio.sleep(0)
    for task in asked:
        task.cancel()  # the client has gone before the visit was there
    for turn in range(4):
        opened = await asyncio.gather(*(visits.open(client()) for _ in range(8)))
        if turn == 1:
            await asyncio.gather(*(visit.read() for visit in opened))
        if turn == 2:
            for visit in opened:
                os.kill(visit.pid, signal.SIGKILL)
        readers = [asyncio.create_task(visit.read()) for visit in opened[:4]]
        await asyncio.gather(*(visit.close() for visit in opened))
        await asyncio.gather(*readers)
        assert {await visit.ended() for visit in opened} <= {-signal.SIGKILL, -signal.SIGHUP, GONE}
    async with asyncio.timeout(PATIENCE):
        while processes(visits) or descriptors() > before:  # those that nobody waits for
            await asyncio.sleep(0.01)
    assert len(os.listdir(theirs)) == there


async def test_without_the_fork_server_all_end_and_the_next_one_starts_it() -> None:
    async with visiting() as visits:
        visit = await visits.open(client())
        seen = Seen(visit)
        await seen.until("Take the tour")
        assert visits.process is not None
        os.kill(visits.process.pid, signal.SIGKILL)
        assert await seen.end() == -signal.SIGKILL
        await visit.close()
        again = await visits.open(client())
        await Seen(again).until("Take the tour")
        await again.close()


async def test_a_fork_server_that_hangs_is_told_of_and_ended(monkeypatch) -> None:
    before = descriptors()
    async with visiting() as visits:
        visit = await visits.open(client())
        assert visits.process is not None
        os.kill(visits.process.pid, signal.SIGSTOP)
        monkeypatch.setattr("tui.serve.visit.ANSWER", 0.1)
        monkeypatch.setattr("tui.serve.visit.END", 0.1)
        with pytest.raises(PeepholeError, match="does not answer"):
            await visits.open(client())
        await visits.close()
        assert visits.process.returncode == -signal.SIGKILL
        assert await visit.ended() in {-signal.SIGKILL, -signal.SIGHUP, GONE}
        await visit.close()
    assert descriptors() <= before


async def test_closing_ends_all_that_are_there() -> None:
    before = descriptors()
    async with visiting() as visits:
        opened = [await visits.open(client()) for _ in range(3)]
        process, home = visits.process, Path(visits.home)
        assert process is not None
        assert home.stat().st_mode & 0o777 == 0o500
    assert all(not Path(f"/proc/{visit.pid}").exists() for visit in opened)
    assert process.returncode == 0
    assert not home.exists()
    assert descriptors() <= before


async def test_a_failure_is_told_to_the_operator_and_not_to_the_visitor(capfd) -> None:
    async with visiting(House(scenario="no-such-scenario")) as visits:
        visit = await visits.open(client())
        seen = Seen(visit)
        assert await seen.end() == 70
        await visit.close()
    assert bytes(seen.raw).endswith(ENDINGS["failed"].encode() + b"\r\n")
    assert b"Traceback" not in seen.raw
    assert "no-such-scenario" in capfd.readouterr().err


async def test_a_crash_is_told_in_a_few_lines_and_without_any_values(capfd, monkeypatch) -> None:
    monkeypatch.setattr("tui.serve.visit.MODULE", "tests.serve.crash")
    async with visiting() as visits:
        visit = await visits.open(client())
        assert await Seen(visit).end() == 70
        await visit.close()
    told = capfd.readouterr().err
    assert "ValueError: it broke after 10 letters" in told
    assert "in _break" in told
    assert "the-secret" not in told
    assert len(told.splitlines()) <= 21


async def test_without_a_fork_server_there_is_a_message(monkeypatch) -> None:
    monkeypatch.setattr("tui.serve.visit.MODULE", "tui.serve.no_such_module")
    with pytest.raises(PeepholeError, match="has ended"):
        async with visiting():
            pass


async def test_a_scenario_to_begin_in(tmp_path: Path) -> None:
    async with visiting(House(scenario="lstm-belt")) as visits:
        visit = await visits.open(client(120, 40))
        await Seen(visit, 120, 40).until("The LSTM's conveyor belt")
        await visit.close()


async def test_who_does_not_read_costs_no_memory_and_then_sees_what_is(visits: Visits) -> None:
    visit = await visits.open(client(120, 40))
    seen = Seen(visit, 120, 40)
    await seen.play()
    played = cpu(visit.pid)
    await seen.until(lambda: cpu(visit.pid) > played + 0.4)  # caches fill
    before, played = megabytes(visit.pid), cpu(visit.pid)
    async with asyncio.timeout(PATIENCE):
        while cpu(visit.pid) < played + 0.6:  # the app goes on drawing, and nobody looks
            await asyncio.sleep(0.05)
    assert megabytes(visit.pid) < before + 4
    visit.write(b" ")
    read = len(seen.raw)
    await seen.until("paused")
    await seen.quiet(3)  # gradients that a busy machine finds late change it once more
    assert len(seen.raw) - read < 100_000, "one frame and the last screen: what is queued is 190 kB"
    shown = seen.terminal.looks()
    visit.resize(120, 41)
    await seen.as_large_as(120, 41)
    seen.terminal = Emulator(120, 40)
    visit.resize(120, 40)  # all is drawn anew, as a client that comes now would see it
    await seen.until(lambda: seen.terminal.looks() == shown)
    await visit.close()


@pytest.mark.parametrize("what", ["keys", "mouse", "paste"])
async def test_whatever_is_typed_waits_and_costs_no_memory(visits: Visits, what: str) -> None:
    """Keys, the mouse, or a paste without an end, as fast as they are taken."""
    keys = {"keys": b"ab \x1b[A\xff" * 500, "mouse": b"\x1b[<35;10;10M" * 300,
            "paste": b"\x1b[200~" + b"a" * 4000}[what]  # fmt: skip
    visit = await visits.open(client())
    seen = Seen(visit)
    await seen.until("Take the tour")
    reading = asyncio.create_task(seen.end())

    async def type_for(seconds: float) -> float:
        until = cpu(visit.pid) + seconds
        async with asyncio.timeout(PATIENCE):
            while cpu(visit.pid) < until:
                visit.write(keys)
                await asyncio.sleep(0.001)
        return megabytes(visit.pid)

    before = await type_for(0.8)
    assert await type_for(1.2) < before + 12
    visit.tell("Enough.")
    assert await reading == 0
    await visit.close()
