"""What several tests of the screen ask for by its name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tui.guest import admit
from tui.narrator import Narrator, Words
from tui.screens import recent
from tui.tour import progress


@pytest.fixture
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's sentences, runs and progress."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(recent, "user_state_path", lambda name: tmp_path / name)
    monkeypatch.setattr(progress, "user_state_path", lambda name: tmp_path / name)
    monkeypatch.setattr(progress, "_held", None)


@pytest.fixture
def all_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal with all colours, whatever this test runs in."""
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture
def quick_play(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing takes the time that people need; nobody is a guest afterwards."""
    monkeypatch.setattr("tui.screens.scripted.PACE", 200.0)
    monkeypatch.setattr("tui.present.screen.WORD", 0.0)
    monkeypatch.setattr("tui.present.screen.LEAST", 0.3)
    monkeypatch.setattr("tui.present.screen.THINK", 0.0)
    monkeypatch.setattr("tui.present.screen.EVERY", 0.02)
    yield
    admit(None)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is told, one text a beat, however short it stands there."""
    told: list[str] = []
    say = Narrator.say

    def listen(self: Narrator, words: Words | None) -> None:
        if words is not None and words.text:
            told.append(" ".join([*(line for line, _ in words.before), words.text]))
        say(self, words)

    monkeypatch.setattr(Narrator, "say", listen)
    return told
