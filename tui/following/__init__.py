"""Following a presenter: what another app shows, shown here as well (`tui.place`, over `tui.post`)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Follow:
    """Who presents, and on which side of it an app is.

    Attributes:
        post: the socket of the Post that passes places on.
        name: the presenter's.
        role: a `presenter` is watched, a `follower` watches.
    """

    post: Path
    name: str
    role: Literal["presenter", "follower"]
