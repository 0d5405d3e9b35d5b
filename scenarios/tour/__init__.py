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
(so much off is near) or `factor = 10` (so many times too large or too small is near), and its `unit`.

Nothing here knows an answer: `scenarios.tour.questions` measures it, after the person has answered.
Whatever a beat of the scenario may have besides (`lanes`, `text`, `stop` ...) a question may have too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenarios import shelf
from scenarios.source import Path_, Source, read_toml
from scenarios.tables import NUMBER, Schema, Tables

COURSE = Path(__file__).parent / "course.toml"
WHEN = ("before", "after")
_COURSE: Schema = {
    "title": (str, True),
    "about": (str, True),
    "ends": (list, False),
    "chapters": (list, True),
}
_CHAPTER: Schema = {"scenario": (str, True), "why": (str, True), "questions": (list, False)}
ASKING: Schema = {
    "when": (str, False),
    "ask": (str, True),
    "choices": (list, False),
    "guess": (str, False),
    "unit": (str, False),
    "near": (NUMBER, False),
    "factor": (NUMBER, False),
}


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
    tables.check(data, _COURSE, (), "the tour")
    there = {heading.name: heading for heading in shelf.headings()}
    chapters: list[Chapter] = []
    missing: list[str] = []
    for i, table in enumerate(data["chapters"]):
        at: Path_ = ("chapters", i)
        tables.check(table, _CHAPTER, at, "a chapter")
        name = table["scenario"]
        if name in missing or any(name == chapter.name for chapter in chapters):
            raise source.error(f"{name!r} is a chapter already", (*at, "scenario"), name)
        if name not in there:
            missing.append(name)
            continue
        asked = []
        for j, question in enumerate(table.get("questions", [])):
            _check(tables, question, (*at, "questions", j))
            asked.append((question, (*at, "questions", j)))
        number = len(chapters) + 1
        chapters.append(Chapter(number, there[name], table["why"], tuple(asked)))
    ends = tables.texts(data, "ends", ())
    return Course(data["title"], data["about"], tuple(chapters), tuple(missing), source, ends)


def _check(tables: Tables, table: Any, at: Path_) -> None:
    """What can be said of a question without its scenario."""
    if not isinstance(table, dict):
        raise tables.wrong(table, dict, at)
    own = {key: value for key, value in table.items() if key in ASKING}
    tables.check(own, ASKING, at, "a question")
    if table.get("when", WHEN[0]) not in WHEN:
        raise tables.source.error(
            f"a question is asked before or after, not {table['when']!r}",
            (*at, "when"),
            table["when"],
        )
    if not tables.one_of(table, ("choices", "guess"), at):
        raise tables.source.error("a question needs 'choices' or a 'guess'", at)
    if "guess" in table and not tables.one_of(table, ("near", "factor"), at):
        raise tables.source.error("a guess needs 'near' or 'factor'", (*at, "guess"))
    for key, low in (("near", 0), ("factor", 1)):
        if key in table:
            tables.number(table, key, low, 1e300, at)
