"""Whoever is no page of ours: requests made by hand, sockets that misuse the protocol or do not read."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import aiohttp
import pytest
from aiohttp import WSMessage, WSMsgType

from tests.serve.ssh import Server, make_key, serving
from tests.serve.web import HOME, address, status
from tests.waiting import wait
from tui.serve import web
from tui.serve.address import Address
from tui.serve.door import BURST, PACE
from tui.serve.limits import Limits
from tui.serve.log import Log
from tui.serve.origin import Known
from tui.serve.roll import Roll
from tui.serve.socket import Far

TOKEN = "a-token-of-the-tests-that-nobody-guesses"
WAITING = 30.0


@contextlib.asynccontextmanager
async def front(folder: Path, *, known: Known | None = None, **limits: int) -> AsyncIterator[Any]:
    """The web server in this process. Nobody comes as far as a visit, so there are none."""
    some = Limits(**limits)
    made = web.Front(None, Roll(some), some, Log(folder / "log"), TOKEN, known or Known("127.0.0.1"), "guest")  # type: ignore[arg-type]  # fmt: skip
    made.port = (await made.open(Address("127.0.0.1", 0))).port
    try:
        yield made
    finally:
        await made.close(1.0)


def logged(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "log").read_text().splitlines()]


async def ask(made: Any, request: str) -> tuple[str, str]:
    """What comes back for a request as it is: the header and the body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", made.port)
    writer.write(request.replace("\n", "\r\n").encode("latin-1"))
    async with asyncio.timeout(WAITING):
        answer = await reader.read()
    writer.close()
    head, _, body = answer.decode("latin-1").partition("\r\n\r\n")
    return head, body


def get(path: str, host: str = "127.0.0.1:8000", method: str = "GET", **headers: str) -> str:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\n".join([*lines, "", ""])


def upgrade(host: str = "127.0.0.1:8000", **headers: str) -> str:
    about = {"Upgrade": "websocket", "Sec_WebSocket_Version": "13",
             "Sec_WebSocket_Key": "AAAAAAAAAAAAAAAAAAAAAA=="} | headers  # fmt: skip
    text = get(f"/{TOKEN}/socket", host, **about)
    return text.replace("Connection: close", "Connection: Upgrade")


async def test_who_knows_the_address_gets_the_page_and_nobody_else_anything(tmp_path: Path) -> None:
    async with front(tmp_path) as made:
        head, body = await ask(made, get(f"/{TOKEN}/"))
        assert head.startswith("HTTP/1.1 200 ")
        assert "<title>peephole</title>" in body
        for path in (
            "/", "/favicon.ico", f"/{TOKEN[:-1]}/", f"/{TOKEN}x/", f"/x/{TOKEN}/", f"//{TOKEN}/",
            f"/?token={TOKEN}", "/%00/", "/%ff/", f"/{TOKEN.upper()}/", f"/{TOKEN[:-1]}/../{TOKEN}/",
        ):  # fmt: skip
            head, body = await ask(made, get(path))
            assert head.startswith("HTTP/1.1 403 "), path
            assert "text/plain" in head
            assert body == f"peephole: {web.NO_TOKEN.text}\n"
        for name in ("nothing", "../page.html", "..%2fpage.html", "static/page.html", "page.html"):
            assert (await ask(made, get(f"/{TOKEN}/{name}")))[0].startswith("HTTP/1.1 404 ")
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            head, _ = await ask(made, get(f"/{TOKEN}/", method=method))
            assert head.startswith("HTTP/1.1 405 ")
        size = re.search(r"\r\nContent-Length: (\d+)", (await ask(made, get(f"/{TOKEN}/")))[0])
        head, body = await ask(made, get(f"/{TOKEN}/", method="HEAD"))
        assert head.startswith("HTTP/1.1 200 ")
        assert size
        assert f"\r\nContent-Length: {size[1]}" in head
        assert body == ""
        assert (await ask(made, get("/x/", method="HEAD")))[0].startswith("HTTP/1.1 403 ")
        head, _ = await ask(made, get(f"/{TOKEN}/socket", method="HEAD"))
        assert head.startswith("HTTP/1.1 405 ")
        head, _ = await ask(made, get(f"/{TOKEN}?x"))
        assert "\r\nLocation: " + TOKEN + "/" in head
        for nonsense in ("nonsense\n\n", get("/\xff/"), get("/", X="y" * 9000), get("/", X="\0")):
            head, body = await ask(made, nonsense)
            assert head.split()[1] == "400"
            assert body == "peephole: That cannot be answered.\n"
            assert "aiohttp" not in head
    refused = [line for line in logged(tmp_path) if line["event"] == "refused"]
    assert {line["address"] for line in refused} == {"127.0.0.1"}
    assert TOKEN not in (tmp_path / "log").read_text()


