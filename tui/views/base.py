"""What every full-size view is: a pure picture of one lane's trace and one cursor row.

The screen mounts a view, calls `show(lane, cursor)` whenever the lane, its trace or the cursor has
changed, and moves its own cursor when the view posts `CursorMoved`. Views never move the screen's
cursor by themselves, so several of them can stand beside each other on one cursor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.console import RenderableType
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from tui.palette import Palette
from tui.views.plain import shown

if TYPE_CHECKING:
    from engine import Trace
    from tui.session import Lane


class View(Widget, can_focus=True):
    """A full-size view. Subclasses draw in `updated`, which runs once mounted and after each `show`.

    Attributes:
        TITLE: a few words for tabs and menus.
        HELP: what `?` shows: what is drawn, its unit, its scale and where the definition is from.
        lane: the lane on show; None before the first `show`.
        cursor: the row on show, 0 <= cursor < len(trace).
        shown: how many rows have been read so far; what is later is left out.
        at_layer: the layer that was chosen; None leaves it to the view.
    """

    TITLE: ClassVar[str] = ""
    HELP: ClassVar[str] = ""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "row(-1)", "Row", id="view.row.up", tooltip="The row before", show=False),
        Binding("down", "row(1)", "Row", id="view.row.down", tooltip="The next row", show=False),
        Binding("left_square_bracket", "layer(-1)", "Layer", id="view.layer.down",
                tooltip="The layer below; ] is the one above", key_display="[ ]"),
        Binding("right_square_bracket", "layer(1)", "Layer", id="view.layer.up",
                tooltip="The layer above", show=False),
    ]  # fmt: skip

    class CursorMoved(Message):
        """The user asked this view for another row of the trace."""

        def __init__(self, view: View, row: int) -> None:
            super().__init__()
            self.view, self.row = view, row

        @property
        def control(self) -> View:
            return self.view

    DEFAULT_CSS = """
    View { layout: vertical; height: 1fr; }
    View Static { text-wrap: nowrap; text-overflow: ellipsis; }
    View.-ascii Static { text-overflow: clip; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.lane: Lane | None = None
        self._cursor = self._shown = 0
        self.at_layer: int | None = None  # None until one is chosen

    @property
    def trace(self) -> Trace | None:
        """The trace on show, or None before there is a row to show."""
        return self.lane.trace if self.lane is not None and len(self.lane.trace) else None

    @property
    def cursor(self) -> int:
        # A lane that reads another text may have fewer rows by the time that something is drawn.
        return max(0, min(self._cursor, self.last))

    @cursor.setter
    def cursor(self, row: int) -> None:
        self._cursor = row

    @property
    def shown(self) -> int:
        return min(self._shown, self.last + 1)

    @shown.setter
    def shown(self, rows: int) -> None:
        self._shown = rows

    @property
    def called(self) -> str:
        """What the lane on show is called, there as on the score."""
        return self.lane.label if self.lane is not None else ""

    @property
    def palette(self) -> Palette:
        """How numbers look in this app."""
        return getattr(self.app, "palette", None) or Palette()

    @property
    def big(self) -> bool:
        """Whether few and large cells are wanted, as on a projector."""
        return bool(getattr(self.screen, "big", False))

    @property
    def last(self) -> int:
        """The last row that there is; -1 without any."""
        return len(self.trace) - 1 if self.trace is not None else -1

    def show(self, lane: Lane, cursor: int, shown: int | None = None) -> None:
        """Show one lane at one row; `shown` rows have been read so far, by default all."""
        total = len(lane.trace)
        self.lane = lane
        self.cursor = max(0, min(cursor, total - 1))
        self.shown = total if shown is None else max(self.cursor + 1, min(shown, total))
        self.set_class(self.is_attached and self.palette.ascii, "-ascii")
        if self.is_mounted:
            self.updated()

    def point(
        self,
        *,
        of: str | None = None,
        unit: int | None = None,
        layer: int | None = None,
        head: int | None = None,
    ) -> None:
        """Choose what is shown, as a scenario's beat does: None leaves a choice as it stands.

        `of` is a value (`c`, or several: `c h f`) or, for attention, `mean` or `rollout`. What this
        lane's trace does not have is passed over. May be called before the first `show`.
        """
        self.at_layer = self.at_layer if layer is None else layer
        self.choose(of, unit, head)
        if self.trace is not None and self.is_mounted:
            self.updated()

    def choose(self, of: str | None, unit: int | None, head: int | None) -> None:
        """Take over what `point` was told, in the parts that this view has; None changes nothing."""

    def on_mount(self) -> None:
        self.set_class(self.palette.ascii, "-ascii")
        if self.trace is not None:
            self.updated()

    def updated(self) -> None:
        """Draw `self.trace` at `self.cursor`; called only when there is a lane."""
        self.refresh()

    def put(self, selector: str, what: RenderableType) -> None:
        """Write into one of the view's texts, in ASCII where only that can be shown."""
        self.query_one(selector, Static).update(shown(self.palette, what))

    def action_row(self, by: int) -> None:
        self.move_to(self.cursor + by)

    def action_layer(self, by: int) -> None:
        """Show another layer; subclasses that have layers do."""

    def move_to(self, row: int) -> None:
        """Ask the screen for another row; rows outside the trace are taken to its ends."""
        row = max(0, min(row, self.last))
        if self.trace is not None and row != self.cursor:
            self.post_message(self.CursorMoved(self, row))
