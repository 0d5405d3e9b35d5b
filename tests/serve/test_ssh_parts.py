"""The parts of the SSH server by themselves: what is read from strangers, counted, written and timed."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import os
import stat
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.messages import InBandWindowResize

from engine.errors import PeepholeError
from tests.serve.ssh import ROOT, needed
from tui.serve import asked, control
from tui.serve.address import Address
from tui.serve.driver import GuestDriver
from tui.serve.endings import ENDINGS, reason
from tui.serve.keys import authorized, host_key
from tui.serve.limits import Limits
from tui.serve.log import Log
from tui.serve.roll import Entry, Refused, Roll, household

# [HOST:]PORT ------------------------------------------------------------------------------------


@given(text=st.one_of(st.text(), st.from_regex(r"\A\[?[0-9a-fx.:%-]*\]?:?[0-9]*\Z")))
def test_an_address_is_read_or_one_message(text: str) -> None:
    try:
        address = Address.parse(text)
    except PeepholeError:
        return
    assert 0 <= address.port <= 65535
    assert Address.parse(str(address)) == address
    assert not set(address.host) & set(" \n/@[]%\x00")


@given(host=st.ip_addresses(), port=st.integers(0, 65535))
def test_every_ip_address_is_one(host: Any, port: int) -> None:
    text = f"[{host}]:{port}" if host.version == 6 else f"{host}:{port}"
    address = Address.parse(text)
    assert (ipaddress.ip_address(address.host), address.port) == (host, port)
    assert address.is_loopback == host.is_loopback


@pytest.mark.parametrize(
    "text",
    ["", ":", ":22", "22:", "-1", "65536", "1e3", "２２", "::1:22", "[::1]", "[127.0.0.1]:22", "1.2.3:22",
     "256.1.1.1:22", "a b:22", "-x:22", "0x7f.1:22", "[fe80::1%eth0]:22", "http://x:22", "2130706433:22"],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(PeepholeError, match="no address to listen on"):
        Address.parse(text)


def test_without_a_host_only_this_machine_reaches_it() -> None:
    assert Address.parse("2222") == Address("127.0.0.1", 2222)
    assert Address.parse("2222").is_loopback
    assert Address.parse("localhost:22").is_loopback
    assert not Address.parse("0.0.0.0:22").is_loopback
    assert not Address.parse("127.evil.example:22").is_loopback


# What clients say of themselves -------------------------------------------------------------------

NAMES = st.one_of(st.sampled_from([b"COLORTERM", b"NO_COLOR", b"LANG", b"TERM"]), st.binary())


@given(given_=st.dictionaries(NAMES, st.binary(max_size=200)), name=st.text())
def test_only_known_values_of_known_variables_come_through(
    given_: dict[bytes, bytes], name: str
) -> None:
    known = asked.environment(given_)
    assert set(known) == {"colorterm", "no_color", "lang"}
    assert known["colorterm"] in ("", "truecolor", "24bit", "yes")
    assert len(known["lang"]) < 64
    assert not set(known["lang"]) - set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.@-"
    )
    assert asked.term(name) in asked.TERMS
    ignored = asked.refused(given_)
    assert len(ignored) == len(set(given_) - {b"COLORTERM", b"NO_COLOR", b"LANG", b"TERM"})


@pytest.mark.parametrize(
    ("value", "kept"),
    [(b"en_GB.UTF-8", "en_GB.UTF-8"), (b"C", "C"), (b"de_DE@euro", "de_DE@euro"), (b"C.UTF-8\n", ""),
     (b"../../etc", ""), (b"en_GB.UTF-8;ls", ""), (b"x" * 300, ""), (b"\xff", ""), (b"", "")],
)  # fmt: skip
def test_lang(value: bytes, kept: str) -> None:
    assert asked.environment({b"LANG": value})["lang"] == kept


def test_terminals() -> None:
    for name in ("xterm-256color", "tmux-256color", "screen", "linux", "xterm-kitty", "vt100"):
        assert asked.term(name) == name
    for name in ("", "dumb-evil", "xterm\n", "../x", "x" * 1000):
        assert asked.term(name) == "xterm-256color"


# The roll -----------------------------------------------------------------------------------------


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_roll_counts_by_address_and_in_all() -> None:
    roll = Roll(Limits(sessions=3, per_address=2), Clock())
    first, second = roll.admit("192.0.2.1"), roll.admit("::ffff:192.0.2.1")
    with pytest.raises(Refused, match="2 connections from your address"):
        roll.admit("192.0.2.1")
    roll.admit("2001:db8::1")
    waiting = roll.knock("2001:db8:0:0:ffff::2")  # of the same household
    with pytest.raises(Refused, match="from your address"):
        roll.knock("2001:db8::3")
    with pytest.raises(Refused, match="all 3 places"):
        waiting.enter()
    first.leave()
    first.leave()
    waiting.enter()
    waiting.enter()
    assert [who["address"] for who in roll.who()] == [
        "::ffff:192.0.2.1", "2001:db8::1", "2001:db8:0:0:ffff::2",
    ]  # fmt: skip
    second.leave()
    roll.admit("192.0.2.1")


def test_the_roll_counts_logins_of_a_minute_and_forgets_them() -> None:
    clock = Clock()
    roll = Roll(Limits(logins_per_minute=2), clock)
    for _ in range(2):
        roll.admit("192.0.2.1").leave()
    for _ in range(3):
        with pytest.raises(Refused, match="too many logins"):
            roll.admit("192.0.2.1")
    roll.admit("192.0.2.2").leave()
    clock.now += 60.0
    roll.admit("192.0.2.1").leave()
    clock.now += 61.0
    roll.admit("192.0.2.3").leave()
    assert list(roll._knocks) == ["192.0.2.3"]


def test_those_who_have_not_logged_in_take_no_place_but_are_counted() -> None:
    roll = Roll(Limits(sessions=1, per_address=1000, logins_per_minute=1000), Clock())
    waiting = [roll.knock("192.0.2.1") for _ in range(100)]
    with pytest.raises(Refused, match="too many are logging in"):
        roll.knock("192.0.2.2")
    assert roll.who() == []
    waiting.pop().leave()
    roll.admit("192.0.2.2")


@given(steps=st.lists(st.tuples(st.sampled_from("ael"), st.integers(0, 3))))
def test_the_roll_never_has_more_than_its_caps_and_ends_empty(steps: list[tuple[str, int]]) -> None:
    limits = Limits(sessions=3, per_address=2, logins_per_minute=1000)
    roll, entries = Roll(limits, Clock()), list[Entry]()
    for step, which in steps:
        try:
            if step == "a":
                entries.append(roll.knock(f"192.0.2.{which}"))
            elif entries and step == "e":
                entries[which % len(entries)].enter()
            elif entries:
                entries.pop(which % len(entries)).leave()
        except Refused:
            pass
        assert len(roll.who()) == sum(entry.inside for entry in entries) <= 3
        addresses = [entry.address for entry in entries]
        assert all(addresses.count(address) <= 2 for address in addresses)
    for entry in entries:
        entry.leave()
    assert not roll._at
    assert not roll.who()


@given(text=st.text())
def test_any_address_has_a_household(text: str) -> None:
    assert isinstance(household(text), str)


# Limits -------------------------------------------------------------------------------------------


@given(columns=st.integers(0, 2**32 - 1), rows=st.integers(0, 2**32 - 1))
def test_sizes_are_clamped(columns: int, rows: int) -> None:
    wide, high = Limits().clamp(columns, rows)
    assert 20 <= wide <= 300
    assert 5 <= high <= 100
    if 20 <= columns <= 300 and 5 <= rows <= 100:
        assert (wide, high) == (columns, rows)


# Files --------------------------------------------------------------------------------------------


def test_the_table_of_endings_is_the_documented_one() -> None:
    page = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")] for line in page.splitlines()]
    begin = rows.index(["", "`reason`", "when", "the visitor reads", ""]) + 2
    told = {row[1].strip("`"): row[3] for row in rows[begin : rows.index([""], begin)]}
    assert told == {name: line.format("N") for name, line in ENDINGS.items()}


@given(st.integers(-64, 255))
def test_every_exit_code_has_an_ending(code: int) -> None:
    assert reason(code) in ENDINGS
    assert (reason(code) == "quit") == (code == 0)


def test_servers_that_start_at_once_have_one_host_key(tmp_path: Path) -> None:
    path = tmp_path / "new" / "key"
    path.parent.mkdir()
    found: list[tuple[Any, bool]] = []
    threads = [threading.Thread(target=lambda: found.append(host_key(path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({key.get_fingerprint() for key, _ in found}) == 1
    assert len(found) == 8
    assert [one.name for one in path.parent.iterdir()] == ["key"]
    asked_for = [needed("ssh-keygen"), "-lf", str(path)]
    said = subprocess.run(asked_for, capture_output=True, text=True, check=True).stdout
    assert found[0][0].get_fingerprint() in said


def test_of_what_is_typed_sizes_are_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever Textual makes of them: the server alone says how large the screen is."""
    passed: list[object] = []
    monkeypatch.setattr(
        LinuxDriver, "process_message", lambda self, message: passed.append(message)
    )
    driver = object.__new__(GuestDriver)
    size, key = Size(9000, 9000), events.Key("a", "a")
    for message in (events.Resize(size, size), InBandWindowResize(True, True), key):
        driver.process_message(message)
    assert passed == [key]


