"""Source and target on one score: what is typed, given, and written on."""

from __future__ import annotations

import numpy as np
import pytest
from textual.pilot import Pilot

from engine import LanguageModel, UnknownWords, run
from engine.models.recurrent import RecurrentLM
from scenarios import zoo
from tests.tui.pair_lanes import SOURCE, TARGET, pair_model
from tests.tui.score_stage import idle, lines, press, screen, text
from tui.app import PeepholeApp
from tui.given import Given, halves_of
from tui.lane import Lane
from tui.screens.word_input import WordInput
from tui.session import Session
from tui.start import of_text
from tui.typed import Typed


def letters(kind: str) -> LanguageModel:
    return pair_model(kind, layers=1, letters=True)


async def typed(pilot: Pilot, words: str) -> None:
    for key in words:
        await pilot.press({" ": "space", "-": "minus", ">": "greater_than_sign"}.get(key, key))
    await idle(pilot)


async def test_a_source_is_typed_read_and_written_out() -> None:
    model = letters("bahdanau")
    async with PeepholeApp(of_text([model], "hut", most=5)).run_test(size=(100, 30)) as pilot:
        await press(pilot, "i")
        await typed(pilot, "routz")
        assert "'z' is not a letter that this model knows" in text(pilot)
        await press(pilot, "enter")  # refused: the field stays
        await press(pilot, "backspace")
        assert "not a letter" not in text(pilot)
        await press(pilot, "enter")
        screen(pilot).playing(False)
        trace = screen(pilot).lane.trace
        assert trace.tokens[:6] == [*"rout", "</s>", "<s>"]
        assert trace.header.decoding["how"] == "greedy"
        await press(pilot, "i")
        await typed(pilot, "go -> TH UW1")
        await press(pilot, "enter")
        screen(pilot).playing(False)
        assert screen(pilot).lane.trace.tokens == ["g", "o", "</s>", "<s>", "TH", "UW1"]
        assert "teacher forcing" in lines(pilot)[0]
        await press(pilot, "f")
        assert "free running: greedy" in lines(pilot)[0]
        await press(pilot, "f")
        assert screen(pilot).lane.trace.tokens[-2:] == ["TH", "UW1"]
        await press(pilot, "i", "x", "escape")
        assert screen(pilot).lane.trace.tokens[-2:] == ["TH", "UW1"]


def build_like(model: LanguageModel) -> LanguageModel:
    """A recurrent model of the same words."""
    architecture = RecurrentLM("gru", len(model.vocabulary), width=8, embed=5)
    params = architecture.init(np.random.default_rng(0))
    return LanguageModel("gru", architecture, params, model.vocabulary)


def test_a_model_that_reads_the_whole_text_reads_it_anew_with_every_word() -> None:
    model = pair_model("encoder")
    typed_in = Typed([model, build_like(model)])
    for word in ("t", "h", "r"):
        typed_in.feed(word)
    assert typed_in.back()
    whole, fed = typed_in.session.lanes
    assert whole.trace.tokens == fed.trace.tokens == ["<s>", "t", "h"]
    np.testing.assert_array_equal(whole.trace["h"], run(model, ["t", "h"])["h"])
    assert (typed_in.session.cursor, typed_in.session.over) == (2, True)


async def test_how_it_writes_is_asked_for_and_refused_where_it_is_no_way() -> None:
    async with PeepholeApp(of_text([letters("dot")], "hut", most=5)).run_test(
        size=(120, 30)
    ) as pilot:
        await press(pilot, "d", *["backspace"] * 6)
        await typed(pilot, "beam 0")
        await press(pilot, "enter")
        assert "beam" in lines(pilot)[-3]
        await press(pilot, "backspace")
        await typed(pilot, "3")
        await press(pilot, "enter")
        assert "free running: beam 3" in lines(pilot)[0]


