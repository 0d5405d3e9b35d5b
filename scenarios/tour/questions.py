"""Questions of the tour: asked by a person's leave, and answered by measuring.

A question is read as one more beat of its scenario that has a question (`scenarios.questions`), and that no
screen shows: what is said afterwards is narration like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from scenarios import questions as asking
from scenarios import reader, readers, zoo
from scenarios.play import Play
from scenarios.questions import Measured
from scenarios.script import Beat, Scenario
from scenarios.source import Path_, ScriptError
from scenarios.tour import WHEN, Chapter, Course


@dataclass(frozen=True, kw_only=True)
class Question(asking.Question):
    """A question of a chapter.

    Attributes:
        key: its name among all of the tour, "agreement/0".
        when: "before" or "after" the beats.
        beat: the measures, and what is said afterwards.
        at: where it stands in the course's file.
    """

    key: str
    when: str
    beat: Beat
    at: Path_ = ()


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
    rest = {name: value for name, value in table.items() if name != "when"}
    beat = reader.further_beat(course.source, {"title": key, **rest}, at, scenario)
    when = table.get("when", WHEN[0])
    return Question(**vars(beat.question), key=key, when=when, beat=beat, at=at)


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
            ScriptError: not exactly one of its choices is true, or its number is none.
        """
        return asking.answered(self, self._shown + self.asked.index(question))

    def error(
        self, what: str, at: Path_, word: str = "", do: str = "", within: str = ""
    ) -> ScriptError:
        """A mistake in a question stands in the course's file."""
        if at[:1] == ("beats",) and isinstance(at[1], int) and at[1] >= self._shown:
            place = (*self.asked[at[1] - self._shown].at, *at[2:])
            return self._course.source.error(what, place, word, do, within)
        return super().error(what, at, word, do, within)
