"""Whatever is done to a scenario's file, it plays or there is one clear message."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import LanguageModel, Trace
from engine.errors import PeepholeError
from scenarios import readers, shelf
from scenarios.play import Play
from scenarios.reader import read
from tests.scenarios.models import GOOD, untrained
from tests.scenarios.scripts import mutated
from tests.scenarios.test_lanes import FRESH

ROUNDS = 3000


def play_all(path: Path, measured: bool) -> None:
    played = Play(read(path), untrained)
    for i in range(len(played)):
        played.stage(i)
        if measured:
            played.narration(i), played.verdicts(i)


def check(path: Path, measured: bool = True) -> bool:
    """True where it plays, False where one message says what is wrong; all else is a failure."""
    try:
        play_all(path, measured)
    except PeepholeError as error:
        message = str(error)
        assert message.startswith(str(path))
        assert "Traceback" not in message
        assert len(message) < 1500
        assert all(line.isprintable() for line in message.split("\n"))
        return False
    return True


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that reads the same as in another file is not run again: most damage is elsewhere."""
    run, kept = readers.run, {}

    def once(model: LanguageModel, tokens: Any, items: Any, **how: Any) -> Trace:
        asked = id(model), repr((tokens, items, how))
        if asked not in kept:
            kept[asked] = model, run(model, tokens, items, **how)
        return kept[asked][1]

    monkeypatch.setattr(readers, "run", once)


@pytest.mark.usefixtures("runs")
def test_mutated_files(tmp_path: Path) -> None:
    rng, path, played = random.Random(1), tmp_path / "a.toml", 0
    small = [GOOD, FRESH]
    texts = [shelf.find(name).source.text for name in ("agreement", "gru-as-ema")]
    seen = {*small, *texts}
    for n in range(ROUNDS):
        text = rng.choice(small if n % 4 else texts)
        damaged = mutated(text, rng)
        if damaged in seen:  # a cut of nothing, or two equal words swapped
            continue
        seen.add(damaged)
        path.write_bytes(damaged.encode("utf-8", "surrogatepass"))
        played += check(path, measured=text in small)  # the bundled ones measure for seconds
    assert 0 < played < ROUNDS / 2  # some damage is harmless, most is not


def test_truncated_at_every_byte(tmp_path: Path) -> None:
    path, raw = tmp_path / "a.toml", GOOD.encode()
    for n in range(len(raw)):
        path.write_bytes(raw[:n])
        check(path)


@given(st.binary(max_size=200))
def test_any_bytes(tmp_path_factory, raw: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "a.toml"
    path.write_bytes(raw)
    assert not check(path)


@given(st.text(max_size=60))
def test_any_text_as_a_measure_a_narration_and_an_intervention(tmp_path_factory, text: str) -> None:
    import json

    path = tmp_path_factory.mktemp("any") / "a.toml"
    quoted = json.dumps(text).replace("\x7f", "\\u007f")
    for old in ('"0 < p < 1"', '"Over."', '"f = 0 from 3"', '"row(lstm, here)"', '"were"'):
        new = GOOD.replace(old, quoted)
        path.write_bytes(new.encode("utf-8", "surrogatepass"))
        check(path)
