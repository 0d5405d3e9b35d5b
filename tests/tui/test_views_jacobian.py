"""The Jacobian view: its numbers are the lenses', its circle is round, and it says what it cannot show."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Named, lenses
from tests.tui.stage import SIZES, Stage, lane, ready, without_model
from tui.lane import Lane
from tui.palette import Palette
from tui.views.jacobian import JacobianView
from tui.views.product import power
from tui.views.spectral import Lags, Plane

FORMS = (Palette(), Palette(colours="few"), Palette(colours="none"), Palette(ascii=True))
CELLS = ("elman", "relu", "linear", "lstm", "gru")


def of(at: Lane, lens: str, *args: Any) -> Mapping[str, Named]:
    """What a lens says of a lane's reading."""
    assert at.model is not None
    return getattr(lenses, lens)(at.model, at.trace, *args)


def shown(stage: Stage, what: str) -> float:
    """The number after some words in the lines below the plots."""
    found = re.search(re.escape(what) + r" ?([-+.e\d]+)", stage.said("#numbers"))
    assert found, (what, stage.said("#numbers"))
    return float(found[1].rstrip("."))


@pytest.mark.parametrize("cell", CELLS)
async def test_the_numbers_are_those_of_the_lenses(cell: str) -> None:
    at, row = lane(cell, layers=2), 9
    stage = Stage("jacobian", at, row)
    async with stage.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        for layer in (1, 0):
            spectrum = of(at, "spectrum", row)
            assert shown(stage, "ρ =") == pytest.approx(spectrum["radius"].array[layer], abs=6e-4)
            assert shown(stage, "σ_max =") == pytest.approx(spectrum["norm"].array[layer], abs=6e-4)
            log10 = of(at, "product_norms", row)["log10"].array[:, layer]
            assert shown(stage, f"|ds_{row}/ds_0| =") == pytest.approx(10 ** log10[0], rel=6e-3)
            assert f"×{10 ** (log10[0] / row):.3g} a step" in stage.said("#numbers")
            await ready(pilot, ["left_square_bracket"])


async def test_keys_choose_the_lag_the_state_and_the_unit() -> None:
    at, row = lane("lstm", layers=1), 8
    stage = Stage("jacobian", at, row)
    async with stage.run_test(size=(100, 30)) as pilot:
        await ready(pilot, ["right", "right", "left"])
        assert "|ds_8/ds_1| =" in stage.said("#numbers")
        await ready(pilot, ["left"] * 9)
        assert "|ds_8/ds_0| =" in stage.said("#numbers")
        await ready(pilot, ["right"] * 20)
        assert "|ds_8/ds_7| =" in stage.said("#numbers")
        assert "1 step," in stage.said("#numbers")
        for state in "hcs":
            await ready(pilot, ["v"])
            assert f"d{state}_t/d{state}_(t-1)" in stage.said("#title")
            norm = of(at, "product_norms", row, state)["norm"].array[7, 0]
            assert shown(stage, f"|d{state}_8/d{state}_7| =") == pytest.approx(norm, rel=6e-3)
        await ready(pilot, ["right_curly_bracket", *["left"] * 3])
        f = at.trace["f"][5:9, 0].astype(float).prod(0)
        assert shown(stage, "belt of unit 1, rows 5…8:") == pytest.approx(f[1], rel=6e-3)
        assert f"best: unit {f.argmax()}, {f.max():.3g}" in stage.said("#numbers")


async def test_a_gru_is_held_by_its_update_gates_and_an_rnn_by_none() -> None:
    at = lane("gru", layers=1)
    stage = Stage("jacobian", at, 6)
    async with stage.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        z = at.trace["z"][1:7, 0, 0].astype(float).prod()
        assert shown(stage, "z: belt of unit 0, rows 1…6:") == pytest.approx(z, rel=6e-3)
    stage = Stage("jacobian", lane("elman"), 6)
    async with stage.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        assert "belt" not in stage.said("#numbers")


async def test_it_follows_the_cursor_to_the_start() -> None:
    stage = Stage("jacobian", lane("lstm"), 1)
    async with stage.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        assert "|ds_1/ds_0|" in stage.said("#numbers")
        await ready(pilot, ["up"])
        assert stage.said("#title").startswith("row 0 '<s>'")
        assert "zero state" in stage.said("#numbers")
        assert not stage.view.query_one(Lags).display
        await ready(pilot, ["down", "down"])
        assert "|ds_2/ds_0|" in stage.said("#numbers")
        assert stage.view.query_one(Lags).display


async def test_without_its_model_it_shows_what_was_recorded() -> None:
    full = lane("lstm")
    bare = without_model(full)
    stage = Stage("jacobian", bare, 4)
    async with stage.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        assert "not recorded" in stage.said("#wait")
        assert "Open the model itself" in stage.said("#wait")
    assert full.model is not None
    lenses.record(full.model, bare.trace)
    stage = Stage("jacobian", Lane("kept", bare.trace), 4)
    async with stage.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        radius = of(full, "spectrum", 4)["radius"].array[-1]
        assert shown(stage, "ρ =") == pytest.approx(radius, abs=6e-4)
        assert "product over many rows is not recorded" in stage.said("#numbers")
        await ready(pilot, ["down"] * 7)  # to the last row: where the recorded products end
        norm = of(full, "product_norms", 11)["norm"].array[0, -1]
        assert shown(stage, "|ds_11/ds_0| =") == pytest.approx(norm, rel=6e-3)


