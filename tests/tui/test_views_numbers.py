"""The equation and the unit view: the numbers lead where they say, and are the trace's own."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import CutHead, Hold, Trace, fork, lenses, load_trace, save_trace
from engine.arrays import sigmoid
from tests.tui.pair_lanes import pair_lane
from tests.tui.stage import SIZES, Stage, lane, ready, without_model
from tui.lane import Lane
from tui.palette import Palette
from tui.views.curves import AXIS, Curves
from tui.views.formula import architecture_of, lines
from tui.views.lookup import lookup
from tui.views.numbers import num, unsquash

FORMS = (Palette(), Palette(colours="few"), Palette(colours="none"), Palette(ascii=True))
UNITS = ("elman", "lstm", "gru")


def calculated(numbers: str) -> float:
    """What a line of numbers comes to, by Python's own arithmetic."""
    text = numbers.replace("·", "*").replace("'", "")
    scope = {"σ": lambda a: 1 / (1 + np.exp(-a)), "tanh": np.tanh}
    return float(eval(text, {"__builtins__": {}}, scope))


@pytest.mark.parametrize("family", UNITS)
def test_the_numbers_of_every_equation_lead_to_its_value(family: str) -> None:
    at = lane(family)
    equations = architecture_of(at.trace).equations
    for row in (0, 1, 7):
        for layer in range(2):
            for unit in range(6):
                for line in lines(at.trace, equations, row, layer, unit):
                    value = at.trace[line.name][row, layer, unit]
                    assert line.value == value
                    assert calculated(line.numbers) == pytest.approx(value, abs=0.004), line


@pytest.mark.parametrize("squash", ["σ", "tanh"])
@given(a=st.floats(-60, 60), single=st.booleans())
def test_a_squashed_sum_is_recovered_or_bounded(squash: str, a: float, single: bool) -> None:
    a = np.float32(a) if single else np.float64(a)
    text = unsquash(sigmoid(a) if squash == "σ" else np.tanh(a), squash)
    if text[0] in "<>":
        bound = float(text[2:])
        assert abs(bound) >= 7
        assert a > bound if text[0] == ">" else a < bound
    else:
        digits = len(text.partition(".")[2])
        assert float(text) == pytest.approx(float(a), abs=1.01 * 10**-digits)


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_a_number_is_never_a_false_zero(value: float) -> None:
    shown = float(num(value))
    assert (shown == 0) == (value == 0)
    assert shown == pytest.approx(value, rel=0.5, abs=0.0005)


@pytest.mark.parametrize("family", UNITS)
async def test_the_equation_is_drawn_from_the_trace_alone(family: str, tmp_path) -> None:
    at = lane(family)
    save_trace(at.trace, tmp_path / "t.safetensors")
    alone = Lane(family, load_trace(tmp_path / "t.safetensors"))
    drawn = []
    for each in (at, alone):
        stage = Stage("equation", each, cursor=5)
        async with stage.run_test(size=(80, 24)) as pilot:
            await ready(pilot, ["right", "right", "left_square_bracket"])
            drawn.append(stage.screen_text())
    assert drawn[0] == drawn[1]
    assert num(float(at.trace["h"][5, 0, 2])) in drawn[0]
    for equation in at.model.architecture.equations:
        assert equation.formula in drawn[0]


async def test_a_held_value_says_so() -> None:
    at = lane("lstm")
    cut = fork(at.model, at.trace, Hold("f", 0.25, layer=1, units=(3,), start=4, stop=6))
    stage = Stage("equation", Lane("lstm", cut, at.model), cursor=5)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot, ["right", "right", "right"])
        assert "held at 0.250" in stage.screen_text()
        await pilot.press("down")  # row 6: no longer
        assert stage.at == 6
        assert "held" not in stage.screen_text()
        await pilot.press("up", "left")  # another unit
        assert "held" not in stage.screen_text()


async def test_a_row_s_attention_is_the_trace_s() -> None:
    at = lane("transformer")
    trace = at.trace
    stage = Stage("equation", at, cursor=9)
    async with stage.run_test(size=(100, 40)) as pilot:
        await ready(pilot, ["h", "right", "right"])
        text = stage.screen_text()
        weights, scores = trace["weights"][9, 1, 1], trace["scores"][9, 1, 1]
        for key in np.argsort(-weights)[:6]:
            words = (
                rf" {key} {trace.tokens[key]} +{re.escape(num(scores[key]))} .* {weights[key]:.4f}"
            )
            assert re.search(words, text)
        last = [line for line in stage.lines() if line.startswith("  = ")][-1]
        left, right = re.search(r"= (.+) = (\S+)", last).groups()
        assert calculated(left) == pytest.approx(float(right), abs=0.002)
        assert float(right) == pytest.approx(trace["h"][9, 1, 2], abs=0.001)


