"""What `--list` and the manual say of each number: of every one, with the axes and the unit that it has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine import run
from engine.decoding import Decoding
from tests.engine.build import build, tokens
from tests.tui.pair_lanes import pair_lane
from tui.export.meanings import MEANINGS, general, table
from tui.export.tracks import Catalogue, Track

ROOT = Path(__file__).parents[2]
SLOPE = "1 - "  # a unit that says how the slope is computed


def tracks(kind: str) -> list[Track]:
    if kind in ("concat", "seq2seq"):
        lane = pair_lane(kind)
        return list(Catalogue(lane.trace, lane.model).of([]))
    model = build(kind)
    found = list(Catalogue(run(model, tokens(6)), model).of([]))
    for how in ("sample", "beam 2"):
        trace = run(model, tokens(3), decoding=Decoding.parse(how), most=2)
        found += Catalogue(trace, model).of(["search" if how == "beam 2" else "decoding"])
    if kind != "transformer":
        found += Catalogue(run(model, tokens(6)), model).of(["shares"])
    return found


@pytest.mark.parametrize("kind", ["elman", "lstm", "gru", "transformer", "concat", "seq2seq"])
def test_every_number_is_explained(kind: str) -> None:
    for track in tracks(kind):
        axes, unit, _ = MEANINGS.get(track.name) or MEANINGS[general(track.name)]
        assert axes == ", ".join(track.axes), track.name
        assert unit == ("slope" if track.unit.startswith(SLOPE) else track.unit), track.name


def test_the_manual_has_the_table_as_it_is() -> None:
    manual = (ROOT / "docs/exporting.md").read_text(encoding="utf-8")
    assert f"\n{table()}\n<!-- /tracks -->" in manual, "python -m tui.export.meanings prints it"


def test_a_row_predicts_the_next_token() -> None:
    """The convention of the manual, by the surprisal, which is of the row's own token."""
    model = build("lstm")
    trace = run(model, tokens(6))
    bits, p = (track.array for track in Catalogue(trace, model).of(["surprisal", "probabilities"]))
    ids = [trace.header.vocabulary.index(token) for token in trace.tokens]
    np.testing.assert_allclose(bits[1:], -np.log2(p[np.arange(5), ids[1:]]))
