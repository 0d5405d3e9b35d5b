"""Causal copying: what a batch asks is the copy, and what is scored was never drawn."""

from __future__ import annotations

import numpy as np

from engine.text import GO, STOP
from scenarios import zoo
from scenarios.pairs.copying import held_out
from scenarios.positions import CAUSAL_COPY, EQUALS, LONGEST, SCORED, WORDS, items


def said(row: np.ndarray) -> str:
    return "".join(WORDS[i] for i in row)


def test_a_batch_asks_for_the_copy_and_its_end_and_nothing_else() -> None:
    seen = set()
    for step in range(40):
        batch = CAUSAL_COPY.batch(0, step, 8)
        length = (batch.inputs.shape[1] - 2) // 2
        seen.add(length)
        for inputs, targets, weights in zip(*batch, strict=True):
            assert inputs[0] == GO
            first, equals, again = np.split(inputs[1:], [length, length + 1])
            assert said(equals) == EQUALS
            assert said(first) == said(again)
            assert not held_out(said(first))
            asked = targets[weights > 0]
            assert said(asked[:-1]) == said(first)
            assert asked[-1] == STOP
            assert (inputs[1:] == targets[:-1]).all()
    assert seen == set(range(1, LONGEST + 1))


def test_the_stream_is_its_seed_and_step() -> None:
    one, same, other = (CAUSAL_COPY.batch(*at, 4).inputs for at in ((0, 3), (0, 3), (1, 3)))
    np.testing.assert_array_equal(one, same)
    assert one.shape != other.shape or (one != other).any()


def test_what_is_scored_is_held_out() -> None:
    for length in SCORED:
        drawn = items(length, 50)
        assert drawn == items(length, 50)
        assert all(len(word) == length and (length < 3 or held_out(word)) for word in drawn)


def test_the_models_differ_in_their_positions_alone() -> None:
    found = [zoo.entry(name) for name in zoo.names("causal-copy")]
    assert {entry.sizes["positions"] for entry in found} == {"sinusoidal", "learned", "none"}
    rest = [{k: v for k, v in entry.sizes.items() if k != "positions"} for entry in found]
    assert rest[0] == rest[1] == rest[2]
    assert found[0].settings == found[1].settings == found[2].settings
