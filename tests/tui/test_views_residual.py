"""The residual view: its numbers are the lens's, up and down the blocks and along the rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine import lenses, run
from tests.engine.build import build, tokens
from tests.tui.pair_lanes import pair_lane
from tests.tui.stage import Stage, lane, ready, without_model
from tests.tui.test_views_pairs import shown
from tui.lane import Lane
from tui.palette import Palette


def line(stage: Stage, start: str) -> str:
    return next(line for line in stage.lines() if line[1:].strip().startswith(start))


async def test_every_number_of_the_row_is_the_lens_s() -> None:
    at = lane("transformer", layers=3)
    assert at.model is not None
    norms, lens = lenses.residual_norms(at.model, at.trace), lenses.logit_lens(at.model, at.trace)
    stage = Stage("residual", at, cursor=5)
    async with stage.run_test(size=(120, 30)) as pilot:
        await ready(pilot)
        lines = [text for text in stage.lines() if text[1:].strip()]
        tops = [i for i, text in enumerate(lines) if "h after block" in text]
        for depth, top in zip((3, 2, 1), tops, strict=True):
            assert f"{norms['stream'].array[5, depth]:.2f}" in lines[top]
            word = at.trace.header.vocabulary[lens["ids"].array[5, depth]]
            for said in (repr(word), *(f"{lens[n].array[5, depth]:.4f}" for n in ("top", "p"))):
                assert said in lines[top]
            assert lines[top].split()[-1] == str(lens["rank"].array[5, depth])
            for name, text in zip("ma", lines[top + 1 : top + 3], strict=True):
                assert f"+ {name} " in text
                assert f"{norms[name].array[5, depth - 1]:.2f}" in text
                assert text.split()[-1] == f"{norms[f'{name}.cosine'].array[5, depth - 1]:+.2f}"
        assert f"{norms['stream'].array[5, 0]:.2f}" in line(stage, "x embedding")


@pytest.mark.parametrize("kind", ["seq2seq", "encoder"])
async def test_the_map_is_the_probability_of_the_last_block_s_word(kind: str) -> None:
    at = pair_lane(kind)
    assert at.model is not None
    p = lenses.logit_lens(at.model, at.trace)["p"].array
    first = 8 if kind == "seq2seq" else 0
    stage = Stage("residual", at, cursor=first)
    async with stage.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        found = shown(stage)
        assert set(found) == set(np.ndindex(3, len(at.trace) - first))
        for (up, column), number in found.items():
            assert number == pytest.approx(p[first + column, 2 - up], abs=0.0051)


async def test_where_the_answer_appears_and_moving_through_the_depths() -> None:
    at = lane("transformer", layers=3)
    assert at.model is not None
    lens = lenses.logit_lens(at.model, at.trace)
    p, rank = lens["p"].array[5], lens["rank"].array[5]
    since = next(depth for depth in range(4) if (rank[depth:] == 1).all())
    names = ["x", "h 0", "h 1", "h 2"]
    stage = Stage("residual", at, cursor=5)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        assert f"likeliest from {names[since]} on" in stage.said("#readout")
        await ready(pilot, ["left"] * 4)
        for depth, name in enumerate(names):
            assert f"at {name}: p {p[depth]:.4f}, rank {rank[depth]} of" in stage.said("#readout")
            assert line(stage, name)  # its line in the map
            await ready(pilot, ["right"])


async def test_a_source_s_row_predicts_nothing_and_gets_nothing_across() -> None:
    stage = Stage("residual", pair_lane("seq2seq"), cursor=2)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        text = stage.screen_text()
        assert "predicts nothing" in stage.said("#readout")
        assert "+ b" not in text
        assert "nan" not in text
        await ready(pilot, ["down"] * 7)
        assert "+ b attention across" in stage.screen_text()


@pytest.mark.parametrize("family", ["lstm", "bahdanau"])
async def test_a_recurrent_net_has_none_and_it_is_said_why(family: str) -> None:
    at = lane(family) if family == "lstm" else pair_lane(family)
    stage = Stage("residual", at)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot, ["left", "right", "down", "right_square_bracket"])
        assert f"{family} has no residual stream: each row makes" in stage.screen_text()


async def test_without_a_model_it_needs_the_recorded_lens() -> None:
    full = lane("transformer")
    bare = without_model(full)
    stage = Stage("residual", bare, cursor=4)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        assert "not recorded in this trace" in stage.screen_text()
    assert full.model is not None
    bare.trace.lenses |= lenses.record(full.model, full.trace).lenses
    stage = Stage("residual", bare, cursor=4)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        size = full.trace.lenses["residual_norms"]["stream"].array[4, 2]
        assert f"{size:.2f}" in line(stage, "h after block 1")


@pytest.mark.parametrize("palette", [Palette(ascii=True), Palette(colours="none")])
async def test_at_any_size_and_length(palette: Palette) -> None:
    stage = Stage("residual", lane("transformer", 30, layers=5), cursor=29, palette=palette)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        assert "+ m" in stage.screen_text()  # little room: the map gives way
        assert not stage.view.query_one("Matrix").display
        await pilot.resize_terminal(80, 16)
        await ready(pilot)
        assert "+ m" not in stage.screen_text()  # less: only the stream's own lines, and the map
        assert "h after block 0" in stage.screen_text()
        for size in ((200, 60), (60, 12), (12, 4)):
            await pilot.resize_terminal(*size)
            await ready(pilot, ["left", "up"])
            assert not palette.ascii or stage.screen_text().isascii()
    stage = Stage("residual", lane("transformer", 1), palette=palette)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot, ["left", "down"])
        assert "h after block 1" in stage.screen_text()


@pytest.mark.parametrize("row", [0, 5])
async def test_the_longest_bar_is_the_largest_of_its_own_row(row: int) -> None:
    at = lane("transformer")
    assert at.model is not None
    found = lenses.residual_norms(at.model, at.trace)
    sizes = [found[name].array[row].max() for name in ("stream", "a", "m")]
    stage = Stage("residual", at, cursor=row)
    async with stage.run_test(size=(80, 11)) as pilot:  # as much as a story leaves of 24 lines
        await ready(pilot)
        assert f"0 to {max(sizes):.3g}" in stage.screen_text()
        assert stage.screen_text().count("+ m") == stage.screen_text().count("+ a") == 2


async def test_on_a_low_screen_v_changes_between_what_is_added_and_the_map() -> None:
    stage = Stage("residual", lane("transformer"), cursor=4)
    stage.view.point(of="map")
    async with stage.run_test(size=(80, 14)) as pilot:
        for mapped in (True, False, True):
            await ready(pilot)
            assert stage.view.query_one("Matrix").display == mapped
            assert ("+ m" in stage.screen_text()) != mapped
            assert ("read at" in stage.screen_text()) == mapped
            await ready(pilot, ["v"])
        await pilot.resize_terminal(80, 40)
        await ready(pilot, ["v"])
        assert "+ m" in stage.screen_text()
        assert "read at" in stage.screen_text()


@pytest.mark.parametrize("name", ["residual", "attention", "equation"])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
async def test_a_model_that_diverged_is_still_drawn(name: str) -> None:
    model = build("transformer", dtype="float32")
    params = {
        key: array * (1e30 if key == "layers.1.W_1" else 1) for key, array in model.params.items()
    }
    params["layers.0.W_q"] = params["layers.0.W_q"] * np.nan
    broken = replace(model, params=params)
    stage = Stage(name, Lane("broken", run(broken, tokens(6)), broken), cursor=3)
    async with stage.run_test(size=(100, 40)) as pilot:
        await ready(pilot, ["left_square_bracket", "d", "left", "up"])
        assert "broken" in stage.screen_text()
