"""Gradients of long texts: the last rows equal the whole gradient, the others are left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine import Hold, PeepholeError, lenses, run
from engine.lenses.window import gradient_window
from tests.engine.build import CELLS, build, tokens
from tests.engine.twins import pair_model


@pytest.mark.parametrize("family", CELLS)
@pytest.mark.parametrize(("row", "rows"), [(30, 8), (20, 1), (12, 11), (5, 8), (39, 25)])
def test_the_last_rows_are_those_of_the_whole_gradient(family: str, row: int, rows: int) -> None:
    model = build(family)
    trace = run(model, tokens(40))
    whole, part = lenses.gradient_flow(model, trace, row), gradient_window(model, trace, row, rows)
    for name, named in whole.items():
        first = max(0, row - rows)
        np.testing.assert_allclose(
            part[name].array[first:row], named.array[first:row], rtol=1e-9, atol=1e-15
        )
        if first > 1:
            assert np.isnan(part[name].array[:first]).all()


def test_what_cannot_be_begun_in_the_middle_is_refused() -> None:
    for model, holds in ((build("transformer"), []), (build("lstm"), [Hold("f", 0.0)])):
        with pytest.raises(PeepholeError, match="no gradients"):
            gradient_window(model, run(model, tokens(30), holds), 25, 5)


@pytest.mark.parametrize(("row", "rows"), [(30, 8), (12, 11), (5, 8)])
def test_the_gradient_of_a_label_reaches_its_own_row(row: int, rows: int) -> None:
    model = replace(build("gru"), card={"ahead": 0})
    trace = run(model, tokens(40))
    whole, part = lenses.gradient_flow(model, trace, row), gradient_window(model, trace, row, rows)
    for name, named in whole.items():
        found, first = part[name].array, max(0, row - rows)
        np.testing.assert_allclose(
            found[first : row + 1], named.array[first : row + 1], rtol=1e-9, atol=1e-15
        )
        assert found[row].all()
        assert not found[row + 1 :].any()


def test_a_text_that_was_read_as_a_whole_is_not_cut() -> None:
    model = pair_model("encoder")
    trace = run(model, ["w1"] * 9)
    with pytest.raises(PeepholeError, match="no gradients"):
        gradient_window(model, trace, 3, 5)
