"""The bundled scenarios: every claim holds, and no claim is one that cannot fail."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from scenarios import shelf, zoo
from scenarios.script import Scenario, Trained

SCENARIOS = tuple(shelf.bundled())
SECONDS = 60


def negated(scenario: Scenario, which: slice, folder: Path) -> tuple[Path, int]:
    """The file with some of its claims turned into their opposites, and how many there are."""
    text = scenario.source.text
    claims = [claim.text for beat in scenario.beats for claim in beat.claims][which]
    at = 0
    for claim in claims:  # in the order of the file
        at = text.index(f'"{claim}"', at)
        opposite = f'"not ({claim})"'
        text = text[:at] + opposite + text[at + len(claim) + 2 :]
        at += len(opposite)
    path = folder / "flipped.toml"
    path.write_text(text, encoding="utf-8")
    return path, len(claims)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_claim_holds_in_under_a_minute(cli, name: str) -> None:
    started = time.perf_counter()
    result = cli("check", name)
    assert result.exit_code == 0, result.output
    assert time.perf_counter() - started < SECONDS
    assert f"{name}: all {result.output.count('  ok  ')} claims hold" in result.output


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_opposite_of_every_claim_fails(cli, tmp_path: Path, name: str) -> None:
    scenario = shelf.find(name)
    path, claims = negated(scenario, slice(None), tmp_path)
    result = cli("check", path)
    assert result.exit_code == 1
    asked = sum(beat.question is not None for beat in scenario.beats)  # those still have an answer
    assert f"{claims} of {claims + asked} claims FAILED" in result.stdout


def test_one_opposite_is_enough_to_exit_with_1(cli, tmp_path: Path) -> None:
    path, _ = negated(shelf.find("gru-as-ema"), slice(3, 4), tmp_path)
    result = cli("check", path)
    assert result.exit_code == 1
    assert result.stdout.count("  FAILED  ") == 1


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_has_6_to_15_beats_and_each_claims_something(name: str) -> None:
    scenario = shelf.find(name)
    assert 6 <= len(scenario.beats) <= 15
    assert all(beat.claims for beat in scenario.beats)
    for lane in scenario.lanes.values():
        if isinstance(lane.reader, Trained):
            assert zoo.size(zoo.stem(lane.reader.model, lane.reader.steps)) or (
                lane.reader.model in zoo.FOREIGN
            )
        if lane.hand_set:  # the screen says it of the lane; the narration says it too
            shown = [b for b in scenario.beats if lane.label in b.lanes]
            assert all("and-set" in beat.say.text for beat in shown)
