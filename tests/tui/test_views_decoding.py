"""The decoding view: its numbers are the engine's, its tree is the search, and its keys try other ways."""

from __future__ import annotations

import re

import numpy as np
import pytest

from engine import Decoding, run, write_from
from engine.beam import FINISHED, KEPT, Search
from engine.decoding import choose, cut, draw
from tests.engine.build import build, tokens
from tests.engine.test_writing import SOURCE, S, pair
from tests.tui.pair_lanes import pair_lane
from tests.tui.stage import SIZES, Stage, lane, ready, without_model
from tui.lane import Lane
from tui.palette import Palette
from tui.views.decoding import DecodingView
from tui.views.tree import _number, grown, tree

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


async def test_the_tree_grows_with_the_cursor_and_ends_with_the_best() -> None:
    at = written("beam 3 length 0.6", most=5)
    search, words = searched(at), at.trace.header.vocabulary
    stage = Stage("decoding", at, 2)
    async with stage.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        for row in range(2, 2 + len(search.token)):
            stage.view.show(at, row)
            await ready(pilot)
            step = row - 2
            text = stage.said("#picture")
            alive = np.isin(search.fate[step], (KEPT, FINISHED)) & (search.token[step] >= 0)
            for column in np.flatnonzero(alive):
                assert (
                    f"{search.log_p[step, column]:8.3f}  {search.score[step, column]:8.3f}" in text
                )
                assert words[search.token[step, column]] in text
            assert (
                f"step {step + 1} of {len(search.token)}: {(search.fate[step] == KEPT).sum()} kept"
                in (stage.said("#numbers"))
            )
        best = " ".join(words[word] for word in search.best)
        assert f"best: {best}" in stage.said("#numbers")


def test_the_tree_holds_what_was_kept_and_what_this_step_pruned() -> None:
    search = searched(written("beam 4", most=6))
    for step in range(len(search.token)):
        found: list[tuple[int, int]] = []

        def walk(node, depth: int, found=found) -> None:
            for child in node.below:
                assert child.step == depth
                assert depth == 0 or search.parent[child.step, child.column] == node.column
                found.append((child.step, child.column))
                walk(child, depth + 1)

        walk(grown(search, step), 0)
        wanted = {
            (at, int(column))
            for at in range(step + 1)
            for column in np.flatnonzero(search.token[at] >= 0)
            if at == step or search.fate[at, column] in (KEPT, FINISHED)
        }
        assert set(found) == wanted
        assert len(found) == len(wanted)


@pytest.mark.parametrize("how", ["beam 6 length 0.6", "beam 16 length 1", "beam 32"])
def test_what_wins_is_the_first_line_however_wide_the_beam(how: str) -> None:
    at = written(how, most=7)
    search, words = searched(at), at.trace.header.vocabulary
    for step in range(len(search.token)):
        for width, height in ((80, 19), (120, 35)):
            lines = tree(Palette(), search, step, 3, words, width, height).plain.splitlines()
            last = min(step, len(search.best) - 1)
            column = int(search.chosen[last].argmax())
            numbers = f"{search.log_p[last, column]:.3f}  {search.score[last, column]:8.3f}"
            assert lines[1].endswith(numbers)
            said = [part.strip(" ┬─├└│") for part in re.split("[┬─├└]", lines[1][: width - 31])]
            assert [word for word in said if word] == [words[w] for w in search.best[: last + 1]]
            assert len(lines) <= height


def test_at_every_fork_the_better_branch_is_above() -> None:
    at = written("beam 8 length 0.6", most=6)
    search, words = searched(at), at.trace.header.vocabulary
    step = len(search.token) - 1
    lines = tree(Palette(), search, step, 3, words, 200, 500).plain.splitlines()[2:]
    shown = [(line.split()[-3] != "pruned", float(line.split()[-1])) for line in lines]
    begun = [index for index, line in enumerate(lines) if line[1] in "├└"]  # a fork at the root
    assert len(begun) > 1
    best = [max(shown[a:b]) for a, b in zip(begun, [*begun[1:], len(lines)], strict=True)]
    assert best == sorted(best, reverse=True)


def test_what_wins_stays_in_sight_when_its_rows_are_past() -> None:
    steps = 30
    words = ["</s>", *(f"word{n}" for n in range(steps))]
    shape = (steps, 2)
    token = np.stack([np.arange(1, steps + 1), np.full(steps, -1)], -1).astype(np.int32)
    token[1, 1] = 0  # it ends after two words; the other goes on
    parent, chosen = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    parent[0] = -1
    fate = np.full(shape, KEPT, np.int32)
    fate[1, 1], chosen[0, 0], chosen[1, 1] = FINISHED, 1, 1
    log_p = -np.arange(1.0, 2 * steps + 1).reshape(shape)
    search = Search(token, parent, np.exp(log_p), log_p, log_p, fate, chosen)
    for width, height in ((80, 19), (120, 35)):
        lines = tree(Palette(), search, steps - 1, 7, words, width, height).plain.splitlines()
        assert lines[0].startswith("…")
        assert " ".join(lines[1].split()) == "to row 8: word0 </s> ✓ best -4.000 -4.000"
        assert lines[2].split()[-3:] == ["kept", "-59.000", "-59.000"]
        assert len(lines[1]) == len(lines[2]) <= width


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


@pytest.mark.parametrize(("row", "wide"), [(9, 4), (19, 4), (119, 4), (1190, 4), (1190, 7)])
def test_a_row_number_stands_whole_or_not_at_all(row: int, wide: int) -> None:
    said = _number(row, wide)
    assert said.strip() == (str(row) if len(str(row)) < wide else "")
    assert len(said) <= wide


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
