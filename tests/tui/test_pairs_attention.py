"""Source and target on one score: attention and gradients across, and the alignment."""

from __future__ import annotations

import re

import numpy as np
import pytest
from textual.pilot import Pilot

from engine import Hold, run
from engine.arrays import Backend
from engine.lenses import gradient_flow
from tests.tui.pair_lanes import SOURCE, TARGET, S, pair_app, pair_model
from tests.tui.score_stage import idle, lines, press, screen, text
from tui.tracks.attention import AttentionTrack
from tui.views.vector import vector_of


async def test_attention_is_across_or_within_and_the_title_says_which() -> None:
    async with pair_app("seq2seq").run_test(size=(200, 30)) as pilot:
        await press(pilot, "end")
        track = next(t for t in screen(pilot).score.tracks if isinstance(t, AttentionTrack))
        trace, row = track.lane.trace, S + 3
        values = track.values()
        assert values is not None
        np.testing.assert_allclose(values, trace["cross_weights"][row, 1].mean(0)[:S])
        assert "cross L1 mean" in text(pilot)
        for at in range(S, row + 1):  # every row of the target says what it looked at most
            weights = trace["cross_weights"][at, 1].mean(0)[:S]
            best = int(weights.argmax())
            line = next(x for x in lines(pilot) if re.match(rf"[ ▶] *{at} ", x))
            assert re.search(
                rf"▴{trace.tokens[best]} +{weights[best]:.2f}".replace("0.", "[.]"), line
            )
        await press(pilot, "w")
        values = track.values()
        assert values is not None
        np.testing.assert_allclose(values, trace["weights"][row, 1].mean(0)[: row + 1])
        assert not values[:S].any()
        assert "self L1 mean" in text(pilot)
        await press(pilot, "home")  # an encoder's row looks to both sides
        values = track.values()
        assert values is not None
        assert len(values) == S
        assert values[1:].all()


async def test_an_edge_across_is_cut_and_forced_from_the_track() -> None:
    async with pair_app("dot", layers=1).run_test(size=(120, 30)) as pilot:
        await press(pilot, "end")
        s = screen(pilot)
        s.score.focus_track(next(t for t in s.score.tracks if isinstance(t, AttentionTrack)))
        await press(pilot, "plus")
        made = s.session.lanes[1]
        weights = made.trace["cross_weights"][S + 3, 0, 0, :S]
        assert sorted(weights) == [0.0] * 7 + [1.0]
        assert "only" in made.cut
        await press(pilot, "u")
        await press(pilot, "minus")
        made = s.session.lanes[1]
        weights = made.trace["cross_weights"][S + 3, 0, 0, :S]
        assert (weights == 0).sum() == 1
        assert weights.sum() == pytest.approx(1.0, rel=1e-5)


@pytest.mark.parametrize("kind", ["none", "bahdanau", "seq2seq"])
def test_a_gradient_across_is_that_of_pushing_the_state(kind: str) -> None:
    """Central differences: every unit of h at one row of the source held a little higher and lower."""
    model = pair_model(kind, layers=1).to(Backend("numpy", "float64"))
    trace = run(model, SOURCE.split(), target=TARGET)
    row, k, step = S + 2, 2, 1e-5
    word = model.vocabulary.ids[trace.tokens[row]]
    h = trace["h"][k, 0]

    def loss(values: np.ndarray) -> float:
        held = run(
            model, SOURCE.split(), [Hold("h", tuple(values), 0, start=k, stop=k + 1)], target=TARGET
        )
        logits = held["logits"][row - 1]
        return float(np.log(np.exp(logits - logits.max()).sum()) + logits.max() - logits[word])

    slopes = [
        (loss(h + step * unit) - loss(h - step * unit)) / (2 * step) for unit in np.eye(len(h))
    ]
    found = gradient_flow(model, trace, row)["h"].array
    assert found[k, 0] == pytest.approx(np.linalg.norm(slopes), rel=1e-5)
    assert not found[row:].any()


async def test_the_alignment_grows_a_row_a_word_and_marks_the_largest() -> None:
    async with pair_app("bahdanau", free=True, layers=1).run_test(size=(100, 30)) as pilot:
        await press(pilot, "8")
        s, trace = screen(pilot).session, screen(pilot).lane.trace
        for row in range(S, len(trace)):
            s.move(row)
            screen(pilot).sync()
            await idle(pilot)
            assert text(pilot).count("◆") == row - S + 1
            best = int(trace["cross_weights"][row, 0, 0, :S].argmax())
            assert f"({best}): {trace['cross_weights'][row, 0, 0, best]:.4f} (the largest)" in text(
                pilot
            )
            w = trace["cross_weights"][row, 0, 0, :S].astype(float)
            assert f"entropy {-(w * np.log2(w)).sum():.2f} of 3.00 bits" in text(pilot)


async def test_without_attention_the_one_vector_is_shown() -> None:
    async with pair_app("none", layers=1).run_test(size=(100, 30)) as pilot:
        await press(pilot, "end", "8", "right")
        vector = screen(pilot).lane.trace["h"][S - 1, 0]
        assert "one vector crosses" in text(pilot)
        assert f"h[1] = {vector[1]:+.4f}" in text(pilot)
        for value in vector:
            assert f"{value:+.2f}" in text(pilot)


def test_the_vector_of_both_directions_is_of_both_ends() -> None:
    model = pair_model("none", layers=1, bidirectional=True)
    trace = run(model, SOURCE.split(), target=TARGET)
    found = vector_of(trace, "h", 0, S - 1)
    np.testing.assert_array_equal(found, [*trace["h"][S - 1, 0, :4], *trace["h"][0, 0, 4:]])


def told(pilot: Pilot) -> str:
    """The last message."""
    return list(pilot.app._notifications)[-1].message


async def test_a_key_that_can_do_nothing_says_why() -> None:
    async with pair_app("bahdanau").run_test(size=(100, 30)) as pilot:
        await press(pilot, "end")
        s = screen(pilot)
        before = (s.session.cursor, s.session.clock)
        await press(pilot, "o")
        assert (s.session.cursor, s.session.clock) == before
        assert "o is for language models" in told(pilot)
        await press(pilot, "w")
        assert "there is only attention to the source here (cross)" in told(pilot)
        assert "w Cross" not in lines(pilot)[-1]
    async with pair_app("none").run_test(size=(100, 30)) as pilot:
        await press(pilot, "2", "w")
        assert "there is no attention here" in told(pilot)
