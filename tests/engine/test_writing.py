"""Runs that go on by themselves: against every sentence there is, against plain loops, and as files."""

from __future__ import annotations

import itertools
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine import Decoding, EditAttention, Hold, LanguageModel, PeepholeError, Replace
from engine.arrays import Backend, log_softmax
from engine.beam import Search
from engine.decoding import cut, draw, pick
from engine.models.encoder_decoder import EncoderDecoder
from engine.models.recurrent import RecurrentLM
from engine.text import END, SPECIAL, START, STOP, Vocabulary
from tests.engine.build import build, tokens

WORDS = (*SPECIAL, "a", "b")
SOURCE = ["a", "b", "b"]
S = len(SOURCE) + 1


@cache
def pair(seed: int = 0, attention: str = "bahdanau") -> LanguageModel:
    """A random pair model of five words; `</s>` and `<pad>` are words that it may write too."""
    architecture = EncoderDecoder("gru", len(WORDS), 6, 5, attention=attention)
    rng = np.random.default_rng(seed)
    params = {name: 2 * array for name, array in architecture.init(rng).items()}
    model = LanguageModel("pair", architecture, params, Vocabulary(WORDS), digest="0" * 12)
    return model.to(Backend(dtype="float64"))


def log_p(model: LanguageModel, target: list[str]) -> float:
    """log p of a whole target, with teacher forcing in one shot."""
    rows = [*SOURCE, END, START, *target]
    ids = np.array(model.vocabulary.encode(rows))
    found = log_softmax(model.architecture.logits(model.params, ids[:-1]))[S:]
    return float(found[np.arange(len(target)), ids[S + 1 :]].sum())


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 99), st.floats(0.0, 1.5))
def test_a_wide_beam_finds_the_best_target_of_all(seed: int, alpha: float) -> None:
    model = pair(seed)
    inner = [word for word in WORDS if word != END]
    targets = [
        [*words, END] for n in range(3) for words in itertools.product(inner, repeat=n)
    ]  # every one of at most 3 words that ends
    best = max(targets, key=lambda words: log_p(model, words) / ((5 + len(words)) / 6) ** alpha)
    decoding = Decoding("beam", 64, alpha)
    trace = engine.run(model, SOURCE, decoding=decoding, most=3)
    assert [*trace.tokens[S + 1 :], END] == best
    search = Search.from_lens(trace.lenses["search"])
    assert search.best[-1] == STOP
    assert search.log_p[search.chosen == 1][-1] == pytest.approx(log_p(model, best))


@pytest.mark.parametrize("attention", ["none", "bahdanau", "dot"])
def test_greedy_and_a_beam_of_one_are_a_plain_loop(attention: str) -> None:
    model = pair(3, attention)
    rows = [*SOURCE, END, START]
    for _ in range(7):
        logits = model.architecture.logits(model.params, np.array(model.vocabulary.encode(rows)))
        word = WORDS[int(np.argmax(logits[-1]))]
        if word == END:
            break
        rows.append(word)
    for decoding in (None, Decoding(), Decoding("beam", 1)):
        assert engine.run(model, SOURCE, decoding=decoding, most=7).tokens == rows


@pytest.mark.parametrize("family", ["lstm", "transformer"])
def test_a_language_model_goes_on_with_a_text(family: str) -> None:
    model = build(family)
    decoding = Decoding("sample", temperature=0.7, top_k=4, top_p=0.9, seed=5)
    trace = engine.generate(model, tokens(4), decoding, 6)
    assert trace.tokens[:4] == tokens(4)
    assert trace.header.seed == 5
    told = trace.lenses["decoding"]
    for step, row in enumerate(range(4, len(trace))):
        found = cut(trace["logits"][row - 1], decoding)
        word = pick(found.after, draw(5, row))
        assert model.vocabulary.words[word] == trace.tokens[row]
        assert told["chosen"].array[step] == word
        np.testing.assert_allclose(told["after"].array[step], found.after, atol=1e-7)
        np.testing.assert_array_equal(told["kept"].array[step], found.kept)
        assert told["draw"].array[step] == draw(5, row)
    wrote = len(told["chosen"].array)
    ended = model.vocabulary.words[told["chosen"].array[-1]] == START
    assert wrote == (len(trace) - 4 + 1 if ended else 6)


def test_a_target_is_continued() -> None:
    model = pair(1)
    whole = engine.run(model, SOURCE, decoding=Decoding("sample", seed=4), most=8)
    begin = whole.tokens[S + 1 : S + 3]
    again = engine.run(model, SOURCE, target=begin, decoding=Decoding("sample", seed=4), most=6)
    assert again.tokens[: len(whole)] == whole.tokens[: len(again)]
    assert again.header.decoding["first"] == S + 1 + len(begin)
    assert engine.run(model, SOURCE, target="a b").header.decoding == {}


