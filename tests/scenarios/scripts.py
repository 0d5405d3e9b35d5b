"""Scripts in tests: written to a file, played to the end, damaged, and refused where the mistake is."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from scenarios.play import Play
from scenarios.reader import read
from scenarios.readers import Models
from scenarios.source import ScriptError
from tests.scenarios.models import untrained

PIECES = [
    *"[]{}=\"'#.,\n\\\t\0\x7f\ud7ff€\u202e",
    *("[[", "]]", '"""', "''", "{", "}", "{{", "{p", ":", "inf", "nan", "-1", "1e999", "9" * 400),
    *("true", "1979-05-27", "lanes", "beats", "measure.p = 3\n", "[[beats]]\n", "[beats]\n"),
    *("(" * 200, "[" * 3000, "not ", " and ", "lstm", "here", "max", "__class__", "**", "1/0"),
    *("text = []\n", "steps = 10", "unit = 'inf'", "{cells}", "0 * 'a'", "\r", "\ufeff"),
]


def written(tmp_path: Path, text: str) -> Path:
    """The script as a file."""
    path = tmp_path / "a.toml"
    path.write_text(text, encoding="utf-8")
    return path


def play(path: Path, models: Models = untrained) -> Play:
    """A script of which every beat was staged, told and checked."""
    played = Play(read(path), models)
    for i in range(len(played)):
        played.stage(i), played.narration(i), played.verdicts(i)
    return played


def refused(attempt: Callable[[], object], path: Path, says: str, word: str | None) -> None:
    """The attempt ends in one message that names the file, shows the line and underlines the word."""
    with pytest.raises(ScriptError) as caught:
        attempt()
    message, place = str(caught.value), caught.value.place
    assert says in message
    assert message.startswith(f"{path}:{place.line}:{place.column}: ")
    assert len(message.split("\n")) == 3  # the message, the line, the mark
    line = path.read_text(encoding="utf-8").split("\n")[place.line - 1]
    if word is not None:
        assert line[place.column - 1 :][: place.length] == word
    shown, mark = message.split("\n")[1:]
    assert shown[mark.index("^") :][: place.length] == line[place.column - 1 :][: place.length]


def mutated(text: str, rng: random.Random) -> str:
    """One to three small damages: cut, delete, double, insert, swap words, truncate."""
    for _ in range(rng.randint(1, 3)):
        at, to = sorted(rng.randrange(len(text) + 1) for _ in range(2))
        to = min(to, at + rng.choice([1, 2, 5, 40]))
        match rng.randrange(6):
            case 0:
                text = text[:at] + text[to:]
            case 1:
                text = text[:to] + text[at:]
            case 2:
                text = text[:at] + rng.choice(PIECES) + text[at:]
            case 3:
                text = text[:at] + rng.choice(PIECES) + text[to:]
            case 4:
                words = text.split(" ")
                i, j = (rng.randrange(len(words)) for _ in range(2))
                words[i], words[j] = words[j], words[i]
                text = " ".join(words)
            case 5:
                text = text[:at] if rng.random() < 0.2 else text
    return text
