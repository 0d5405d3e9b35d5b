"""`peephole check`: plays scenarios without a screen and prints every claim with what was measured."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Iterator
from dataclasses import dataclass

from engine.errors import PeepholeError
from scenarios import shelf
from scenarios.play import Play
from scenarios.script import Scenario
from scenarios.tour import course
from scenarios.tour.questions import Asked, questions

TOUR = "tour"  # what `peephole check` calls it


@dataclass
class Tally:
    """Claims counted while lines are printed."""

    claims: int = 0
    failed: int = 0


def lines(scenario: Scenario, tally: Tally, say: bool = False) -> Iterator[str]:
    """Line by line as it is measured; with `say`, the narration as well.

    Raises:
        ScriptError: there is a mistake in the file that only shows when it runs.
    """
    started = time.perf_counter()
    play, first = Play(scenario), tally.claims
    failed = tally.failed
    yield f"{scenario.name}: {scenario.title}"
    for i, beat in enumerate(scenario.beats):
        stage = play.stage(i)
        lead = stage.lanes[0]
        where = "the end" if stage.row >= len(lead.trace) else repr(lead.trace.tokens[stage.row])
        yield ""
        yield f"{i + 1:>3}  {beat.title}  (row {stage.row}, {where}; {', '.join(beat.lanes)})"
        for lane in stage.lanes:
            for item in lane.hand_set:
                yield f"     hand-set in {lane.label}: {item}"
        verdicts, narration = play.verdicts(i), play.narration(i)
        play.notes(i)  # nobody sees them here, but a mistake in them is one
        if say:
            yield textwrap.indent(textwrap.fill(narration, 90), "     ")
        for verdict in verdicts:
            tally.claims += 1
            tally.failed += not verdict.passed
            milliseconds = f"{1000 * verdict.seconds:.0f} ms"
            yield f"  {'ok    ' if verdict.passed else 'FAILED'}  {verdict.text}"
            yield f"          {verdict.measured}   {milliseconds}"
    claims, wrong = tally.claims - first, tally.failed - failed
    result = f"{wrong} of {claims} claims FAILED" if wrong else f"all {claims} claims hold"
    yield ""
    yield f"{scenario.name}: {result} ({time.perf_counter() - started:.1f} s)"


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
                continue
            answer = found.shown if found.true is None else repr(question.choices[found.true])
            milliseconds = f"{1000 * (time.perf_counter() - begun):.0f} ms"
            claim = f"question {question.key} has an answer"
            yield from verdict(True, claim, f"{answer}   {milliseconds}")
            if say:
                yield textwrap.indent(textwrap.fill(found.told, 90), "     ")
    claims, wrong = tally.claims - first, tally.failed - failed
    result = f"{wrong} of {claims} claims FAILED" if wrong else f"all {claims} claims hold"
    yield ""
    yield f"{TOUR}: {result} ({time.perf_counter() - started:.1f} s)"
