"""Models of pairs in scenarios: what they read, what they write, and what is measured of both."""

from __future__ import annotations

import contextlib
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import LanguageModel
from engine.errors import PeepholeError
from engine.text import STOP
from scenarios import zoo
from scenarios.card import scores
from scenarios.expressions import evaluate, parse
from scenarios.lanes import Lane
from scenarios.measures import MEASURES
from scenarios.script import Reading
from scenarios.stops import is_condition
from tests.engine.test_pair_traces import MODEL, Echo
from tests.scenarios.models import untrained
from tests.scenarios.scripts import mutated, play, refused, written

PAIRS = """title = "A pair"
text = "a c b"
year = 2014
wing = "Attention"

[lanes]
writes = { model = "echo" }
reads = { model = "echo", target = "b b" }
other = { model = "echo", text = "b" }
few = { model = "echo", most = 2 }
plain = { model = "lstm", text = "the cat was happy ." }

[[beats]]
title = "Written"
lanes = ["writes", "reads"]
stop = "</s>"
say = "It wrote {words}."
measure.words = "output(writes)"
expect = [
    "row(writes, here) == 3", "source_rows(writes) == 4", "output(few) == 'a c'", "output(writes) == 'a c b'"
]

[[beats]]
title = "Another target"
target = "c"
stop = "c#2"
say = "Nothing."
expect = ["token(writes, here) == 'c'", "rows(writes) == 6", "rows(reads) == 7", "rows(other) == 4"]

[[beats]]
title = "Another text"
text = "c"
stop = "<s>"
say = "Nothing."
expect = ["output(writes) == 'c'", "row(writes, here) == 2", "token(reads, 3) == 'b'", "rows(plain) == 6"]
"""


class Patient(Echo):
    """It writes `</s>` however long its target goes on."""

    def step(self, params: Any, state: Any, ids: Any, do: Any = None, row: int = 0) -> Any:
        source, u = state
        on = np.append(source, np.full(u + 1, STOP))
        _, values = super().step(params, (on, u), ids, do, row)
        for name in ("cross_scores", "cross_weights"):
            values[name] = tuple(part[:, : len(source)] for part in values[name])
        return (source, u + 1), values


def models(name: str, steps: int | None = None) -> LanguageModel:
    if name == "echo":
        return replace(MODEL, architecture=Patient(), card={"scores": {"exact/4": 0.75}})
    return untrained(name, steps)


def test_lanes_beats_and_scenario_say_what_is_read_and_written(tmp_path: Path) -> None:
    played = play(written(tmp_path, PAIRS), models)
    for i in range(len(played)):
        assert [v.measured for v in played.verdicts(i) if not v.passed] == []
    assert (played.scenario.year, played.scenario.wing) == (2014, "Attention")
    assert played.narration(0) == "It wrote a c b."


def test_the_innermost_reading_counts() -> None:
    outer = Reading("x", target="y", most=5)
    assert Reading().within(outer) == outer
    assert Reading("z").within(outer) == Reading("z", most=5)  # another text has another target
    assert Reading(task="recall").within(outer) == Reading(None, "recall", most=5)
    assert Reading(decode="beam 2").within(outer) == Reading("x", decode="beam 2", most=5)
    beam = Reading("x", decode="beam 2")
    assert Reading("z").within(beam) == Reading("z", decode="beam 2")
    assert Reading(target="").within(beam) == Reading("x", target="")


def test_a_lane_decodes_as_it_is_told(tmp_path: Path) -> None:
    text = PAIRS.replace("most = 2", 'most = 2, decode = "beam 2"')
    played = play(written(tmp_path, text), models)
    lane = played.lane("few", 0)
    assert lane.trace.header.decoding["beam"] == 2
    assert lane.trace.tokens[5:] == ["a", "c"]


def test_a_language_model_goes_on_with_its_text(tmp_path: Path) -> None:
    old = 'text = "the cat was happy ." }'
    text = PAIRS.replace(old, 'text = "the cat", decode = "top-k 3 seed 2", most = 4 }')
    text = text.replace("rows(plain) == 6", "rows(plain) == 7")
    lane = play(written(tmp_path, text), models).lane("plain", 2)
    assert lane.trace.tokens[:3] == ["<s>", "the", "cat"]
    assert len(lane.trace) == 7
    assert lane.trace.header.decoding["top_k"] == 3


