"""One SSH session: a terminal on which the app is shown, or one line that says why not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import asyncssh

from engine.errors import PeepholeError
from tui.serve import asked
from tui.serve.door import Door
from tui.serve.roll import Refused
from tui.serve.stay import Stay
from tui.serve.visit import Client

if TYPE_CHECKING:
    from tui.serve.ssh import Front

VARIABLES, LONG = 256, 65_536  # variables that a client may send, and the bytes of all of them
PART = 10.0  # seconds in which a client may take what was still to be read, and close
NO_COMMAND = "no commands are run here. Come without one: ssh -t -p {port} HOST"
NO_FILES = "no files are served here (sftp, scp). Come with a terminal: ssh -t -p {port} HOST"
NO_TERMINAL = "a terminal is needed. Come with one: ssh -t -p {port} HOST"


class Session(asyncssh.SSHServerSession[bytes]):
    """A channel of type "session" of one connection, from its opening to its end."""

    def __init__(
        self, front: Front, conn: asyncssh.SSHServerConnection, door: Door, name: str, role: str
    ) -> None:
        self._front, self._conn, self._door = front, conn, door
        self._name, self._role = name, role
        self._stay: Stay | None = None
        self._task: asyncio.Task[None] | None = None
        self._terminal: tuple[str, int, int] | None = None
        self._refusal = ""
        self._asked = ""
        self._lost = False
        self.begun = False  # it was said what is wanted
        self._writable = asyncio.Event()
        self._writable.set()

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._chan = chan
        self._piece = self._front.limits.unread // 4
        chan.set_write_buffer_limits(high=self._piece)
        self._door.inspect = self._inspect

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        self._writable.set()
        if self._stay:
            self._stay.gone()

    def _inspect(self) -> str:
        """asyncssh keeps all variables that are sent, at any time."""
        variables = self._chan.get_environment_bytes()
        size = sum(len(key) + len(value) for key, value in variables.items())
        return "too many variables" if len(variables) > VARIABLES or size > LONG else ""

    # What is asked for --------------------------------------------------------------------------

    def pty_requested(
        self, term_type: str, term_size: tuple[int, int, int, int], term_modes: Any
    ) -> bool:
        if self._terminal or self.begun:
            return False
        self._terminal = term_type, *term_size[:2]
        return True

    def shell_requested(self) -> bool:
        return self._wishes("" if self._terminal else NO_TERMINAL)

    def exec_requested(self, command: str) -> bool:
        forced = self._conn.get_key_option("command") or self._conn.get_certificate_option(
            "force-command"
        )
        if (
            forced is not None
        ):  # the key's own command is not the visitor's wish, and is not run either
            return self.shell_requested()
        return self._wishes(NO_COMMAND, command)

    def subsystem_requested(self, subsystem: str) -> bool:
        return self._wishes(NO_FILES, subsystem)

    def _wishes(self, refusal: str, asked: str = "") -> bool:
        """The first wish counts, and there is no second one."""
        if self.begun:
            return False
        self._refusal, self._asked = refusal, asked
        return True

    def session_started(self) -> None:
        self.begun = True
        if not self._refusal:
            try:
                self._door.entry.enter()
            except Refused as refused:
                self._refusal = str(refused)
        if self._refusal:
            self._refuse(self._refusal.format(port=self._front.port))
        else:
            self._task = asyncio.get_running_loop().create_task(self._show())

    def _refuse(self, reason: str) -> None:
        self._door.log("refused", reason=reason, name=self._name, asked=self._asked)
        self._say(reason)
        self._exit(1)

    # The visit ----------------------------------------------------------------------------------

    async def _show(self) -> None:
        assert self._terminal is not None
        front, door = self._front, self._door
        term, columns, rows = self._terminal
        given = self._chan.get_environment_bytes()
        if ignored := asked.refused(given):
            door.log("ignored", name=self._name, variables=" ".join(ignored))
        client = Client(
            asked.term(term), columns, rows, **asked.environment(given),
            role=self._role, name=self._name,
        )  # fmt: skip
        self._stay = Stay(front.visits, front.limits, client, door.entry, door.log, self)
        front.sessions.add(self)
        code = 1
        try:
            if front.closing:
                self.close()
            code = await self._stay.run()
        except PeepholeError as error:
            door.log("trouble", reason=str(error))
            self._say("no visit can be opened now; try again later")
        finally:
            front.sessions.discard(self)
            if self._stay.reason == "stalled":
                door.drop("the client did not read")
            self._exit(code)

    async def send(self, data: bytes) -> None:
        """What `Stay` calls: returns when all of it has been handed over."""
        for start in range(0, len(data), self._piece):
            await self._writable.wait()
            await self._door.room()
            if self._lost:
                raise ConnectionError
            self._chan.write(data[start : start + self._piece])

    def redraw(self) -> None:
        """Something else of this connection was refused, which the client says across the screen."""
        if self._stay:
            self._stay.redraw()

    def close(self) -> None:
        """The server closes."""
        if self._stay:
            self._stay.end("closing")

    def _say(self, line: str) -> None:
        if not self._lost:
            self._chan.write_stderr(f"peephole: {line}\r\n".encode())

    def _exit(self, code: int) -> None:
        if self._lost:
            return
        self._chan.exit(code)
        asyncio.get_running_loop().call_later(PART, self._conn.close)

    # What a client sends ------------------------------------------------------------------------

    def data_received(self, data: bytes, datatype: int | None) -> None:
        if self._stay:
            self._stay.type(data)

    def eof_received(self) -> bool:
        return True  # nothing more will be typed; it may still be looked at

    def terminal_size_changed(self, width: int, height: int, pixwidth: int, pixheight: int) -> None:
        if self._stay:
            self._stay.resize(width, height)
        elif self._terminal:
            self._terminal = self._terminal[0], width, height

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()
