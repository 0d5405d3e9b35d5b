"""A program on a pseudo-terminal of a given size: its bytes as they come, keys, CPU time and memory."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from pathlib import Path

QUIET = 0.25  # seconds without a byte after which a frame is whole
SYNC = b"\x1b[?2026$p"  # "can you hold back half frames?"; answered yes, as current terminals do


class Terminal:
    """A child on a terminal; use as `with Terminal(code) as terminal`."""

    def __init__(self, code: str, columns: int = 120, rows: int = 40) -> None:
        self._home = tempfile.TemporaryDirectory()
        self._fd, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        env = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        env |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "HOME": self._home.name}
        env |= {"LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=child,
            stdout=child,
            stderr=child,
            env=env,
            cwd=Path(__file__).resolve().parents[2],
            start_new_session=True,
        )
        os.close(child)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(2)
        self.process.kill()
        self.process.wait()
        os.close(self._fd)
        self._home.cleanup()

    def press(self, keys: str) -> None:
        """Send keys, as the bytes that a terminal sends."""
        os.write(self._fd, keys.encode())

    def chunks(self, quiet: float, limit: float = 30.0) -> Iterator[tuple[float, bytes]]:
        """(when, bytes) until nothing came for `quiet` seconds, or `limit` seconds are over."""
        end = time.perf_counter() + limit
        while (left := end - time.perf_counter()) > 0:
            ready, _, _ = select.select([self._fd], [], [], min(quiet, left))
            if not ready:
                return
            try:
                data = os.read(self._fd, 1 << 16)
            except OSError:  # the child has closed the terminal
                return
            now = time.perf_counter()
            if SYNC in data:
                self.press("\x1b[?2026;2$y")
            yield now, data

    def wait_for(self, text: str, limit: float = 30.0) -> float:
        """Seconds from the start until `text` was on its way to the screen.

        Raises:
            RuntimeError: it never came; the message holds the end of what did.
        """
        seen = b""
        for now, data in self.chunks(limit, limit):
            seen += data
            if text.encode() in seen:
                return now - self.began
        raise RuntimeError(f"{text!r} never came: {seen[-2000:]!r}")

    def frame(self, keys: str = "", quiet: float = QUIET) -> tuple[float, int]:
        """Press keys; seconds until the last byte of what they caused, and how many bytes came."""
        began = last = time.perf_counter()
        if keys:
            self.press(keys)
        size = 0
        for now, data in self.chunks(quiet):
            last, size = now, size + len(data)
        return last - began, size

    def cpu(self) -> float:
        """Seconds of processor time that the child has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def wakeups(self) -> int:
        """How often any of the child's threads has woken from waiting."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        lines = [line for task in tasks for line in (task / "status").read_text().splitlines()]
        return sum(int(line.split()[1]) for line in lines if line.startswith("voluntary"))

    def megabytes(self) -> float:
        """Memory of the child: its proportional share (PSS) where Linux tells it, else resident."""
        folder = Path(f"/proc/{self.process.pid}")
        with contextlib.suppress(OSError):
            for line in (folder / "smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    return int(line.split()[1]) / 1024
        return int((folder / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
