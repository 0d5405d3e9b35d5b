"""Whose loss the gradient is taken of: the word that was read at a row, or another one."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.suggester import SuggestFromList
from textual.widgets import Input

from engine import Trace, Vocabulary, lenses
from tui.dialogs.base import Dialog


class WordDialog(Dialog[str]):
    """The answer is a word of the vocabulary; "" is the word that was read, or the likeliest label."""

    QUESTION = "Gradient of which word's loss?"

    def __init__(self, trace: Trace, row: int, word: str = "") -> None:
        """The loss at `row`, 1 to len(trace): the last is that of the word that would come next."""
        super().__init__()
        self.trace, self.row, self.word = trace, row, word
        self.vocabulary = Vocabulary(trace.header.vocabulary)
        self.read = trace.tokens[row] if row < len(trace) else ""
        why = "which was read there"
        if trace.header.ahead == 0:  # rows have labels
            self.read = trace.header.vocabulary[int(trace["logits"][row].argmax())]
            why = "its likeliest label"
        back = f"empty: {self.read!r}, {why}" if self.read else "nothing read yet"
        self.HINT = f"Any word that the model knows, at row {row}; {back}"

    def fields(self) -> ComposeResult:
        words = SuggestFromList(self.vocabulary.words, case_sensitive=False)
        yield Input(self.word, id="word", suggester=words, placeholder=self.read)

    def keys(self) -> str:
        return "Enter takes it · → completes the word · Esc goes back"

    def answer(self) -> str:
        word = self.query_one("#word", Input).value.strip()
        word = word if word in self.vocabulary.ids else word.lower()
        if word or not self.read:
            self.vocabulary.encode([word])
        return "" if word == self.read else word

    def explain(self, answer: str) -> str:
        word = answer or self.read
        p = lenses.probability(self.trace, self.row, word)
        return f"L = -ln p({word!r} at row {self.row}); p = {p:.4f}"
