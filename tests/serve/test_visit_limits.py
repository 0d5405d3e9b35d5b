"""What the process of a visit is, and what it may not: asked of itself, without the app."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.serve.visiting import Seen, client, visiting
from tui.serve.child import NO_MEMORY
from tui.serve.endings import line, reason
from tui.serve.visit import Client, Visits

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def probes() -> AsyncIterator[Visits]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tui.serve.visit.MODULE", "tests.serve.probe")
        patch.setenv("PEEPHOLE_SECRET", "of the operator")
        async with visiting(memory=150, cpu=1) as made:
            yield made


async def ask(probes: Visits, who: Client) -> dict[str, Any]:
    visit = await probes.open(who)
    seen = Seen(visit)
    assert await seen.end() == 0
    await visit.close()
    said = bytes(seen.raw).decode()
    return json.loads(said[: said.index("\r\nend")])


async def test_its_environment_is_what_is_needed_and_no_more(probes: Visits) -> None:
    everything = client(no_color=True, lang="de_DE.UTF-8")
    said = await ask(probes, everything)
    assert said["env"] == {
        "PATH": os.defpath, "HOME": probes.home, "LANG": "de_DE.UTF-8", "TERM": "xterm-256color",
        "COLORTERM": "truecolor", "NO_COLOR": "1",
    }  # fmt: skip
    said = await ask(probes, Client("vt100", 80, 24))
    assert said["env"] == {
        "PATH": os.defpath, "HOME": probes.home, "LANG": "C.UTF-8", "TERM": "vt100",
    }  # fmt: skip


async def test_it_leads_a_session_on_its_terminal_and_holds_nothing_else(probes: Visits) -> None:
    said = await ask(probes, client())
    assert said["leads"]
    assert said["tty"]
    assert said["files"] == [0, 1, 2, 3]  # the last one is the list of them
    assert said["cwd"] == probes.home
    assert said["home"] == []
    assert said["umask"] == "0077"
    assert said["nice"] >= 5
    assert said["privileges"] == "1"
    limits = said["limits"]
    assert limits["CPU"] == [1, 2]
    assert limits["FSIZE"] == limits["CORE"] == [0, 0]
    assert 150e6 <= limits["DATA"][0] == limits["DATA"][1] < 600e6
    assert limits["NOFILE"][1] <= 64


async def test_it_cannot_write_start_or_listen(probes: Visits) -> None:
    said = await ask(probes, client())
    assert set(said["refused"].values()) == {True}, said["refused"]


@pytest.mark.parametrize(("what", "code"), [("memory", NO_MEMORY), ("cpu", -signal.SIGXCPU)])
async def test_one_that_takes_too_much_ends_and_says_why(
    probes: Visits, what: str, code: int
) -> None:
    visit = await probes.open(client(name=what))
    seen = Seen(visit)
    assert await seen.end() == code
    assert reason(code) == what
    assert bytes(seen.raw).endswith(line(what).encode() + b"\r\n")
    await visit.close()
