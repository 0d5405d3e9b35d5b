"""Finding a presentation, and listening to it until it ends."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from engine import PeepholeError
from tui.following.link import Link
from tui.notes.card import Card
from tui.notes.finding import Found, found

if TYPE_CHECKING:
    from tui.app import PeepholeApp


class Listening(Screen[None]):
    """A screen that is told of the beat of a presentation.

    Attributes:
        card: of the beat; None where there is no presentation.
        choices: of several presentations, until one is chosen.
    """

    app: PeepholeApp  # type: ignore[assignment]

    def __init__(self, path: Path | None = None) -> None:
        """`path` is a socket that is to be listened to; None: whatever presentation there is."""
        super().__init__()
        self._asked = path
        self.card: Card | None = None
        self.choices: list[Found] = []
        self._link: Link | None = None
        self._ended = False
        self._looking = False

    def repaint(self) -> None:
        raise NotImplementedError

    def tick(self) -> None:
        raise NotImplementedError

    async def leaving(self) -> None:
        """The app is left."""
        await self._leave()

    async def _second(self) -> None:
        """Once a second: the clocks; and where there is no presentation, a look for one."""
        if self.card is not None:
            self.tick()
        elif self._link is None and not self._looking:
            self._looking = True
            try:
                self._found(await found(self._asked))
            finally:
                self._looking = False

    def _found(self, choices: list[Found]) -> None:
        """One is taken; of several the speaker chooses."""
        if self.card is not None or self._link is not None:
            return
        if len(choices) == 1:
            self.listen(choices[0].path)
        elif choices != self.choices:
            self.choices = choices
            self.repaint()

    def listen(self, path: Path) -> None:
        """Listen to a presentation."""
        self.choices, self._ended = [], False
        self._link = Link(path, "listener", self._got)
        self._link.start()

    async def _leave(self) -> None:
        link, self._link = self._link, None
        self.card = None
        if link is not None:
            await link.stop()

    def _got(self, said: dict[str, Any] | None) -> None:
        if said is None:  # the presentation has ended: look for another one
            self._ended = True
            self.app.call_later(self._over)
            return
        try:
            card = Card.from_record(said.get("state"))
        except PeepholeError:
            return
        if self._link is not None and card != self.card:
            self.card = card
            self.app.call_later(self.repaint)

    async def _over(self) -> None:
        await self._leave()
        self.repaint()
        self.refresh_bindings()
