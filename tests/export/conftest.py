"""Saved traces of small random models, and of tokens that nobody would choose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import Trace, Vocabulary, run, save_trace
from engine.lenses import record
from tests import browser
from tests.cli.conftest import cli, models  # noqa: F401, fixtures
from tests.engine.build import build, tokens
from tests.tui.pair_lanes import pair_lane
from tui.export import page as pages
from tui.lane import Lane

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


@pytest.fixture(scope="package")
def chromium() -> Iterator[Any]:
    with browser.page(viewport={"width": 1400, "height": 700}) as opened:
        opened.wrong = []
        opened.on("pageerror", lambda error: opened.wrong.append(str(error)))
        opened.on("console", lambda message: opened.wrong.append(message.text))
        opened.on("dialog", lambda dialog: opened.wrong.append(dialog.message))
        yield opened


@pytest.fixture
def show(chromium: Any, tmp_path: Path) -> Iterator[Any]:
    """`show(lane, ...)`: the page of readings in the browser; it must ask for nothing else."""
    paths = []

    def call(*lanes: Lane, tracks: tuple[str, ...] = ()) -> Any:
        path = tmp_path / f"{len(paths)}.html"
        path.write_text(pages.page(lanes, tracks).text, encoding="utf-8")
        paths.append(path.as_uri())
        chromium.goto(path.as_uri())
        return chromium

    chromium.set_viewport_size({"width": 1400, "height": 700})
    chromium.asked.clear()
    chromium.wrong.clear()
    yield call
    assert chromium.asked == paths, "only the file itself was asked for"
    assert chromium.wrong == []
