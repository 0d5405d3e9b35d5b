"""A stage for one view: an app that mounts it and moves its cursor, as the score screen does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Static

from engine import Trace, run
from tests.engine.build import build, tokens
from tests.tui.score_stage import idle
from tui.lane import Lane
from tui.palette import Palette
from tui.views import load
from tui.views.base import View

SIZES = ((80, 24), (120, 40), (200, 60))


def lane(family: str, length: int = 12, *, dtype: str = "float32", **sizes: Any) -> Lane:
    """A random model's reading of random words."""
    model = build(family, dtype=dtype, **sizes)
    return Lane(family, run(model, tokens(length)), model)


def without_model(lane: Lane) -> Lane:
    """The same reading, opened without its model."""
    arrays = {name: lane.trace[name] for name in lane.trace.names}
    return Lane(lane.label, Trace.from_arrays(lane.trace.header, lane.trace.tokens, arrays))


class Stage(App[None]):
    """One view of one lane."""

    def __init__(self, name: str, lane: Lane, cursor: int = 0, palette: Palette | None = None):
        super().__init__()
        self.view: View = load(name)()
        self.lane, self.at = lane, cursor
        self.palette = palette or Palette()

    def compose(self) -> ComposeResult:
        yield self.view

    def on_mount(self) -> None:
        self.view.focus()
        self.view.show(self.lane, self.at)

    def on_view_cursor_moved(self, event: View.CursorMoved) -> None:
        self.at = event.row
        self.view.show(self.lane, event.row)

    def said(self, selector: str) -> str:
        """The text of one of the view's lines."""
        return str(self.view.query_one(selector, Static).render())

    def lines(self) -> list[str]:
        """What the whole screen shows."""
        return [strip.text for strip in self.screen._compositor.render_strips()]

    def screen_text(self) -> str:
        return "\n".join(self.lines())


async def ready(pilot: Pilot, keys: Sequence[str] = ()) -> None:
    """Let computations and drawing end, and press keys."""
    await idle(pilot)
    if keys:
        await pilot.press(*keys)
        await idle(pilot)
