"""What a beat tells its speaker."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import PeepholeError
from scenarios.play import Play
from scenarios.reader import read
from scenarios.source import ScriptError
from tests.scenarios.models import GOOD, untrained

SAID = 'title = "A row"\nnotes = "Wait for 10 seconds, then say {n}."'


def with_notes(folder: Path, said: str = SAID) -> Path:
    path = folder / "a.toml"
    path.write_text(GOOD.replace('title = "A row"', said), encoding="utf-8")
    return path


def test_notes_have_their_measures_filled_in_and_may_count(tmp_path: Path) -> None:
    played = Play(read(with_notes(tmp_path)), untrained)
    assert played.scenario.beats[0].notes == "Wait for 10 seconds, then say {n}."
    assert played.notes(0) == "Wait for 10 seconds, then say 6."
    assert played.notes(1) == played.scenario.beats[1].notes == ""
    assert "Wait" not in played.narration(0)


@pytest.mark.parametrize(
    ("old", "new", "says", "word"),
    [
        ("{n}", "{m}", "the placeholder {m} has no measure", "{m"),
        ("{n}", "{n", "a brace does not match", "{"),
        ('"Wait for 10 seconds, then say {n}."', "10", "'notes' must be text, not 10", "notes"),
    ],
)
def test_a_mistake_in_notes_is_underlined(
    tmp_path: Path, old: str, new: str, says: str, word: str
) -> None:
    path = with_notes(tmp_path, SAID.replace(old, new))
    with pytest.raises(ScriptError, match=str(tmp_path)) as caught:
        read(path)
    place = caught.value.place
    line = path.read_text(encoding="utf-8").split("\n")[place.line - 1]
    assert says in str(caught.value)
    assert line[place.column - 1 :][: place.length] == word


def test_a_format_that_does_not_suit_is_found_when_it_runs(tmp_path: Path) -> None:
    played = Play(read(with_notes(tmp_path, SAID.replace("{n}", "{cells:.2f}"))), untrained)
    with pytest.raises(PeepholeError, match="measured a list"):
        played.notes(0)
