"""The process of one visit: it gives up whatever it does not need, then runs the app on its terminal."""

from __future__ import annotations

import asyncio
import fcntl
import os
import resource
import signal
import sys
import termios
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CRASHED, NO_MEMORY, GONE = 70, 71, 72  # exit codes
NICE = 5
LAST, LINES = 8, 20  # calls and lines that are told of a crash
FILES = 64  # open at once
MEGABYTE = 1_000_000
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
FORBIDDEN = (
    "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system", "os.startfile",
    "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.ch",
    "os.kill", "os.putenv", "shutil.", "tempfile.", "pty.", "socket.bind", "webbrowser.", "ctypes.",
)  # fmt: skip


def live(tty: int, who: Mapping[str, Any], settings: Mapping[str, Any]) -> int:
    """Be the visit of `who` on the terminal `tty`, until they leave. Returns the exit code."""
    try:
        _own(tty)
    except OSError:  # whose terminal it was has gone
        return GONE
    _environment(who, settings["home"])
    _limit(settings["memory"], settings["cpu"])
    sys.addaudithook(_refuse)
    try:
        return _app(who, settings)
    except MemoryError:
        return NO_MEMORY


def _own(tty: int) -> None:
    """Lead a session on this terminal, and hold no file but that and 2, where failures are told."""
    os.setsid()
    fcntl.ioctl(tty, termios.TIOCSCTTY, 0)
    os.dup2(tty, 0)
    os.dup2(tty, 1)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def _environment(who: Mapping[str, Any], home: str) -> None:
    env = {
        "PATH": os.defpath,
        "HOME": home,
        "LANG": who["lang"] or "C.UTF-8",
        "TERM": who["term"],
    }
    if who["colorterm"]:
        env["COLORTERM"] = who["colorterm"]
    if who["no_color"]:
        env["NO_COLOR"] = "1"
    os.environ.clear()
    os.environ.update(env)
    os.chdir(home)
    os.umask(0o077)


def _limit(memory: int, cpu: int) -> None:
    """Memory of its own in MB, processor time in seconds; nothing is written to a disk, others come first."""
    shared = 0
    if sys.platform == "linux":
        import ctypes

        prctl = ctypes.CDLL(None, use_errno=True).prctl
        prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG: nobody would reap it
        prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
        Path("/proc/self/oom_score_adj").write_text("500")
        shared = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
    os.nice(NICE)
    memory = shared + memory * MEGABYTE
    for kind, soft, hard in (
        (resource.RLIMIT_DATA, memory, memory),
        (resource.RLIMIT_CPU, cpu, cpu + 1),  # a signal that can be told of, then the end
        (resource.RLIMIT_NOFILE, FILES, FILES),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        most = resource.getrlimit(kind)[1]
        if most != resource.RLIM_INFINITY:
            soft, hard = min(soft, most), min(hard, most)
        resource.setrlimit(kind, (soft, hard))
    sys.dont_write_bytecode = True


def _refuse(event: str, args: tuple[Any, ...]) -> None:
    """A second wall behind the guest's rules: no file is written, no process started, no network used."""
    if event == "open":
        name, mode, flags = args
        if (isinstance(mode, str) and set(mode) & set("wax+")) or (flags or 0) & WRITING:
            raise PermissionError(1, "a visitor writes nothing", str(name))
    elif event.startswith(FORBIDDEN) or (event == "socket.connect" and isinstance(args[1], tuple)):
        raise PermissionError(1, f"a visitor does not do that: {event}")


def _app(who: Mapping[str, Any], settings: Mapping[str, Any]) -> int:
    from scenarios import shelf
    from tui.app import PeepholeApp
    from tui.guest import Guest
    from tui.start import only_ascii

    folder, post = settings["scenarios"], settings["post"]
    guest = Guest(
        Path(folder) if folder else None, Path(post) if post else None, who["role"], who["name"]
    )
    scenario = shelf.find(settings["scenario"]) if settings["scenario"] else None
    app = PeepholeApp(scenario=scenario, guest=guest, plain=only_ascii(os.environ, "utf-8"))
    app._fatal_error = app._close_messages_no_wait  # type: ignore[method-assign]  # it tells values
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.add_signal_handler(signal.SIGTERM, app.exit)
    loop.run_until_complete(app.run_async())  # work in threads is not waited for: the process ends
    error = app._exception
    if error is not None and not isinstance(error, MemoryError):
        tell(getattr(error, "error", error))  # that of a worker holds its own
        return CRASHED
    return NO_MEMORY if error else 0


def tell(error: BaseException) -> None:
    """To the operator: where it broke, without the values that a visitor had there."""
    lines = "".join(traceback.format_exception(error, limit=-LAST)).splitlines()
    os.write(2, "\n".join(["a visit has crashed:", *lines[-LINES:], ""]).encode())
