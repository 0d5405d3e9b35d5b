"""The presenter's side of follow mode: what the screen shows is published after every frame."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import PeepholeError
from tui.following.company import Companion, seen
from tui.following.link import Link
from tui.following.placing import place_of
from tui.lines import Parts
from tui.place import NAME, Place

if TYPE_CHECKING:
    from tui.app import PeepholeApp


class Presenter(Companion):
    """Publishes the app's place to the post of the server.

    Attributes:
        watching: how many follow.
        elsewhere: whether the same presenter has come a second time, and it is that one who is followed.
    """

    def __init__(self, app: PeepholeApp, post: Path, name: str) -> None:
        self.app, self.name = app, name
        self.watching, self.elsewhere = 0, False
        self._link = Link(post, "publisher", self._got)
        self._place: Place | None = None
        self._started = False

    @property
    def lead(self) -> Parts:
        if self._started and self.elsewhere:
            return [(f" {self.name[:NAME]} presents elsewhere ", "accent")]
        many = f"{self.watching} follow" if self.watching != 1 else "1 follows"
        return [(f" presenting · {many} ", "accent")] if self._started else []

    def start(self) -> None:
        self._started = True
        self._link.start()
        self.drawn()

    async def stop(self) -> None:
        await self._link.stop()

    def drawn(self) -> None:
        if not self._started:
            return
        self.tell()
        place = place_of(seen(self.app))
        if place == self._place:
            return
        self._place = place
        try:
            place.to_json()
        except PeepholeError as error:
            place = Place(text=(str(error),))
        self._link.publish({"by": self.name[:NAME], "place": place.as_record()})

    def _got(self, said: dict[str, Any] | None) -> None:
        watching = said.get("watching") if said is not None else 0
        if type(watching) is int:
            self.watching = watching
            self.elsewhere = said is not None and said.get("elsewhere") is True
            self.app.call_later(self.tell)
