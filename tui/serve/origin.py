"""Who asks the web server, and from which page: by which name, from which address.

A page of a stranger may make a visitor's browser send requests here. The browser says from which page
(Origin), and under which name it looked this server up (Host), and no page can change that.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from engine.errors import PeepholeError

LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]"})
HOST = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9_.-]{1,253})(:[0-9]{1,5})?", re.ASCII)
PORTS = {"http": ":80", "https": ":443"}


def origin(text: str) -> str:
    """An address of a page's server as browsers write it: https://lab.example, http://box:8000.

    Raises:
        PeepholeError: it is something else, or has a path.
    """
    scheme, found, host = text.strip().lower().removesuffix("/").partition("://")
    if not found or scheme not in PORTS or not HOST.fullmatch(host):
        raise PeepholeError(
            "no origin", where=text,
            do="It is what a browser shows, without a path: https://lab.example, http://box:8000",
        )  # fmt: skip
    return f"{scheme}://{host.removesuffix(PORTS[scheme])}"


def proxy(text: str) -> str:
    """An IP address.

    Raises:
        PeepholeError: it is something else.
    """
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise PeepholeError("no IP address", where=text, do="For example: 127.0.0.1") from None


@dataclass(frozen=True)
class Known:
    """Names and addresses that are ours or trusted.

    Attributes:
        host: what the server was told to listen on.
        origins: of pages that may open a socket, beside those of this server's own name.
        proxies: addresses whose word is taken for whom they speak for.
    """

    host: str
    origins: frozenset[str] = frozenset()
    proxies: frozenset[str] = frozenset()

    def is_us(self, named: Sequence[str], reached: str) -> bool:
        """Whether a request is meant for this server: by Host headers, and the address that it came to.

        The port may differ, for it may have been forwarded. An address in numbers is what was asked for;
        any name can be made to point here (DNS rebinding), so names must be known.
        """
        match = HOST.fullmatch(named[0].lower()) if len(named) == 1 else None
        return match is not None and match[1] in {
            *LOCAL, _bracketed(self.host), _bracketed(reached),
            *(_name(origin) for origin in self.origins),
        }  # fmt: skip

    def is_ours(self, origins: Sequence[str], named: Sequence[str]) -> bool:
        """Whether a page of this server, or one that was named, asks: by Origin and Host headers."""
        if len(origins) != 1 or len(named) != 1:
            return False
        own = f"http://{named[0].lower().removesuffix(PORTS['http'])}"
        return origins[0] == own or origins[0] in self.origins

    def address(self, peer: str, forwarded: Collection[str]) -> str:
        """Whose request it is: the peer, or whom a trusted proxy speaks for (X-Forwarded-For headers).

        Of those it is the last that is no proxy of ours; what stands before that, anybody may write.
        """
        said = [part.strip() for header in forwarded for part in header.split(",")]
        while plain(peer) in self.proxies and said:
            try:
                peer = str(ipaddress.ip_address(said.pop()))
            except ValueError:
                break
        return plain(peer)


def plain(address: str) -> str:
    """Without a zone, and IPv4 as IPv4."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


def _bracketed(host: str) -> str:
    host = plain(host).lower()
    return f"[{host}]" if ":" in host else host


def _name(origin: str) -> str:
    match = HOST.fullmatch(origin.partition("://")[2])
    return match[1] if match else ""