def test_only_so_many_are_waiting_to_log_in_from_all_addresses() -> None:
    roll = Roll(Limits())
    waiting = [roll.knock(f"192.0.2.{number}") for number in range(100)]
    with pytest.raises(Refused, match="too many are logging in"):
        roll.knock("198.51.100.1")
    waiting[0].enter()
    roll.knock("198.51.100.1")


def test_a_log_is_json_whatever_strangers_say_and_nobody_elses(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = Log(path).about(address="192.0.2.1")
    evil = '\x1b[2J"}\n{"event": "forged"}\u2028' + "x" * 5000
    log("refused", name=evil, asked=evil)
    path.rename(tmp_path / "old")  # rotated
    log("connect")
    (line,) = (tmp_path / "old").read_bytes().splitlines()
    read = json.loads(line)
    assert (read["event"], read["address"], read["name"]) == (
        "refused",
        "192.0.2.1",
        evil[:200] + "…",
    )
    assert not set(line) - set(range(32, 127))
    assert json.loads(path.read_text())["event"] == "connect"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_pipe_is_no_file_for_a_log_or_for_keys(tmp_path: Path) -> None:
    """Opening one waits for whoever is at its other end: it is refused at once."""
    os.mkfifo(pipe := tmp_path / "pipe")
    with pytest.raises(PeepholeError, match="cannot be written"):
        Log(pipe)
    with pytest.raises(PeepholeError, match="not a file"):
        authorized(pipe)


def test_a_log_that_nobody_reads_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe that is full: what has no room is lost, and the next that has room is whole."""
    reader, writer = os.pipe()
    monkeypatch.setattr("tui.serve.log.STDOUT", writer)
    log = Log()
    for number in range(5000):
        log("connect", number=number)
    read = os.read(reader, 1 << 20)
    log("stop")
    for line in (*read.splitlines(), os.read(reader, 1 << 20)):
        assert json.loads(line)["event"] in ("connect", "stop")
    os.close(reader)
    log("start")  # and nobody will read any more
    os.close(writer)


def test_a_log_that_cannot_be_written_later_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    log = Log(tmp_path / "logs" / "log")
    (tmp_path / "logs" / "log").unlink()
    (tmp_path / "logs").rmdir()
    log("connect")


async def test_the_control_socket_is_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    (runtime / "peephole").mkdir(mode=0o755)
    stopped: list[bool] = []
    server = control.Control(lambda: {"who": []}, lambda: stopped.append(True))
    await server.open()
    (path,) = (runtime / "peephole").iterdir()
    assert stat.S_IMODE((runtime / "peephole").stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    dead = runtime / "peephole" / "serve-1.sock"
    with control.socket.socket(control.socket.AF_UNIX) as left:
        left.bind(str(dead))
    assert await asyncio.to_thread(control.servers) == [int(path.stem.removeprefix("serve-"))]
    assert not dead.exists()
    reader, writer = await asyncio.open_unix_connection(path)
    for said, answer in ((b"\xff\x00nonsense\n", {}), (b"status\n", {"who": []})):
        writer.write(said)
        assert json.loads(await reader.readline()) == answer
    assert not stopped
    writer.write(b"stop\n")
    assert json.loads(await reader.readline()) == {"who": []}
    assert stopped
    await server.close()
    assert await reader.read() == b""
    writer.close()
    assert not list((runtime / "peephole").iterdir())


def test_a_control_folder_of_somebody_else_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "run").mkdir(mode=0o700)
    path = tmp_path / "run" / "peephole"
    path.symlink_to(tmp_path / "theirs")
    monkeypatch.setattr(control, "runtime", lambda: path)
    with pytest.raises(PeepholeError, match="not a folder of yours"):
        control.folder()
    path.unlink()
    path.parent.chmod(0o777)  # now it can be taken away, and another be put in its place
    with pytest.raises(PeepholeError, match="others can replace it"):
        control.folder()


def test_a_temporary_folder_of_somebody_else_is_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(name: str) -> Path:
        raise PermissionError(f"{tmp_path} is a symlink")

    monkeypatch.setattr("tui.sockets.user_runtime_path", found)
    with pytest.raises(PeepholeError, match="no sockets can be kept"):
        control.folder()
