"""What every panel of the learning screen is: a title, a picture of one or two runs, a line in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.app import ComposeResult
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.learning.desk import Desk
from tui.learning.live import LiveRun
from tui.learning.plot import ink
from tui.palette import Palette
from tui.views.plain import plain

Words = list[tuple[str, str] | Segment]  # (text, kind of colour), or what is drawn already


TALL = 19  # lines from which on two plots stand one above the other, however wide they are


class Lines(Widget):
    """Lines of words, each a list of (text, colour) parts; drawn by `say`, cut at the right edge."""

    DEFAULT_CSS = "Lines { width: 1fr; height: 1; }"

    def __init__(self, on: str = "background", id: str | None = None) -> None:
        super().__init__(id=id)
        self.on = on
        self._lines: list[Words] = []
        self._drawn: tuple[object, ...] = ()
        self.palette = Palette()

    def say(self, palette: Palette, lines: list[Words], on: str | None = None) -> None:
        """Show other lines."""
        self.on = on or self.on
        drawn = (palette, lines, self.on)
        if drawn != self._drawn:
            self._drawn, self.palette, self._lines = drawn, palette, lines
            self.refresh()

    def spread(self, palette: Palette, lines: list[tuple[Words, Words]], width: int) -> None:
        """Show lines with a left part, cut where need be, and a right part at the right edge."""
        said: list[Words] = []
        for left, right in lines:
            left, right = (_legible(palette, parts) for parts in (left, right))
            room = width - sum(map(width_of, right))
            said.append([*_fitted(left, room), *right])
        self.say(palette, said)

    def render_line(self, y: int) -> Strip:
        width, palette = self.size.width, self.palette
        blank = palette.style("text", self.on)
        if y >= len(self._lines):
            return Strip([Segment(" " * width, blank)])
        cells = [
            part if isinstance(part, Segment) else self._text(*part) for part in self._lines[y]
        ]
        return Strip(cells).adjust_cell_length(width, blank).simplify()

    def _text(self, text: str, kind: str) -> Segment:
        return self.palette.text(plain(text) if self.palette.ascii else text, kind, self.on)


def width_of(part: tuple[str, str] | Segment) -> int:
    """How many columns a part takes."""
    return cell_len(_plain(part))


def _legible(palette: Palette, parts: Words) -> Words:
    """Parts as this palette can show them: in ASCII some signs are wider."""
    if not palette.ascii:
        return parts
    return [part if isinstance(part, Segment) else (plain(part[0]), part[1]) for part in parts]


def _plain(part: tuple[str, str] | Segment) -> str:
    return part.text if isinstance(part, Segment) else part[0]


def _fitted(parts: Words, room: int) -> Words:
    """Parts in exactly `room` columns: cut, or filled up with blanks."""
    fitted: Words = []
    for part in parts:
        text, kind = _plain(part), "text" if isinstance(part, Segment) else part[1]
        if cell_len(text) >= room:
            fitted.append((text[: max(0, room)], kind))
            return fitted
        fitted.append(part)
        room -= cell_len(text)
    return [*fitted, (" " * room, "text")]


class Panel(Widget, can_focus=True):
    """One panel. Subclasses compose a body and fill it in `draw`.

    Attributes:
        KIND: its key in the table of panels; NUMBER: the key that shows it in full size.
        NAME, HELP: what it is called, and what `?` says of it.
        desk: what all panels share.
        which: indices of the runs that it shows.
    """

    KIND: ClassVar[str] = ""
    NUMBER: ClassVar[str] = ""
    NAME: ClassVar[str] = ""
    HELP: ClassVar[str] = ""
    DEFAULT_CSS = """
    Panel { layout: vertical; position: absolute; width: 1fr; height: 1fr; overflow: hidden; }
    Panel > #title { height: 1; }
    Panel > #words { height: 1; }
    """

    class Wanted(Message):
        """A panel was clicked twice or Enter was pressed on it: show it in full size, or not."""

        def __init__(self, panel: Panel) -> None:
            super().__init__()
            self.panel = panel

    def __init__(self, desk: Desk, which: Iterable[int]) -> None:
        super().__init__()
        self.desk, self.which = desk, tuple(which)
        self._drawn: tuple[object, ...] | None = None  # what the picture was made of

    @property
    def runs(self) -> list[LiveRun]:
        """The runs that are shown here and are still on the screen."""
        return [self.desk.runs[i] for i in self.which if i < len(self.desk.runs)]

    @property
    def palette(self) -> Palette:
        return self.desk.palette

    @property
    def tall(self) -> bool:
        """Whether two plots stand one above the other rather than side by side."""
        return self.size.width <= 3 * self.size.height or self.size.height >= TALL

    def ink(self, run: LiveRun):
        """The colour of a run's lines."""
        return ink(self.palette, self.desk.dark, 0 if run.letter == "A" else 1)

    def compose(self) -> ComposeResult:
        yield Lines(id="title")
        yield from self.body()
        yield Lines(id="words")

    def body(self) -> ComposeResult:
        """What is between the title and the line in words."""
        raise NotImplementedError

    def title(self) -> str:
        """What is drawn, with its unit and scale."""
        return self.NAME

    def legend(self) -> Words:
        """What the colours mean, at the right end of the title."""
        return []

    def words(self) -> Words:
        """The numbers in words."""
        return []

    def draw(self) -> None:
        """Fill the body for the desk as it stands."""
        raise NotImplementedError

    def made_of(self) -> tuple[object, ...]:
        """What the picture is made of: it is drawn again when that has changed."""
        found = [(run.letter, run.state, run.metrics, len(run.metrics.probes)) for run in self.runs]
        return (*found, *(len(run.metrics.events) for run in self.runs))

    def update(self, anew: bool = False) -> None:
        """Draw everything that is different, or all of it."""
        if not self.is_mounted or not self.size.width or not self.display or not self.runs:
            return
        desk = self.desk
        what = (desk.palette, desk.dark, desk.at, desk.until, desk.row, desk.layer, desk.full,
                len(desk.runs), self.size, self.has_focus, self.made_of())  # fmt: skip
        if what == self._drawn and not anew:
            return
        self._drawn = what
        self._title()
        self.draw()
        words = _legible(self.palette, self.words())
        while len(words) > 1 and sum(map(width_of, words)) > self.size.width:
            words = words[:-1]
        self.query_one("#words", Lines).say(self.palette, [words])

    def _title(self) -> None:
        on, kind = ("primary", "background") if self.has_focus else ("background", "primary")
        quiet = kind if self.has_focus else "muted"
        letter = (
            f" {self.runs[0].letter}" if len(self.desk.runs) > 1 and len(self.runs) == 1 else ""
        )
        head, _, rest = self.title().partition(" · ")
        legend = self.legend()
        room = self.size.width - cell_len(head) - len(letter) - 6 - sum(map(width_of, legend))
        while cell_len(rest) > room:
            rest, *_ = rest.rpartition(",") if "," in rest else ("", "", "")
        rest = f" · {rest}" if rest else ""
        left: Words = [(f" {self.NUMBER} ", quiet), (f"{head}{letter}", kind), (rest, quiet)]
        title = self.query_one("#title", Lines)
        title.on = on
        legend = [part if isinstance(part, Segment) else (part[0], quiet) for part in legend]
        title.spread(self.palette, [(left, legend)], self.size.width)

    def on_mount(self) -> None:
        self.update()

    def on_resize(self) -> None:
        self.call_after_refresh(self.update, True)

    def on_focus(self) -> None:
        self.update()

    def on_blur(self) -> None:
        self.update()

    def on_click(self, event: events.Click) -> None:
        if event.chain > 1:
            self.post_message(self.Wanted(self))

    def repaint(self) -> None:
        """Another theme or form."""
        self.update(anew=True)

    def move(self, by: int) -> bool:
        """Up (-1) or down (1): choose another row; whether this panel has rows."""
        return False

    def vary(self) -> bool:
        """Show another quantity of the same kind; whether there is one."""
        return False
