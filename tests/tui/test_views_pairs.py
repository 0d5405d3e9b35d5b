"""Attention of models that read a source and write a target: the three maps and their scores."""

from __future__ import annotations

import numpy as np
import pytest

from engine import CutEdge, fork, lenses
from tests.tui.pair_lanes import pair_lane
from tests.tui.stage import Stage, lane, ready
from tests.tui.test_views_maps import cells
from tui.lane import Lane
from tui.palette import Palette
from tui.views.multiples import Multiples
from tui.views.scores import Scores, steps
from tui.views.sight import CROSS, SELF, sight

S = 8  # rows of the source: t h r o u g h </s>


def shown(stage: Stage) -> dict[tuple[int, int], float]:
    """The numbers in the matrix's cells."""
    found = {}
    for spot, (text, _) in cells(stage).items():
        if digits := text.strip().strip("[]").strip():
            found[spot] = 0.0 if digits == "·" else float(digits)
    return found


@pytest.mark.parametrize(
    ("kind", "cursor", "keys", "name", "rows", "columns"),
    [
        ("seq2seq", 9, [], "cross_weights", slice(S, None), slice(0, S)),
        ("seq2seq", 9, ["w"], "weights", slice(S, None), slice(S, None)),
        ("seq2seq", 2, ["w"], "weights", slice(0, S), slice(0, S)),
        ("encoder", 2, [], "weights", slice(None), slice(None)),
        ("bahdanau", 9, [], "cross_weights", slice(S, None), slice(0, S)),
    ],
)
async def test_the_map_is_the_block_that_the_cursor_is_in(
    kind: str, cursor: int, keys: list[str], name: str, rows: slice, columns: slice
) -> None:
    at = pair_lane(kind)
    layer = 0 if kind == "bahdanau" else 1
    weights = at.trace[name][rows, layer, 0, columns]
    stage = Stage("attention", at, cursor=cursor)
    async with stage.run_test(size=(100, 30)) as pilot:
        await ready(pilot, keys)
        found = shown(stage)
        causal = (cursor, keys) == (9, ["w"])
        wanted = [(i, j) for i, j in np.ndindex(weights.shape) if j <= i or not causal]
        assert set(found) == set(wanted)
        for spot in wanted:
            assert found[spot] == pytest.approx(weights[spot], abs=0.0051)
        text = stage.screen_text()
        for row, token in enumerate(at.trace.tokens):
            here = row in range(len(at.trace))[rows] or row in range(len(at.trace))[columns]
            assert (f"{row} {token}" in text) == here


async def test_on_the_source_the_cursor_asks_who_looks() -> None:
    at = pair_lane("seq2seq")
    weights = at.trace["cross_weights"][S:, 1, 0, 3]
    best = S + int(np.argmax(weights))
    stage = Stage("attention", at, cursor=3)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        words = f"{at.trace.tokens[best]!r}({best}) looks at 'o'(3): {weights.max():.4f}"
        assert words in stage.said("#readout")
        await ready(pilot, ["left"] * 4)
        assert f"'<s>'(8) looks at 'o'(3): {weights[0]:.4f}" in stage.said("#readout")
        assert f"most: {best} " in stage.said("#readout")


async def test_entropy_across_is_the_lens_s_and_one_head_has_no_small_maps() -> None:
    for kind, layer in (("seq2seq", 1), ("dot", 1)):
        at = pair_lane(kind)
        bits = lenses.attention_entropy(at.trace)["cross_bits"].array
        stage = Stage("attention", at, cursor=10)
        async with stage.run_test(size=(120, 40)) as pilot:
            await ready(pilot, ["a", "a"])
            assert f"{bits[layer, 0, 10]:.2f} bits" in stage.said("#title")
            assert ("mean" in stage.screen_text()) == (kind == "seq2seq")
            assert ("rollout" in stage.screen_text()) is False


@pytest.mark.parametrize(("width", "keys"), [(120, ["a"]), (80, ["a", "a"])])
async def test_the_heads_of_every_layer_are_small_maps(width: int, keys: list[str]) -> None:
    at = pair_lane("seq2seq", layers=3)
    bits = lenses.attention_entropy(at.trace)["cross_bits"].array
    stage = Stage("attention", at, cursor=9)
    async with stage.run_test(size=(width, 40)) as pilot:
        await ready(pilot, keys)
        for layer in range(3):
            for head in range(2):
                assert f"L{layer} head {head} {bits[layer, head, 9]:.2f}" in stage.screen_text()
        maps = stage.view.query_one(Multiples)
        index = 4  # head 1 of layer 1: two heads and a mean a layer
        x, y = index % maps.across * maps._pitch[0] + 1, index // maps.across * maps._pitch[1] + 1
        await pilot.click(Multiples, offset=(x + maps.styles.padding.left, y))
        await ready(pilot)
        assert "layer 1 · head 1" in stage.said("#title")
        await ready(pilot, ["a"])
        assert "L0" not in stage.screen_text()


def test_scores_before_and_after() -> None:
    at = lane("transformer", 9)
    seen = sight(at.trace, SELF, 5, 9)
    raw, scaled, masked, weights = (step.values for step in steps(at.trace, seen, 5, 1, 0))
    for key in range(9):
        q, k = at.trace["q"][5, 1, 0], at.trace["k"][key, 1, 0]
        assert raw[key] == pytest.approx(
            sum(float(a) * float(b) for a, b in zip(q, k, strict=True))
        )
        assert scaled[key] == pytest.approx(raw[key] / 3**0.5)  # width 6, 2 heads
        assert np.isneginf(masked[key]) == (key > 5)
        if key <= 5:
            assert masked[key] == pytest.approx(scaled[key], abs=1e-5)
    np.testing.assert_allclose(np.exp(masked) / np.exp(masked).sum(), weights, atol=1e-6)