async def test_no_message_is_compressed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few bytes would be megabytes."""
    monkeypatch.setattr("tui.serve.socket.LEAVING", 0.1)
    async with front(tmp_path) as made:
        made.closing = True  # nobody comes further than the handshake
        asked = upgrade(
            Origin="http://127.0.0.1:8000", Sec_WebSocket_Extensions="permessage-deflate"
        )
        head, _ = await ask(made, asked)
        assert head.startswith("HTTP/1.1 101 ")
        assert "extensions" not in head.lower()


async def test_a_page_is_heard_no_faster_than_anybody_types(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    messages = [WSMessage(WSMsgType.TEXT, json.dumps(["stdin", "x" * 60_000]), None)] * 30
    messages.append(WSMessage(WSMsgType.CLOSE, 1000, None))
    async with front(tmp_path) as made:
        far: Any = Far(None, Limits(), made.log)  # type: ignore[arg-type]
        far._loop = SimpleNamespace(time=lambda: 0.0)
        far._counted = 0.0
        far._web = SimpleNamespace(receive=AsyncMock(side_effect=messages))
        monkeypatch.setattr("tui.serve.socket.asyncio.sleep", sleep)
        await far._hear(SimpleNamespace(type=lambda keys: None))
    assert slept[-1] == pytest.approx((30 * 60_000 - BURST) / PACE, rel=0.01)


async def test_every_answer_keeps_the_browser_from_passing_anything_on(tmp_path: Path) -> None:
    async with front(tmp_path) as made:
        for path in (f"/{TOKEN}/", f"/{TOKEN}/textual.js", f"/{TOKEN}", "/", f"/{TOKEN}/none"):
            head, _ = await ask(made, get(path, Accept_Encoding="gzip"))
            named = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:])
            policy = named["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert not re.search(r"unsafe|\*|https?:", policy)
            assert named["x-frame-options"] == "deny"
            assert named["x-content-type-options"] == "nosniff"
            assert named["referrer-policy"] == "no-referrer"
            assert named["cache-control"] == "no-store"
            assert named["server"] == "peephole"
            assert "set-cookie" not in named


async def test_other_names_and_other_pages_are_refused(tmp_path: Path) -> None:
    known = Known("127.0.0.1", frozenset({"https://lab.example"}))
    async with front(tmp_path, known=known, logins_per_minute=1000) as made:
        for host in ("evil.example", "evil.example:8000", "127.0.0.1.evil.example", "10.0.0.1", "", "a b",
                     "localhost@evil.example", "lab.example.evil"):  # fmt: skip
            head, _ = await ask(made, get(f"/{TOKEN}/", host))
            assert re.match(r"HTTP/1\.[01] 40[03] ", head), host
        assert (await ask(made, f"GET /{TOKEN}/ HTTP/1.0\n\n"))[0].split()[1] == "403"
        for host in ("127.0.0.1", "localhost:9000", "LOCALHOST", "[::1]:80", "lab.example"):
            assert (await ask(made, get(f"/{TOKEN}/", host)))[0].split()[1] == "200", host
        for origin in (
            "http://127.0.0.1:9999", "https://127.0.0.1:8000", "http://localhost:8000", "null", "",
            "http://127.0.0.1:8000.evil.example", "http://127.0.0.1:8000/", "http://lab.example",
            "http://127.0.0.1:8000, http://127.0.0.1:8000",
        ):  # fmt: skip
            head, _ = await ask(made, upgrade(Origin=origin))
            assert head.startswith("HTTP/1.1 403 "), origin
        assert (await ask(made, upgrade()))[0].startswith("HTTP/1.1 403 ")
        twice = upgrade(Origin="http://127.0.0.1:8000").replace(
            "Upgrade: ", "Origin: x\nUpgrade: ", 1
        )
        assert (await ask(made, twice))[0].startswith("HTTP/1.1 403 ")
    reasons = [line["reason"] for line in logged(tmp_path) if line["event"] == "refused"]
    assert reasons.count(web.NOT_OURS.text) == 11


async def test_wrong_addresses_are_counted_and_the_right_one_still_works(tmp_path: Path) -> None:
    known = Known("127.0.0.1", proxies=frozenset({"127.0.0.1"}))
    async with front(tmp_path, known=known, logins_per_minute=3) as made:
        for status in ("403", "403", "403", "429", "429"):
            head, _ = await ask(made, get("/wrong/", X_Forwarded_For="6.6.6.6, 7.7.7.7"))
            assert head.split()[1] == status
        right = get(f"/{TOKEN}/", X_Forwarded_For="7.7.7.7")
        assert (await ask(made, right))[0].split()[1] == "200"
        other = get("/wrong/", X_Forwarded_For="7.7.7.7, 8.8.8.8")
        assert (await ask(made, other))[0].split()[1] == "403"
    addresses = [line["address"] for line in logged(tmp_path) if line["event"] == "refused"]
    assert addresses == ["7.7.7.7"] * 3 + ["8.8.8.8"]


async def test_connections_that_say_nothing_are_few_and_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with front(tmp_path, per_address=1) as made:
        async with contextlib.AsyncExitStack() as stack:
            silent = []
            for _ in range(1 + web.PAGES):
                reader, writer = await asyncio.open_connection("127.0.0.1", made.port)
                stack.callback(writer.close)
                silent.append(reader)
            assert not (await ask(made, get(f"/{TOKEN}/")))[0]  # cut off before it could ask
        async with asyncio.timeout(WAITING):
            while made._server.connections:
                await asyncio.sleep(0)
        assert (await ask(made, get(f"/{TOKEN}/")))[0].startswith("HTTP/1.1 200 ")
    assert "too many connections" in {line["reason"] for line in logged(tmp_path)}
    monkeypatch.setattr(web, "HEADER", 0.05)
    async with front(tmp_path) as made:
        assert await ask(made, f"GET /{TOKEN}/ HTTP/1.1\nHost: 127.") == ("", "")
    monkeypatch.setattr(web, "HEADER", 1000)
    monkeypatch.setattr(web, "LIFE", 0.05)
    async with front(tmp_path) as made:
        assert await ask(made, get("/").replace("Connection: close\n\n", "X: ")) == ("", "")


async def test_a_visit_may_be_longer_than_any_other_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "LIFE", 0.05)
    async with front(tmp_path) as made, aiohttp.ClientSession() as session:
        made.visits = Drawn()
        own = f"http://127.0.0.1:{made.port}"
        async with session.ws_connect(f"{own}/{TOKEN}/socket", origin=own) as visit:
            for _ in range(2):  # connections that were made later have been cut
                assert await ask(made, "GET") == ("", "")
            await visit.send_json(["stdin", "hello"])
            assert await said(visit, "hello")
            await visit.close()


class Drawn:
    """In the place of Visits, and of a visit that draws what is typed."""

    pid = 0

    def __init__(self) -> None:
        self._keys: asyncio.Queue[bytes] = asyncio.Queue()

    async def open(self, client: object) -> Drawn:
        return self

    async def read(self) -> bytes:
        return await self._keys.get()

    def write(self, keys: bytes) -> None:
        self._keys.put_nowait(keys)

    def resize(self, columns: int, rows: int) -> None: ...

    async def close(self) -> None: ...


# Sockets --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("web")
    with serving(folder, "--web", "0", "--per-address", "2", "--stalled", "2", front=()) as made:
        yield made


@contextlib.asynccontextmanager
async def joined(server: Server, **options: Any) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A socket as the page opens it."""
    page = address(server)
    origin = page[: page.index("/", len("http://"))]
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{page}socket?width=100&height=30", origin=origin, **options) as made,
    ):
        yield made


