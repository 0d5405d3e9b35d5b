"""The web server: a page with a terminal behind a secret address, and nothing else.

Whoever knows the token may come in. It stays in the path: then the browser has nothing that it would send
along by itself, as it does a cookie (and one of 127.0.0.1 to every port there), so a page of a stranger can
neither open the socket nor learn that it is there. That the path does not travel on is seen to by
Referrer-Policy, and by a page that asks nothing of anybody else.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from aiohttp import WSCloseCode, web

from engine.errors import PeepholeError
from tui.serve.address import Address, no_listening
from tui.serve.limits import Limits
from tui.serve.log import Log
from tui.serve.origin import Known, plain
from tui.serve.page import FILES, Refusal, answer
from tui.serve.roll import Entry, Refused, Roll, household
from tui.serve.socket import Far
from tui.serve.stay import Stay
from tui.serve.visit import Client, Visits

HEADER = 10.0  # seconds for the header of a request, and that a connection is kept for another one
LIFE = 60.0  # seconds of a connection that is no visit
PAGES = 20  # connections of one address beside its visits
SPARE = 100  # connections of all beside the visits
TERM, COLORTERM = "xterm-256color", "truecolor"
SILENT = logging.Logger("peephole.web", logging.CRITICAL + 1)  # paths are secrets
NOT_US = Refusal(403, "This server has another name. If this is its name, start it with --origin.")
NO_TOKEN = Refusal(
    403, "This address is not whole, or no longer right. Ask who gave you the address."
)
NOT_OURS = Refusal(403, "Only the page of this server may ask for this.")
TOO_MANY = Refusal(429, "Too many wrong addresses were tried from yours. Wait a minute.")
NOT_HERE = Refusal(404, "There is nothing here.")
ONLY_GET = Refusal(405, "Only GET.")


@dataclass(frozen=True)
class Plan:
    """What `peephole serve --web` was asked for. Origins and proxies are as `tui.serve.origin` reads them."""

    address: Address
    token_file: Path | None = None
    origins: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()


class Front:
    """peephole in browsers at one address, for as long as it is open.

    Args:
        role: that visitors have, `guest` or `follower`.
    """

    def __init__(
        self, visits: Visits, roll: Roll, limits: Limits, log: Log, token: str, known: Known, role: str
    ) -> None:  # fmt: skip
        self.visits, self.roll, self.limits, self.log = visits, roll, limits, log
        self.known, self.role = known, role
        self.closing = False
        self._token = token.encode()
        self._wrong = Roll(
            limits
        )  # refusals count by themselves: they keep out nobody with a token
        self._stays: dict[Stay, Far] = {}

    async def open(self, address: Address) -> Address:
        """Listen; returns where, with the port that was free.

        Raises:
            PeepholeError: the address cannot be had.
        """
        self._server = web.Server(self._answer)
        loop = asyncio.get_running_loop()
        try:
            self._listener = await loop.create_server(
                lambda: _Hall(self), address.host, address.port, backlog=100
            )
        except (OSError, UnicodeError) as error:
            raise no_listening(address, error) from None
        return Address(address.host, self._listener.sockets[0].getsockname()[1])

    async def close(self, seconds: float) -> None:
        """Let nobody in, tell those who are in, and end after so many seconds whoever is still there."""
        self.closing = True
        self._listener.close()
        for stay in list(self._stays):
            stay.end("closing")
        try:
            async with asyncio.timeout(seconds):
                while self._stays:
                    await next(iter(self._stays.values())).over.wait()
        except TimeoutError:
            for far in list(self._stays.values()):
                far.drop()
        await self._server.shutdown(1.0)

    # Connections --------------------------------------------------------------------------------

    def connect(self, transport: asyncio.Transport) -> None:
        """A new connection: aiohttp's from now on, if there is room for it."""
        peer = plain((transport.get_extra_info("peername") or ("",))[0])
        peers = Counter(household(_peer(one)) for one in self._server.connections)
        limits = self.limits
        many = limits.per_address + PAGES
        one = peers[household(peer)] >= many and peer not in self.known.proxies
        if one or peers.total() >= limits.sessions + SPARE:
            self._note(peer, "too many connections")
            transport.abort()
            return
        handler = _Handler(
            self._server, loop=asyncio.get_running_loop(), keepalive_timeout=HEADER, lingering_time=0,
            access_log=SILENT, logger=SILENT,
        )  # fmt: skip
        transport.set_protocol(handler)
        handler.connection_made(transport)
        asyncio.get_running_loop().call_later(LIFE, self._cut, transport)

    def _cut(self, transport: asyncio.Transport) -> None:
        """End a connection that takes its time and is no visit: pages are fetched in a moment."""
        if not any(far.transport is transport for far in self._stays.values()):
            transport.abort()

    # Requests -----------------------------------------------------------------------------------

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        address = self.known.address(
            _peer(request.protocol), request.headers.getall("X-Forwarded-For", ())
        )
        name = self._asked(request)
        if isinstance(name, Refusal):
            return answer(request, name if self._note(address, name.text) else TOO_MANY)
        if name == "socket":
            return await self._visit(request, address)
        return answer(request, name)

    def _asked(self, request: web.BaseRequest) -> str | Refusal:
        """The name of what is asked for, or why it is not had."""
        hosts = request.headers.getall("Host", ())
        here = request.transport.get_extra_info("sockname") if request.transport else None
        _, _, path = request.raw_path.partition("?")[0].partition("/")
        given, slash, name = path.partition("/")
        if not self.known.is_us(hosts, (here or ("",))[0]):
            return NOT_US
        if not secrets.compare_digest(given.encode(errors="replace"), self._token):
            return NO_TOKEN
        if request.method not in ("GET", "HEAD") or (request.method == "HEAD" and name == "socket"):
            return ONLY_GET
        if not slash:
            return "/"
        if name != "socket":
            return name if name in FILES else NOT_HERE
        origins = request.headers.getall("Origin", ())
        return name if self.known.is_ours(origins, hosts) else NOT_OURS

    def _note(self, address: str, reason: str) -> bool:
        """A line in the log on what was refused; False where there were too many, which are not told."""
        try:
            self._wrong.knock(address).leave()
        except Refused:
            return False
        self.log("refused", address=address, via="web", reason=reason)
        return True

    # Visits -------------------------------------------------------------------------------------

    async def _visit(self, request: web.BaseRequest, address: str) -> web.StreamResponse:
        log = self.log.about(address=address, via="web")
        far = Far(request, self.limits, log)
        response = await far.open()
        try:
            if self.closing:
                raise Refused("the server is closing; come back later")
            entry = self.roll.admit(address)
        except Refused as refused:
            log("refused", reason=str(refused))
            await far.say(str(refused))
            await far.close(WSCloseCode.TRY_AGAIN_LATER)
            return response
        try:
            log("connect", client=request.headers.get("User-Agent", ""))
            await self._show(far, entry, _size(request), log)
        finally:
            entry.leave()
            far.over.set()
        return response

    async def _show(self, far: Far, entry: Entry, size: tuple[int, int], log: Log) -> None:
        client = Client(TERM, *size, colorterm=COLORTERM, role=self.role)
        stay = Stay(self.visits, self.limits, client, entry, log, far)
        self._stays[stay] = far
        hearing = asyncio.get_running_loop().create_task(far.hear(stay))
        try:
            await stay.run()
        except PeepholeError as error:
            log("trouble", reason=str(error))
            await far.say("no visit can be opened now; try again later")
        finally:
            hearing.cancel()
            await asyncio.wait([hearing])
            if stay.reason in ("stalled", "gone"):
                far.drop()
            else:
                await far.close()
            del self._stays[stay]


class _Hall(asyncio.Protocol):
    """Where a connection is before it is known whether there is room for it."""

    def __init__(self, front: Front) -> None:
        self._front = front

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._front.connect(transport)


class _Handler(web.RequestHandler):
    """aiohttp's, which says less where something is wrong."""

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:  # fmt: skip
        if request.writer.output_size > 0:
            raise ConnectionError("an answer had begun")
        return answer(request, Refusal(status, "That cannot be answered."))


def _peer(protocol: web.RequestHandler) -> str:
    name = protocol.peername
    return plain(name[0]) if isinstance(name, tuple) else ""


def _size(request: web.BaseRequest) -> tuple[int, int]:
    """Columns and rows that the page asks for at first; 0 where it does not."""
    width, height = (request.query.get(key, "") for key in ("width", "height"))
    return _cells(width), _cells(height)


def _cells(text: str) -> int:
    return int(text) if re.fullmatch("[0-9]{1,4}", text, re.ASCII) else 0
