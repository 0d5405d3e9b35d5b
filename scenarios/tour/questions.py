"""Questions of the tour: asked by a person's leave, and answered by measuring.

A question is read as one more beat of its scenario, which no screen shows: its choices are claims, of which
exactly one must come out true, and what is said afterwards is narration like any other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine.errors import PeepholeError
from scenarios import reader, readers, zoo
from scenarios.expressions import WordError, show
from scenarios.narration import read_narration
from scenarios.play import Play
from scenarios.script import Beat, Scenario
from scenarios.source import Path_, ScriptError
from scenarios.tables import Tables
from scenarios.tour import ASKING, Chapter, Course


@dataclass(frozen=True)
class Question:
    """What is asked, and how it is measured.

    Attributes:
        key: its name among all of the tour, "agreement/0".
        when: "before" or "after" the beats.
        ask: the question; `choices` the answers to choose from, none where a number is asked for.
        beat: the measures, a claim for each choice, and what is said afterwards.
        guess: the measure whose number is asked for, in `unit`.
        near, factor: how far off is near: by so much, or so many times too large or small; 0 unset.
        at: where it stands in the course's file.
    """

    key: str
    when: str
    ask: str
    choices: tuple[str, ...]
    beat: Beat
    guess: str = ""
    unit: str = ""
    near: float = 0.0
    factor: float = 0.0
    at: Path_ = ()

    @property
    def is_share(self) -> bool:
        """Whether the number asked for is a part of a whole."""
        return self.unit.split(" ")[0] == "share"

    def said(self, text: str) -> float:
        """A guess as a person types it.

        Raises:
            PeepholeError: it is no number, or cannot be a share where one is asked for.
        """
        value = number(text)
        if self.is_share and not 0 <= value <= 1:
            raise PeepholeError(f"{text.strip()} is no share", do="Type 0 to 1, or 0% to 100%")
        return value

    def show(self, value: float) -> str:
        """A number of this question's kind, as it is told: a share in percent."""
        return f"{100 * value:.3g}%" if self.is_share else show(value)

    def is_near(self, said: float, value: float) -> bool:
        """Whether a guess counts as near; signs must agree where factors count."""
        if self.factor:
            return said * value > 0 and abs(math.log(said / value)) <= math.log(self.factor) + 1e-9
        return abs(said - value) <= self.near + 1e-12


@dataclass(frozen=True)
class Measured:
    """What came out.

    Attributes:
        told: the narration, its numbers measured.
        true: of the choices, which one; None for a guess.
        value: of a guess; NaN for choices.
    """

    told: str
    true: int | None = None
    value: float = math.nan

    @property
    def shown(self) -> str:
        """The number of a guess, as claims print it."""
        return show(self.value)


def questions(course: Course, chapter: Chapter, scenario: Scenario) -> tuple[Question, ...]:
    """The questions of a chapter, checked against its scenario.

    Raises:
        ScriptError: a mistake in one of them, with its place in the course's file.
    """
    return tuple(
        _question(course, scenario, f"{chapter.name}/{number}", table, at)
        for number, (table, at) in enumerate(chapter.asked)
    )


def _question(
    course: Course, scenario: Scenario, key: str, table: Mapping[str, Any], at: Path_
) -> Question:
    tables = Tables(course.source)
    choices = tuple(choice["text"] for choice in table.get("choices", ()))
    try:
        read_narration(table["ask"], (), tables.texts(table, "literal"))
    except WordError as error:
        raise course.source.error(error.what, (*at, "ask"), error.word, error.do) from None
    rest = {name: value for name, value in table.items() if name not in ASKING}
    claims = [choice["if"] for choice in table.get("choices", ())]
    beat = reader.further_beat(
        course.source, {"title": key, **rest, "expect": claims}, at, scenario
    )
    guess = table.get("guess", "")
    if guess and guess not in {**scenario.measures, **beat.measures}:
        raise course.source.error(f"no measure {guess!r}", (*at, "guess"), guess)
    return Question(
        key, table.get("when", "before"), table["ask"], choices, beat, guess, table.get("unit", ""),
        float(table.get("near", 0)), float(table.get("factor", 0)), at,
    )  # fmt: skip


class Asked(Play):
    """A scenario as a chapter plays it: its questions can be measured, on the same lanes."""

    def __init__(
        self,
        course: Course,
        scenario: Scenario,
        asked: Sequence[Question],
        models: readers.Models = zoo.model,
    ) -> None:
        beats = (*scenario.beats, *(question.beat for question in asked))
        super().__init__(replace(scenario, beats=beats), models)
        self._course, self.asked, self._shown = course, tuple(asked), len(scenario.beats)

    def __len__(self) -> int:
        return self._shown

    def measure(self, question: Question) -> Measured:
        """What a question comes to.

        Raises:
            PeepholeError: not exactly one of its choices is true, or its number is none.
        """
        i = self._shown + self.asked.index(question)
        told = self.narration(i)
        if question.guess:
            value = self.value(i, question.guess)
            if isinstance(value, str) or np.ndim(value) or not math.isfinite(value):
                raise self._error(f"{question.guess} is {value}, no number", ("beats", i, "guess"))
            return Measured(told, value=float(value))
        verdicts = self.verdicts(i)
        true = [n for n, verdict in enumerate(verdicts) if verdict.passed]
        if len(true) != 1:
            found = "; ".join(f"{v.text}: {v.measured}" for v in verdicts)
            what = f"{len(true)} of the choices are true ({found})"
            raise self._error(what, ("beats", i, "choices"))
        return Measured(told, true[0])

    def _error(
        self, what: str, at: Path_, word: str = "", do: str = "", within: str = ""
    ) -> ScriptError:
        """A mistake in a question stands in the course's file."""
        if at[:1] == ("beats",) and isinstance(at[1], int) and at[1] >= self._shown:
            place = (*self.asked[at[1] - self._shown].at, *at[2:])
            return self._course.source.error(what, place, word, do, within)
        return super()._error(what, at, word, do, within)


def number(text: str) -> float:
    """A guess as a person types it: 0.5, 50%, 1e-9, 1,000.

    Raises:
        PeepholeError: it is no number.
    """
    if not text.strip():
        raise PeepholeError("no number is typed yet", do="Type, e.g., 0.5 or 50% or 1e-9")
    plain = text.strip().replace(",", "").replace(" ", "")
    try:
        value = float(plain.removesuffix("%")) / (100 if plain.endswith("%") else 1)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise PeepholeError(f"{text.strip()!r} is no number", do="Type, e.g., 0.5 or 50% or 1e-9")
    return value
