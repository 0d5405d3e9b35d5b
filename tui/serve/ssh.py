"""The SSH server: who may log in, and that a login leads to one session and to nothing else."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import asyncssh
from asyncssh.constants import DISC_NO_MORE_AUTH_METHODS_AVAILABLE, OPEN_ADMINISTRATIVELY_PROHIBITED

from engine.errors import PeepholeError
from tui.serve.address import Address, no_listening
from tui.serve.door import VERSION, Door, Gate
from tui.serve.keys import authorized
from tui.serve.limits import Limits
from tui.serve.log import Log
from tui.serve.roll import Roll
from tui.serve.session import Session
from tui.serve.visit import Visits

LOGIN = 30  # seconds for the login
BEGIN = 10.0  # seconds from the login until a session has begun
TRIES = 6  # keys that are not known
SHOWN = 3  # of their fingerprints in the log
REFUSALS = 20  # things that are not to be had here, until who asks for them is sent away
DEAR = "-diffie-hellman-*,rsa*"  # exchanges of keys that cost the server 15 to 50 ms, and a client nothing
ALIVE, MISSED = 15, 3  # seconds without a word until a client is asked for one, and how often
GAVE_UP = {False: "it left before it said a name", True: "it offered no key"}
WINDOW = 65_536  # bytes of keys under way
NAME = 64  # characters of a login name that are kept
NOTHING_ELSE = "peephole shows itself in a terminal, and does nothing else"
NEEDS_KEY = (
    "peephole: {} presents here, and needs the key. By any other name you come in without one.\r\n"
)
NO_SESSION = (
    "no session was asked for, and nothing is forwarded here: {}. Come with: ssh -t -p {} HOST"
)


@dataclass(frozen=True)
class Doorman:
    """Who may log in: with a key of a file, or anybody; and who presents in follow mode.

    Attributes:
        keys: an authorized_keys file, read at each login, so that a key that is taken out of it is out.
        anonymous: anybody comes in; only the presenter needs a key.
        follow: the login name of the presenter, "" where nobody is followed.
    """

    keys: Path | None
    anonymous: bool
    follow: str = ""

    def wants_key(self, name: str) -> bool:
        return not self.anonymous or (bool(self.follow) and name == self.follow)

    def role(self, name: str) -> str:
        """Of one who has logged in by this name, and with a key where one is wanted."""
        if not self.follow:
            return "guest"
        return "presenter" if name == self.follow else "follower"


class Front:
    """peephole over SSH at one address, for as long as it is open."""

    def __init__(
        self, visits: Visits, roll: Roll, limits: Limits, log: Log, doorman: Doorman
    ) -> None:
        self.visits, self.limits, self.log, self.doorman = visits, limits, log, doorman
        self.gate = Gate(roll, limits, log)
        self.sessions: set[Session] = set()
        self.closing = False
        self.port = 0  # that is listened on

    async def open(self, address: Address, key: asyncssh.SSHKey) -> Address:
        """Listen; returns where, with the port that was free.

        Raises:
            PeepholeError: the address cannot be had.
        """
        options = asyncssh.SSHServerConnectionOptions(
            config=None, server_factory=lambda: Login(self), server_host_keys=[key],
            server_version=VERSION, login_timeout=LOGIN, keepalive_interval=ALIVE,
            keepalive_count_max=MISSED, kex_algs=DEAR, compression_algs=None, password_auth=False,
            kbdint_auth=False, host_based_auth=False, gss_host=None, gss_auth=False, gss_kex=False,
            agent_forwarding=False, x11_forwarding=False, allow_scp=False, sftp_factory=None,
            line_editor=False, encoding=None, window=WINDOW, max_pktsize=WINDOW // 2,
            x509_trusted_certs=None, send_server_host_keys=False,
        )  # fmt: skip
        try:
            self._listener = await asyncssh.listen(
                address.host, address.port, tunnel=self.gate, options=options
            )
        except (OSError, UnicodeError) as error:
            raise no_listening(address, error) from None
        self.port = self._listener.get_port()
        return Address(address.host, self.port)

    async def close(self, seconds: float) -> None:
        """Let nobody in, tell those who are in, and end after so many seconds whoever is still there."""
        self.closing = True
        self._listener.close()
        for door in list(self.gate.doors.values()):
            if not door.entry.inside:
                door.inner.close()
        for session in list(self.sessions):
            session.close()
        try:
            async with asyncio.timeout(seconds):
                while self.gate.doors:
                    await next(iter(self.gate.doors.values())).over.wait()
        except TimeoutError:
            for door in list(self.gate.doors.values()):
                door.drop("it did not leave when the server closed")


class Login(asyncssh.SSHServer):
    """One connection: its login, and the refusal of whatever is not the one session."""

    door: Door

    def __init__(self, front: Front) -> None:
        self._front = front
        self._name, self._began, self._in = "", False, False
        self._why = ""  # it was ended here
        self._tries = self._refusals = 0
        self._offered: dict[str, None] = {}  # fingerprints of keys that were refused
        self._session: Session | None = None
        self._idle: asyncio.TimerHandle | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._conn = conn
        # asyncssh asks only its own connection; tests/serve/test_ssh.py fails should the names change
        conn.attach_x11_listener = self._display_requested  # type: ignore[method-assign, assignment]
        conn.create_agent_listener = self._agent_requested  # type: ignore[method-assign]
        self.door = self._front.gate.doors[conn]

    def connection_lost(self, exc: Exception | None) -> None:
        if self._idle:
            self._idle.cancel()
        if not self._in:
            if self._offered:
                self.door.log("refused", reason="key refused", name=self._name, tried=len(self._offered),
                              key=" ".join([*self._offered][:SHOWN]), why=self._why)  # fmt: skip
            else:
                left = exc is None or isinstance(exc, asyncssh.ConnectionLost)
                why = self._why or (GAVE_UP[self._began] if left else str(exc))
                self.door.log("refused", reason="no login", name=self._name, why=why)
        elif self._session is None or not self._session.begun:
            self.door.log("refused", reason="no session", name=self._name)

    # The login ----------------------------------------------------------------------------------

    def begin_auth(self, username: str) -> bool:
        if self._began:  # asyncssh begins anew with each name, and the keys would be read as often
            self._end(asyncssh.DISC_PROTOCOL_ERROR, "the login name has changed")
            return True
        self._began = True
        self._name = "".join(c for c in username if c.isprintable())[:NAME]
        doorman = self._front.doorman
        if not doorman.wants_key(username):
            return False
        if doorman.anonymous:  # a client that is refused reads nothing else
            self._conn.send_auth_banner(NEEDS_KEY.format(doorman.follow))
        try:
            self._conn.set_authorized_keys(authorized(doorman.keys) if doorman.keys else None)
        except PeepholeError as error:
            self.door.log("trouble", reason=str(error))
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return self._unknown(key)

    def validate_ca_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return self._unknown(key)

    def _unknown(self, key: asyncssh.SSHKey) -> bool:
        self._offered[key.get_fingerprint()] = None
        self._tries += 1
        if self._tries > TRIES:
            self._end(DISC_NO_MORE_AUTH_METHODS_AVAILABLE, "too many keys were tried")
        return False

    def _end(self, code: int, why: str) -> None:
        self._why = why
        self._conn.disconnect(code, why)

    def auth_completed(self) -> None:
        self._in = True
        name = self._conn.get_extra_info("username")
        self.role = self._front.doorman.role(name)
        self.door.log("login", name=self._name, role=self.role,
                      client=self._conn.get_extra_info("client_version"))  # fmt: skip
        loop = asyncio.get_running_loop()
        self._idle = loop.call_later(BEGIN, self._nothing)

    def _nothing(self) -> None:
        """Logged in, and no visit: a client that forwards ports, or that waits for nothing."""
        if self._session is None or not self._session.begun:
            why = NO_SESSION.format(NOTHING_ELSE, self._front.port)
            self._conn.disconnect(asyncssh.DISC_BY_APPLICATION, why)

    # The session, and nothing else ----------------------------------------------------------------

    def session_requested(self) -> Session:
        if self._session is not None:
            self._refuse("a second session")
        self._session = Session(self._front, self._conn, self.door, self._name, self.role)
        return self._session

    def connection_requested(
        self, dest_host: str, dest_port: int, orig_host: str, orig_port: int
    ) -> NoReturn:
        self._refuse("forwarding", f"{dest_host}:{dest_port}")

    def unix_connection_requested(self, dest_path: str) -> NoReturn:
        self._refuse("forwarding", dest_path)

    def tun_requested(self, unit: int | None) -> NoReturn:
        self._refuse("a tunnel")

    def tap_requested(self, unit: int | None) -> NoReturn:
        self._refuse("a tunnel")

    def server_requested(self, listen_host: str, listen_port: int) -> bool:
        return self._no("forwarding from here", f"{listen_host}:{listen_port}")

    def unix_server_requested(self, listen_path: str) -> bool:
        return self._no("forwarding from here", listen_path)

    async def _display_requested(self, *about: object) -> None:
        self._no("a display")

    async def _agent_requested(self) -> bool:
        return self._no("an agent")

    def _no(self, what: str, where: str = "") -> bool:
        self._refusals += 1
        if self._session:
            self._session.redraw()
        if self._refusals <= REFUSALS:  # a flood of them would fill the log
            self.door.log("refused", reason=what, name=self._name, where=where)
        elif self._refusals == REFUSALS + 1:
            self.door.drop("it asked for too much that is not to be had")
        return False

    def _refuse(self, what: str, where: str = "") -> NoReturn:
        self._no(what, where)
        raise asyncssh.ChannelOpenError(
            OPEN_ADMINISTRATIVELY_PROHIBITED, f"no {what.removeprefix('a ')} here: {NOTHING_ELSE}"
        )
