"""The equations of models that read a source and write a target, and the lookup that they spell out."""

from __future__ import annotations

import pytest

from tests.tui.pair_lanes import pair_lane
from tests.tui.stage import Stage, ready
from tui.views.lookup import lookup
from tui.views.numbers import num
from tui.views.sight import CROSS, SELF

S = 8  # rows of the source: t h r o u g h </s>


@pytest.mark.parametrize("which", [SELF, CROSS])
def test_a_lookup_of_each_side_adds_up(which: str) -> None:
    trace = pair_lane("seq2seq").trace
    p = "cross_" if which == CROSS else ""
    for row in range(len(trace)):
        found = lookup(trace, row, 1, 1, 2, which)
        if which == CROSS and row < S:
            assert found is None
            continue
        assert found is not None
        rows = range(S) if which == CROSS or row < S else range(S, row + 1)
        assert sorted(key.row for key in found.keys) == list(rows)
        assert sum(k.weight * k.value for k in found.keys) == pytest.approx(found.context, abs=1e-5)
        q, k = trace[f"{p}q"][row, 1, 1], trace[f"{p}k"][:, 1, 1]
        for key in found.keys:
            assert key.dot == pytest.approx(float(q @ k[key.row]), abs=1e-4)


@pytest.mark.parametrize("norm", ["pre", "post"])
async def test_the_equations_are_those_of_the_side_that_the_row_is_on(norm: str) -> None:
    at = pair_lane("seq2seq", norm=norm)
    stage = Stage("equation", at, cursor=9)
    async with stage.run_test(size=(100, 60)) as pilot:
        await ready(pilot, ["right"])
        text = stage.screen_text()
        assert "context_x = weights_x v_x" in text
        for name in ("b", "m", "h"):
            assert f"= {num(float(at.trace[name][9, 1, 1]))}" in text
        if norm == "pre":
            assert "h = r + a + b + m" in text
        stage.view.show(at, 2)
        await ready(pilot)
        text = stage.screen_text()
        assert "weights_x" not in text
        assert "nan" not in text
        assert ("h = r + a + m" if norm == "pre" else "s = LN(r + a)") in text


@pytest.mark.parametrize("kind", ["seq2seq", "encoder", "bahdanau", "general", "none"])
async def test_no_row_s_equations_show_a_number_that_is_none(kind: str) -> None:
    at = pair_lane(kind)
    stage = Stage("equation", at)
    async with stage.run_test(size=(100, 50)) as pilot:
        for layer in (0, 1):
            for row in range(len(at.trace)):
                stage.view.point(layer=layer)
                stage.view.show(at, row)
                await pilot.pause()
                assert "nan" not in stage.screen_text()
