"""The screen of `peephole notes`: the beat's notes, what all are told, what comes next, and the time."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.notes import telling
from tui.notes.finding import Found, found
from tui.notes.listening import Listening
from tui.screens.help import HelpScreen
from tui.screens.keybar import KeyBar
from tui.views.plain import plain

TALL = 30  # lines from which on all of the narration is shown
LOW = 22  # lines below which the choices of a question share a line
NAMES = {
    "pagedown": "Page Down",
    "pageup": "Page Up",
    "escape": "Esc",
    "enter": "Enter",
    "f1": "F1",
}
START = "No presentation is running. Start one in another terminal:\n\n    peephole play agreement"


class NotesScreen(Listening):
    """Finds a presentation, and shows its beat to the speaker."""

    HELP = """\
# Speaker's notes

What only you see of the presentation in the other terminal: the notes of its beat, what all are told in
short, what was measured, what comes next, and the time. Your keys drive it: **n** or **Page Down** is the
next beat, **N** or **Page Up** the one before, **G** is the list of the beats, **c** is the curtain.
**r** sets both clocks to zero.
"""
    DEFAULT_CSS = """
    NotesScreen { layout: vertical; background: $background; }
    NotesScreen #top { height: 1; padding: 0 1; background: $surface; }
    NotesScreen #time { height: 1; padding: 0 1; background: $surface; }
    NotesScreen #heading { height: auto; padding: 1 2 0 2; }
    NotesScreen #scroll { height: 1fr; padding: 1 2; scrollbar-size-vertical: 1; }
    NotesScreen #scroll Static { height: auto; }
    NotesScreen OptionList {
        height: auto; border: none; padding: 0; background: $background;
    }
    NotesScreen #told { height: auto; max-height: 40%; padding: 0 2; margin-bottom: 1; }
    NotesScreen #next { height: auto; padding: 0 2; background: $surface; }
    """
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n,pagedown,right", "drive('next')", "Next", id="notes.next", key_display="n",
                tooltip="The next beat of the presentation"),
        Binding("N,pageup,left", "drive('previous')", "Previous", id="notes.previous", key_display="N",
                tooltip="The beat before"),
        Binding("G", "ask", "Go to", id="notes.beat", tooltip="Go to a beat: the list of them",
                priority=True),  # its action ends before the next key is looked at, which is a digit
        Binding("c", "drive('curtain')", "Curtain", id="notes.curtain",
                tooltip="A dark screen for the audience, or the presentation again"),
        Binding("r", "reset", "Clocks", id="notes.reset", tooltip="Set both clocks to zero"),
        Binding("down,j", "move(1)", "Scroll", id="notes.down", key_display="↑↓",
                tooltip="The lines below; or the presentation below"),
        Binding("up,k", "move(-1)", "Scroll up", id="notes.up", show=False,
                tooltip="The lines above; or the presentation above"),
        Binding("enter", "choose", "Choose", id="notes.choose", tooltip="These notes"),
        Binding("escape", "away", "Others", id="notes.others", show=False,
                tooltip="The presentations that are running"),
        Binding("question_mark,f1", "explain", "Help", id="notes.help", key_display="?",
                tooltip="What this is"),
    ]  # fmt: skip

    def __init__(self, path: Path | None = None) -> None:
        """`path` is a socket that is to be listened to; None: whatever presentation there is."""
        super().__init__(path)
        self._zero = 0.0, 0.0  # when the clocks were set to zero: the whole one, and the beat's

    def compose(self) -> ComposeResult:
        yield Static(id="top", markup=False)
        yield Static(id="time", markup=False)
        yield Static(id="heading", markup=False)
        with VerticalScroll(id="scroll", can_focus=False):
            yield Static(id="notes", markup=False)
            yield OptionList(markup=False)
        yield Static(id="told", markup=False)
        yield Static(id="next", markup=False)
        yield KeyBar(show_command_palette=False, compact=True)

    async def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        self.repaint()
        self.set_interval(1.0, self._second)
        await self._second()

    # Drawing ----------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        self.repaint()

    def repaint(self) -> None:
        """Draw everything, in the palette of now."""
        if not self.is_mounted:
            return
        card, look = self.card, self.app.palette.look
        several = card is None and len(self.choices) > 1
        for selector in ("#time", "#heading", "#told", "#next"):
            self.query_one(selector).display = card is not None
        self._choose_among(self.choices if several else [])
        if card is None:
            words = "Which one?" if several else START + "\n\nThese notes wait for it."
            if self._ended and not several:
                words = "The presentation has ended.\n\n" + words
            self._put("#top", [("Speaker's notes", look.accent)])
            self._put("#notes", [(words, "bold" if several else look.text)])
            return
        p, tall = self.app.palette, self.size.height >= TALL
        self.tick()
        self._put("#top", telling.number(card, p))
        self._put("#heading", [(card.heading, f"bold {look.primary}")])
        self._put("#notes", telling.notes(card, p))
        most, low = 0 if tall else 2 * (self.size.width - 12), self.size.height < LOW
        self._put("#told", telling.told(card, p, most, low))
        self._put("#next", telling.following(card, p))
        self.refresh_bindings()

    def tick(self) -> None:
        """The time, once a second."""
        if self.card is not None:
            self._put("#time", telling.times(self.card, self._zero, time.time(), self.app.palette))

    def _choose_among(self, choices: list[Found]) -> None:
        options = self.query_one(OptionList)
        options.display = bool(choices)
        options.clear_options()
        options.add_options(Option(self._readable(str(choice))) for choice in choices)
        if choices:
            options.highlighted = 0

    def _put(self, selector: str, parts: list[tuple[str, str]]) -> None:
        text = Text()
        for words, style in parts:
            text.append(self._readable(words), Style.parse(style) if style else "")
        self.query_one(selector, Static).update(text)

    def _readable(self, text: str) -> str:
        return plain(text) if self.app.palette.ascii else text

    # Doing ------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a presentation there is nothing to drive; of several one is chosen."""
        if action in ("drive", "ask", "reset"):
            return self.card is not None
        if action == "choose":
            return self.card is None and bool(self.choices)
        return True

    def action_drive(self, do: str) -> None:
        card = self.card
        if do == "next" and card is not None and card.ended and not card.blank:
            self.notify("That was the last beat; N goes back", timeout=3)  # not on the projector
        elif self._link is not None:
            self._link.command(do=do)

    def action_reset(self) -> None:
        self._zero = time.time(), time.time()
        self.tick()

    async def action_ask(self) -> None:
        if self.card is None or not self.card.titles:
            return
        from tui.present.beats import BeatDialog

        await self.app.push_screen(BeatDialog(self.card.titles, self.card.beat), self._go)

    def _go(self, number: int | None) -> None:
        """The presentation may have ended, or be another one, since the list was opened."""
        if number is not None and self._link is not None:
            self._link.command(do="beat", number=number)

    def action_move(self, by: int) -> None:
        options = self.query_one(OptionList)
        if options.display:
            options.action_cursor_down() if by > 0 else options.action_cursor_up()
        else:
            self.query_one("#scroll").scroll_relative(y=by, animate=False)

    @on(OptionList.OptionSelected)
    def action_choose(self) -> None:
        at = self.query_one(OptionList).highlighted
        if at is not None and at < len(self.choices):
            self.listen(self.choices[at].path)

    async def action_away(self) -> None:
        if self._asked is None and self.card is not None:
            others = await found(None)
            if len(others) > 1:
                await self._leave()
                self.choices = others
                self.repaint()
                self.refresh_bindings()

    def action_explain(self) -> None:
        keys: dict[str, list[str]] = {}  # what it does -> its keys
        for binding in (active.binding for active in self.active_bindings.values()):
            if binding.id:
                display = self.app.get_key_display(replace(binding, key_display=None))
                keys.setdefault(binding.tooltip, []).append(NAMES.get(binding.key, display))
        pairs = [(", ".join(shown), does) for does, shown in keys.items()]
        self.app.push_screen(HelpScreen("Notes", self.HELP, pairs))
