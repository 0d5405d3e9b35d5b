"""Activation patching on the screen: its numbers are those of one fork after the other."""

from __future__ import annotations

import numpy as np
import pytest
from textual.widgets import Input, Static

from engine import LanguageModel, fork, lenses, run
from engine.interventions import Intervention
from engine.lenses.patching import transplant
from scenarios import zoo
from tests.tui.pair_lanes import pair_lane, pair_model
from tests.tui.stage import Stage, lane, ready, without_model
from tests.tui.test_views_pairs import shown
from tui.lane import Lane
from tui.palette import Palette
from tui.views.patched import EffectScale, carriers
from tui.views.patching import PatchingView
from tui.views.question import Patched, Question, ask, beside, default, written

TEXT = "the cats on the mat that the dog likes were happy ."


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return zoo.model("transformer")


def english(model: LanguageModel) -> Lane:
    return Lane(model.name, run(model, TEXT), model)


def view(stage: Stage) -> PatchingView:
    assert isinstance(stage.view, PatchingView)
    return stage.view


async def test_the_number_of_the_subject_is_asked_without_asking(model: LanguageModel) -> None:
    at = english(model)
    question = default(at.trace, 3)
    assert question is not None
    assert (question.row, question.word, question.instead) == (10, "were", "was")
    assert written(at.trace, question.tokens) == TEXT.replace("cats", "cat")
    stage = Stage("patching", at, cursor=3)
    async with stage.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        other = run(model, TEXT.replace("cats", "cat"))
        own, theirs = (lenses.log_odds(t, 10, "were", "was") for t in (at.trace, other))
        found = shown(stage)
        assert set(found) == {(line, row) for line in range(2) for row in range(10)}
        for layer in range(2):
            for row in (2, 5, 9):
                one = fork(model, at.trace, *transplant(at.trace, other, row, layer))
                effect = (lenses.log_odds(one, 10, "were", "was") - own) / (theirs - own)
                assert found[1 - layer, row] == pytest.approx(effect, abs=0.0051)
        assert f"{own:+.2f} bits" in stage.screen_text()
        assert f"{theirs:+.2f} bits" in stage.screen_text()
        assert "2 cats/cat" in stage.screen_text()
        assert "layer 0: 2 cats" in stage.said("#says")
        assert "layer 1: 9 likes 1.00" in stage.said("#says")
        await ready(pilot, ["up", "right"])
        assert "layer 1 at 'likes'(9)" in stage.said("#readout")
        await ready(pilot, ["left"])
        assert "layer 1 at 'dog'(8)" in stage.said("#readout")


async def test_another_text_and_what_the_readings_say_by_themselves(model: LanguageModel) -> None:
    stage = Stage("patching", english(model), cursor=3)
    async with stage.run_test(size=(100, 30)) as pilot:
        await ready(pilot, ["o"])
        fields = {field.id: field for field in pilot.app.screen.query(Input)}
        fields["text"].value = "the cats were"
        await ready(pilot, ["enter"])
        assert "4 rows against 13" in str(pilot.app.screen.query_one("#line", Static).render())
        fields["text"].value, fields["word"].value = TEXT.replace("mat", "box"), ""
        fields["instead"].value = ""
        await ready(pilot, ["enter"])
        assert "'are'" in stage.said("#title")  # likeliest of this reading at row 10
        assert "[mat]" in stage.screen_text()
        assert "[box]" in stage.screen_text()


def test_another_lane_of_the_same_length_is_the_other_reading(model: LanguageModel) -> None:
    here, there = (run(model, TEXT.replace("mat", word)) for word in ("mat", "box"))
    question = beside(here, there, 0)
    assert question is not None
    assert (question.row, question.changed(here.tokens)) == (1, [5])
    assert beside(here, here, 5) is None
    assert beside(here, run(model, "the cats were happy ."), 5) is None
    pair = pair_lane("seq2seq").trace
    assert beside(pair, here, 5) is None
    again = run(pair_model("seq2seq"), list("tough"), target="TH")
    assert beside(pair, again, 9) is None  # a shorter source
    again = run(pair_model("seq2seq"), list("thruugh"), target="R")
    found = beside(pair, again, 9)
    assert found is not None
    assert found.changed(pair.tokens) == [3]
    assert found.tokens[8:] == tuple(pair.tokens[8:])  # its own target