async def test_a_transformer_carries_nothing_from_step_to_step() -> None:
    stage = Stage("jacobian", lane("transformer"), 4)
    async with stage.run_test(size=(100, 30)) as pilot:
        await ready(pilot, ["left", "v", "right_curly_bracket"])
        assert "carries no state" in stage.said("#wait")


async def test_a_run_that_has_exploded_can_be_looked_at() -> None:
    at = lane("lstm")
    for name in at.trace.names:
        at.trace[name][5:] = np.nan
    stage = Stage("jacobian", at, 4)
    async with stage.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        assert np.isfinite(shown(stage, "ρ ="))
        await ready(pilot, ["down", "down", "v"])
        assert "nan" in stage.said("#numbers")
        assert "not finite" in stage.said("#numbers")


@pytest.mark.parametrize("palette", FORMS, ids=["full", "few", "none", "ascii"])
@pytest.mark.parametrize("size", SIZES)
async def test_it_fits_every_size_in_every_form(palette: Palette, size: tuple[int, int]) -> None:
    stage = Stage("jacobian", lane("lstm"), 9, palette)
    async with stage.run_test(size=size) as pilot:
        await ready(pilot)
        text = stage.screen_text()
        assert "rho" in text if palette.ascii else "ρ" in text
        for part in ("1.1^n", "0.9^n", "o inside", "J", "f"):
            assert part in text
        if palette.ascii:
            assert text.isascii()
        for part in ("#numbers", "#legend"):
            assert max(map(len, stage.said(part).splitlines())) <= size[0]


@pytest.mark.parametrize("size", [(80, 24), (81, 25), (120, 40), (200, 60), (60, 40)])
async def test_the_unit_circle_is_round_and_0_in_its_middle(size: tuple[int, int]) -> None:
    stage = Stage("jacobian", lane("elman"), 9, Palette(ascii=True))
    async with stage.run_test(size=size) as pilot:
        await ready(pilot)
        plane = stage.view.query_one(Plane)
        plane.draw(stage.palette, np.zeros(1), "default", "default")
        await pilot.pause()
        region = plane.region
        lines = [
            line[region.x + 6 : region.right]
            for line in stage.lines()[region.y : region.bottom - 1]
        ]
        dots = [(x, y) for y, line in enumerate(lines) for x, c in enumerate(line) if c == "."]
        ((x0, y0),) = [
            (x, y) for y, line in enumerate(lines) for x, c in enumerate(line) if c == "o"
        ]
        xs, ys = [x - x0 for x, _ in dots], [y - y0 for _, y in dots]
        assert abs(max(xs) + min(xs)) <= 1
        assert abs(max(ys) + min(ys)) <= 1
        assert abs((max(xs) - min(xs)) - 2 * (max(ys) - min(ys))) <= 3  # a line is two columns high


@given(st.floats(-5000, 5000))
def test_no_size_is_printed_as_a_false_zero(log10: float) -> None:
    mantissa, _, exponent = power(log10).partition("e")
    assert float(mantissa) > 0
    assert np.log10(float(mantissa)) + int(exponent or 0) == pytest.approx(log10, abs=3e-3)


def test_only_what_is_0_is_printed_as_0() -> None:
    assert power(-np.inf) == "0"
    assert power(np.inf) == power(np.nan) == "not finite"


async def test_a_beat_points_it_at_a_state_and_a_unit() -> None:
    stage = Stage("jacobian", lane("lstm"), 6)
    async with stage.run_test(size=(100, 30)) as pilot:
        assert isinstance(stage.view, JacobianView)
        stage.view.point(of="c", unit=3, layer=0)
        await ready(pilot)
        assert "layer 0 · dc_t/dc_(t-1)" in stage.said("#title")
        assert "belt of unit 3" in stage.said("#numbers")
        stage.view.point(of="logits")
        await ready(pilot)
        assert "dc_t" in stage.said("#title")


async def test_a_held_arrow_key_ends_at_the_row_it_leads_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    product = lenses.product_norms

    def slow(model: Any, trace: Any, row: int, *args: Any) -> Any:
        asked.append(row)
        time.sleep(0.05)
        return product(model, trace, row, *args)

    monkeypatch.setattr(lenses, "product_norms", slow)
    stage = Stage("jacobian", lane("gru", 40), 39)
    async with stage.run_test(size=(100, 30)) as pilot:
        for row in range(38, 8, -1):
            stage.view.show(stage.lane, row)
        await ready(pilot)
        assert stage.said("#title").startswith("row 9 ")
        assert asked[-1] == 9
        assert len(asked) < 10  # rows that it only passed were not waited for
