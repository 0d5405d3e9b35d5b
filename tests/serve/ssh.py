"""The real OpenSSH client, its screen read by a terminal emulator that is not ours (pyte)."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyte
import pytest

from tests.waiting import PATIENCE, wait

ROOT = Path(__file__).resolve().parents[2]


def needed(program: str) -> str:
    """The path of a program of OpenSSH; without it a test is skipped here and fails in CI."""
    found = shutil.which(program)
    if found is None:
        message = f"{program} is not installed"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    return found


class Server:
    """`peephole serve` in a process of its own, with folders of its own."""

    def __init__(
        self, folder: Path, *options: str, env: dict[str, str] | None = None,
        front: tuple[str, ...] = ("--ssh", "0"),
    ) -> None:  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.log_path = folder, folder / "log.jsonl"
        self._kept = tempfile.TemporaryDirectory(
            prefix="pe-"
        )  # the path of a socket is to be short
        self.runtime = Path(self._kept.name)
        self.env = {
            **os.environ, "XDG_DATA_HOME": str(folder / "data"), "XDG_RUNTIME_DIR": str(self.runtime),
            "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **(env or {}),
        }  # fmt: skip
        self.errors = open(folder / "stderr", "w+b")  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tui.cli", "serve", *front, "--log", str(self.log_path), *options],
            env=self.env, cwd=folder, stdout=subprocess.DEVNULL, stderr=self.errors,
        )  # fmt: skip
        try:
            start = wait(
                lambda: (
                    self.events("start", pid=self.process.pid) or self.process.poll() is not None
                ),
                lambda: f"the start of the server: {self.said()}",
            )
        except AssertionError:
            self.end()
            raise
        if not isinstance(start, list):
            raise AssertionError(self.said())
        self.port = int(start[0].get("ssh", ":0").rpartition(":")[2])

    def said(self) -> str:
        return Path(self.errors.name).read_text()

    def events(self, event: str = "", **about: Any) -> list[dict[str, Any]]:
        """The lines of the log of an event, with these fields."""
        if not self.log_path.exists():
            return []
        lines = [json.loads(line) for line in self.log_path.read_text().splitlines()]
        return [
            line for line in lines
            if (not event or line["event"] == event)
            and all(line.get(key) == value for key, value in about.items())
        ]  # fmt: skip

    def cli(self, *args: str) -> subprocess.CompletedProcess[str]:
        """`peephole serve` with a command, as the same user."""
        return subprocess.run(
            [sys.executable, "-m", "tui.cli", "serve", *args],
            env=self.env, capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip

    def status(self) -> dict[str, Any]:
        return json.loads(self.cli("status", "--json").stdout)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(PATIENCE)
        self.errors.close()
        self._kept.cleanup()


@contextlib.contextmanager
def serving(folder: Path, *options: str, **about: Any) -> Iterator[Server]:
    server = Server(folder, *options, **about)
    try:
        yield server
    finally:
        server.end()


def make_key(path: Path) -> Path:
    """A key pair of the client."""
    subprocess.run(
        [needed("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True
    )
    return path


def options(server: Server, key: Path | None = None) -> list[str]:
    """Of ssh, sftp and scp: nothing of the machine's own settings, nothing is asked."""
    known = server.folder / "known_hosts"
    said = {
        "UserKnownHostsFile": known, "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "accept-new", "BatchMode": "yes", "IdentityAgent": "none",
        "IdentitiesOnly": "yes", "IdentityFile": key or "none", "ConnectTimeout": "20",
    }  # fmt: skip
    return [
        "-F",
        "none",
        *(part for name, value in said.items() for part in ("-o", f"{name}={value}")),
    ]


def run(
    server: Server, *args: str, key: Path | None = None, user: str = "visitor",
    program: str = "ssh", env: dict[str, str] | None = None, command: tuple[str, ...] = (),
    leading: tuple[str, ...] = (),
) -> subprocess.CompletedProcess[str]:  # fmt: skip
    """A client without a terminal, until it ends."""
    port = ["-P" if program in ("sftp", "scp") else "-p", str(server.port)]
    host = [f"{user}@127.0.0.1"] if program == "ssh" else []
    return subprocess.run(
        [needed(program), *leading, *options(server, key), *port, *args, *host, *command],
        env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=PATIENCE, check=False, cwd=server.folder,
    )  # fmt: skip


class Terminal:
    """`ssh` in a terminal, on which pyte draws."""

    def __init__(
        self, server: Server, *args: str, key: Path | None = None, user: str = "visitor",
        columns: int = 100, rows: int = 30, term: str = "xterm-256color",
        env: dict[str, str] | None = None, command: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = bytearray()
        self.master, slave = pty.openpty()
        self.resize(columns, rows)
        line = [
            needed("ssh"),
            *args,
            *options(server, key),
            "-p",
            str(server.port),
            f"{user}@127.0.0.1",
            *command,
        ]
        self.process = subprocess.Popen(
            line, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env={"PATH": os.environ["PATH"], "TERM": term, "HOME": str(server.folder), **(env or {})},
        )  # fmt: skip
        os.close(slave)
        self.over = False

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)

    def type(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def look(self) -> str:
        """What is on the screen, after whatever has come."""
        while not self.over and select.select([self.master], [], [], 0)[0]:
            try:
                data = os.read(self.master, 1 << 16)
            except OSError:
                data = b""
            self.over = not data
            self.raw += data
            self._stream.feed(_plain(data))
        return "\n".join(self.screen.display)

    def sees(self, text: str) -> str:
        """Waits until a text is on the screen."""
        return wait(
            lambda: text in self.look() and self.look(), lambda: f"{text!r} in\n{self.look()}"
        )

    def ends(self) -> int:
        """Waits until the client has ended; its exit code."""
        wait(lambda: (self.look(), self.over)[1], "the end of ssh")
        return self.process.wait(PATIENCE)

    @property
    def text(self) -> str:
        """All that came, without what moves and colours it."""
        return re.sub(rb"\x1b(\[[0-9;?<>=]*[a-zA-Z]|[()].|.)", b"", bytes(self.raw)).decode(
            errors="replace"
        )

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        with contextlib.suppress(OSError):
            os.close(self.master)


def _plain(data: bytes) -> bytes:
    """Without what pyte takes for text: the keyboard's and the terminal's own questions."""
    return re.sub(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$p", b"", data)


@contextlib.contextmanager
def terminal(server: Server, *args: str, **about: Any) -> Iterator[Terminal]:
    made = Terminal(server, *args, **about)
    try:
        yield made
    finally:
        made.close()