def test_a_lookup_adds_up() -> None:
    trace = lane("transformer").trace
    for row in (0, 4, 11):
        found = lookup(trace, row, 1, 1, 2)
        assert found is not None
        assert sum(key.weight for key in found.keys) == pytest.approx(1, abs=1e-5)
        assert sum(k.weight * k.value for k in found.keys) == pytest.approx(found.context, abs=1e-5)
        total = sum(key.share for key in found.keys)
        q, k = trace["q"][row, 1, 1], trace["k"][:, 1, 1]
        for key in found.keys:
            assert key.share / total == pytest.approx(key.weight, abs=1e-5)
            assert key.dot == pytest.approx(float(q @ k[key.row]), abs=1e-4)


async def test_a_cut_head_has_no_context() -> None:
    at = lane("transformer")
    cut = fork(at.model, at.trace, CutHead(1, 0))
    stage = Stage("equation", Lane("t", cut, at.model), cursor=5)
    async with stage.run_test(size=(80, 30)) as pilot:
        await ready(pilot)
        assert "the head is cut" in stage.screen_text()
        await pilot.press("h")
        assert "the head is cut" not in stage.screen_text()


@pytest.mark.parametrize("family", ["lstm", "gru", "elman", "transformer"])
async def test_unit_s_numbers_are_the_trace_s(family: str) -> None:
    at = lane(family)
    bits = lenses.surprisal(at.trace)["bits"].array
    stage = Stage("unit", at, cursor=4)
    async with stage.run_test(size=(120, 40)) as pilot:
        await ready(pilot, ["down", "down", "right", "left_square_bracket"])
        now, before = stage.said("#numbers").splitlines()
        for name in at.units:
            assert f"{name} {num(float(at.trace[name][5, 0, 2]))}" in now
            assert f"{name} {num(float(at.trace[name][4, 0, 2]))}" in before
        assert f"{bits[5]:.2f} bits" in now
        assert f"{bits[4]:.2f} bits" in before


async def test_points_stand_over_their_tokens_at_their_height() -> None:
    at = lane("lstm")
    stage = Stage("unit", at, cursor=11)
    async with stage.run_test(size=(80, 36)) as pilot:
        await ready(pilot, ["v"])
        await ready(pilot, ["V"])
        plot = stage.view.query_one(Curves)
        drawn = str(plot.render()).splitlines()
        cell = (80 - AXIS - 2 - 5) // 12
        values = at.trace["h"][:, -1, 0]
        rows = [y for y, line in enumerate(drawn) if "┤" in line or "│" in line]
        top, bottom = rows[0], rows[-1]
        low, high = stage.view._bounds(0, 12)
        for row, value in enumerate(values):
            x = AXIS + 1 + row * cell + cell // 2
            y = top + (high - value) / (high - low) * (bottom - top)
            marks = [i for i, line in enumerate(drawn) if line[x : x + 1] == "h"]
            assert marks, f"no point of row {row} in column {x}"
            assert min(abs(i - y) for i in marks) <= 1
        stage.view.show(stage.lane, 4, 6)
        later = AXIS + 1 + 6 * cell
        assert not any("h" in line[later:] for line in str(plot.render()).splitlines())
        axis = stage.said("#axis").splitlines()
        for row, token in enumerate(at.trace.tokens):
            x = AXIS + 1 + row * cell + cell // 2
            assert any(line[x:].startswith(f"{row} {token}") for line in axis)


async def test_v_goes_through_every_value_and_the_groups() -> None:
    at = lane("lstm")
    stage = Stage("unit", at)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        seen = set()
        for _ in range(9):
            await pilot.press("v")
            seen.add(stage.view.curves)
        single = {(name,) for name in "ifgoch"}
        assert seen == single | {("i", "f", "o"), ("c", "h"), tuple("ifgoch")}
        await pilot.press("d")
        assert "s" in str(stage.view.query_one(Curves).render())


