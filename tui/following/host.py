"""The server's side of follow mode: the post between a presenter's visit and those who follow."""

from __future__ import annotations

import os
from pathlib import Path

from tui.post import Post
from tui.sockets import runtime


class Host:
    """Runs the post of `peephole serve --follow NAME`.

    Attributes:
        path: of its socket, which visits are given (`tui.serve.visit.House.post`).
    """

    def __init__(self, name: str, folder: Path | None = None) -> None:
        self.path = (folder or runtime()) / f"follow-{os.getpid()}.sock"
        self._post = Post(self.path, by=name)

    @property
    def watching(self) -> int:
        """How many follow."""
        return self._post.watching

    async def start(self) -> None:
        """Open the socket, before the first visit.

        Raises:
            PeepholeError: it cannot be made there.
        """
        await self._post.start()

    async def stop(self) -> None:
        """Let go of everybody."""
        await self._post.stop()
