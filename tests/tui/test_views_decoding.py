"""The decoding view: its numbers are the engine's, its tree is the search, and its keys try other ways."""

from __future__ import annotations

import re

import numpy as np
import pytest

from engine import Decoding, run, write_from
from engine.beam import Search
from engine.decoding import choose, cut, draw
from tests.engine.build import build, tokens
from tests.engine.test_writing import SOURCE, S, pair
from tests.tui.pair_lanes import pair_lane
from tests.tui.stage import SIZES, Stage, lane, ready, without_model
from tui.lane import Lane
from tui.palette import Palette
from tui.views.decoding import DecodingView

FORMS = (Palette(), Palette(colours="few"), Palette(colours="none"), Palette(ascii=True))


def written(how: str, most: int = 8) -> Lane:
    """A random model that has gone on with three words by itself."""
    model = build("gru", scale=4.0, seed=4, dtype="float32")
    return Lane("gru", run(model, tokens(3), decoding=Decoding.parse(how), most=most), model)


def searched(at: Lane) -> Search:
    return Search.from_lens(at.trace.lenses["search"])


async def test_the_bars_are_the_cut_distribution() -> None:
    at, row = written("top-p 0.8 temperature 1.5 seed 3"), 5
    decoding = Decoding.parse("top-p 0.8 temperature 1.5 seed 3")
    found = cut(at.trace["logits"][row], decoding)
    words = at.trace.header.vocabulary
    stage = Stage("decoding", at, row)
    async with stage.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        lines = stage.said("#picture").splitlines()
        drawn = [line.split() for line in lines if re.search(r"(kept|cut|chosen)$", line.rstrip())]
        assert len(drawn) == len(words)
        for line in drawn:
            word = next(part for part in line if part in words)
            index = words.index(word)
            before, after = (float(part) for part in line if re.fullmatch(r"0|\d\.\d{3}", part))
            assert before == pytest.approx(found.before[index], abs=6e-4)
            assert after == pytest.approx(found.after[index], abs=6e-4)
            kept = line[-1] != "cut"
            assert kept == found.kept[index]
        chosen = words[choose(found, decoding, row + 1)]
        assert chosen == at.trace.tokens[row + 1]
        assert f"{chosen!r} chosen" in stage.said("#numbers")
        assert f"draw {draw(3, row + 1):.3f}" in stage.said("#picture")
        p = found.after[found.after > 0]
        assert f"{-(p * np.log2(p)).sum():.3f} after" in stage.said("#numbers")
        assert f"kept {found.kept.sum()} of {len(words)}" in stage.said("#numbers")
        assert "as written" in stage.said("#title")


async def test_keys_try_other_ways_and_go_back() -> None:
    at = lane("lstm")
    stage = Stage("decoding", at, 4)
    async with stage.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        assert "greedy · a try" in stage.said("#title")
        await ready(pilot, ["h"])
        assert "top-p 0.9" in stage.said("#title")
        await ready(pilot, ["left", "left", "o", "right", "right", "right"])
        assert "top-k 3 top-p 0.7" in stage.said("#title")
        found = cut(at.trace["logits"][4], Decoding.parse("top-k 3 top-p 0.7"))
        assert f"kept {found.kept.sum()} of" in stage.said("#numbers")
        await ready(pilot, ["h", "right"])
        assert "beam 5" in stage.said("#title")
        assert at.model is not None
        made = write_from(at.model, at.trace, 4, Decoding("beam", 5))
        search = Search.from_lens(made.lenses["search"])
        best = " ".join(at.trace.header.vocabulary[word] for word in search.best)
        assert f"best: {best}"[:60] in stage.said("#numbers")
        await ready(pilot, ["v"])
        assert "a beam cuts off no words" in stage.said("#numbers")
        await ready(pilot, ["c"])
        assert "greedy · a try" in stage.said("#title")


async def test_enter_asks_for_a_reading_that_writes_on() -> None:
    asked: list[DecodingView.Write] = []

    class Listening(Stage):
        def on_decoding_view_write(self, event: DecodingView.Write) -> None:
            asked.append(event)

    at = lane("gru")
    stage = Listening("decoding", at, 4)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot, ["h", "enter"])
    (event,) = asked
    assert (event.row, event.decoding, event.lane) == (4, Decoding("sample", top_p=0.9), at)


async def test_a_beat_says_which_way_and_what_picture() -> None:
    at = written("beam 3", most=5)
    stage = Stage("decoding", at, 4)
    async with stage.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        stage.view.point(of="temperature 0.5 seed 2")
        await ready(pilot)
        assert "temperature 0.5 seed 2 · tried here" in stage.said("#title")
        stage.view.point(of="written")
        stage.view.point(of="bars")
        await ready(pilot)
        assert "entropy" in stage.said("#numbers")
        stage.view.point(of="tree")
        await ready(pilot)
        assert "step 3 of" in stage.said("#numbers")


