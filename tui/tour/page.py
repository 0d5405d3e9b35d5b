"""A page of the tour between the scenarios: what comes and why, and perhaps a question.

What somebody answers is not compared with anything that is written down: it is measured then and there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from engine import PeepholeError
from scenarios.questions import Measured, verdict
from scenarios.tour.questions import Question
from tui.palette import Palette
from tui.screens.keybar import KeyBar
from tui.tour import progress
from tui.tour.asking import TYPED, Guess, Page, wanted
from tui.views.plain import plain

ROOMY = 32  # lines from which on a page with a question has all of its text
MEASURING = "Measuring …"


class PageScreen(Screen[None]):
    """One page; `over` is called when it has been read, `back` when it is left."""

    DEFAULT_CSS = """
    PageScreen { layout: vertical; align-horizontal: center; }
    PageScreen VerticalScroll {
        height: 1fr; width: 104; max-width: 100%; padding: 1 3 0 3; scrollbar-size-vertical: 1;
    }
    PageScreen Static { height: auto; margin-bottom: 1; }
    PageScreen OptionList {
        height: auto; border: none; padding: 0; margin-bottom: 1; background: $background;
    }
    PageScreen Input {
        height: 1; width: 40; border: none; padding: 0 1; margin-bottom: 1; background: $boost;
    }
    PageScreen Input:focus { border: none; background: $primary 30%; }
    PageScreen #hint { height: auto; width: 104; max-width: 100%; padding: 0 3; margin: 0; }
    """
    AUTO_FOCUS = "Guess"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "enter", "Go on", id="tour.enter", key_display="Enter",
                tooltip="Answer the question; once it is answered, go on"),
        Binding("up,k", "move(-1)", "Choose", id="tour.above", key_display="↑ ↓", tooltip="The answer above"),
        Binding("down,j", "move(1)", "Choose", id="tour.below", show=False, tooltip="The answer below"),
        Binding("pagedown,n", "skip", "Skip", id="tour.skip", key_display="n",
                tooltip="Go on without answering"),
        Binding("pagedown,n", "turn", "Go on", id="tour.turn", key_display="n", show=False,
                tooltip="Go on"),
        Binding("escape", "back", "Contents", id="tour.back", tooltip="The contents of the tour"),
    ]  # fmt: skip

    def __init__(
        self,
        page: Page,
        over: Callable[[], None],
        back: Callable[[], None],
        measure: Callable[[Question], Measured] | None = None,
    ) -> None:
        super().__init__()
        self.page, self._over, self._back, self._measure = page, over, back, measure
        self.measured: Measured | None = None
        self.said = ""  # what was answered, as it is kept
        self._asking = page.question is not None

    def compose(self) -> ComposeResult:
        question = self.page.question
        with VerticalScroll(can_focus=False):
            yield Static(id="head", markup=False)
            yield Static(id="ask", markup=False)
            if question is not None and question.choices:
                yield OptionList(markup=False)
            elif question is not None:
                yield Guess(
                    placeholder=self._readable(wanted(question)),
                    restrict=f"[{TYPED}]*",
                )
            yield Static(id="told", markup=False)
        yield Static(id="hint", markup=False)
        yield KeyBar(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        for field in self.query(Input):
            field.cursor_blink = False  # idling costs nothing
        for options in self.query(OptionList):
            question = self.page.question
            assert question is not None
            options.can_focus = False
            options.add_options(Option("") for _ in question.choices)
            options.highlighted = 0
        self.repaint()

    def told(self) -> tuple[str, ...]:
        """A title and paragraphs, for those who watch from elsewhere."""
        page, question, found = self.page, self.page.question, self.measured
        asked = (question.ask, *question.choices) if question is not None else ()
        return (page.title, page.place, *page.text, *asked, found.told if found is not None else "")

    @property
    def palette(self) -> Palette:
        return getattr(self.app, "palette", None) or Palette()

    def _readable(self, text: str) -> str:
        return plain(text) if self.palette.ascii else text

    # Drawing ------------------------------------------------------------------------------------

    def repaint(self) -> None:
        """Draw everything in the palette of now."""
        look, page, question = self.palette.look, self.page, self.page.question
        head = Text()
        head.append(self._readable(page.place) + "\n", Style(color=look.muted))
        head.append(self._readable(page.title), Style(color=look.primary, bold=True))
        roomy = question is None or self.size.height >= ROOMY
        for part in page.text if roomy else page.text[:1]:
            head.append("\n\n" + self._readable(part))
        self.query_one("#head", Static).update(head)
        ask = self.query_one("#ask", Static)
        ask.display = question is not None
        if question is not None:
            told = "Before you see it: " if question.when == "before" else "A question: "
            ask.update(
                Text.assemble(
                    (told, Style(color=look.accent)), (self._readable(question.ask), "bold")
                )
            )
            self._choices()
        self._tell()
        hint = (
            f"Enter {page.on}"
            if not self._asking
            else "Enter answers; then it is measured. n skips the question"
        )
        self.query_one("#hint", Static).update(Text(self._readable(hint), "bold"))

    def _choices(self) -> None:
        """The answers to choose from, the marked one with a sign; the true one with another."""
        question, look = self.page.question, self.palette.look
        for options in self.query(OptionList):
            assert question is not None
            for n, choice in enumerate(question.choices):
                mark = self.palette.glyph("▶", ">") if options.highlighted == n else " "
                text, after = Text(f" {mark} {n + 1}  {self._readable(choice)}"), ""
                if self.measured is not None and self.measured.true == n:
                    after = self.palette.glyph("   ✓ measured", "   ok, measured")
                text.append(after, Style(color=look.good, bold=True))
                options.replace_option_prompt_at_index(n, text)

    def _tell(self, problem: str = "") -> None:
        """What was said, and what was measured."""
        line, look = self.query_one("#told", Static), self.palette.look
        question, found = self.page.question, self.measured
        line.display = bool(problem or self.said)
        if problem:
            line.update(Text(self._readable(f"✗ {problem}"), Style(color=look.bad)))
        elif question is not None and self.said and found is None:
            line.update(Text(self._readable(MEASURING), Style(color=look.muted)))
        elif question is not None and found is not None:
            good, said = verdict(question, found, self.said)
            mark = self.palette.glyph("✓", "ok") if good else self.palette.glyph("≠", "<>")
            style = Style(color=look.good if good else look.accent, bold=True)
            line.update(
                Text.assemble(
                    (f"{mark} ", style),
                    (self._readable(said), style),
                    "\n" + self._readable(found.told),
                )
            )

    @on(OptionList.OptionHighlighted)
    def _highlighted(self) -> None:
        self._choices()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is something to choose, and to skip, as long as it is asked."""
        if action == "move":
            return self._asking and bool(self.query(OptionList))
        return {"skip": self._asking, "turn": not self._asking}.get(action, True)

    # Answering ------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        """A choice may be made by its number."""
        for options in self.query(OptionList):
            chosen = int(event.key) if event.key.isdecimal() else 0
            if self._asking and 1 <= chosen <= options.option_count:
                options.highlighted = chosen - 1
                self.action_enter()

    def action_move(self, by: int) -> None:
        for options in self.query(OptionList):
            options.action_cursor_down() if by > 0 else options.action_cursor_up()

    @on(OptionList.OptionSelected)
    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_enter()

    def action_enter(self) -> None:
        question = self.page.question
        if not self._asking or question is None:
            self.action_turn()
            return
        if self.said:
            return  # being measured
        if question.choices:
            at = self.query_one(OptionList).highlighted or 0
            said = question.choices[at]
        else:
            said = self.query_one(Input).value
            try:
                question.said(said)
            except PeepholeError as error:
                self._tell(str(error))
                self.app.bell()
                return
        self.said = said
        for field in self.query(Input):
            field.disabled = True
        self._tell()
        self.run_worker(self._work, thread=True, exclusive=True)

    def _work(self) -> None:
        question, measure = self.page.question, self._measure
        assert question is not None
        assert measure is not None
        try:
            found = measure(question)
        except PeepholeError as error:
            self.app.call_from_thread(self._failed, str(error))
            return
        self.app.call_from_thread(self._found, found)

    def _failed(self, problem: str) -> None:
        self._asking = False
        self.set_focus(None)
        self.repaint()
        self.refresh_bindings()
        self._tell(problem)

    def _found(self, found: Measured) -> None:
        question = self.page.question
        assert question is not None
        self.measured, self._asking = found, False
        progress.update(lambda known: known.answered(question.key, self.said))
        self.set_focus(None)
        self.repaint()
        self.refresh_bindings()
        self.call_after_refresh(self.query_one(VerticalScroll).scroll_end, animate=False)

    def action_skip(self) -> None:
        self.action_turn()

    def action_turn(self) -> None:
        if self.is_current:
            self._over()

    def action_back(self) -> None:
        if self.is_current:
            self._back()
