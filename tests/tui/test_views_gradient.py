"""The gradient map: its numbers are the lens's, and its reach is counted from them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import lenses
from engine.lenses.record import LONGEST_MAP
from tests.tui.pair_lanes import pair_lane
from tests.tui.stage import Stage, lane, ready, without_model
from tests.tui.test_views_maps import cells
from tui.views.computed import frozen
from tui.views.flow import whole
from tui.views.reach import reaches


@pytest.mark.parametrize("family", ["elman", "lstm", "gru", "transformer"])
async def test_gradient_map_is_the_lens_s(family: str) -> None:
    at = lane(family, 8)
    lens = lenses.gradient_map(at.model, at.trace)
    stage = Stage("gradient", at, cursor=6)
    async with stage.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        for name in [n for n in "hcx" if n in lens]:
            layer = 0 if family == "transformer" else -1  # the last that another row can see
            array = lens[name].array if name == "x" else lens[name].array[..., layer]
            assert f"|dL_t/d{name}_k|" in stage.said("#title")
            k = int(np.argmax(array[6]))
            assert f"({k}): {array[6, k]:.4g}" in stage.said("#readout")
            for (row, column), (text, _) in cells(stage).items():
                if column >= row:
                    assert not text.strip()
                    assert array[row, column] == 0
                else:
                    shown = float(text.strip().strip("[]"))
                    assert shown == pytest.approx(np.log10(array[row, column]), abs=0.051)
            await pilot.press("v")
        other = lens["h"].array[..., 1 + layer]
        await pilot.press("left_square_bracket")
        k = int(np.argmax(other[6]))
        assert f"({k}): {other[6, k]:.4g}" in stage.said("#readout")


async def test_the_map_put_together_from_rows_is_the_map() -> None:
    for family in ("lstm", "transformer"):
        at = lane(family, 9)
        computed = whole(at, frozen(at.trace))
        at.prepare()
        assert all(map(at.has_gradient, range(1, 9)))
        gathered = whole(at, frozen(at.trace))
        assert computed.keys() == gathered.keys()
        for name, named in computed.items():
            assert gathered[name].axes == named.axes
            np.testing.assert_allclose(gathered[name].array, named.array, rtol=1e-9)


async def test_a_row_s_gradient_can_be_another_word_s() -> None:
    at = lane("lstm", 8)
    flow = lenses.gradient_flow(at.model, at.trace, 5, "w7")["h"].array[:, -1]
    own = lenses.gradient_flow(at.model, at.trace, 5)["h"].array[:, -1]
    k = int(np.argmax(flow))
    stage = Stage("gradient", at, cursor=5)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot, ["w", "w", "7", "enter"])
        assert f"'w7'(5) by h at {at.trace.tokens[k]!r}({k}): {flow[k]:.4g}" in stage.said(
            "#readout"
        )
        await ready(pilot, ["w", "backspace", "backspace", "enter"])
        k = int(np.argmax(own))
        assert f"({k}): {own[k]:.4g}" in stage.said("#readout")
        assert "w7'(5)" not in stage.said("#readout")


async def test_gradient_without_a_model_needs_the_recorded_lens() -> None:
    full = lane("gru")
    bare = without_model(full)
    stage = Stage("gradient", bare, cursor=4)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot, ["v", "left", "right_square_bracket"])
        assert "not recorded" in stage.screen_text()
    bare.trace.lenses["gradient_map"] = lenses.gradient_map(full.model, full.trace)
    stage = Stage("gradient", bare, cursor=4)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        value = bare.trace.lenses["gradient_map"]["h"].array[4, :, -1].max()
        assert f"{value:.4g}" in stage.said("#readout")


async def test_a_map_that_is_too_long_is_not_computed() -> None:
    stage = Stage("gradient", lane("elman", LONGEST_MAP + 1, layers=1), cursor=3)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        assert f"up to {LONGEST_MAP}" in stage.screen_text()
        assert not stage.workers


async def test_the_map_of_a_lane_left_behind_is_not_drawn() -> None:
    first, second = lane("transformer", 9), lane("lstm", 7)
    stage = Stage("gradient", first, cursor=3)
    async with stage.run_test(size=(80, 24)) as pilot:
        stage.lane = second
        stage.view.show(second, 5)
        await ready(pilot)
        value = lenses.gradient_map(second.model, second.trace)["h"].array[5, :, -1].max()
        assert "lstm" in stage.said("#title")
        assert f"{value:.4g}" in stage.said("#readout")


@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_reach_is_the_farthest_row_above_the_share(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = np.tril(10.0 ** rng.uniform(-6, 2, (n, n)) * (rng.random((n, n)) < 0.7), -1)
    for t in range(n):
        above = [t - k for k in range(t) if values[t, k] and values[t, k] >= 1e-3 * values[t].max()]
        assert reaches(values)[t] == max(above, default=0)


async def test_a_label_s_loss_is_decided_at_its_row_and_by_later_ones_where_they_are_read() -> None:
    at = pair_lane("encoder")
    assert at.model is not None
    lens = lenses.gradient_map(at.model, at.trace)["h"].array[..., 0]
    n = len(at.trace)
    assert lens[0, 1:].any()  # what the map used to leave blank
    stage = Stage("gradient", at, cursor=0)
    async with stage.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        filled = {spot for spot, (text, _) in cells(stage).items() if text.strip()}
        assert filled == set(np.ndindex(n, n))
        k = int(np.argmax(lens[0]))
        top = at.trace.header.vocabulary[int(at.trace["logits"][0].argmax())]
        assert f"label {top!r} of {at.trace.tokens[0]!r}(0) by h at" in stage.said("#readout")
        said = f"{at.trace.tokens[k]!r}({k}): {lens[0, k]:.4g}"
        assert said in stage.said("#readout")
        above = np.flatnonzero(lens[0] >= 1e-3 * lens[0].max())
        assert f"0 back, {above[-1]} on" in stage.said("#reach")
        await ready(pilot, ["right"] * n)
        assert f"({n - 1}): {lens[0, n - 1]:.4g}" in stage.said("#readout")
        await ready(pilot, ["w", "T", "H", "enter"])
        other = lenses.gradient_flow(at.model, at.trace, 0, "TH")["h"].array[n - 1, 0]
        assert "label 'TH'" in stage.said("#readout")
        assert f"({n - 1}): {other:.4g}" in stage.said("#readout")


async def test_the_source_of_a_pair_has_no_loss_and_does_not_count() -> None:
    at = pair_lane("dot")
    first = at.trace.source + 1
    assert at.model is not None
    lens = lenses.gradient_map(at.model, at.trace)["h"].array[..., -1]
    stage = Stage("gradient", at, cursor=2)
    async with stage.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        filled = {row for (row, _), (text, _) in cells(stage).items() if text.strip()}
        assert filled == set(range(first, len(at.trace)))
        assert "a row of the source" in stage.said("#readout")
        expected = np.median(reaches(lens)[first:])
        assert expected > 0
        assert stage.said("#reach") == f"reach: median {expected:.0f}"
