"""What is handed to the screen: a text that a model reads, or a trace with its model where it is known."""

from __future__ import annotations

from dataclasses import replace

from engine import run
from scenarios import zoo
from tests.cli.conftest import TEXT
from tests.scenarios.models import untrained
from tui import start


def test_a_text_is_read_by_the_model() -> None:
    session = start.of_text([untrained("gru")], TEXT)
    assert session.tokens == ["<s>", *TEXT.split()]
    assert session.lanes[0].model is untrained("gru")


def test_a_trace_finds_its_bundled_model_by_its_weights() -> None:
    trace = run(zoo.model("lstm"), TEXT)
    lane = start.of_trace(trace).lanes[0]
    assert lane.trace is trace
    assert lane.model is zoo.model("lstm")


def test_a_trace_of_other_weights_is_shown_without_a_model() -> None:
    for name in ("lstm", "lstm@7", "foreign"):
        trace = run(replace(untrained("lstm"), name=name), TEXT)
        assert start.of_trace(trace).lanes[0].model is None
