"""The secret in the address of the web server's page: whoever has it may come in."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from engine.errors import PeepholeError
from tui.serve.keys import make_private, read_own

BYTES = 32  # of randomness
TOKEN = re.compile(rb"[A-Za-z0-9_-]{22,128}")  # 22: 128 bits


def token(path: Path | None = None) -> str:
    """A new one, or the one in a file, which is made (0600) if it is not there.

    Raises:
        PeepholeError: others may read the file, there is no token in it, or it cannot be read or written.
    """
    new = secrets.token_urlsafe(BYTES)
    if path is None:
        return new
    try:
        if not path.exists():
            make_private(path, new.encode() + b"\n")
        data, mode = read_own(path)
    except OSError as error:
        raise PeepholeError(f"the token: {error.strerror}", where=str(path)) from None
    if mode & 0o077:
        raise PeepholeError(
            f"the token may be read by others (mode {mode:04o})", where=str(path),
            do=f"Say: chmod 600 {path}",
        )  # fmt: skip
    if not TOKEN.fullmatch(data.strip()):
        raise PeepholeError(
            "no token in it", where=str(path),
            do="Write 22 to 128 letters, digits, - and _, or take the file away: it is then made",
        )  # fmt: skip
    return data.strip().decode()