@pytest.mark.parametrize("how", ["greedy", "beam 3 length 0.5", "sample seed 2"])
def test_a_fork_decodes_on(how: str) -> None:
    model = pair(7)
    trace = engine.run(model, SOURCE, decoding=Decoding.parse(how), most=6)
    edit = EditAttention("only", 0, start=S)
    fork = engine.fork(model, trace, edit)
    wanted = engine.run(model, SOURCE, [edit], decoding=Decoding.parse(how), most=6)
    assert fork.tokens == wanted.tokens
    np.testing.assert_array_equal(fork["logits"], wanted["logits"])
    assert fork.header.parent == trace.id
    assert fork.header.decoding == trace.header.decoding
    held = engine.fork(model, fork, Hold("h", 0.0, start=S))
    assert [record["kind"] for record in held.header.interventions] == ["edit_attention", "hold"]


@pytest.mark.parametrize("how", ["greedy", "beam 3", "sample seed 2"])
def test_a_word_put_in_by_hand_stays_and_the_rest_is_written_anew(how: str) -> None:
    model = build("gru", scale=4.0, seed=4)
    decoding = Decoding.parse(how)
    trace = engine.run(model, tokens(3), decoding=decoding, most=6)
    word = next(w for w in model.vocabulary.words[1:] if w != trace.tokens[4])
    fork = engine.fork(model, trace, Replace(4, word))
    assert fork.tokens[:3] == trace.tokens[:3]
    assert fork.tokens[4] == word
    if how != "beam 3":  # a beam chooses what comes before with the word in view
        assert fork.tokens[:4] == trace.tokens[:4]
        rest = engine.run(model, fork.tokens[:5], decoding=decoding, most=4)
        assert fork.tokens == rest.tokens
    again = engine.fork(model, fork, Hold("h", 0.1, start=6, stop=7))
    assert again.tokens[:5] == fork.tokens[:5]


@pytest.mark.parametrize("how", ["greedy", "beam 3 length 0.5", "top-p 0.8 seed 2"])
def test_a_saved_trace_shows_how_it_was_written(how: str, tmp_path: Path) -> None:
    trace = engine.run(pair(5), SOURCE, decoding=Decoding.parse(how), most=5)
    again = engine.load_trace(engine.save_trace(trace, tmp_path / "t"))
    assert Decoding.from_record(again.header.decoding) == Decoding.parse(how)
    assert again.header == trace.header
    (lens,) = trace.lenses
    for name, named in trace.lenses[lens].items():
        np.testing.assert_array_equal(again.lenses[lens][name].array, named.array)
    if lens == "search":
        assert (
            Search.from_lens(again.lenses[lens]).best == Search.from_lens(trace.lenses[lens]).best
        )


def test_a_search_that_a_file_made_up_is_refused() -> None:
    lens = engine.run(pair(5), SOURCE, decoding=Decoding("beam", 3), most=5).lenses["search"]
    missing = {name: named for name, named in lens.items() if name != "parent"}
    lost = lens | {"parent": lens["parent"]._replace(array=lens["parent"].array + 99)}
    short = lens | {"p": lens["p"]._replace(array=lens["p"].array[:1])}
    for wrong in (missing, lost, short):
        with pytest.raises(PeepholeError, match="search of this trace"):
            Search.from_lens(wrong)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: engine.run(pair(), SOURCE, most=0), "from 1 to 1000"),
        (lambda: engine.run(build("gru"), ["w1"], target="w2"), "writes no target"),
        (lambda: engine.run(pair(), SOURCE, target="a zebra"), "not know: 'zebra'"),
    ],
)
def test_a_mistake_is_named(make: Any, message: str) -> None:
    with pytest.raises(PeepholeError, match=message):
        make()


def test_a_model_of_numbers_does_not_write() -> None:
    architecture = RecurrentLM("gru", 2, 4, 4, outputs=1)
    params = architecture.init(np.random.default_rng(0))
    model = LanguageModel("adding", architecture, params, Vocabulary(WORDS))
    with pytest.raises(PeepholeError, match="numbers, not words"):
        engine.run(model, ["a"], decoding=Decoding())


@pytest.mark.parametrize(
    "said",
    [
        {"how": "bean"}, {"how": "beam", "beam": 0}, {"how": "greedy", "top_k": 3}, {"how": ["beam"]},
        {"first": -1}, {"first": 99}, {"first": "0"}, {"most": 0}, {"most": 10**9}, {"most": None},
    ],
)  # fmt: skip
def test_a_file_cannot_lie_about_its_decoding(said: dict[str, Any], tmp_path: Path) -> None:
    from dataclasses import replace

    trace = engine.run(pair(5), SOURCE, decoding=Decoding(), most=5)
    trace.header = replace(trace.header, decoding={**trace.header.decoding, **said})
    path = engine.save_trace(trace, tmp_path / "t")
    with pytest.raises(PeepholeError):
        engine.load_trace(path)
