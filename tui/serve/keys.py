"""The server's own key, made at its first start, and the keys of those who may come in."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from engine.errors import PeepholeError

if TYPE_CHECKING:
    import asyncssh

ALGORITHM = "ssh-ed25519"
OPTIONS = frozenset({
    "from", "principals", "cert-authority", "subject", "no-pty", "no-touch-required",  # these hold
    "command", "environment", "permitopen", "permitlisten", "tunnel", "restrict",  # nothing of that is here
    *(no + what for no in ("", "no-")
      for what in ("agent-forwarding", "port-forwarding", "user-rc", "x11-forwarding")), "pty",
})  # fmt: skip  # of keys; any other (expiry-time, verify-required) may be meant to keep somebody out


def default_host_key() -> Path:
    """Where the host key is kept unless --host-key says otherwise."""
    return platformdirs.user_data_path("peephole") / "ssh_host_ed25519_key"


def host_key(path: Path) -> tuple[asyncssh.SSHKey, bool]:
    """The private key in a file, made there (0600) if there is none; and whether it was made.

    Raises:
        PeepholeError: others may read it, or it is no private key, or it cannot be read or written.
    """
    import asyncssh

    if path == default_host_key():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        if made := not path.exists():
            make_private(path, asyncssh.generate_private_key(ALGORITHM).export_private_key())
        data, mode = read_own(path)
        if mode & 0o077:
            raise PeepholeError(
                f"the host key may be read by others (mode {mode:04o})", where=str(path),
                do=f"Say: chmod 600 {path}",
            )  # fmt: skip
        return asyncssh.import_private_key(data), made
    except OSError as error:
        raise PeepholeError(f"the host key: {error.strerror}", where=str(path)) from None
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, UnicodeDecodeError):
        raise PeepholeError(
            "no private key that can be read without a passphrase", where=str(path)
        ) from None


def authorized(path: Path) -> asyncssh.SSHAuthorizedKeys:
    """The public keys in a file of OpenSSH's authorized_keys format.

    Raises:
        PeepholeError: others may write it, no key is in it, one has an option that would not hold, or it
            cannot be read.
    """
    import asyncssh

    try:
        data, mode = read_own(path)
        if mode & 0o022:
            raise PeepholeError(
                f"others may write it (mode {mode:04o}), and so let anybody in", where=str(path),
                do=f"Say: chmod go-w {path}",
            )  # fmt: skip
        keys = asyncssh.import_authorized_keys(data.decode())
        entries = (*keys._user_entries, *keys._ca_entries, *keys._x509_entries)
        if not entries:
            raise ValueError("empty, or remarks only")
    except OSError as error:
        raise PeepholeError(f"the keys: {error.strerror}", where=str(path)) from None
    except (ValueError, asyncssh.KeyImportError):
        raise PeepholeError(
            "no public key in it", where=str(path),
            do="It is a file like ~/.ssh/authorized_keys: a public key on each line",
        ) from None  # fmt: skip
    if strange := {name for one in entries for name in one.options if name.lower() not in OPTIONS}:
        raise PeepholeError(
            f"the option {min(strange)} of a key would not hold here", where=str(path),
            do="Take the key out, or the option",
        )  # fmt: skip
    return keys


def make_private(path: Path, data: bytes) -> None:
    """Whole or not at all: of two servers that start at once, one makes it and both read it.

    Raises:
        PeepholeError: its folder is not there; one that is made would hide a mistake in its name.
    """
    if not path.parent.is_dir():
        raise PeepholeError("no such folder", where=str(path.parent), do="Make it first")
    handle, new = tempfile.mkstemp(prefix=".new-", dir=path.parent)  # 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        with contextlib.suppress(FileExistsError):
            os.link(new, path)
    finally:
        os.unlink(new)


def read_own(path: Path) -> tuple[bytes, int]:
    """What a regular file of ours (or root's) holds, and its permissions."""
    # A pipe is refused below, and opening it would else wait for a writer (NONBLOCK).
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        state = os.fstat(file.fileno())
        if not stat.S_ISREG(state.st_mode):
            raise PeepholeError("not a file", where=str(path))
        if state.st_uid not in (os.getuid(), 0):
            raise PeepholeError("it belongs to somebody else", where=str(path))
        return file.read(1 << 20), stat.S_IMODE(state.st_mode)
