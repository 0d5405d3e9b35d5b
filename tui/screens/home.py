"""Home: what there is to see, searchable, and a line to type a sentence of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.style import Style
from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.line import Line
from tui.palette import Palette
from tui.screens.preview import Preview
from tui.screens.recent import remember
from tui.views.axis import clip
from tui.views.plain import plain

if TYPE_CHECKING:
    from tui.screens.choices import Choice

TAGLINE = "Look inside sequence models, one token at a time."
INVITE = "Press Enter and watch four trained models read a sentence."
TALL = 36  # lines from which on there is room for a preview
KINDS = {
    "scenario": "Scenarios",
    "text": "Your sentences",
    "run": "Your runs",
    "train": "Train one yourself",
    "model": "Models",
}


class Search(Line):
    """The line to type in. Its keys are its own, so that none overtakes what is typed."""

    MORE: ClassVar[dict[str, str]] = {"escape": "screen.leave"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Open", id="home.open", tooltip="Open what is marked",
                key_display="Enter"),
        Binding("up", "screen.move(-1)", "Choose", id="home.up", tooltip="The entry above",
                key_display="↑ ↓"),
        Binding("down", "screen.move(1)", "Choose", id="home.down", tooltip="The entry below", show=False),
        Binding("pageup", "screen.move(-5)", "Choose", id="home.page.up", tooltip="Five entries up",
                show=False),
        Binding("pagedown", "screen.move(5)", "Choose", id="home.page.down", tooltip="Five entries down",
                show=False),
    ]  # fmt: skip


class HomeScreen(Screen[None]):
    """The list; posts `Chosen` when the user opens something."""

    HELP = """\
# Home

Type to search the scenarios and models; ↑ ↓ choose, **Enter** opens. Anything that looks like a sentence
(several words, or a full stop at its end) is read by the models instead; words that they do not know
are named, with the nearest ones that they do.

* A **scenario** is a script: it stops at beats, says what to look at, and measures every claim.
* A **model** opens an empty line to type in: each finished word is a tick.
* A **task** asks which network to train on it, and how; then you watch it learn. The run is a folder in
  `runs`, listed here as well, that can be opened again and gone on with.

