"""Where a server listens: [HOST:]PORT."""

from __future__ import annotations

import errno
import ipaddress
import os
import re
from dataclasses import dataclass

from engine.errors import PeepholeError

LOOPBACK = "127.0.0.1"
NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252})", re.ASCII)
HELP = "Write a port (2222), or a host and a port (0.0.0.0:2222, [::1]:2222)"


@dataclass(frozen=True)
class Address:
    """A host, by name or number, and a port; port 0 is any that is free."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read `2222`, `0.0.0.0:2222`, `name:2222` or `[::1]:2222`.

        Raises:
            PeepholeError: it is something else.
        """
        host, colon, port = text.rpartition(":")
        if host.startswith("[") and host.endswith("]"):
            host = host[1:-1]
            good = _is_ip(host, 6)
        else:
            good = not colon or _is_ip(host, 4) or bool(NAME.fullmatch(host) and not _numeric(host))
        if not good or not re.fullmatch("[0-9]{1,5}", port, re.ASCII) or int(port) > 65535:
            raise PeepholeError("no address to listen on", where=text, do=HELP)
        return cls(host or LOOPBACK, int(port))

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        if self.host == "localhost":
            return True
        return (_is_ip(self.host, 4) or _is_ip(self.host, 6)) and ipaddress.ip_address(
            self.host
        ).is_loopback

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def no_listening(address: Address, error: OSError | UnicodeError) -> PeepholeError:
    """Why nobody can listen at an address. (asyncio wraps the system's words in its own.)"""
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EADDRINUSE:
        return PeepholeError(
            "taken", where=str(address), do="`peephole serve status` says whether it is yours"
        )
    known = number is not None and number in errno.errorcode
    what = os.strerror(number).lower() if known and number else "no such host"
    do = ""
    if number == errno.EACCES and 0 < address.port < 1024:
        do = "Ports below 1024 are the system's: take one above 1023"
    return PeepholeError(f"cannot listen there ({what})", where=str(address), do=do)


def _is_ip(text: str, version: int) -> bool:
    if "%" in text:  # a zone, which may be any text
        return False
    try:
        return ipaddress.ip_address(text).version == version
    except ValueError:
        return False


def _numeric(text: str) -> bool:
    """Whether it would be taken for an IPv4 address, which it is not."""
    return text.rpartition(".")[2].isdecimal()
