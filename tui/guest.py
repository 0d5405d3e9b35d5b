"""Who is only visiting: what an app that is shown to strangers does not do for them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.driver import Driver


@dataclass(frozen=True)
class Guest:
    """A visitor of `peephole serve`. Nothing that they do is written, trained, started or opened by path.

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

    def driver(self) -> type[Driver]:
        """How their screen is drawn."""
        from tui.serve.driver import GuestDriver

        return GuestDriver