async def said(made: aiohttp.ClientWebSocketResponse, text: str = "") -> str:
    """What comes until a text is there, or until the end."""
    came = b""
    async with asyncio.timeout(WAITING):
        while not text or text.encode() not in came:
            message = await made.receive()
            if message.type is not aiohttp.WSMsgType.BINARY:
                break
            came += message.data
    return came.decode(errors="replace")


def all_ended(server: Server, pid: int) -> None:
    wait(lambda: not Path(f"/proc/{pid}").exists() and not status(server)["who"])


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ('["open_url", "https://x.example"]', 1008),
        ('["deliver_file_start", "x"]', 1008),
        ("nonsense", 1008),
        ("[" * 60_000, 1008),
        ('["stdin", "' + "x" * 70_000 + '"]', 1009),
        (b"bytes", 1003),
    ],
    ids=["a link", "a file", "no JSON", "deep", "long", "bytes"],
)
async def test_a_message_that_no_page_sends_ends_the_visit(
    server: Server, message: str | bytes, code: int
) -> None:
    async with joined(server) as made:
        assert HOME in await said(made, HOME)
        pid = server.events("session")[-1]["pid"]
        await (made.send_bytes if isinstance(message, bytes) else made.send_str)(message)
        await said(made)
        assert made.close_code == code
    all_ended(server, pid)


