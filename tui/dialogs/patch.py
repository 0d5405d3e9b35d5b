"""What activation patching shall compare: another text of the same length, and two answers."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.suggester import SuggestFromList
from textual.widgets import Input, Label

from engine import LanguageModel, PeepholeError, Trace
from engine.lenses.prediction import deciding, predicted
from engine.models import reads
from engine.pairs import source_tokens
from engine.runner import tokens_of
from tui.dialogs.base import Dialog, number
from tui.views.question import Question, written


class PatchDialog(Dialog[Question]):
    """The answer is a question that this trace and its model can answer."""

    QUESTION = "Whose states shall be put in, and what is asked?"
    DEFAULT_CSS = """
    PatchDialog .field { height: 1; }
    PatchDialog .field Label { width: 12; }
    PatchDialog .field Input { width: 1fr; }
    PatchDialog .short Input { width: 14; }
    PatchDialog .field .about { width: 1fr; color: $text-muted; padding-left: 1; }
    """

    def __init__(self, model: LanguageModel, trace: Trace, question: Question) -> None:
        """The fields begin with a question; one that compares the text with itself is to be changed."""
        super().__init__()
        self.model, self.trace, self.question = model, trace, question
        self.paired = reads(model.architecture) == "source"

    def fields(self) -> ComposeResult:
        trace, question = self.trace, self.question
        yield Label(self.readable(f"this reads   {written(trace, trace.tokens)}"), markup=False)
        with Horizontal(classes="field"):
            yield Label("other source" if self.paired else "other text", markup=False)
            yield Input(written(trace, question.tokens), id="text", select_on_focus=False)
        first, last = predicted(trace).start, len(trace) - 1 + trace.header.ahead
        words = SuggestFromList(trace.header.vocabulary, case_sensitive=False)
        for name, text, value, about in (
            ("row", "answer at", str(question.row), f"row {first} to {last}"),
            ("word", "its word", question.word, "empty: what this reading says there"),
            ("instead", "against", question.instead, "empty: what the other one says instead"),
        ):
            with Horizontal(classes="field short"):
                yield Label(text)
                yield Input(value, id=name, suggester=None if name == "row" else words)
                yield Label(self.readable(about), classes="about", markup=False)

    def keys(self) -> str:
        return "Tab next field · Enter computes it · Esc back"

    def empty(self) -> bool:
        return False

    def _text(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    def answer(self) -> Question:
        trace, text = self.trace, self._text("text")
        if not text:
            raise PeepholeError("no other text yet", do="Type one of the same length")
        if self.paired:
            tokens = source_tokens(self.model, text)
            length, own = len(tokens), trace.source
            tokens += tuple(trace.tokens[trace.source :])
        else:
            tokens = tuple(tokens_of(text))
            length, own = len(tokens), len(trace)
        if length != own:
            raise PeepholeError(
                f"{length} rows against {own} of this reading", do="Change words, keep their number"
            )
        if list(tokens) == trace.tokens:
            raise PeepholeError("the other text is the same", do="Change a word of it")
        words = tuple(self._text(name) for name in ("word", "instead"))
        self.model.vocabulary.encode([*tokens, *filter(None, words)])
        if words[0] and words[0] == words[1]:
            raise PeepholeError("a word against itself", do="Name two words")
        rows = predicted(trace)
        row = number(self._text("row"), "The row", rows.start, len(trace) - 1 + trace.header.ahead)
        deciding(trace, row)
        return Question(tokens, row, words[0], words[1])

    def explain(self, answer: Question) -> str:
        rows = answer.changed(self.trace.tokens)
        changed = ", ".join(f"{self.trace.tokens[r]}/{answer.tokens[r]}" for r in rows[:4])
        word, instead = answer.word or "its word", answer.instead or "the other's word"
        return (
            f"{changed}: each state of the other reading is put in alone, and we look how much of its "
            f"answer, {word!r} against {instead!r}, comes with it"
        )