MISTAKES = [
    ('target = "b b"', 'targt = "b b"', "no key 'targt'. Did you mean 'target'", "targt"),
    ('target = "b b"', "target = 3", "'target' must be text, not 3", "target"),
    ('target = "b b"', 'target = "b bb"', "not know: 'bb'", "bb"),
    ('"b b"', '"b", decode = "greedy"', "either 'target' or 'decode', not both", "decode"),
    ('"b b"', '"b", most = 3', "either 'target' or 'most', not both", "most"),
    ("most = 2", "most = 0", "'most' is from 1 to 200, not 0", "0"),
    ("most = 2", 'decode = "beem 4"', "'beem' is no part of a decoding", "beem 4"),
    ("most = 2", 'decode = "beam 999"', "beam = 999 is not a whole number", "beam 999"),
    ('happy ."', 'happy .", target = "a"', "lstm reads no target", "a"),
    ('text = "b"', 'text = "d"', "not know: 'd'", "d"),
    ('"Attention"', '"Attenton"', "no wing 'Attenton'. Did you mean 'Attention'", "Attenton"),
    ("year = 2014", "year = 14", "'year' is from 1900 to 2100, not 14", "14"),
    ("year = 2014", 'year = "2014"', "'year' must be a whole number", "year"),
    ('stop = "</s>"', 'stop = "</s>#2"', "no row '</s>#2' in writes", "</s>#2"),
    ('stop = "c#2"', 'stop = "c#3"', "The text is: a c b </s> <s> c", "c#3"),
    ("output(writes)\"\n", "output(reads)\"\n", "was given to it", "output"),
    ("output(writes)\"\n", "output(plain)\"\n", "plain reads no source", "output"),
    ("output(writes)\"\n", "alignment(writes, 0, 1)\"\n", "row 0 ('a') is of the source", "0"),
    ("output(writes)\"\n", "alignment(writes, 5, 5)\"\n", "row 5 is of the target", "5"),
    ("output(writes)\"\n", "alignment(plain, 5, 5)\"\n", "plain reads no source", "alignment"),
    ("output(writes)\"\n", "card(writes, 'exat/4')\"\n", "Did you mean 'exact/4'", "exat/4"),
    ("output(writes)\"\n", "over_seeds('ltsm', 'a')\"\n", "Did you mean 'lstm'", "ltsm"),
    ("output(writes)\"\n", "over_seeds(writes, 'a')\"\n", "not the name of a model", "over_seeds"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "says", "word"), MISTAKES, ids=[m[1] for m in MISTAKES])
def test_a_mistake_is_shown_where_it_is(
    tmp_path: Path, old: str, new: str, says: str, word: str
) -> None:
    text = PAIRS.replace(old, new, 1)
    assert text != PAIRS
    path = written(tmp_path, text)
    refused(lambda: play(path, models), path, says, word)


@given(st.randoms(use_true_random=False))
def test_a_damaged_file_plays_or_says_why(tmp_path_factory, rng) -> None:
    path = tmp_path_factory.mktemp("any") / "a.toml"
    path.write_bytes(mutated(PAIRS, rng).encode("utf-8", "surrogatepass"))
    with contextlib.suppress(PeepholeError):
        play(path, models)


@pytest.mark.parametrize("stop", ["<s>", "</s>", "</s>#2", "cat"])
def test_tokens_with_brackets_are_words_and_no_conditions(stop: str) -> None:
    assert not is_condition(stop)
    assert is_condition("f[3] < 0.1")


# Measures -----------------------------------------------------------------------------------------


def measured(text: str, lane: Lane) -> object:
    return evaluate(parse(text, MEASURES), MEASURES, {"lane": lane}.__getitem__)


@pytest.fixture
def lane(tmp_path: Path) -> Lane:
    return play(written(tmp_path, PAIRS), models).lane("writes", 0)


def test_alignments_are_the_weights_of_a_target_row(lane: Lane) -> None:
    rng = np.random.default_rng(0)
    weights = lane.trace["cross_weights"]  # (row, layer, head, key)
    weights[4:, :, :, :4] = rng.dirichlet(np.ones(4), weights[4:, :, :, 0].shape)
    row = weights[6]
    assert measured("alignment(lane, 6, 1)", lane) == pytest.approx(row[-1, :, 1].mean())
    assert measured("alignment(lane, 'c#2', 'c', layer=0, head=1)", lane) == row[0, 1, 1]
    assert measured("argmax(alignment(lane, 6, head=0))", lane) == row[-1, 0, :4].argmax()
    assert measured("sum(alignment(lane, 6))", lane) == pytest.approx(1)
    top = lane.trace.tokens[row[-1, 0, :4].argmax()]
    assert measured("looks_at(lane, 6, head=0)", lane) == top
    bits = measured("alignment_entropy(lane, 6, head=0)", lane)
    assert bits == pytest.approx(-(row[-1, 0, :4] * np.log2(row[-1, 0, :4])).sum())
    weights[6, :, :, :4] = 0.25
    assert measured("alignment_entropy(lane, 6)", lane) == pytest.approx(math.log2(4))


@pytest.mark.parametrize(
    ("words", "edits"), [("a c b", 0), ("a b", 1), ("", 3), ("c a b", 2), ("a c b a", 1), ("b", 2)]
)
def test_what_was_written_is_compared_with_words(lane: Lane, words: str, edits: int) -> None:
    assert measured(f"errors(lane, '{words}')", lane) == edits
    assert measured(f"correct(lane, '{words}')", lane) == (edits == 0)


def test_the_card_is_read(lane: Lane) -> None:
    assert measured("card(lane, 'exact/4')", lane) == 0.75


def test_seeds_are_read_from_their_cards(monkeypatch) -> None:
    monkeypatch.setattr(zoo, "seeds", lambda name: ("lstm", "gru"))
    split = "agreement/attractors-16"
    found = evaluate(parse(f"over_seeds('lstm', '{split}')", MEASURES), MEASURES, str)
    assert found.tolist() == [scores(zoo.model(name))[split] for name in ("lstm", "gru")]


def test_a_guess_stands_where_something_is_predicted(lane: Lane) -> None:
    assert measured("guess(lane, 5)", lane) == "a"
    assert measured("guess(lane, 8)", lane) == "</s>"
    for row in (0, 3, 4, 9):
        with pytest.raises(PeepholeError):
            measured(f"guess(lane, {row})", lane)