**Esc** empties the search line; on an empty one it leaves peephole, as Ctrl+Q does anywhere.
"""
    DEFAULT_CSS = """
    HomeScreen { layout: vertical; }
    HomeScreen #name { padding: 0 2; height: auto; }
    HomeScreen #search { margin: 1 2; height: 1; border: none; padding: 0 1; background: $boost; }
    HomeScreen OptionList {
        height: 1fr; max-width: 104; margin: 0 1; border: none; padding: 0; background: $background;
        scrollbar-size-vertical: 1;
    }
    HomeScreen #enter { height: auto; max-height: 4; padding: 1 2 0 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "explain", "Help", id="home.help", tooltip="What can be done here"),
        Binding("escape", "leave", "Quit", id="home.leave",
                tooltip="Empty the search line; when it is empty, leave peephole"),
        Binding("ctrl+q", "app.quit", "Quit", id="home.quit", priority=True,
                tooltip="Leave peephole"),
    ]  # fmt: skip

    class Chosen(Message):
        """The user opened something."""

        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

    def __init__(self) -> None:
        super().__init__()
        self._all: list[Choice] = []
        self._listed: list[Choice | None] = []  # None is a heading
        self._query = ""  # what the list was made for
        self._marked: int | None = None  # the entry that was drawn as the marked one

    def compose(self) -> ComposeResult:
        yield Static(id="name", markup=False)
        yield Search(
            placeholder="type to search (train: what you can train), or a sentence to read",
            id="search",
        )
        yield OptionList(markup=False)
        yield Preview()
        yield Static(id="enter", markup=False)
        yield Footer()

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        search = self.query_one("#search", Input)
        search.cursor_blink = False  # idling costs nothing
        search.focus()
        self._banner()
        # Starting, the app holds its first frame back until all is mounted: only what comes after
        # that comes after the frame, which then waits for no file and not for NumPy.
        self.app.call_later(self.call_after_refresh, self.load)

    def on_screen_resume(self) -> None:
        if self._all:
            self.load()

    def load(self) -> None:
        """Look again at what there is."""
        from tui.screens import choices

        self._all = [
            *choices.scenarios(), *choices.texts(), *choices.runs(), *choices.tasks(),
            *choices.models(),
        ]  # fmt: skip
        self._list()

    def repaint(self) -> None:
        """Another theme or form."""
        self.query_one(Preview).repaint(self.palette)
        self._banner()
        self._list(keep=True)

    @property
    def palette(self) -> Palette:
        """How things look in this app."""
        return getattr(self.app, "palette", None) or Palette()

    @property
    def chosen(self) -> Choice | None:
        """The entry under the mark."""
        at = self.query_one(OptionList).highlighted
        return self._listed[at] if at is not None and at < len(self._listed) else None

    def on_resize(self, event: events.Resize) -> None:
        self.query_one(Preview).display = event.size.height >= TALL
        self._banner()
        if self._all:
            self._list(keep=True)

    def on_input_changed(self) -> None:
        self._list()

    # Drawing ----------------------------------------------------------------------------------

    def _banner(self) -> None:
        p = self.palette
        text = Text()
        text.append("peephole", Style(color=p.look.accent, bold=True))
        text.append(f"   {TAGLINE}\n")
        text.append(INVITE if self.size.width >= 60 else "Press Enter.", "bold")
        self.query_one("#name", Static).update(text)

    def _list(self, keep: bool = False) -> None:
        """Fill the list for what is typed."""
        from tui.screens import choices

        query = self._query = self.query_one("#search", Input).value
        options = self.query_one(OptionList)
        at = options.highlighted if keep else None
        found = choices.matching(query, self._all)
        if query.strip() and choices.is_sentence(query, self._all):
            found = [choices.text(query.strip()), *found]
        self._listed = []
        heading = ""
        for choice in found:
            if not query.strip() and KINDS[choice.kind] != heading:
                heading = KINDS[choice.kind]
                self._listed.append(None)
            self._listed.append(choice)
        self._marked = None
        options.clear_options()
        options.add_options(self._option(i) for i in range(len(self._listed)))
        first = next((i for i, choice in enumerate(self._listed) if choice), None)
        options.highlighted = first if at is None else min(at, len(self._listed) - 1)
        self._say()

    def _option(self, index: int) -> Option:
        choice = self._listed[index]
        quiet = Style(color=self.palette.look.muted)
        if choice is None:
            after = self._listed[index + 1]
            return Option(Text(KINDS[after.kind] if after else "", quiet), disabled=True)
        width = max(20, min(104, self.size.width) - 6)
        text = Text(no_wrap=True, overflow="ellipsis")
        here = index == self.query_one(OptionList).highlighted
        mark = self.palette.glyph("▶", ">") if here else " "
        dots = self.palette.glyph("…", "~")
        title = clip(self._readable(choice.title), width - len(choice.size) - 6, dots)
        text.append(f" {mark} {title}", "bold")
        text.append(f"{choice.size:>{width - len(title) - 3}}\n", quiet)
        about = self._readable(choice.problem or choice.about)
        text.append(f"   {clip(about, width - 4, dots)}", quiet)
        return Option(text)

    def _readable(self, text: str) -> str:
        return plain(text) if self.palette.ascii else text

    def _say(self) -> None:
        """The marked entry in full, and what Enter does with it."""
        choice, line = self.chosen, self.query_one("#enter", Static)
        about = ""
        if choice is None:
            words = "Nothing is called like that. Several words are read as a sentence."
        elif choice.problem:
            words = f"✗ {choice.problem}"
        else:
            words = f"Enter {choice.enter}"
            room = 2 * self.size.width - 12  # two lines: what Enter does must stay in sight
            about = f"{clip(choice.about, room, self.palette.glyph('…', '~'))}\n"
        words, about = self._readable(words), self._readable(about)
        quiet = Style(color=self.palette.look.muted)
        line.update(Text.assemble((about, quiet), (words, "bold")))
        self.query_one(Preview).show(choice)

    @on(OptionList.OptionHighlighted)
    def _highlighted(self) -> None:
        options = self.query_one(OptionList)
        for index in {self._marked, options.highlighted} - {None}:
            if index is not None and index < len(self._listed):
                options.replace_option_prompt_at_index(index, self._option(index).prompt)
        self._marked = options.highlighted
        self._say()

    # Choosing ---------------------------------------------------------------------------------

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self.action_open()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_open()

    def action_move(self, by: int) -> None:
        options = self.query_one(OptionList)
        for _ in range(abs(by)):
            options.action_cursor_down() if by > 0 else options.action_cursor_up()

    def action_open(self) -> None:
        if self.query_one("#search", Input).value != self._query:
            self._list()  # Enter came before the list had followed what was typed
        choice = self.chosen
        if choice is None or choice.problem:
            self.app.bell()
            return
        if choice.kind == "text":
            remember(choice.name)
        self.post_message(self.Chosen(choice))

    def action_explain(self) -> None:
        from tui.screens.help import HelpScreen

        keys = [
            (self.app.get_key_display(active.binding), active.binding.tooltip)
            for active in self.active_bindings.values()
            if active.binding.id
        ]
        self.app.push_screen(HelpScreen("Home", self.HELP, keys))

    async def action_leave(self) -> None:
        search = self.query_one("#search", Input)
        if search.value:
            search.value = ""
        else:
            await self.app.action_quit()
