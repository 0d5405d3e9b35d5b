"""What a beat of a scenario says, with its claims as they were measured."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from tui.palette import Palette
from tui.views.plain import plain

BRIEF = 30  # lines of the screen below which claims that hold are only counted
EMPHASIS = re.compile(r"(?<![\w*])(\*{1,2})(?![\s*])([^*]*[^\s*])\1(?![\w*])|`([^`]+)`")
NUMBER = re.compile(r"(?<![\w.@])\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.])")


@dataclass(frozen=True)
class Words:
    """What the narrator shows.

    Attributes:
        number: e.g. `beat 3/12`.
        title, text: of the beat, with its numbers filled in.
        claims: (text, measured, passed) of each; None while they are being measured.
        problem: why they cannot be measured, and what to do.
        before, after: further lines above and below the text, each with its colour.
    """

    number: str
    title: str
    text: str
    claims: Sequence[tuple[str, str, bool]] | None = ()
    problem: str = ""
    before: tuple[tuple[str, str], ...] = ()
    after: tuple[tuple[str, str], ...] = ()

    @property
    def spoken(self) -> str:
        """All that there is to read, but the claims."""
        lines = (text for text, _ in (*self.before, *self.after))
        return " ".join((self.title, self.text, *lines))


class Narrator(VerticalScroll, can_focus=False):
    """The panel below the score, or to its right on a wide screen."""

    DEFAULT_CSS = """
    Narrator { height: auto; max-height: 9; padding: 0 1; background: $surface; }
    Narrator.-side { width: 46; height: 1fr; max-height: 100%; dock: right; padding: 1 2; }
    Narrator.-low { max-height: 50%; }
    Narrator.-low.-asks { max-height: 9; }
    Narrator.-wrong { max-height: 60%; }
    Narrator.-big { max-height: 50%; padding: 0 2; }
    Narrator.-big.-roomy { padding: 1 3; }
    Narrator.-side.-big { width: 60; max-height: 100%; padding: 2 4; }
    Narrator Static { width: 1fr; height: auto; }
    Narrator #rest { dock: bottom; height: 1; color: $text-muted; background: $surface; display: none; }
    """

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self.palette = palette
        self.words: Words | None = None
        self.mistake = ""
        self.display = False

    def compose(self) -> ComposeResult:
        yield Static(id="words")
        yield Static(id="rest")

    def on_mount(self) -> None:
        self.watch(self, "virtual_size", self._rest, init=False)
        self.watch(self.query_one("#words"), "virtual_size", self._rest, init=False)

    def on_resize(self) -> None:
        self._rest()

    def _rest(self) -> None:
        """Say how much of it has no room, as soon as that is known, and which key shows it."""
        self.call_after_refresh(self._tell)

    def _tell(self) -> None:
        if not self.is_mounted:
            return
        rest, lines = self.query_one("#rest", Static), self.query_one("#words").size.height
        room = self.scrollable_content_region.height
        if rest.display != (lines > room):
            rest.display = lines > room
        if rest.display:
            many = lines - room + 1
            rest.update(self._shown(f"… {many} more line{'s' * (many > 1)}: ?"))

    def say(self, words: Words | None) -> None:
        """Show what a beat says; None hides the panel."""
        if words == self.words:
            return
        self.words = words
        self.display = words is not None
        self.set_class(words is not None and bool(words.after), "-asks")
        if words is not None:
            self.query_one("#words", Static).update(self.text(words))
            self.scroll_home(animate=False)

    def repaint(self, palette: Palette) -> None:
        """Another theme or form."""
        self.palette = palette
        self.say_again()

    def warn(self, mistake: str) -> None:
        """Say above all beats what is wrong with their file; "" where nothing is any more."""
        if mistake != self.mistake:
            self.mistake = mistake
            self.set_class(bool(mistake), "-wrong")
            self.say_again()
            self.scroll_home(animate=False)

    def say_again(self) -> None:
        """What is said, where it looks otherwise now."""
        if self.words is not None:
            self.query_one("#words", Static).update(self.text(self.words))

    def text(self, words: Words) -> Text:
        """Title, narration, claims."""
        look = self.palette.look
        text = Text()
        if self.mistake:
            text.append(self._shown(self.mistake) + "\n", look.bad)
        if words.number:
            text.append(f"{words.number}  ", look.muted)
        text.append(self._shown(words.title), f"bold {look.primary}")
        roomy = self.has_class("-big") and self.app.size.height >= BRIEF
        text.append("\n\n" if roomy else "\n")
        for line, colour in words.before:
            text.append(self._shown(line) + "\n", f"bold {getattr(look, colour)}")
        for part, style in emphasised(flowing(words.text)):
            text.append(self._shown(part), f"{style} {look.text}".strip())
        for line, colour in words.after:
            text.append("\n" + self._shown(line), getattr(look, colour))
        if words.claims is None:
            text.append("\n" + self._shown("measuring …"), look.muted)
        if words.problem:
            self._mark(text, "\n", False)
            text.append(self._shown(words.problem), look.bad)
        claims = list(words.claims or ())
        if self.app.size.height < BRIEF and all(passed for *_, passed in claims):
            if claims:
                many = f"{len(claims)} claims are" if len(claims) > 1 else "1 claim is"
                self._mark(text, "\n", True)
                text.append(self._shown(f"{many} measured, and true · ? shows them"), look.muted)
        elif claims:
            text.append("\n")
            text.append_text(self.claims("\n" if self.has_class("-side") else "   "))
        return text

    def narration(self) -> Text:
        """What the beat says, without its claims."""
        text = Text()
        for part, style in emphasised(flowing(self.words.text if self.words else "")):
            text.append(self._shown(part), style)
        return text

    def claims(self, between: str = "\n") -> Text:
        """Every claim with what was measured; a failure with all its digits."""
        look, text = self.palette.look, Text()
        claims = (self.words.claims if self.words else None) or ()
        for number, (claim, measured, passed) in enumerate(claims):
            self._mark(text, between if number else "", passed)
            said = short(measured) if passed else measured
            text.append(self._shown(claim), look.muted)
            text.append(self._shown(f" ({said})"), look.muted if passed else look.bad)
        return text

    def _mark(self, text: Text, before: str, passed: bool) -> None:
        look = self.palette.look
        mark = self.palette.glyph("✓", "ok") if passed else self.palette.glyph("✗", "FAILED")
        text.append(f"{before}{mark} ", f"bold {look.good if passed else look.bad}")

    def _shown(self, text: str) -> str:
        return plain(text) if self.palette.ascii else text


def flowing(text: str) -> str:
    """Paragraphs as one line each, so that they wrap where the screen ends."""
    return "\n".join(" ".join(part.split()) for part in text.strip().split("\n\n"))


def emphasised(text: str) -> Iterator[tuple[str, str]]:
    """(words, style) of a text in which `*words*` and `**words**` are emphasised, as in Markdown."""
    end = 0
    for found in EMPHASIS.finditer(text):
        stars, words, code = found.groups()
        yield text[end : found.start()], ""
        yield words or code, {"*": "italic", "**": "bold"}.get(stars, "")
        end = found.end()
    yield text[end:], ""


def short(measured: str) -> str:
    """A measured claim with its numbers in three significant digits.

    Where two numbers would then look the same, as in `0.09996 < 0.1`, it keeps all its digits.
    """
    whole = NUMBER.findall(measured)
    rounded = {number: f"{float(number):.3g}" for number in whole if not number.isdecimal()}
    looks = {float(rounded.get(number, number)) for number in whole}
    if len(looks) < len({float(number) for number in whole}):
        return measured
    return NUMBER.sub(lambda found: rounded.get(found[0], found[0]), measured)
