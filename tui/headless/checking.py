"""`peephole check`: plays scenarios without a screen and prints every claim with what was measured."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from engine.errors import PeepholeError
from scenarios import shelf
from scenarios.play import Play, Verdict
from scenarios.questions import Question, answered
from scenarios.script import Scenario
from scenarios.source import ScriptError
from scenarios.tour import course
from scenarios.tour.questions import Asked, questions

TOUR = "tour"  # what `peephole check` calls it


@dataclass
class Tally:
    """Claims counted while lines are printed.

    Attributes:
        mistakes: in what files say, found before or while they ran; each only once.
        untrue: claims that failed, as mistakes with their place in the file.
    """

    claims: int = 0
    failed: int = 0
    mistakes: list[PeepholeError] = field(default_factory=list)
    untrue: list[PeepholeError] = field(default_factory=list)

    def add(self, error: PeepholeError) -> None:
        """A mistake, with those that were found with it."""
        for one in (error, *getattr(error, "more", ())):
            if str(one) not in map(str, self.mistakes):
                self.mistakes.append(one)

    def sort(self) -> None:
        """File by file, the mistakes in the order in which they stand there."""
        for errors in (self.mistakes, self.untrue):
            errors.sort(key=_place)

    def __enter__(self) -> None:
        """`with tally:` what ends in a mistake of a scenario is kept, and the check goes on."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, ScriptError):
            self.add(error)
        return isinstance(error, ScriptError)


def _place(error: PeepholeError) -> tuple[str, int, int]:
    if not isinstance(error, ScriptError):
        return "", 0, 0
    return error.source.name, error.place.line, error.place.column


def read(names: Iterable[str], tally: Tally) -> list[Scenario]:
    """The scenarios of these names or files; the mistakes of all are in the tally."""
    found = []
    for name in names:
        try:
            found.append(shelf.find(name))
        except PeepholeError as error:
            tally.add(error)
    return found


def lines(scenario: Scenario, tally: Tally, say: bool = False) -> Iterator[str]:
    """Line by line as it is measured; with `say`, the narration as well.

    Mistakes that only show when it runs are in the tally, and what does not need them is still measured.
    """
    started, play = time.perf_counter(), Play(scenario)
    before = (tally.claims, tally.failed, len(tally.mistakes))
    yield f"{scenario.name}: {scenario.title}"
    for i, beat in enumerate(scenario.beats):
        yield ""
        lanes, where = [], ""
        for label in beat.lanes:
            with tally:
                lanes.append(play.lane(label, i))
        if len(lanes) == len(beat.lanes):
            with tally:
                row, tokens = play.stage(i).row, lanes[0].trace.tokens
                where = f"row {row}, {'the end' if row >= len(tokens) else repr(tokens[row])}; "
        yield f"{i + 1:>3}  {beat.title}  ({where}{', '.join(beat.lanes)})"
        for lane in lanes:
            for item in lane.hand_set:
                yield f"     hand-set in {lane.label}: {item}"
        for name in beat.measures:
            with tally:
                play.value(i, name)
        with tally:
            narration = play.narration(i)
            if say:
                yield textwrap.indent(textwrap.fill(narration, 90), "     ")
        with tally:
            play.notes(i)
        if beat.question is not None:
            with tally:
                yield from _question(play, i, beat.question, tally, say)
        for claim in beat.claims:
            with tally:
                yield from _claim(play, i, play.verdict(i, claim), tally)
    _unused(play, tally)
    claims, wrong, mistakes = (
        now - then
        for now, then in zip((tally.claims, tally.failed, len(tally.mistakes)), before, strict=True)
    )
    result = _result(claims, wrong)
    if mistakes:
        result = f"{mistakes} mistake{'s' * (mistakes > 1)}; of what could be measured, {result}"
    yield ""
    yield f"{scenario.name}: {result} ({time.perf_counter() - started:.1f} s)"


def _result(claims: int, wrong: int) -> str:
    """How many claims hold, in words."""
    if claims < 2:
        return f"1 claim {'FAILED' if wrong else 'holds'}" if claims else "no claim was measured"
    return f"{wrong} of {claims} claims FAILED" if wrong else f"all {claims} claims hold"


