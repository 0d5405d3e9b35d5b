"""What the focused panel shows, and every key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from markdown_it import MarkdownIt
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Markdown, Static

from tui.narrator import Narrator
from tui.views.plain import plain


def words_only() -> MarkdownIt:
    """Markdown without HTML: `<s>` is the start token, not a tag."""
    return MarkdownIt("gfm-like", {"html": False})


class HelpScreen(ModalScreen[None]):
    """Over everything else; any of Esc, ? and q closes it."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen > VerticalScroll {
        width: 100; max-width: 96%; height: auto; max-height: 94%;
        background: $surface; border: round $primary; padding: 0 2;
    }
    HelpScreen Markdown { margin: 0; padding: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "close", "Close", id="help.close", tooltip="Close this"),
        Binding("down,j", "scroll(1)", "Down", id="help.down", show=False, tooltip="Scroll down"),
        Binding("up,k", "scroll(-1)", "Up", id="help.up", show=False, tooltip="Scroll up"),
    ]

    def __init__(self, title: str, about: str, keys: Iterable[tuple[str, str]]) -> None:
        """`keys` are (key, what it does) pairs."""
        super().__init__()
        self.heading, self.about, self.keys = title, about, list(keys)

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            heading = "" if self.about.lstrip().startswith("#") else f"# {self.heading}\n\n"
            about = heading + self.about
            words = plain(about) if getattr(self.app, "plain", False) else about
            yield Markdown(words, parser_factory=words_only)
            for title, told in self._beat():
                yield Static(Text.assemble((f"{title}\n", "bold"), told, "\n"))
            yield Static(self._table())

    def _beat(self) -> Iterator[tuple[str, Text]]:
        """What the beat of the scenario below says and claims: a low screen has less room for it."""
        for screen in self.app.screen_stack[:-1]:
            for narrator in screen.query(Narrator):
                if narrator.words and narrator.words.number and narrator.words.text:
                    yield f"What {narrator.words.number} says", narrator.narration()
                if narrator.words and narrator.words.claims:
                    yield "What this beat claims, as measured", narrator.claims()

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_row(
            Text("Keys", "bold"), Text("Esc closes this; Ctrl+P finds everything by name")
        )
        for key, about in self.keys:
            table.add_row(Text(key, "bold"), Text(about))
        return table

    def on_mount(self) -> None:
        if getattr(self.app, "plain", False):
            self.query_one(VerticalScroll).styles.border = ("ascii", "white")

    def action_close(self) -> None:
        self.dismiss(None)

    def action_scroll(self, by: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=2 * by, animate=False)
