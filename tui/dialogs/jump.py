"""Jump to a token, by its row number or by its word."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widgets import Input

from engine import PeepholeError
from engine.errors import did_you_mean
from tui.dialogs.base import Dialog, number


def find(text: str, tokens: Sequence[str], cursor: int) -> int:
    """The row that a number or a word stands for: the next such word after the cursor, going round.

    The beginning of a word will do where no token is the whole of it.

    Raises:
        PeepholeError: there is no such row or token.
    """
    text = text.strip()
    if not text:
        raise PeepholeError("nowhere to go yet", do="Type a row number or a word")
    if text.lstrip("-").isdecimal():
        return number(text, "The row", 0, len(tokens) - 1)
    word = text.lower()
    rows = [row for row, token in enumerate(tokens) if token == word]
    rows = rows or [row for row, token in enumerate(tokens) if token.startswith(word)]
    if not rows:
        raise PeepholeError(f"no token {text!r} here", do=did_you_mean(word, set(tokens)))
    return next((row for row in rows if row > cursor), rows[0])


class JumpDialog(Dialog[int]):
    """Where to; the answer is a row."""

    QUESTION = "Jump to a token"
    HINT = "A row number, or a word (or how it begins): the next one after the cursor"

    def __init__(self, tokens: Sequence[str], cursor: int) -> None:
        super().__init__()
        self.tokens, self.cursor = list(tokens), cursor

    def fields(self) -> ComposeResult:
        yield Input(id="where", placeholder=f"0 to {len(self.tokens) - 1}, or a word")

    def answer(self) -> int:
        return find(self.query_one("#where", Input).value, self.tokens, self.cursor)

    def explain(self, answer: int) -> str:
        word = self.tokens[answer]
        rows = [str(row) for row, token in enumerate(self.tokens) if token == word]
        also = f" ({word!r} is at {', '.join(rows)})" if len(rows) > 1 else ""
        return f"row {answer} {word!r}{also}"
