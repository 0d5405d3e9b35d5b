"""The measures of activation patching against one fork at a time."""

from __future__ import annotations

from typing import Any

import pytest

from engine import PeepholeError, fork, lenses, run
from engine.lenses.patching import transplant
from scenarios.expressions import evaluate, parse
from scenarios.lanes import Lane
from scenarios.measures import MEASURES
from tests.scenarios.models import untrained

MODEL = untrained("transformer")
PLURAL, SINGULAR = (
    Lane(name, MODEL, run(MODEL, f"the {word} on the mat were happy ."))
    for name, word in (("plural", "cats"), ("singular", "cat"))
)
LANES = {"plural": PLURAL, "singular": SINGULAR}


def measured(text: str) -> Any:
    return evaluate(parse(text, MEASURES), MEASURES, LANES.__getitem__)


def by_fork(layer: int, row: int) -> float:
    """The same effect, from one run with the state put in."""
    held = fork(MODEL, PLURAL.trace, *transplant(PLURAL.trace, SINGULAR.trace, row, layer))
    traces = (PLURAL.trace, SINGULAR.trace, held)
    own, theirs, moved = (lenses.log_odds(t, 6, "were", "was") for t in traces)
    return (moved - own) / (theirs - own)


@pytest.mark.parametrize(("layer", "row"), [(0, 2), (0, 5), (1, 2), (1, 5)])
def test_patched_is_what_a_fork_answers(layer: int, row: int) -> None:
    found = measured(f"patched(plural, singular, 'were', 'were', 'was', {row}, layer={layer})")
    assert found == pytest.approx(by_fork(layer, row), abs=1e-3)


def test_the_carrier_is_the_first_row_that_carries_most() -> None:
    for layer in (0, 1):
        effects = [by_fork(layer, row) for row in range(6)]
        wanted = next(row for row in range(6) if effects[row] >= max(effects) - 0.01)
        found = measured(f"carrier(plural, singular, 'were', 'were', 'was', layer={layer})")
        assert found == wanted


def test_what_cannot_be_patched_is_said() -> None:
    with pytest.raises(PeepholeError, match="not a whole number from 0 to 1"):
        measured("patched(plural, singular, 'were', 'were', 'was', 2, layer=2)")
    with pytest.raises(PeepholeError, match="both readings say the same"):
        measured("patched(plural, plural, 'were', 'were', 'was', 2)")
