"""`peephole play --watch` with several files: each is read again, the others when their turn comes."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from scenarios.reader import read
from tests.tui.score_stage import press, text
from tests.tui.test_present_play import SCRIPT, here, playing, says
from tui.narrator import Narrator, Words
from tui.present.command import play
from tui.present.show import Show


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is told, however short it stands there; and a file is looked at all the time."""
    told: list[str] = []
    say = Narrator.say

    def listen(self: Narrator, words: Words | None) -> None:
        if words is not None and words.text:
            told.append(words.text)
        say(self, words)

    monkeypatch.setattr(Narrator, "say", listen)
    monkeypatch.setattr("tui.screens.scripted.PACE", 200.0)
    monkeypatch.setattr("tui.present.screen.EVERY", 0.02)
    return told


async def test_of_several_files_each_is_read_again_when_its_turn_comes(
    tmp_path: Path, heard: list[str]
) -> None:
    texts = [SCRIPT.replace("A test", name) for name in ("First", "Second")]
    one, two = (tmp_path / f"{name}.toml" for name in "ab")
    one.write_text(texts[0])
    two.write_text(texts[1])
    show = Show((read(one), read(two)), watch=True, loop=True, beat=1)
    async with playing(show).run_test(size=(100, 30)) as pilot:
        await says(pilot, "All is read, 6 rows.")
        two.write_text(texts[1].replace("Two rows.", "Now two."))
        await press(pilot, "n")
        await says(pilot, "Now two.")
        assert here(pilot).session.title == "Second"
        assert heard == ["All is read, 6 rows.", "Now two."]  # never the version before
        one.write_text(texts[0].replace("{n} rows", "{m} rows"))
        two.write_text(texts[1].replace("Two rows.", "Still two."))
        await says(pilot, "Still two.")  # the file that is playing
        assert "no measure" not in text(pilot)
        await press(pilot, "n")
        await says(pilot, "All is read")
        await press(pilot, "n")
        await says(pilot, "the placeholder {m} has no measure")  # and the version before is played
        await says(pilot, "Two rows.")
        assert here(pilot).session.title == "First"
        one.write_text(texts[0].replace("Two rows.", "It is right."))
        await says(pilot, "It is right.")
        assert "no measure" not in text(pilot)
        await press(pilot, "n")
        await says(pilot, "All is read")
        await press(pilot, "n")
        await says(pilot, "Still two.")  # as it was read last


def test_of_several_files_each_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[Show] = []
    monkeypatch.setattr("tui.present.watching.awaited", lambda name: f"{name}, awaited")
    monkeypatch.setattr("tui.start.terminal", lambda: None)
    monkeypatch.setattr("tui.present.show.run", played.append)
    done = CliRunner().invoke(play, ["a.toml", "b.toml", "--watch"], catch_exceptions=False)
    assert done.exit_code == 0
    assert [(s.scenarios, s.watch) for s in played] == [
        (("a.toml, awaited", "b.toml, awaited"), True)
    ]
