"""Who is only visiting: what an app that is shown to strangers does not do for them.

Nothing that a guest does is written, trained, started or opened by its path. What a screen offers asks
the app for its `guest`; what has no app at hand asks `visitor`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.driver import Driver

FORBIDDEN = frozenset({"save_trace", "save_picture", "screenshot", "suspend_process"})  # actions


@dataclass(frozen=True, eq=False)
class Guest:
    """A visitor of `peephole serve`.

    Attributes:
        scenarios: a folder whose scenarios are shown beside the bundled ones.
        post: the socket on which a presenter is followed.
        role: `guest`; or in follow mode `presenter` or `follower`.
        name: who they are, where they logged in by a name.
    """

    scenarios: Path | None = None
    post: Path | None = None
    role: str = "guest"
    name: str = ""

    def driver(self) -> type[Driver] | None:
        """How their screen is drawn; None is as everybody's."""
        from tui.serve.driver import GuestDriver

        return GuestDriver


_visitor: Guest | None = None  # of the whole process, so that it holds in every thread


def admit(guest: Guest | None) -> None:
    """From now on this process works for a guest; None: for the machine's owner."""
    global _visitor
    _visitor = guest


def visitor() -> Guest | None:
    """For whom this process works; None where it is the machine's owner."""
    return _visitor
