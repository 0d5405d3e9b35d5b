"""The Unix sockets of running apps: a folder that nobody else can enter, and what is in it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
import warnings
from pathlib import Path

from platformdirs import user_runtime_path

from engine.errors import PeepholeError

PLAYING = "play-*.sock"  # of apps that play a scenario


def runtime() -> Path:
    """The folder of this user's sockets; it may not be there yet.

    Raises:
        PeepholeError: somebody else has the place.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # without XDG_RUNTIME_DIR it is a folder of /tmp
        try:
            return user_runtime_path("peephole")
        except OSError as error:
            raise PeepholeError(f"no sockets can be kept ({error})") from None


def private(folder: Path) -> None:
    """Make a folder that only this user can enter, or see that it is one.

    Raises:
        PeepholeError: it is somebody else's, or somebody else can put another in its place.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found, above = folder.lstat(), folder.parent.stat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise PeepholeError("not a folder of yours", where=str(folder))
        open_ = above.st_mode & 0o022 and not above.st_mode & stat.S_ISVTX
        if above.st_uid not in (0, os.getuid()) or open_:
            raise PeepholeError("others can replace it", where=str(folder))
        if found.st_mode & 0o077:
            folder.chmod(0o700)
    except OSError as error:
        reason = error.strerror or str(error)
        raise PeepholeError(f"no sockets can be kept there ({reason})", where=str(folder)) from None


def is_socket(path: Path) -> bool:
    """Whether it is one itself, and no link to one."""
    try:
        return stat.S_ISSOCK(path.lstat().st_mode)
    except OSError:
        return False


async def answers(path: Path) -> bool:
    """Whether somebody listens at a socket."""
    if not is_socket(path):
        return False
    try:
        _, writer = await asyncio.open_unix_connection(str(path))
    except (OSError, ValueError):
        return False
    writer.close()
    return True


def playing(folder: Path) -> list[Path]:
    """The sockets of apps that play a scenario, the newest first; those that nobody has are removed."""
    found = []
    for path in folder.glob(PLAYING):
        with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
            if not is_socket(path):
                continue
            probe.settimeout(1.0)
            try:
                probe.connect(str(path))
            except ConnectionRefusedError:
                path.unlink(missing_ok=True)
            else:
                found.append((path.stat().st_mtime, path))
    return [path for _, path in sorted(found, reverse=True)]