@pytest.mark.parametrize("name", ["equation", "unit"])
@pytest.mark.parametrize(
    ("family", "length", "palette"),
    [
        ("lstm", 1, FORMS[0]),
        ("transformer", 1, FORMS[3]),
        ("gru", 2, FORMS[2]),
        ("lstm", 3000, FORMS[3]),
        ("transformer", 120, FORMS[1]),
    ],
)
async def test_at_any_length_size_and_form(
    name: str, family: str, length: int, palette: Palette
) -> None:
    sizes = {"heads": 1, "context": 128} if family == "transformer" else {}
    at = without_model(lane(family, length, layers=1, **sizes))
    stage = Stage(name, at, cursor=length // 2, palette=palette)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot, ["down", "left", "h", "v", "v", "d", "up", "right", "shift+down"])
        for size in (*SIZES, (60, 12), (12, 4)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            if size[1] >= 12:
                assert f"{stage.at} {at.trace.tokens[stage.at]}" in stage.screen_text()
            text = stage.screen_text()
            assert not palette.ascii or not re.findall(r".{9}[^\x00-\x7f].{0,9}", text)
        await pilot.press("left_square_bracket", "d", "V")


async def test_an_equation_below_the_fold_is_told_of_and_reached() -> None:
    at = pair_lane("seq2seq")
    stage = Stage("equation", at, cursor=len(at.trace) - 1)
    async with stage.run_test(size=(80, 20)) as pilot:
        await ready(pilot)
        value = f"\n  = {at.trace['h'][-1, -1, 0]:.3f}"
        assert value not in stage.screen_text()
        below = re.search(r"(\d+) lines below: Shift\+↓", stage.said("#more"))
        assert below
        await ready(pilot, ["shift+down"] * 3)
        assert value in stage.screen_text()
        assert stage.said("#more") == f"{below[1]} lines above: Shift+↑"
        await pilot.resize_terminal(80, 60)
        await ready(pilot)
        assert not stage.view.query_one("#more").display


@pytest.mark.parametrize("family", [*UNITS, "transformer"])
async def test_no_bar_goes_on_in_another_line(family: str) -> None:
    stage = Stage("equation", lane(family), cursor=5)
    async with stage.run_test(size=(60, 20)) as pilot:
        for size in ((60, 20), (60, 5), (66, 40)):
            await pilot.resize_terminal(*size)
            stage.view.updated()
            await ready(pilot)
            shown = [line.rstrip(" ▁▂▃▄▅▆▇█") for line in stage.lines()]
            assert any("=" in line for line in shown[1:])
            for line in shown:
                if (
                    re.search(r"[│▏][^│▏]*$", line)
                    and "=" in line
                    and not line.startswith("scores")
                ):
                    assert re.search(r"(-\S+|0) [█▌▐▄ ]*[│▏][█▌▐▄ ]*>?[\d.e+-]+$", line), shown
                assert not re.match(r" *[█▌▐│▏]", line), shown
            if any("lines below" in line for line in shown):
                assert size[1] < 40 or family == "transformer"


async def test_bars_stand_in_one_column_and_are_equally_long_in_few_columns() -> None:
    stage = Stage("equation", lane("lstm"), cursor=5)
    async with stage.run_test(size=(60, 20)) as pilot:
        await ready(pilot)
        gates = [line for line in stage.lines() if "▏" in line]
        assert len(gates) == 3
        assert len({line.index("▏") for line in gates}) == 1
        assert any(
            line.startswith("' is the row before") and "ends" in line for line in stage.lines()
        )


@pytest.mark.parametrize("palette", [Palette(), Palette(ascii=True)])
async def test_the_numbers_of_an_axis_are_equally_far_apart_and_beside_their_values(
    palette: Palette,
) -> None:
    stage = Stage("unit", lane("lstm"), cursor=5, palette=palette)
    async with stage.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        for height in range(8, 28):
            await pilot.resize_terminal(80, height)
            await ready(pilot)
            plot = stage.view.query_one(Curves)
            ticks = [
                (y, float(line[:AXIS]))
                for y, line in enumerate(stage.lines()[plot.region.y : plot.region.bottom])
                if line[:AXIS].strip()
            ]
            assert len(ticks) >= 3, stage.screen_text()
            assert len({b[0] - a[0] for a, b in pairwise(ticks)}) == 1, stage.screen_text()
            assert len({round(a[1] - b[1], 6) for a, b in pairwise(ticks)}) == 1


async def test_where_curves_coincide_the_first_is_seen() -> None:
    at = lane("lstm")
    same = {
        name: at.trace["h"].copy() if name == "c" else at.trace[name] for name in at.trace.names
    }
    at = Lane("lstm", Trace.from_arrays(at.trace.header, at.trace.tokens, same))
    for of, seen, under in (("c h", "c", "h"), ("h c", "h", "c")):
        stage = Stage("unit", at, cursor=11)
        async with stage.run_test(size=(80, 24)) as pilot:
            stage.view.point(of=of)
            await ready(pilot)
            plot = str(stage.view.query_one(Curves).render())
            assert plot.count(seen) == 12
            assert under not in plot
