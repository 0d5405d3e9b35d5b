"""The tracks of the gradient lab: step Jacobians, saturation, and the cut of truncated training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from textual.pilot import Pilot

from engine import bptt, lenses
from engine.recipe import Batch
from tests.engine.build import build, tokens
from tests.tui.score_stage import app, idle, lines, press, screen, text
from tests.tui.stage import lane, without_model
from tui.app import PeepholeApp
from tui.lane import Lane
from tui.session import Session
from tui.shares import Shares
from tui.steps import Steps
from tui.tracks.base import Track
from tui.tracks.gradient import GradientTrack
from tui.tracks.jacobian import JacobianTrack
from tui.tracks.saturation import SaturationTrack
from tui.tracks.shares import SharesTrack


def norms_of(at: Lane) -> np.ndarray:
    """(time, layer): what the lens says."""
    assert at.model is not None
    return lenses.jacobian_norms(at.model, at.trace)["state"].array


async def to(pilot: Pilot, kind: type[Track]) -> Track:
    """Put the focus on the first track of a kind."""
    score = screen(pilot).score
    score.focus_track(next(track for track in score.tracks if isinstance(track, kind)))
    await idle(pilot)
    return screen(pilot).track


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_step_of_each_row_in_sight(size: tuple[int, int]) -> None:
    async with app("lstm").run_test(size=size) as pilot:
        await press(pilot, "end")
        at = screen(pilot).session.lanes[0]
        assert at.steps.norm(3) is None  # nobody has looked: nothing was computed
        track = await to(pilot, JacobianTrack)
        norms = norms_of(at)[:, 1]
        for row, norm in enumerate(norms):
            assert f"{norm:6.3f}" in lines(pilot)[3 + row]
        assert track.reading().startswith(f"|ds_9/ds_8| of layer 1 = {norms[9]:.4g} at row 9")
        await press(pilot, "left_square_bracket", "home")
        first = norms_of(at)[0, 0]
        assert f"|ds_0/ds_start| of layer 0 = {first:.4g}" in text(pilot)


def test_each_step_is_asked_for_once() -> None:
    at = lane("gru", 9)
    steps = Steps(at.trace, at.model)
    assert steps.missing(range(2, 5)) == [2, 3, 4]
    assert steps.missing(range(3, 20)) == [5, 6, 7, 8]
    assert steps.extent(0) == (1.0, 1.0)
    steps.compute([2, 3])
    wanted, third = norms_of(at), steps.norm(3)
    assert third is not None
    np.testing.assert_allclose(third, wanted[3])
    assert steps.extent(1) == pytest.approx((wanted[2:4, 1].min(), wanted[2:4, 1].max()))
    assert steps.norm(5) is None


async def test_what_was_recorded_needs_no_model() -> None:
    full = lane("gru", 9)
    for recorded in (False, True):
        bare = without_model(full)
        if recorded:
            assert full.model is not None
            bare.trace.lenses["jacobian_norms"] = lenses.jacobian_norms(full.model, full.trace)
        made = PeepholeApp(Session([Lane("gru", bare.trace)], "saved trace"))
        async with made.run_test(size=(80, 24)) as pilot:
            await press(pilot, "end")
            track = await to(pilot, JacobianTrack)
            if recorded:
                norm = norms_of(full)[8, 1]
                assert f"= {norm:.4g} at row 8" in track.reading()
            else:
                assert "not saved" in lines(pilot)[2]
                assert "not recorded" in track.reading()
            slopes = await to(pilot, SaturationTrack)
            assert "of units saturated" in slopes.reading()


@pytest.mark.parametrize(
    ("family", "said"),
    [("elman", "1-h²"), ("gru", "1-n²"), ("lstm", "tanh'(c)"), ("relu", "slope")],
)
async def test_saturation_is_that_of_the_lens(family: str, said: str) -> None:
    async with app(family).run_test(size=(80, 24)) as pilot:
        await press(pilot, "end")
        track = await to(pilot, SaturationTrack)
        assert isinstance(track, SaturationTrack)
        at = track.lane
        found = lenses.saturation(at.trace)
        slopes, flat = found[track.value].array, found[f"{track.value}.saturated"].array
        await press(pilot, "right", "right")
        assert f"{said}[2] of layer 1 = {slopes[9, 1, 2]:.4f} at row 9" in track.reading()
        assert f"{flat[9, 1]:.0%} of units saturated" in track.reading()
        assert said in lines(pilot)[1]


async def test_a_saturated_value_can_be_held_where_it_is_seen() -> None:
    async with app("lstm").run_test(size=(120, 40)) as pilot:
        await press(pilot, "end")
        await to(pilot, SaturationTrack)
        await press(pilot, "minus")
        assert [held.cut for held in screen(pilot).session.lanes[1:]] == ["c of layer 1 = 0"]


async def test_a_transformer_has_neither() -> None:
    async with app("transformer").run_test(size=(200, 60)) as pilot:
        await idle(pilot)
        kinds = {type(track) for track in screen(pilot).score.tracks}
        assert not kinds & {JacobianTrack, SaturationTrack}


@pytest.mark.parametrize(("k1", "k2"), [(1, 1), (1, 4), (3, 3), (2, 5), (4, 9), (20, 20)])
def test_the_cut_is_where_training_stopped(k1: int, k2: int) -> None:
    """Only rows from `cut_before` on get any gradient when the loss of one row alone is trained."""
    model = build("lstm", layers=1)
    words = tokens(12)
    ids = np.array([model.vocabulary.encode(words)])
    at = Lane("lstm", Session.read([model], words).lanes[0].trace, model)
    at.trace.header = replace(at.trace.header, truncation=(k1, k2))
    for row in range(1, 12):
        weights = np.zeros((1, 11))
        weights[0, row - 1] = 1.0
        batch = Batch(ids[:, :-1], ids[:, 1:], weights)
        found = bptt.backward(model.architecture, model.params, batch, k1, k2)  # type: ignore[arg-type]
        reached = np.flatnonzero(found.states["h"][:, 0, 0])
        assert reached[0] == at.gradients.cut_before(row)
        assert reached[-1] == row - 1
    assert at.gradients.cut_before(0) == 0


@pytest.mark.parametrize("plain", [False, True])
async def test_the_cut_is_drawn_in_the_gradient_track(plain: bool) -> None:
    made = app("gru", length=12, plain=plain)
    for at in made.session.lanes:  # type: ignore[union-attr]
        at.trace.header = replace(at.trace.header, truncation=(3, 3))
    async with made.run_test(size=(100, 30)) as pilot:
        await press(pilot, "end")
        track = await to(pilot, GradientTrack)
        (drawn,) = [y for y, line in enumerate(lines(pilot)) if "k2=3" in line or "k2 = 3" in line]
        assert drawn - 3 == 8  # L_11 is decided by row 10, of the rows 9 to 11
        await press(pilot, "left")
        assert "cut" not in track.reading()
        await press(pilot, "left")
        assert "k = 8" in track.reading()
        assert "beyond the cut (k1 = 3, k2 = 3): training saw 0" in track.reading()
        await press(pilot, "home", "down", "down")
        assert "k2" not in "".join(lines(pilot)[:20])


async def test_there_is_no_cut_where_the_whole_gradient_was_trained() -> None:
    async with app("gru").run_test(size=(100, 30)) as pilot:
        await press(pilot, "end")
        await to(pilot, GradientTrack)
        assert "k2" not in "".join(lines(pilot)[:16])


@pytest.mark.parametrize("family", ["elman", "lstm"])
async def test_the_share_of_each_row_is_that_of_the_lens(family: str) -> None:
    async with app(family).run_test(size=(100, 30)) as pilot:
        await press(pilot, "end")
        track = await to(pilot, SharesTrack)
        at = track.lane
        assert at.model is not None
        found = lenses.lag_shares(at.model, at.trace, 9)
        shares = found["share"].array[:, 1]
        for row, share in enumerate(shares[:9]):
            drawn = "<1%" if 0 < abs(share) < 0.005 else f"{share:+.0%}" if share else " 0 "
            assert drawn in lines(pilot)[3 + row]
        largest = int(np.abs(shares).argmax())
        assert f"row {largest} 'w" in track.reading()
        await press(pilot, "left")
        assert f"adds {100 * shares[largest - 1]:+.3g} % of dL_9/dW_hh" in track.reading()
        await press(pilot, "up", "left_square_bracket")
        below = lenses.lag_shares(at.model, at.trace, 8)["share"].array[:, 0]
        assert f"{100 * below[np.abs(below).argmax()]:+.3g} %" in track.reading()
        await press(pilot, "home")
        assert "nothing predicts this row" in track.reading()


async def test_shares_of_a_long_text_wait_until_it_rests() -> None:
    async with app("elman", length=80).run_test(size=(100, 30)) as pilot:
        await press(pilot, "end", *["up"] * 9)
        at = screen(pilot).session.lanes[0]
        await to(pilot, SharesTrack)
        assert at.shares.of(70) is not None
        screen(pilot).playing(True)
        screen(pilot).go(72)
        await pilot.pause()
        assert "when paused" in text(pilot)
        assert at.shares.of(72) is None
        screen(pilot).playing(False)
        await idle(pilot)
        assert at.shares.of(screen(pilot).session.cursor) is not None
        assert "of dL_" in text(pilot)


async def test_shares_need_the_model() -> None:
    made = PeepholeApp(Session([without_model(lane("gru", 9))], "saved trace"))
    async with made.run_test(size=(100, 30)) as pilot:
        await press(pilot, "end")
        track = await to(pilot, SharesTrack)
        assert "not recorded" in track.reading()


def test_shares_are_asked_for_one_row_at_a_time() -> None:
    at = lane("gru", 9)
    shares = Shares(at.trace, at.model)
    assert [shares.missing(row) for row in (0, 9, 3, 3, 4)] == [False, False, True, False, False]
    shares.compute(3)
    assert not shares.missing(3)
    assert shares.missing(4)
    assert not Shares(at.trace, None).missing(3)