@pytest.mark.parametrize(
    ("size", "palette"),
    [(SIZES[0], FORMS[1]), (SIZES[0], FORMS[3]), (SIZES[1], FORMS[2]), (SIZES[2], FORMS[0])],
)
async def test_every_size_and_form(size: tuple[int, int], palette: Palette) -> None:
    lanes = [written(how) for how in ("greedy", "top-k 4 seed 1", "beam 4 length 0.6")]
    stage = Stage("decoding", lanes[0], 6, palette)
    async with stage.run_test(size=size) as pilot:
        for at in lanes:
            stage.view.show(at, 6)
            await ready(pilot)
            for line in (stage.said("#knobs"), *stage.said("#picture").splitlines()):
                assert len(line.rstrip()) <= size[0]
            assert len(stage.said("#picture").splitlines()) <= size[1] - 4
            if palette.ascii:
                assert stage.screen_text().isascii()
            tree = at is lanes[-1]
            assert palette.glyph("▸ kept", "> kept") in stage.said("#picture") or not tree
            assert palette.glyph("✗ ", "x ") + "pruned" * tree in stage.said("#picture")
            assert tree or palette.glyph("▶", ">") in stage.said("#picture")
        await pilot.resize_terminal(60, 16)
        await pilot.resize_terminal(*size)
        await ready(pilot)


async def test_rows_that_were_given_or_are_of_a_source_say_so() -> None:
    model = pair(3)
    at = Lane("pair", run(model, SOURCE, target=["a"], decoding=Decoding("beam", 2), most=4), model)
    stage = Stage("decoding", at, 0)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        assert "of the source" in stage.said("#picture")
        stage.view.show(at, S)
        await ready(pilot)
        assert f"what follows row {S + 1} was written" in stage.said("#picture")
        stage.view.show(at, S + 1)
        await ready(pilot)
        assert "step 1 of" in stage.said("#numbers")


async def test_without_its_model_a_trace_still_shows_its_beam_and_no_other() -> None:
    whole = written("beam 3", most=5)
    at = without_model(whole)
    at.trace.lenses["search"] = whole.trace.lenses["search"]
    stage = Stage("decoding", at, 4)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        assert "step 3 of" in stage.said("#numbers")
        await ready(pilot, ["right"])
        assert "needs the model" in stage.said("#picture")
        await ready(pilot, ["h", "h"])
        assert "kept" in stage.said("#numbers")


async def test_a_search_that_a_file_made_up_is_told() -> None:
    at = written("beam 3", most=5)
    del at.trace.lenses["search"]["parent"]
    stage = Stage("decoding", at, 4)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        assert "not whole" in stage.said("#picture")


async def test_bars_under_a_beam_say_what_it_took() -> None:
    at = written("beam 3 length 0.6", most=5)
    search, words = searched(at), at.trace.header.vocabulary
    stage = Stage("decoding", at, 2)
    stage.view.point(of="bars")
    async with stage.run_test(size=(100, 30)) as pilot:
        for step in range(len(search.best)):
            stage.view.show(at, 2 + step)
            await ready(pilot)
            text = stage.said("#picture")
            assert "after" not in text
            lines = text.splitlines()
            (won,) = [line for line in lines if "best, " in line]
            assert words[search.best[step]] in won.split()
            parent = int(search.chosen[step - 1].argmax()) if step else -1
            here = (search.parent[step] == parent) & (search.token[step] >= 0)
            for column in np.flatnonzero(here):
                word = words[search.token[step, column]]
                line = next(line for line in lines if f" {word} " in line)
                fate = ("pruned", "kept", "finished")[search.fate[step, column]]
                assert line.split()[-1] == fate
        assert f"goes on with {words[search.best[step]]!r}" in stage.said("#numbers")


@pytest.mark.parametrize("name", ["decoding", "jacobian", "residual"])
async def test_a_view_with_nothing_to_show_offers_no_keys_of_its_own(name: str) -> None:
    empty = pair_lane("encoder") if name != "residual" else lane("gru")
    full = lane("transformer" if name == "residual" else "gru")
    for at, offered in ((empty, False), (full, True)):
        stage = Stage(name, at, 3)
        async with stage.run_test(size=(80, 24)) as pilot:
            await ready(pilot)
            own = [b.binding for b in stage.screen.active_bindings.values() if b.node is stage.view]
            ids = [b.id or "" for b in own if (b.id or "").startswith(f"{name}.")]
            assert bool(ids) == offered