async def test_enter_forks_with_the_chosen_state(model: LanguageModel) -> None:
    at = english(model)
    done: list[Intervention] = []

    class Forking(Stage):
        def fork(self, *items: Intervention) -> None:
            done.extend(items)

    stage = Forking("patching", at, cursor=3)
    async with stage.run_test(size=(100, 30)) as pilot:
        pilot.app.screen.fork = stage.fork  # type: ignore[attr-defined]
        await ready(pilot, ["enter"])
        other = run(model, TEXT.replace("cats", "cat"))
        assert done == list(transplant(at.trace, other, 2, 0))


@pytest.mark.parametrize("kind", ["seq2seq", "bahdanau"])
async def test_of_a_pair_the_source_s_states_are_put_in(kind: str) -> None:
    at = pair_lane(kind)
    assert at.model is not None
    stage = Stage("patching", at, cursor=2)
    async with stage.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        found = view(stage).found
        assert found is not None
        assert found.question.row == 9
        assert found.question.changed(at.trace.tokens) == [2]
        own, theirs = found.own, found.theirs
        for layer, row in ((0, 2), (1, 2), (1, 8)):
            items = transplant(at.trace, found.other, row, layer)
            one = fork(at.model, at.trace, *items)
            moved = lenses.log_odds(one, 9, found.word, found.instead)
            assert found.effect[layer, row] == pytest.approx(
                (moved - own) / (theirs - own), abs=1e-3
            )
        assert np.isfinite(found.effect).all()


async def test_of_a_whole_text_every_row_may_carry_the_answer() -> None:
    at = pair_lane("encoder")
    assert at.model is not None
    words = list(at.trace.tokens)
    question = Question((*words[:-1], "TH"), 2, "", "")
    found = ask(at.model, at.trace, question)
    for layer, row in ((0, 7), (1, 1), (1, 7)):
        one = fork(at.model, at.trace, *transplant(at.trace, found.other, row, layer))
        moved = lenses.log_odds(one, 2, found.word, found.instead)
        effect = (moved - found.own) / (found.theirs - found.own)
        assert found.effect[layer, row] == pytest.approx(effect, abs=1e-3)


async def test_where_nothing_can_be_asked_it_is_said() -> None:
    for at, words in (
        (lane("lstm"), "Press o"),
        (without_model(lane("gru")), "no model to run again"),
        (pair_lane("encoder"), "Press o"),
    ):
        stage = Stage("patching", at, cursor=2)
        async with stage.run_test(size=(80, 24)) as pilot:
            await ready(pilot, ["left", "right", "up", "enter"])
            assert words in stage.screen_text()


@pytest.mark.parametrize("palette", [Palette(ascii=True), Palette(colours="none")])
async def test_patching_at_any_size(palette: Palette) -> None:
    stage = Stage("patching", pair_lane("dot"), 9, palette)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        for size in ((200, 60), (60, 12), (12, 4)):
            await pilot.resize_terminal(*size)
            await ready(pilot, ["left", "up"])
            assert not palette.ascii or stage.screen_text().isascii()


@pytest.mark.parametrize("values", [[[1.0, 1.0, 1.0]], [[0.0, 0.001, 0.0]], [[0.2, 0.9, 0.1]]])
def test_rows_that_all_carry_the_answer_are_not_told_apart(values: list[list[float]]) -> None:
    at = pair_lane("none").trace
    tokens = ("b", *at.tokens[1:])
    asked = Question(tokens, 3, "a", "b")
    effect = np.array(values)
    found = Patched(asked, "a", "b", at, effect, effect, 1.0, -1.0)
    said = carriers(Palette(), at, found, 3, 80).plain
    expected = {1.0: "every row alike, 1.00", 0.0: "layer 0: none", 0.2: "layer 0: 1 h 0.90"}
    assert expected[values[0][0]] in said


@pytest.mark.parametrize(
    "value", [1.0, 0.43, 0.0, -0.004, -0.43, -1.2, 1.234, 12.3, -0.97, 0.996, 9.97]
)
def test_digits_of_a_narrow_cell_leave_a_gap(value: float) -> None:
    said = EffectScale(Palette()).digits(value, 4)
    assert len(said) <= 3
    assert said == "·" or float(said) == pytest.approx(value, rel=0.2)
