"""The contents of the tour: every chapter with its year and its wing, what is done, and what comes next."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine import PeepholeError
from scenarios.tour import Chapter, Course
from tui.guest import visitor
from tui.palette import Palette
from tui.screens.help import HelpScreen
from tui.screens.keybar import KeyBar
from tui.tour import progress
from tui.tour.flow import Flow
from tui.tour.standing import standing, upcoming
from tui.views.axis import clip
from tui.views.plain import plain

WIDEST = 112  # columns beyond which a line of the list is no easier to read


class TourScreen(Screen[None]):
    """The list of chapters; Enter goes into one, and what follows is one chapter after the other."""

    HELP = """\
# The tour

All scenarios, in the order in which things were found out. A chapter begins with a page that says why it
comes here; some ask a question first, or at the end. Nobody has written the answer down: it is **measured**
once you have given yours, and you see the figure. **n** skips a question.

In a chapter **n** or **Page Down** goes from beat to beat, and from the last one to the next chapter.
**Esc** comes back here at any time; what you have read is marked and kept until {until}.
"""
    DEFAULT_CSS = """
    TourScreen { layout: vertical; }
    TourScreen #head { height: auto; padding: 0 2; margin-bottom: 1; }
    TourScreen OptionList {
        height: 1fr; max-width: 114; margin: 0 1; border: none; padding: 0; background: $background;
        scrollbar-size-vertical: 1;
    }
    TourScreen #chapter { height: 6; max-width: 114; padding: 1 2 0 2; }
    TourScreen #enter { height: 2; padding: 0 2 1 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,n", "go", "Go on", id="tour.go", key_display="Enter",
                tooltip="Begin the marked chapter, or go on with it"),
        Binding("up,k", "move(-1)", "Choose", id="tour.up", key_display="↑ ↓",
                tooltip="The chapter above or below"),
        Binding("down,j", "move(1)", "Choose", id="tour.down", show=False,
                tooltip="The chapter above or below"),
        Binding("pageup", "move(-5)", "Five up", id="tour.page.up", show=False, tooltip="Five chapters up"),
        Binding("pagedown", "move(5)", "Five down", id="tour.page.down", show=False,
                tooltip="Five chapters down"),
        Binding("home", "move(-999)", "First", id="tour.first", show=False, tooltip="The first chapter"),
        Binding("end", "move(999)", "Last", id="tour.last", show=False, tooltip="The last chapter"),
        Binding("escape", "leave", "Leave", id="tour.leave", tooltip="Back to where you came from"),
        Binding("question_mark,f1", "explain", "Help", id="tour.help", key_display="?",
                tooltip="What the tour is"),
    ]  # fmt: skip

    AUTO_FOCUS = ""

    def __init__(self, course: Course, begin: Chapter | None = None) -> None:
        """`begin` is a chapter to go into at once."""
        super().__init__()
        self.course, self._begin = course, begin
        self.known = progress.load()

    def compose(self) -> ComposeResult:
        yield Static(id="head", markup=False)
        yield OptionList(markup=False)
        yield Static(id="chapter", markup=False)
        yield Static(id="enter", markup=False)
        yield KeyBar(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        self.flow = Flow(self)
        options = self.query_one(OptionList)
        options.can_focus = False
        options.add_options(Option("") for _ in self.course.chapters)
        self.repaint()
        self.mark(upcoming(self.course, self.known))
        if self._begin is not None:
            self.call_after_refresh(self.flow.begin, self._begin)

    def on_screen_resume(self) -> None:
        if self.is_mounted and hasattr(self, "flow"):
            self.known = progress.load()
            self.mark(self.flow.chapter or upcoming(self.course, self.known))
            self.repaint()

    @property
    def palette(self) -> Palette:
        return getattr(self.app, "palette", None) or Palette()

    @property
    def chosen(self) -> Chapter:
        """The marked chapter."""
        return self.course.chapters[self.query_one(OptionList).highlighted or 0]

    def mark(self, chapter: Chapter) -> None:
        """Mark a chapter."""
        self.query_one(OptionList).highlighted = chapter.number - 1

    # Drawing --------------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        self.repaint()

    def repaint(self) -> None:
        """Draw everything for what is known now, in the palette of now."""
        look, course = self.palette.look, self.course
        first, last = course.years
        head = Text.assemble(
            ("The tour", Style(color=look.accent, bold=True)),
            self._readable(f"   {course.title}, {first} to {last}\n"),
            (self._readable(standing(course, self.known)), Style(color=look.muted)),
        )
        self.query_one("#head", Static).update(head)
        options = self.query_one(OptionList)
        for index in range(options.option_count):
            options.replace_option_prompt_at_index(index, self._line(index))
        self._say()

    def told(self) -> tuple[str, ...]:
        """A title and paragraphs, for those who watch from elsewhere."""
        chapter = self.chosen
        about = f"{chapter.number}  {chapter.heading.title}"
        return "The tour", about, chapter.why, chapter.heading.about

    def _line(self, index: int) -> Text:
        """A chapter: mark, done or not, number, year, title, and at the right wing and beats."""
        chapter, look = self.course.chapters[index], self.palette.look
        heading, quiet = chapter.heading, Style(color=look.muted)
        width = max(40, min(WIDEST, self.size.width - 4))
        here = (
            self.palette.glyph("▶", ">") if index == self.query_one(OptionList).highlighted else " "
        )
        done = chapter.name in self.known.done
        tick = self.palette.glyph("✓", "x") if done else " "
        right = (
            f"{heading.wing:<18}{heading.beats:>2} beats"
            if width >= 70
            else f"{heading.beats:>2} beats"
        )
        text = Text(f" {here} ", no_wrap=True, overflow="ellipsis")
        text.append(f"{tick} ", Style(color=look.good, bold=True))
        text.append(f"{chapter.number:>2}  {heading.year or '    '}  ", quiet)
        room = width - text.cell_len - len(right) - 2
        title = clip(self._readable(heading.title), room, self.palette.glyph("…", "~"))
        text.append(title, "" if done else "bold")
        text.append(" " * (room - len(title) + 2) + right, quiet)
        return text

    def _say(self) -> None:
        """The marked chapter in full, and what Enter does with it."""
        chapter, quiet = self.chosen, Style(color=self.palette.look.muted)
        about = Text(self._readable(chapter.why))
        if self.size.height >= 24:
            about.append("\n" + self._readable(chapter.heading.about), quiet)
        self.query_one("#chapter", Static).update(about)
        if chapter.heading.problem:
            words = f"✗ {chapter.heading.problem}"
        elif chapter.name == self.known.last and self.known.beat:
            beat = f"beat {self.known.beat + 1} of {chapter.heading.beats}"
            words = f"Enter goes on with chapter {chapter.number} at {beat}"
        elif chapter.name in self.known.done:
            words = f"Enter shows chapter {chapter.number} again"
        else:
            words = f"Enter begins chapter {chapter.number} of {len(self.course)}"
        self.query_one("#enter", Static).update(Text(self._readable(words), "bold"))

    def _readable(self, text: str) -> str:
        return plain(text) if self.palette.ascii else text

    @on(OptionList.OptionHighlighted)
    def _highlighted(self) -> None:
        options = self.query_one(OptionList)
        for index in range(options.option_count):
            options.replace_option_prompt_at_index(index, self._line(index))
        self._say()

    # Doing ----------------------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        at = (self.query_one(OptionList).highlighted or 0) + by
        self.query_one(OptionList).highlighted = max(0, min(at, len(self.course) - 1))

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self.action_go()

    def action_go(self) -> None:
        try:
            self.flow.begin(self.chosen, resume=True)
        except PeepholeError as error:
            self.notify(str(error), severity="error", markup=False)

    def action_explain(self) -> None:
        keys: dict[str, str] = {}  # what is done, and with which key; aliases are one line
        for active in self.active_bindings.values():
            if active.binding.id:
                key = self.app.get_key_display(active.binding)
                keys.setdefault(active.binding.tooltip, key)
        listed = [(key, told) for told, key in keys.items()]
        until = "`peephole tour --restart`" if visitor() is None else "you leave"
        self.app.push_screen(HelpScreen("The tour", self.HELP.format(until=until), listed))

    async def action_leave(self) -> None:
        if len(self.app.screen_stack) > 2:
            self.app.pop_screen()
        else:
            await self.app.action_quit()