async def test_what_would_be_right_is_said_where_it_is_known_and_was_not_written() -> None:
    faulty = zoo.model("copy-gru")
    source = "abababababababab"  # longer than it ever read in training
    session = of_text([faulty], source)
    assert session.right == tuple(source)
    assert session.lanes[0].written != session.right
    async with PeepholeApp(session).run_test(size=(160, 24)) as pilot:
        await idle(pilot)
        assert f"right: {' '.join(source)}" in lines(pilot)[0]
        await press(pilot, "f")  # the right copy is read
        assert "right:" not in lines(pilot)[0]
        assert screen(pilot).lane.trace.tokens[18:] == list(source)


def test_what_a_lane_was_given_is_what_another_is_given() -> None:
    model = pair_model("none", layers=1, reverse=True)
    lane = Lane("none", run(model, SOURCE.split(), target=TARGET), model)
    assert lane.trace.tokens[:2] == ["h", "g"]
    given = Given.of(lane)
    assert (given.text, given.target) == (tuple(SOURCE.split()), tuple(TARGET.split()))
    assert given.read(model).tokens == lane.trace.tokens
    free = Given.of(Lane("none", run(model, SOURCE.split(), most=3), model))
    assert (free.target, free.most, free.decoding is not None) == ((), 3, True)


async def test_tab_completes_the_words_of_a_source_and_the_ways_to_write() -> None:
    french = zoo.model("en-fr-gru")
    async with PeepholeApp(of_text([french], "she sees a boat .", most=5)).run_test(
        size=(100, 30)
    ) as pilot:
        field = screen(pilot).query_one(WordInput)
        await press(pilot, "i")
        assert "Complete" in lines(pilot)[-1]
        await typed(pilot, "she finds beautif")
        await press(pilot, "tab")
        assert field.value == "she finds beautiful"
        await typed(pilot, " -> ell")
        await press(pilot, "tab")
        assert field.value == "she finds beautiful -> elle"  # a word of the target
        await press(pilot, "escape", "d", "ctrl+u")
        for begun, whole in (("te", "temperature"), ("be", "beam"), ("gre", "greedy")):
            await typed(pilot, begun)
            await press(pilot, "tab")
            assert field.value == whole
            await press(pilot, "ctrl+u")
        await typed(pilot, "beam 4 le")
        await press(pilot, "tab")
        assert field.value == "beam 4 length"


async def test_completing_is_not_promised_where_there_is_nothing_to_complete() -> None:
    async with PeepholeApp(of_text([letters("dot")], "hut", most=5)).run_test(
        size=(100, 30)
    ) as pilot:
        await press(pilot, "i")
        assert "Complete" not in lines(pilot)[-1]
        await press(pilot, "escape", "d")
        assert "Complete" in lines(pilot)[-1]


async def test_writing_on_where_nothing_new_is_written_makes_no_lane() -> None:
    from engine import Decoding
    from tui.views.decoding import DecodingView

    model = zoo.model("copy-gru")
    lane = Lane(model.name, run(model, "b a d"), model)
    started = PeepholeApp(Session([lane]))
    async with started.run_test(size=(100, 30)) as pilot:
        await idle(pilot)
        last = len(lane.trace) - 1
        for row in (last, last - 1):  # the very end, and greedily once more
            screen(pilot).on_decoding_view_write(DecodingView.Write(lane, row, Decoding()))
            await idle(pilot)
            assert screen(pilot).session.lanes == [lane]
        said = [note.message for note in started._notifications]
        assert any("nothing to write on from there" in text for text in said)
        assert any(f"the same words again after row {last - 1}" in text for text in said)


def test_a_typed_target_is_of_its_own_side() -> None:
    model = zoo.model("spell-gru")
    Given.typed("cat -> K AE1", None).check(model)
    with pytest.raises(UnknownWords, match=r"does not write: 'k' \(nearest: K\)"):
        Given.typed("cat -> k", None).check(model)
    source, target = halves_of(zoo.model("en-fr-gru"))
    assert "red" in source
    assert "red" not in target
    assert "rouge" in target
