"""What a page of the tour says and asks, the field for a guess, and what an answer came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import Input

from scenarios.tour.questions import Question

TYPED = "-+0123456789.,eE%"  # of which numbers are made


@dataclass(frozen=True)
class Page:
    """What a page says.

    Attributes:
        place: where one is, e.g. "Chapter 3 of 24 · 1991 · Training".
        title, text: what comes; `text` has a paragraph for each of its parts.
        question: asked below it; None where nothing is.
        on: what Enter does when nothing is left to answer, e.g. "begins the chapter".
    """

    place: str
    title: str
    text: tuple[str, ...]
    question: Question | None = None
    on: str = "goes on"


class Guess(Input):
    """A number; letters that no number has are the page's keys, and Enter is said in the footer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Answer", id="tour.answer", key_display="Enter",
                tooltip="Measure what you have guessed"),
    ]  # fmt: skip

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return character is not None and character in TYPED

    async def _on_key(self, event: events.Key) -> None:
        if event.character is not None and event.is_printable and event.character not in TYPED:
            event.prevent_default()  # or the field would swallow it


def wanted(question: Question) -> str:
    """What the empty field says: what may be typed into it."""
    return f"your guess: {question.unit}" + (", 0.5 or 50%" if question.is_share else ", a number")
