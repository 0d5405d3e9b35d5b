"""`peephole check`: plays scenarios without a screen and prints every claim with what was measured."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Iterator
from dataclasses import dataclass

from scenarios.play import Play
from scenarios.script import Scenario


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