def test_scores_across_come_from_the_source_s_keys() -> None:
    at = pair_lane("seq2seq")
    seen = sight(at.trace, CROSS, 9, len(at.trace))
    raw, scaled, masked, _ = (step.values for step in steps(at.trace, seen, 9, 0, 1))
    assert len(raw) == S
    np.testing.assert_allclose(scaled, at.trace["cross_scores"][9, 0, 1, :S], atol=1e-5)
    np.testing.assert_allclose(raw, 2 * masked, atol=1e-5)  # width 8, 2 heads: √4


async def test_a_masked_and_a_cut_key_say_why() -> None:
    free = lane("transformer", 9)
    assert free.model is not None
    at = Lane("cut", fork(free.model, free.trace, CutEdge(5, 2)), free.model)
    stage = Stage("attention", at, cursor=5)
    async with stage.run_test(size=(100, 30)) as pilot:
        await ready(pilot, ["d"])
        lines = stage.lines()
        for key, token in enumerate(at.trace.tokens):
            line = next(line for line in lines if line[1:].startswith(f"{key} {token} "))
            assert ("-∞ later" in line) == (key > 5)
            assert ("-∞ cut" in line) == (key == 2)
        assert "3 later, 1 cut by hand" in stage.said("#legend")


async def test_before_the_target_begins_the_encoder_s_attention_is_shown() -> None:
    at = pair_lane("seq2seq")
    stage = Stage("attention", at, cursor=2)
    async with stage.run_test(size=(80, 24)) as pilot:
        stage.view.show(at, 2, 5)
        await ready(pilot)
        assert "encoder self-attention" in stage.said("#title")
        assert {row for row, _ in shown(stage)} == set(range(5))
        await ready(pilot, ["w"])
        assert "nothing of the target is read yet" in stage.said("#readout")
        assert not shown(stage)


async def test_scores_keep_their_columns_in_ascii() -> None:
    stage = Stage("attention", lane("transformer", 9), cursor=5, palette=Palette(ascii=True))
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot, ["d"])
        lines = [line for line in stage.lines() if line[1:].startswith(tuple("0123456789"))]
        head = next(line for line in stage.lines() if line.startswith("key"))
        assert head.rstrip().endswith("0 to 1")
        assert sum("-inf later" in line for line in lines) == 3
        ends = {line.rindex(".") for line in lines}  # the weights stand below each other
        assert len(ends) == 1


async def test_recurrent_attention_shows_its_score_and_formula() -> None:
    at = pair_lane("bahdanau")
    stage = Stage("attention", at, cursor=9)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot, ["d"])
        text = stage.screen_text()
        assert "scores_j = v_aᵀ tanh(W_a h' + U_a h_j)" in text
        for key in range(S):
            assert f"{at.trace['cross_scores'][9, 0, 0, key]:.3f}" in text
            assert f"{at.trace['cross_weights'][9, 0, 0, key]:.4f}" in text


async def test_a_local_window_says_that_rows_do_not_add_up() -> None:
    at = pair_lane("dot", local="predictive", window=2)
    stage = Stage("attention", at, cursor=9)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        assert "a window takes a part off" in stage.said("#legend")
        await ready(pilot, ["d"])
        outside = int(np.isneginf(at.trace["cross_scores"][9, 1, 0, :S]).sum())
        assert outside
        assert f"{outside} outside the window" in stage.said("#legend")


async def test_without_attention_only_a_vector_crosses() -> None:
    stage = Stage("attention", pair_lane("none"), cursor=3)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot, ["h", "w", "d", "right", "down", "left_square_bracket"])
        assert "only its encoder's last state crosses" in stage.screen_text()


@pytest.mark.parametrize(
    ("kind", "palette"),
    [("seq2seq", Palette(ascii=True)), ("encoder", Palette(colours="none")), ("concat", Palette())],
)
async def test_pairs_at_any_row_size_and_form(kind: str, palette: Palette) -> None:
    at = pair_lane(kind)
    stage = Stage("attention", at, cursor=0, palette=palette)
    async with stage.run_test(size=(80, 24)) as pilot:
        for row, size in enumerate(((200, 60), (60, 12), (12, 4))):
            await pilot.resize_terminal(*size)
            stage.view.show(at, row * (len(at.trace) - 1) // 2, row * (len(at.trace) - 1) // 2 + 1)
            await pilot.press("w", "d", "a", "h", "left")
            assert not palette.ascii or stage.screen_text().isascii()
            assert "nan" not in stage.screen_text()
        assert stage.view.query(Scores)


async def test_a_beat_chooses_which() -> None:
    stage = Stage("attention", pair_lane("seq2seq"), cursor=9)
    stage.view.point(of="self mean", layer=0)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        assert "decoder self-attention · seq2seq · layer 0 · mean" in stage.said("#title")
        stage.view.point(of="cross mean")
        await ready(pilot)
        assert "cross-attention · seq2seq · layer 0 · mean" in stage.said("#title")
        stage.view.point(of="cross scores", head=1)
        await ready(pilot)
        assert "cross-attention · seq2seq · layer 0 · head 1" in stage.said("#title")
        assert "q · k" in stage.screen_text()
