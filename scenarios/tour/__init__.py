"""The tour: the scenarios of all wings as one course, in the order of history.

    title = "From recurrence to attention"
    ends = ["One paragraph or more, said behind the last chapter."]

    [[chapters]]
    scenario = "agreement"
    why = "One line: why this comes after what came before."

    [[chapters.questions]]                        # any number of them
    when = "after"                                # the beats; else before them
    ask = "The RNN has had ten times the training. How often is it right now?"
    measure.m = "accuracy(rnn, 'agreement/attractors-4')"
    choices = [                                   # measured: exactly one of them is true
        { text = "nearly always", if = "m > 0.9" },
        { text = "less often than a coin", if = "m < 0.5" },
    ]
    say = "It was right in {m:.0%}."              # once the person has answered

In place of `choices` a question may ask for a number: `guess = "m"`, the name of a measure, with `near = 0.1`
(so much off is near) or `factor = 10` (so many times too large or too small is near), and
`in = "share right"` says what it is. All of that is a beat's with a question (`scenarios.questions`).

Nothing here knows an answer: `scenarios.tour.questions` measures it, after the person has answered.
Whatever a beat of the scenario may have besides (`lanes`, `text`, `stop` ...) a question may have too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scenarios import shelf
from scenarios.keys import BEAT
from scenarios.source import Path_, Source, read_toml
from scenarios.tables import Key, Table, Tables

COURSE = Path(__file__).parent / "course.toml"
WHEN = ("before", "after")
_QUESTION = Table(
    "a question",
    {
        **BEAT.keys,
        "title": Key(str, "", ""),
        "when": Key(str, "Before the beats, or after them.", "after", known=WHEN, default=WHEN[0]),
        "ask": replace(BEAT.keys["ask"], needed=True),
    },
    needs=("choices", "guess"),
    apart=BEAT.apart,
    along=tuple(rule for rule in BEAT.along if rule[0] != "ask"),
)
_CHAPTER = Table(
    "a chapter",
    {
        "scenario": Key(str, "Its name.", "agreement", needed=True),
        "why": Key(str, "One line: why it comes here.", "It is first.", needed=True),
        "questions": Key(list, "What is asked.", [], items=_QUESTION),
    },
)
_COURSE = Table(
    "the tour",
    {
        "title": Key(str, "Of the course.", "The tour", needed=True),
        "about": Key(str, "One line for the list.", "All of it.", needed=True),
        "ends": Key(list, "Said behind the last chapter, a paragraph each.", []),
        "chapters": Key(list, "In their order.", [], needed=True, items=_CHAPTER),
    },
)


@dataclass(frozen=True)
class Chapter:
    """A scenario of the course.

    Attributes:
        number: from 1, among those that are there.
        heading: of the scenario: title, year, wing, number of beats.
        why: one line on why it follows from the last one.
        asked: its questions as the file has them, each with its place in the file.
    """

    number: int
    heading: shelf.Heading
    why: str
    asked: tuple[tuple[Mapping[str, Any], Path_], ...]

    @property
    def name(self) -> str:
        return self.heading.name


@dataclass(frozen=True)
class Course:
    """All of it; `missing` are names in the file that no scenario has; `ends` is said behind the last."""

    title: str
    about: str
    chapters: tuple[Chapter, ...]
    missing: tuple[str, ...]
    source: Source
    ends: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.chapters)

    @property
    def years(self) -> tuple[int, int]:
        """The first and the last year."""
        years = [chapter.heading.year for chapter in self.chapters if chapter.heading.year]
        return (min(years), max(years)) if years else (0, 0)


def course(path: Path = COURSE) -> Course:
    """The course, without reading more of any scenario than its head.

    Raises:
        ScriptError: a mistake in its file.
    """
    source, data = read_toml(path)
    tables = Tables(source)
    tables.check(data, _COURSE, ())
    there = {heading.name: heading for heading in shelf.headings(guest=True)}
    chapters: list[Chapter] = []
    missing: list[str] = []
    for i, table in enumerate(data["chapters"]):
        at: Path_ = ("chapters", i)
        name = table["scenario"]
        if name in missing or any(name == chapter.name for chapter in chapters):
            raise source.error(f"{name!r} is a chapter already", (*at, "scenario"), name)
        if name not in there:
            missing.append(name)
            continue
        asked = []
        for j, question in enumerate(table.get("questions", [])):
            asked.append((question, (*at, "questions", j)))
        number = len(chapters) + 1
        chapters.append(Chapter(number, there[name], table["why"], tuple(asked)))
    ends = tables.texts(data, "ends")
    return Course(data["title"], data["about"], tuple(chapters), tuple(missing), source, ends)
