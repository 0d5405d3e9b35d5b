"""The equation view on models of pairs: what attention found, and which row a state comes from."""

from __future__ import annotations

import numpy as np
import pytest

from engine.interventions import Hold
from engine.runner import run
from tests.engine.papers import pair_model, tagger
from tui.app import PeepholeApp
from tui.session import Session
from tui.start import of_text
from tui.views.formula import before, lines, result
from tui.views.numbers import num
from tui.views.seen import seen


@pytest.mark.parametrize("model", [pair_model(bidirectional=True), pair_model(), tagger("gru")])
def test_every_number_leads_to_its_result(model) -> None:
    """A GRU's h is made of z, n and h' at every row and unit, whichever way the unit reads."""
    trace = run(model, "a b c d")
    h, z, n = (trace[name][:, 0] for name in "hzn")
    for row in range(len(trace)):
        for unit in range(6):
            at = before(trace, row, unit)
            carried = h[at, unit] if at >= 0 else 0.0
            wanted = (1 - z[row, unit]) * n[row, unit] + z[row, unit] * carried
            assert h[row, unit] == pytest.approx(wanted, abs=1e-12), (row, unit)


@pytest.mark.parametrize("attention", ["bahdanau", "concat"])
def test_attention_says_what_it_found(attention: str) -> None:
    model = pair_model(attention=attention, layers=2)
    layer = model.architecture.looks  # type: ignore[attr-defined]
    trace = run(model, "a b c d e", target="f g")
    row = trace.source + 1
    weights = trace["cross_weights"][row, layer, 0, : trace.source]
    best = int(weights.argmax())
    said = seen(trace, "cross_weights", row, layer, 0)
    assert said.startswith(f"= {num(float(weights.max()))} at {best} {trace.tokens[best]}, ")
    assert said.endswith(f"{num(float(np.sort(weights)[:-3].sum()))} elsewhere")
    for name in ("cross_scores", "cross_weights", "cross_context"):
        assert seen(trace, name, row, layer, 0)
        assert not seen(trace, name, 2, layer, 0)  # a row of the source
        assert not seen(trace, name, row, 1 - layer, 0)  # a layer that does not look
    names = [line.name for line in lines(trace, model.architecture.equations, row, layer, 0)]
    assert names == [equation.name for equation in model.architecture.equations]
    source = [line.name for line in lines(trace, model.architecture.equations, 2, layer, 0)]
    assert source == list(model.architecture.rule.VALUES)  # type: ignore[attr-defined]


def test_a_held_context_says_so() -> None:
    model = pair_model(attention="dot")
    row = 7
    trace = run(model, "a b c d", [Hold("cross_context", 0.25, start=row)], target="f g")
    told = {
        line.name: result(line) for line in lines(trace, model.architecture.equations, row, 0, 3)
    }
    assert told["cross_context"] == "= 0.250 of unit 3, held there by an intervention"


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize("attention", ["none", "bahdanau", "general"])
async def test_the_view_draws_every_row(attention: str, size: tuple[int, int]) -> None:
    model = pair_model(dtype="float32", attention=attention, bidirectional=True)
    session: Session = of_text([model], "a b c", "d e")
    async with PeepholeApp(session).run_test(size=size) as pilot:
        await pilot.press("4")
        await pilot.pause()
        for _ in range(len(session.lanes[0].trace)):
            await pilot.press("down")
            await pilot.pause()
        assert pilot.app.screen.query("EquationView")
