"""Saved traces of small random models, and of tokens that nobody would choose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine import Trace, Vocabulary, run, save_trace
from engine.lenses import record
from tests.cli.conftest import models  # noqa: F401, a fixture
from tests.engine.build import build, tokens
from tests.tui.pair_lanes import pair_lane
from tui.cli import main

ODD = (
    "</script x><img src=x onerror=alert(1)>", "=1+1", "-", "+", "@SUM(A1)", "'=2", "''@", "a,b", 'say "no"',
    "two\nlines", "tab\tbed", " =3", "＝4", "<!--<script ", "&amp;", "é", "語", "NA", "\u2028", "${title}",
)  # fmt: skip


def odd_trace(words: tuple[str, ...]) -> Trace:
    """What an LSTM makes of these words, of which there are at most ten."""
    model = build("lstm", layers=1)
    vocabulary = Vocabulary(("<s>", *words, *(f"w{i}" for i in range(10 - len(words)))))
    model = replace(model, vocabulary=vocabulary)
    return record(model, run(model, ["<s>", *words, words[0]]))


@pytest.fixture(scope="session")
def traces(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Trace, str]]:
    """A recorded trace of each kind, and the file that it is in."""
    folder, found = tmp_path_factory.mktemp("traces"), {}
    for name in ("lstm", "transformer"):
        model = build(name, dtype="float32")
        found[name] = record(model, run(model, tokens(12)))
    for name in ("concat", "seq2seq"):
        lane = pair_lane(name)
        assert lane.model is not None
        found[name] = record(lane.model, lane.trace)
    return {
        name: (trace, str(save_trace(trace, folder / f"{name}.safetensors")))
        for name, trace in found.items()
    }


@pytest.fixture
def cli() -> Callable[..., Result]:
    """`cli("export", path, ...)`; a traceback fails the test."""

    def call(*args: str | Path) -> Result:
        result = CliRunner().invoke(main, [str(arg) for arg in args])
        assert result.exception is None or isinstance(result.exception, SystemExit), repr(
            result.exception
        )
        assert "Traceback" not in result.output
        return result

    return call
