"""The equation with the cursor row's numbers, below the rows where a tall screen leaves room for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Container

if TYPE_CHECKING:
    from tui.lane import Lane
    from tui.session import Session
    from tui.views.base import View

LEAST = 26  # blank lines from which on it is shown; below, its bytes a step are not worth it
MOST = 24  # lines that the longest equation needs


class Dock(Container):
    """Follows the lane in focus, the cursor and what is selected; never takes the focus."""

    DEFAULT_CSS = """
    Dock { height: 1; display: none; padding: 0 1; margin: 1 0 0 0; border-top: solid $panel; }
    """

    def __init__(self) -> None:
        super().__init__(id="dock")
        self._view: View | None = None

    def follow(self, lane: Lane, session: Session, free: int) -> None:
        """Show the row under the cursor, with `free` lines to do it in."""
        self.display = free >= LEAST
        if not self.display or not self.is_attached:
            return
        self.styles.height = min(free - 2, MOST)
        if self._view is None:
            from tui import views

            self._view = views.load("equation")()
            self._view.can_focus = False
            self.mount(self._view)
        self._view.point(unit=session.unit, layer=session.layer, head=session.head)
        self._view.show(lane, session.cursor, session.begun(lane))
