"""What a client says of its terminal: four variables, checked, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypedDict

PLAIN = "xterm-256color"
FAMILIES = (
    "alacritty", "ansi", "contour", "cygwin", "foot", "ghostty", "gnome", "iterm2", "kitty", "konsole",
    "linux", "mintty", "mlterm", "ms-terminal", "putty", "rio", "rxvt", "rxvt-unicode", "screen", "st",
    "screen.xterm", "st-term", "tmux", "vt100", "vt102", "vt220", "vte", "wezterm", "xterm",
    "xterm-ghostty", "xterm-kitty",
)  # fmt: skip
KINDS = ("", "-16color", "-256color", "-256color-bce", "-color", "-direct", "-mono", "-truecolor")
TERMS = frozenset(family + kind for family in FAMILIES for kind in KINDS)
COLORTERMS = ("truecolor", "24bit", "yes")
LANG = re.compile(r"[A-Za-z]{1,8}(_[A-Za-z]{2})?(\.[A-Za-z0-9-]{1,16})?(@[a-z]{1,16})?", re.ASCII)


def term(name: str) -> str:
    """A terminal that is known by name; any other counts as `xterm-256color`."""
    return name if name in TERMS else PLAIN


class Environment(TypedDict):
    """Of what a client sent, what is as it should be; "" and False for what is not."""

    colorterm: str
    no_color: bool
    lang: str


def environment(given: Mapping[bytes, bytes]) -> Environment:
    """COLORTERM, NO_COLOR and LANG of what a client sent, by names and values."""
    color, lang = _text(given.get(b"COLORTERM")), _text(given.get(b"LANG"))
    return {
        "colorterm": color if color in COLORTERMS else "",
        "no_color": bool(given.get(b"NO_COLOR")),
        "lang": lang if LANG.fullmatch(lang) else "",
    }


def refused(given: Mapping[bytes, bytes]) -> list[str]:
    """The names of the variables that are not looked at."""
    known = {b"COLORTERM", b"NO_COLOR", b"LANG", b"TERM"}
    return sorted(key.decode("ascii", "replace") for key in given if key not in known)


def _text(value: bytes | None) -> str:
    return (value or b"")[:64].decode("ascii", "replace")
