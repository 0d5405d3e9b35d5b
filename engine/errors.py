"""The one kind of error that a person sees: what is wrong, where, and what to do."""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Iterable
from typing import Any


class PeepholeError(Exception):
    """A user's mistake. The command line prints it as one message and exits with 2.

    Args:
        what: what is wrong, as a sentence without a full stop.
        where: the file, key, word or option that it is about.
        do: what to do about it.
    """

    def __init__(self, what: str, *, where: str = "", do: str = "") -> None:
        self.what, self.where, self.do = map(_printable, (what, where, do))
        super().__init__(self.what)

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head}. {self.do}" if self.do else head


def _printable(text: str) -> str:
    """Text without what a terminal would obey: names come from files that others wrote."""
    return "".join(
        c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def shown(value: Any) -> str:
    """What a file said, short enough for a message."""
    return reprlib.repr(value)


def did_you_mean(word: str, known: Iterable[str], n: int = 3) -> str:
    """A sentence with the `n` nearest known words, or the whole list when it is short."""
    known = sorted(known)
    near = difflib.get_close_matches(word, known, n=n, cutoff=0.5)
    if near:
        return "Did you mean " + " or ".join(repr(w) for w in near) + "?"
    if 0 < len(known) <= 12:
        return "Known: " + ", ".join(known)
    return ""
