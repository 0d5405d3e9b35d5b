"""A room without a server: a presenter's app and followers' apps, on one post, in one process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from tests.tui.score_stage import idle
from tests.waiting import until
from tui.app import PeepholeApp
from tui.following.company import seen
from tui.following.placing import place_of
from tui.guest import Guest
from tui.place import Place
from tui.post import Post
from tui.session import Session


class Visitor(Guest):
    """A guest of a test, who has no terminal."""

    def driver(self) -> Any:
        return None


class Room:
    """A post, and who has come to it."""

    def __init__(self, path: Path) -> None:
        self.post = Post(path)
        self.stack = AsyncExitStack()

    async def join(self, role: str, session: Session | None = None, *, size: tuple = (100, 30),
                   scenario: str = "") -> Pilot:  # fmt: skip
        from scenarios import shelf

        guest = Visitor(None, self.post.path, role, "ada" if role == "presenter" else "bob")
        app = PeepholeApp(session, shelf.find(scenario) if scenario else None, guest=guest)
        pilot = await self.stack.enter_async_context(app.run_test(size=size))
        await idle(pilot)
        return pilot


@asynccontextmanager
async def room(path: Path) -> AsyncIterator[Room]:
    made = Room(path / "post" / "follow.sock")
    await made.post.start()
    async with made.stack:
        yield made
    await made.post.stop()


def place(pilot: Pilot) -> Place:
    return place_of(seen(pilot.app))


def shown(pilot: Pilot) -> Place:
    """Its place, but for what hangs on how much room there is."""
    return replace(place(pilot), wanted=None, preferred=(), top=0)


async def follows(follower: Pilot, presenter: Pilot) -> None:
    """Wait until a follower shows what the presenter shows."""
    await idle(presenter)
    await until(
        lambda: shown(follower) == shown(presenter),
        lambda: f"{shown(follower)} is not {shown(presenter)}",
    )
    await idle(follower)
