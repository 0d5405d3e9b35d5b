"""What the parts of the learning screen share: the names of what `RunScreen` brings together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.screen import Screen

from engine import PeepholeError
from tui.learning.desk import Desk
from tui.learning.driver import Driver, Follower
from tui.learning.live import LiveRun

if TYPE_CHECKING:
    from tui.app import PeepholeApp
    from tui.learning.layout import Place
    from tui.learning.panels.base import Panel


class Core(Screen[None]):
    """The attributes and methods that one part uses of another."""

    app: PeepholeApp  # type: ignore[assignment]
    desk: Desk
    drivers: dict[LiveRun, Driver]
    followers: dict[LiveRun, Follower]
    full: str  # the kind of panel that has the whole screen; "" is the dashboard
    places: list[Place]

    @property
    def panel(self) -> Panel | None:
        """The panel that has the focus, or the first one."""
        from tui.learning.panels.base import Panel

        node = self.focused
        while node is not None and not isinstance(node, Panel):
            node = node.parent  # type: ignore[assignment]
        return node if isinstance(node, Panel) else next(iter(self.panels()), None)

    def complain(self, error: PeepholeError) -> None:
        """A mistake, said where it was made."""
        self.notify(str(error), severity="warning", timeout=8, markup=False)

    # What the parts bring ------------------------------------------------------------------------

    def panels(self) -> list[Panel]:
        """The panels on show, in the order of Tab."""
        raise NotImplementedError

    def draw(self) -> None:
        """Draw everything that is different."""
        raise NotImplementedError

    def changed(self) -> None:
        """Something came in: draw soon."""
        raise NotImplementedError

    def settle(self) -> None:
        """Put the panels where they belong."""
        raise NotImplementedError

    async def stop(self, runs: list[LiveRun]) -> None:
        """Have the workers of these runs end."""
        raise NotImplementedError

    def follow(self, run: LiveRun) -> None:
        """Read what another process writes."""
        raise NotImplementedError

    async def drive(self, run: LiveRun, paused: bool = False) -> Driver:
        """Have a worker train a run."""
        raise NotImplementedError

    async def put(
        self, runs: list[LiveRun], drive: LiveRun | None = None, paused: bool = False
    ) -> None:
        """Show these runs, and drive one of them."""
        raise NotImplementedError
