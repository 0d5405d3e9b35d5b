"""Follow mode over the real OpenSSH client: one presents with a key, others watch and look around."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.serve.ssh import Server, Terminal, make_key, serving, terminal
from tests.waiting import wait

FIRST = "Time runs downwards"  # the first words of beats of the scenario `agreement`
SECOND = "After 'on' only one word"
THIRD = "h and c: all that it remembers"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A presenter's key, alone in a file of authorized ones."""
    folder = tmp_path_factory.mktemp("keys")
    key = make_key(folder / "ada")
    (folder / "authorized").write_text(key.with_suffix(".pub").read_text())
    return key


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, keys: Path) -> Iterator[Server]:
    told = ("--anonymous", "--keys", str(keys.parent / "authorized"), "--follow", "ada",
            "--stalled", "600")  # fmt: skip
    with serving(tmp_path_factory.mktemp("serve"), *told) as made:
        yield made


def see(words: str, *screens: Terminal, beside: tuple[Terminal, ...] = ()) -> None:
    """Wait until some screens show something; those beside them are read as well, as terminals are."""
    everybody = (*screens, *beside)
    wait(
        lambda: all([words in one.look() for one in everybody][: len(screens)]),
        lambda: f"{words!r} in\n" + "\n".join(one.look() for one in screens),
    )


def opened(stack: ExitStack, server: Server, key: Path) -> Terminal:
    """A presenter who has opened a scenario."""
    ada = stack.enter_context(terminal(server, key=key, user="ada"))
    ada.sees("presenting")
    ada.type("agreement\r")
    ada.sees(FIRST)
    ada.sees("row  2 of 13 · paused")  # where the beat stops: a key on the way only goes there
    return ada


def test_followers_watch_look_around_and_snap_back(server: Server, keys: Path) -> None:
    with ExitStack() as stack:
        bob = stack.enter_context(terminal(server, user="bob"))
        bob.sees("ada is not here yet")
        ada = opened(stack, server, keys)
        eve = stack.enter_context(terminal(server, user="eve", columns=80, rows=24))
        see("following ada", bob, eve, beside=(ada,))
        see(FIRST, bob, eve, beside=(ada,))
        see("presenting · 2 follow", ada, beside=(bob, eve))
        eve.type("4")  # the equation, which nobody else looks at
        see("looking around · Backspace: back to ada", eve, beside=(ada, bob))
        ada.type("n")
        see(SECOND, ada, bob, beside=(eve,))
        assert SECOND not in eve.look()
        eve.type("\x7f")
        see("following ada", eve, beside=(ada, bob))
        see(SECOND, eve, beside=(ada, bob))
        ada.type("q")
        ada.ends()
        see("ada has left", bob, beside=(eve,))
        roles = {line["name"]: line["role"] for line in server.events("login")}
    assert roles == {"ada": "presenter", "bob": "follower", "eve": "follower"}


def test_who_presents_twice_is_told_where_and_followers_come_back(
    server: Server, keys: Path
) -> None:
    with ExitStack() as stack:
        ada = opened(stack, server, keys)
        bob = stack.enter_context(terminal(server, user="bob"))
        see(FIRST, bob, beside=(ada,))
        newer = stack.enter_context(terminal(server, key=keys, user="ada"))
        see("presenting", newer, beside=(ada, bob))
        see("ada presents elsewhere", ada, beside=(newer, bob))
        wait(lambda: (ada.look(), newer.look()) and FIRST not in bob.look(), "bob goes along")
        newer.type("\x11")
        newer.ends()
        see(FIRST, bob, beside=(ada,))
        see("presenting · 1 follows", ada, beside=(bob,))


def test_one_that_stalls_or_dies_harms_nobody(server: Server, keys: Path) -> None:
    with ExitStack() as stack:
        ada = opened(stack, server, keys)
        stalled, killed, bob = (
            stack.enter_context(terminal(server, user=name)) for name in ("eve", "dan", "bob")
        )
        see(FIRST, stalled, killed, bob, beside=(ada,))
        os.kill(stalled.process.pid, signal.SIGSTOP)  # it is there, and reads nothing any more
        killed.process.kill()
        ada.type("n")
        see(SECOND, bob, beside=(ada,))
        see("row  7 of 13 · paused", ada, beside=(bob,))
        for _ in range(20):  # there and back, far more than a terminal holds
            ada.type("\x1b[F\x1b[H")
        ada.type("n")
        see(THIRD, bob, beside=(ada,))
        see("2 follow", ada, beside=(bob,))
        os.kill(stalled.process.pid, signal.SIGCONT)
        see(THIRD, stalled, beside=(ada, bob))


def test_nobody_else_can_reach_the_post_and_it_ends_with_the_server(server: Server) -> None:
    with terminal(server, user="bob") as bob:
        bob.sees("ada is not here yet")
        (path,) = server.runtime.rglob("follow-*.sock")
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
    server.end()
    assert not path.exists()