def _question(play: Play, i: int, question: Question, tally: Tally, say: bool) -> Iterator[str]:
    """That a question has an answer is a claim as well: a mistake where it has none."""
    if say:
        yield textwrap.indent(textwrap.fill(question.ask, 90), "     ")
    begun = time.perf_counter()
    found = answered(play, i)
    tally.claims += 1
    milliseconds = f"{1000 * (time.perf_counter() - begun):.0f} ms"
    answer = (
        question.told(found.value) if found.true is None else repr(question.choices[found.true])
    )
    yield "  ok      its question has an answer"
    yield f"          {answer}   {milliseconds}"


def _claim(play: Play, i: int, verdict: Verdict, tally: Tally) -> Iterator[str]:
    tally.claims += 1
    tally.failed += not verdict.passed
    yield f"  {'ok    ' if verdict.passed else 'FAILED'}  {verdict.text}"
    yield f"          {verdict.measured}   {1000 * verdict.seconds:.0f} ms"
    if not verdict.passed:
        what = f"{verdict.text!r} is not true: {verdict.measured}"
        error = play.scenario.source.error(what, ("beats", i, "expect"), verdict.text)
        tally.untrue.append(error)
        yield f"          {error.where}"
        yield textwrap.indent(error.excerpt, " " * 10)


def _unused(play: Play, tally: Tally) -> None:
    """What no beat has asked for may still be wrong."""
    scenario = play.scenario
    for name in scenario.measures:
        with tally:
            play.value(None, name)
    used = {label for beat in scenario.beats for label in beat.lanes}
    measures = [scenario.measures, *(beat.measures for beat in scenario.beats)]
    every = [expression for of in measures for expression in of.values()]
    every += [claim.expression for beat in scenario.beats for claim in beat.claims]
    asked = [beat.question for beat in scenario.beats if beat.question is not None]
    every += [claim.expression for question in asked for claim in question.claims]
    for label in scenario.lanes.keys() - used.union(*(of.names for of in every)):
        with tally:
            play.lane(label)


def tour(tally: Tally, say: bool = False) -> Iterator[str]:
    """The tour: every chapter is there, and every question has an answer when it is measured.

    Raises:
        ScriptError: there is a mistake in its file.
    """
    started = time.perf_counter()
    whole, first, failed = course(), tally.claims, tally.failed
    yield f"{TOUR}: {whole.title}"

    def verdict(passed: bool, claim: str, measured: str) -> Iterator[str]:
        tally.claims += 1
        tally.failed += not passed
        yield f"  {'ok    ' if passed else 'FAILED'}  {claim}"
        yield f"          {measured}"

    for name in whole.missing:
        yield from verdict(False, f"chapter {name!r} is there", "no such scenario")
        tally.untrue.append(whole.source.error(f"no scenario {name!r}", ("chapters",), name))
    for chapter in whole.chapters:
        yield ""
        heading = chapter.heading
        yield f"{chapter.number:>3}  {heading.year or '    '}  {heading.title}  ({chapter.name})"
        scenario = shelf.find(chapter.name)
        asked = questions(whole, chapter, scenario)
        play = Asked(whole, scenario, asked)
        for question in asked:
            if say:
                yield textwrap.indent(textwrap.fill(question.ask, 90), "     ")
            begun = time.perf_counter()
            try:
                found = play.measure(question)
            except PeepholeError as error:
                yield from verdict(False, f"question {question.key} has an answer", str(error))
                tally.untrue.append(error)
                continue
            answer = (
                question.told(found.value)
                if found.true is None
                else repr(question.choices[found.true])
            )
            milliseconds = f"{1000 * (time.perf_counter() - begun):.0f} ms"
            claim = f"question {question.key} has an answer"
            yield from verdict(True, claim, f"{answer}   {milliseconds}")
            if say:
                yield textwrap.indent(textwrap.fill(found.told, 90), "     ")
    claims, wrong = tally.claims - first, tally.failed - failed
    result = _result(claims, wrong)
    yield ""
    yield f"{TOUR}: {result} ({time.perf_counter() - started:.1f} s)"