async def test_keys_sizes_and_pings_are_heard_and_sizes_are_clamped(server: Server) -> None:
    async with joined(server) as made:
        assert HOME in await said(made, HOME)
        await made.send_json(["ping", "1700000000000"])
        async with asyncio.timeout(WAITING):
            while (message := await made.receive()).type is not aiohttp.WSMsgType.TEXT:
                pass
        assert message.json() == ["pong", "1700000000000"]
        await made.send_json(["resize", {"width": 10**300, "height": -5}])
        await made.send_json(["focus"])
        await made.send_json(["stdin", "\ud800cats"])
        assert "cats" in await said(made, "cats")
        who = status(server)["who"][-1]
        assert (who["columns"], who["rows"], who["via"], who["role"]) == (300, 5, "web", "guest")
    all_ended(server, who["pid"])


async def test_places_of_an_address(server: Server) -> None:
    async with joined(server) as one, joined(server) as two:
        assert HOME in await said(one, HOME)
        assert HOME in await said(two, HOME)
        async with joined(server) as three:
            assert await said(three) == (
                "peephole: there are 2 connections from your address already\r\n"
            )
            assert three.close_code == 1013
    all_ended(server, server.events("session")[-1]["pid"])


async def test_who_does_not_read_is_dropped_and_costs_little(server: Server) -> None:
    page = address(server)
    host, port = page[len("http://") :].split("/")[0].split(":")
    memory = Path(f"/proc/{server.process.pid}/status")
    ends = len(server.events("end"))
    line = socket.create_connection((host, int(port)))
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    own = f"{host}:{port}"
    request = upgrade(own, Origin=f"http://{own}").replace(TOKEN, page.split("/")[3])
    line.sendall(request.replace("\n", "\r\n").encode())
    before = _kilobytes(memory)
    wait(lambda: status(server)["who"])
    pid = server.events("session")[-1]["pid"]
    frame = b'["stdin", "\x1b[6~\x1b[5~"]'.replace(b"\x1b", b"\\u001b")
    masked = bytes([0x81, 0x80 | len(frame), 0, 0, 0, 0]) + frame
    line.setblocking(False)

    def pressing() -> bool:
        with contextlib.suppress(OSError):
            line.send(masked * 20)
        return len(server.events("end")) > ends

    wait(pressing)
    assert server.events("end")[-1]["reason"] == "stalled"
    assert _kilobytes(memory) - before < 10_000
    line.close()
    all_ended(server, pid)


def _kilobytes(status: Path) -> int:
    found = re.search(r"VmRSS:\s+(\d+)", status.read_text())
    assert found
    return int(found[1])


async def test_browsers_follow_and_ssh_and_web_share_one_server(tmp_path: Path) -> None:
    key = make_key(tmp_path / "key").with_suffix(".pub")
    options = (
        "--web",
        "0",
        "--anonymous",
        "--keys",
        str(key),
        "--follow",
        "ada",
        "--sessions",
        "1",
    )
    with serving(tmp_path / "server", *options) as server:
        async with joined(server) as made:
            assert "ada" in await said(made, "ada")
            now = status(server)
            assert [who["role"] for who in now["who"]] == ["follower"]
            assert now["ssh"] != now["web"]
            async with joined(server) as other:
                assert "all 1 places are taken" in await said(other)
