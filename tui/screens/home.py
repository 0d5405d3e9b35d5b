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

from tui.guest import visitor
from tui.palette import Palette
from tui.screens.entries import Entries
from tui.screens.preview import Preview
from tui.screens.recent import remember
from tui.screens.search import Search
from tui.views.axis import clip
from tui.views.plain import plain

if TYPE_CHECKING:
    from tui.screens.choices import Choice

TAGLINE = "Look inside sequence models, one token at a time."
INVITE = "Press Enter to take the tour, or choose below what to look at."
TALL = 36  # lines from which on there is room for a preview


class HomeScreen(Screen[None]):
    """The list; posts `Chosen` when the user opens something."""

    OWNERS = """\
* A **task** asks which network to train on it, and how; then you watch it learn. The run is a folder in
  `runs`, listed here as well, that can be opened again and gone on with.
"""
    HELP = """\
# Home

Type to search the scenarios and models; ↑ ↓ choose, **Enter** opens. Anything that looks like a sentence
(several words, or a full stop at its end) is read by the models instead; words that they do not know
are named, with the nearest ones that they do.

* The **tour** is all scenarios in the order of history, with questions; how far you are is kept{until}.
* A **scenario** is a script: it stops at beats, says what to look at, and measures every claim.
* A **model** opens an empty line to type in: each finished word is a tick; one that was made for something
  else than this little English begins with a sample of it.
{owners}
**Esc** empties the search line; on an empty one it leaves peephole, as Ctrl+Q does anywhere.
"""
    DEFAULT_CSS = """
    HomeScreen { layout: vertical; }
    HomeScreen #name { padding: 0 2; height: auto; }
    HomeScreen #search { margin: 1 2; height: 1; border: none; padding: 0 1; background: $boost; }
    HomeScreen #enter { height: 4; padding: 1 2 0 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "explain", "Help", id="home.help", tooltip="What can be done here"),
        Binding("escape", "clear", "Clear", id="home.clear", key_display="Esc",
                tooltip="Empty the search line"),
        Binding("escape", "leave", "Quit", id="home.leave", key_display="Esc",
                tooltip="Leave peephole, where nothing is typed"),
        # Not in the footer: it does the same, and some terminals and browsers keep it to themselves.
        Binding("ctrl+q", "app.quit", "Quit", id="home.quit", priority=True, show=False,
                tooltip="Leave peephole, from anywhere"),
    ]  # fmt: skip

    class Chosen(Message):
        """The user opened something."""

        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

    def __init__(self) -> None:
        super().__init__()
        self._all: list[Choice] = []
        self._query = ""  # what the list was made for
        self._typed = False  # whether there is anything in the line

    def compose(self) -> ComposeResult:
        yield Static(id="name", markup=False)
        yield Search(
            placeholder="type to search, or a sentence to read"
            if visitor() is not None
            else "type to search (train: what you can train), or a sentence to read",
            id="search",
        )
        yield Entries()
        yield Preview()
        yield Static(id="enter", markup=False)
        yield Footer()

    def on_mount(self) -> None:
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
            *choices.tour(), *choices.scenarios(), *choices.texts(), *choices.runs(),
            *choices.tasks(), *choices.models(),
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
        return self.query_one(Entries).chosen

    def on_resize(self, event: events.Resize) -> None:
        self.query_one(Preview).display = event.size.height >= TALL
        self._banner()
        if self._all:
            self._list(keep=True)

    def on_input_changed(self) -> None:
        if self._typed != bool(self.typed):
            self._typed = bool(self.typed)
            self.refresh_bindings()  # Esc does something else
        self._list()

    @property
    def typed(self) -> str:
        """What stands in the search line."""
        return self.query_one("#search", Input).value

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Esc empties the line, and on an empty one leaves: the footer names the one that it would do."""
        if action in ("clear", "leave") and self.is_mounted:
            return bool(self.typed) == (action == "clear")
        return True

    # Drawing ----------------------------------------------------------------------------------

    def _banner(self) -> None:
        p = self.palette
        text = Text()
        text.append("peephole", Style(color=p.look.accent, bold=True))
        text.append(f"   {TAGLINE}\n")
        invite = INVITE if self.size.width >= 70 else "Press Enter to take the tour."
        text.append(plain(invite) if p.ascii else invite, "bold")
        self.query_one("#name", Static).update(text)

    def _list(self, keep: bool = False) -> None:
        """Fill the list for what is typed."""
        from tui.screens import choices

        query = self._query = self.typed
        found = choices.matching(query, self._all)
        if query.strip() and choices.is_sentence(query, self._all):
            found = [choices.text(query.strip()), *found]
        entries = self.query_one(Entries)
        entries.palette = self.palette
        entries.fill(found, headed=not query.strip(), keep=keep)
        self._say()

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
        self._say()

    # Choosing ---------------------------------------------------------------------------------

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self.action_open()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_open()

    def action_move(self, by: int) -> None:
        self.query_one(Entries).move(by)

    def action_open(self) -> None:
        if self.typed != self._query:
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
        guest = visitor() is not None
        until, owners = (" until you leave", "") if guest else ("", self.OWNERS)
        self.app.push_screen(HelpScreen("Home", self.HELP.format(until=until, owners=owners), keys))

    async def action_back(self) -> None:
        """Esc."""
        if self.typed:
            self.action_clear()
        else:
            await self.action_leave()

    def action_clear(self) -> None:
        self.query_one("#search", Input).value = ""

    async def action_leave(self) -> None:
        await self.app.action_quit()
