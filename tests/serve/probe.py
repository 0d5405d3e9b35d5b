"""A fork server whose visits are not the app, but say on their terminal what they are and may.

`python -m tests.serve.probe`; what one does is said by the name of its client.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import socket
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tui.serve import child, forks

LIMITS = ("DATA", "CPU", "FSIZE", "CORE", "NOFILE")


LIBC = ctypes.CDLL(None)  # behind Python's back
OPEN, WRITE, UNLINK = LIBC.open, LIBC.write, LIBC.unlink
NEW = "/tmp/peephole-probe"


def tries(home: str) -> dict[str, Callable[[], object]]:
    """What no visit may do."""
    return {
        "write": lambda: Path(NEW).write_text("x"),
        "append": lambda: open(__file__, "a"),
        "create": lambda: os.open(NEW, os.O_CREAT | os.O_WRONLY),
        "truncate": lambda: os.truncate(__file__, 0),
        "mkdir": lambda: Path(home, "x").mkdir(),
        "rename": lambda: os.rename(__file__, NEW),
        "remove": lambda: os.remove(__file__),
        "run": lambda: subprocess.run(["true"], check=True),
        "system": lambda: os.system("true"),
        "exec": lambda: os.execv("/bin/true", ["true"]),
        "fork": os.fork,
        "connect": lambda: socket.create_connection(("127.0.0.1", 9)),
        "listen": lambda: socket.socket().bind(("127.0.0.1", 0)),
        "fill": _fill,
    }


def _fill() -> None:
    """Write to a file as C would do it."""
    path = f"{NEW}-{os.getpid()}".encode()
    file = OPEN(path, os.O_CREAT | os.O_WRONLY, 0o600)
    written = WRITE(file, b"x", 1)
    UNLINK(path)
    if written != 1:
        raise PermissionError


def report(settings: Mapping[str, Any]) -> dict[str, Any]:
    files = sorted(map(int, os.listdir("/proc/self/fd")))
    refused = {}
    for name, attempt in tries(settings["home"]).items():
        try:
            attempt()
            refused[name] = False
        except PermissionError:
            refused[name] = True
    status = dict(
        line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines()
    )
    return {
        "env": dict(os.environ),
        "files": files,
        "limits": {
            name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}")) for name in LIMITS
        },
        "leads": os.getsid(0) == os.getpid() == os.tcgetpgrp(0),
        "tty": os.ttyname(0) == os.ttyname(1),
        "cwd": os.getcwd(),
        "umask": status["Umask"],
        "nice": os.nice(0),
        "privileges": status["NoNewPrivs"],
        "refused": refused,
        "home": os.listdir(settings["home"]),
    }


def _app(who: Mapping[str, Any], settings: Mapping[str, Any]) -> int:
    held = []
    while who["name"] == "memory":
        held.append(bytes(1 << 20))
    while who["name"] == "cpu":
        pass
    os.write(1, json.dumps(report(settings)).encode() + b"\nend\n")
    return 0


if __name__ == "__main__":
    child._app = _app
    forks.preload = lambda: None
    forks.main()
