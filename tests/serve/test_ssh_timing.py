"""A stay and the door of a connection, with a clock of their own: what ends when, and what waits for what."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.serve.door import BURST, Door, Gate, _Hall, farewell
from tui.serve.endings import ENDINGS
from tui.serve.limits import Limits
from tui.serve.log import Log
from tui.serve.roll import Roll
from tui.serve.ssh import NOTHING_ELSE, Doorman, Login
from tui.serve.stay import Stay
from tui.serve.visit import Client


class Loop:
    """The running loop, but time is what the test says."""

    def __init__(self) -> None:
        self._real = asyncio.get_running_loop()
        self.now = 0.0
        self._later: list[tuple[float, asyncio.Handle]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, what: Callable[[], None]) -> asyncio.Handle:
        handle = asyncio.Handle(what, (), self._real)
        self._later.append((self.now + seconds, handle))
        return handle

    async def pass_to(self, now: float) -> None:
        self.now = now
        for when, handle in list(self._later):
            if when <= now and not handle.cancelled():
                self._later.remove((when, handle))
                handle._run()
        for _ in range(10):
            await asyncio.sleep(0)


class Visit:
    """An app that ends when it is told, unless it is deaf."""

    pid = 4711

    def __init__(self, deaf: bool = False) -> None:
        self.said: list[str] = []
        self.typed = b""
        self.closed = False
        self._deaf, self._over = deaf, asyncio.Event()

    async def open(self, client: Client) -> Visit:
        return self

    async def read(self) -> bytes:
        await self._over.wait()
        return b""

    async def ended(self) -> int:
        return 0

    def tell(self, line: str) -> None:
        self.said.append(line)
        if not self._deaf:
            self._over.set()

    def write(self, data: bytes) -> None:
        self.typed += data

    def resize(self, columns: int, rows: int) -> None: ...

    async def close(self) -> None:
        self.closed = True


async def stay_of(
    tmp_path: Path, visit: Visit, role: str = "guest", **limits: int
) -> tuple[Stay, Loop, Any]:
    given_ = Limits(**limits)
    entry = Roll(given_).admit("192.0.2.1")
    client = Client("xterm", 80, 24, role=role)
    stay = Stay(visit, given_, client, entry, Log(tmp_path / "log"), None)  # type: ignore[arg-type]
    loop = Loop()
    stay._loop = loop  # type: ignore[assignment]
    stay._began = stay._typed = 0.0
    task = asyncio.create_task(stay.run())
    await loop.pass_to(0.0)
    return stay, loop, task


async def test_a_key_puts_the_idle_end_off_and_nothing_the_total_one(tmp_path: Path) -> None:
    visit = Visit()
    stay, loop, task = await stay_of(tmp_path, visit, idle=10, total=35)
    for now in (9.0, 18.0, 27.0):
        await loop.pass_to(now)
        stay.type(b"x")
    assert visit.typed == b"xxx"
    await loop.pass_to(34.9)
    assert visit.said == []
    await loop.pass_to(35.0)
    assert visit.said == ["Your time here is over: 35 s."]
    assert (await task, stay.reason, visit.closed) == (0, "total", True)


async def test_without_keys_a_stay_is_over_at_its_idle_end(tmp_path: Path) -> None:
    visit = Visit()
    stay, loop, task = await stay_of(tmp_path, visit, idle=10)
    stay.type(b"x")
    await loop.pass_to(9.9)
    assert visit.said == []
    await loop.pass_to(10.0)
    assert visit.said == ["You have pressed no key for 10 s."]
    assert (await task, stay.reason) == (0, "idle")


@pytest.mark.parametrize(
    ("role", "said"), [("follower", "Your time here is over: 35 s."), ("presenter", "")]
)
async def test_who_follows_presses_no_keys_and_who_presents_stays(
    tmp_path: Path, role: str, said: str
) -> None:
    visit = Visit()
    _, loop, task = await stay_of(tmp_path, visit, role, idle=10, total=35)
    await loop.pass_to(34.0)
    assert visit.said == []
    await loop.pass_to(1e6)
    assert visit.said == [said] * bool(said)
    visit.tell("")
    await task


async def test_an_app_that_does_not_end_is_ended(tmp_path: Path) -> None:
    visit = Visit(deaf=True)
    stay, loop, task = await stay_of(tmp_path, visit, idle=0, total=0)
    await loop.pass_to(1e9)
    assert visit.said == []
    stay.end("closing")
    stay.end("idle", 900)
    await loop.pass_to(1e9 + 2.9)
    assert not task.done()
    await loop.pass_to(1e9 + 3.0)
    assert visit.said == [ENDINGS["closing"]]
    assert (await task, stay.reason, visit.closed) == (0, "closing", True)


async def test_who_goes_before_the_app_is_open_leaves_nothing(tmp_path: Path) -> None:
    visit = Visit(deaf=True)
    opening = asyncio.Event()

    async def late(client: Client) -> Visit:
        await opening.wait()
        return visit

    visit.open = late  # type: ignore[method-assign]
    stay, _, task = await stay_of(tmp_path, visit)
    stay.gone()
    opening.set()
    await task
    assert visit.closed
    assert stay.reason == "gone"


# The door -----------------------------------------------------------------------------------------


class Wire(asyncio.Transport):
    reading = True

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


class Inner:
    _kex_complete = True
    aborted = False

    def data_received(self, data: bytes) -> None: ...

    def connection_lost(self, exc: Exception | None) -> None: ...

    def abort(self) -> None:
        self.aborted = True


async def door_of(tmp_path: Path) -> tuple[Door, Wire, Inner, Loop]:
    log, limits, wire, inner = Log(tmp_path / "log"), Limits(), Wire(), Inner()
    roll = Roll(limits)
    door = Door(Gate(roll, limits, log), wire, roll.admit("192.0.2.1"), log, inner)
    loop = Loop()
    door._loop, door._counted = loop, 0.0  # type: ignore[assignment]
    return door, wire, inner, loop


async def test_who_does_not_read_is_not_read(tmp_path: Path) -> None:
    door, wire, _, _ = await door_of(tmp_path)
    door.pause_writing()
    assert not wire.reading
    waiting = asyncio.create_task(door.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    door.resume_writing()
    assert wire.reading
    await waiting


async def test_who_writes_too_fast_is_read_slowly(tmp_path: Path) -> None:
    door, wire, _, loop = await door_of(tmp_path)
    door.data_received(b"x" * BURST)
    assert wire.reading
    door.data_received(b"x" * 65_536)
    assert not wire.reading
    await loop.pass_to(0.99)
    assert not wire.reading
    await loop.pass_to(1.0)
    assert wire.reading


async def test_an_exchange_of_keys_is_ended_and_nothing_sent_meanwhile(tmp_path: Path) -> None:
    door, _, inner, loop = await door_of(tmp_path)
    inner._kex_complete = False
    door.data_received(b"x")
    waiting = asyncio.create_task(door.room())
    await loop.pass_to(14.9)
    assert not waiting.done()
    inner._kex_complete = True
    door.data_received(b"x")
    await asyncio.wait_for(waiting, 10)
    await loop.pass_to(15.0)
    assert not inner.aborted
    inner._kex_complete = False
    door.data_received(b"x")
    await loop.pass_to(30.0)
    assert inner.aborted


async def test_who_asks_for_nothing_after_the_login_is_sent_away(tmp_path: Path) -> None:
    """Also one that has opened a channel, and asked for nothing on it."""
    door, _, _, _ = await door_of(tmp_path)
    sent_away: list[str] = []
    front: Any = SimpleNamespace(doorman=Doorman(None, True), limits=Limits(), port=2222)
    conn: Any = SimpleNamespace(
        get_extra_info=lambda name: "name", disconnect=lambda code, reason: sent_away.append(reason)
    )
    login = Login(front)
    login._conn, login.door = conn, door
    login.auth_completed()
    assert login._idle is not None
    session = login.session_requested()
    assert not login._idle.cancelled()
    login._idle._run()
    (said,) = sent_away
    assert NOTHING_ELSE in said
    session.begun = True
    login._idle._run()
    assert len(sent_away) == 1
    login._idle.cancel()


class Stranger(asyncio.Transport):
    """One who has gone before anything could be said."""

    def __init__(self) -> None:
        self.gone = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("192.0.2.1", 4711) if name == "peername" else default

    def write(self, data: bytes) -> None: ...

    def write_eof(self) -> None:
        raise OSError(107, "Transport endpoint is not connected")

    def abort(self) -> None:
        self.gone = True


async def test_who_knocks_all_the_time_is_turned_away_and_told_of_only_sometimes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = Limits(per_address=1, logins_per_minute=3)
    log = tmp_path / "log"
    roll = Roll(limits)
    roll.admit("192.0.2.1")
    gate = Gate(roll, limits, Log(log))
    loop = Loop()
    monkeypatch.setattr("tui.serve.door.asyncio.get_running_loop", lambda: loop)
    strangers = [Stranger() for _ in range(40)]
    for stranger in strangers:
        _Hall(gate, lambda address, port: None).connection_made(stranger)
    await loop.pass_to(2.0)
    assert all(stranger.gone for stranger in strangers)
    assert len(log.read_text().splitlines()) == 3


@given(reason=st.text(max_size=200))
def test_a_farewell_is_a_packet_of_rfc_4253(reason: str) -> None:
    packet = farewell(reason)
    length, padding = int.from_bytes(packet[:4], "big"), packet[4]
    assert len(packet) == 4 + length
    assert len(packet) % 8 == 0
    assert len(packet) >= 16
    assert padding >= 4
    payload = packet[5 : 4 + length - padding]
    size = int.from_bytes(payload[5:9], "big")
    assert payload[:5] == b"\x01\x00\x00\x00\x0c"
    assert payload[9 : 9 + size].decode() == reason
    assert payload[9 + size :] == bytes(4)
