"""The score screen by its keys: what moves, what is shown, what is measured."""

from __future__ import annotations

import re

import pytest
from textual.pilot import Pilot

from engine.conditions import parse
from tests.engine.build import build, tokens
from tests.tui.score_stage import SIZES, app, go_to, idle, lines, press, screen, text
from tests.waiting import until
from tui.app import PeepholeApp
from tui.session import Session
from tui.tracks.gradient import GradientTrack
from tui.tracks.units import UnitsTrack


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("families", [("lstm",), ("lstm", "transformer"), ("elman", "gru", "lstm")])
async def test_every_row_has_its_number_at_every_size(
    size: tuple[int, int], families: tuple[str, ...]
) -> None:
    async with app(*families).run_test(size=size) as pilot:
        await press(pilot, "end")
        shown = text(pilot)
        session = screen(pilot).session
        assert "row 9 of 9" in lines(pilot)[0]
        assert re.search(r"▶ ?9 w\d", shown)
        bits = session.lanes[0].bits(9)
        assert f"{bits:4.1f}" in next(line for line in lines(pilot) if "▶" in line)
        if len(families) > 1:
            assert all(name in lines(pilot)[1] for name in families)


async def test_too_small_a_terminal_is_told_what_is_needed_and_recovers() -> None:
    async with app("lstm").run_test(size=(40, 8)) as pilot:
        await idle(pilot)
        assert "needs 60 x 12" in text(pilot)
        await press(pilot, "g", "x", "m", "b", "s", "question_mark", "i", "2", "ctrl+p")
        assert pilot.app.screen is screen(pilot)
        assert "needs 60 x 12" in text(pilot)
        await pilot.resize_terminal(90, 30)
        await idle(pilot)
        assert "hidden" in text(pilot) or " h " in text(pilot)


async def test_playing_reads_to_the_end_and_stops_its_timer() -> None:
    async with app("lstm", start="play").run_test(size=(100, 30)) as pilot:
        s = screen(pilot)
        s.session.speed = 200.0
        s.playing(True)
        while s.session.playing:
            await pilot.pause(0.01)
        assert s.session.cursor == s.session.rows - 1
        assert s._timer is None
        s.session.speed = 0.5
        await press(pilot, "space")  # again, from the start
        assert s.session.playing
        assert s.session.shown < s.session.rows
        await press(pilot, "space")
        assert s._timer is None


async def test_stepping_forward_and_back() -> None:
    async with app("lstm").run_test(size=(100, 30)) as pilot:
        s = screen(pilot).session
        await press(pilot, "down", "j", "down")
        assert (s.cursor, s.shown) == (3, 4)
        await press(pilot, "up", "k")
        assert (s.cursor, s.shown) == (1, 4)
        await press(pilot, "end", "home")
        assert (s.cursor, s.shown) == (0, 10)


async def played(pilot: Pilot, speed: float) -> None:
    """Press Space and wait until playback has stopped."""
    screen(pilot).session.speed = speed
    await press(pilot, "space")
    while screen(pilot).session.playing:
        await pilot.pause(0.01)
    await idle(pilot)


async def test_a_break_stops_playback_and_says_why() -> None:
    async with app("lstm").run_test(size=(120, 30), notifications=True) as pilot:
        s = screen(pilot)
        word = s.session.tokens[6]
        first = s.session.tokens.index(word)
        s.session.add_break(parse(f"token is {word}"))
        await played(pilot, 200.0)
        assert s.session.cursor == first
        assert f"at row {first}" in text(pilot)


async def test_a_timer_that_is_late_goes_past_no_break() -> None:
    async with app("lstm").run_test(size=(120, 30)) as pilot:
        s = screen(pilot).session
        s.add_break(parse("bits > 0"))  # on every row after the first
        for row in range(1, s.rows):
            await played(pilot, 4000.0)  # 0.25 ms: Textual's timer sleeps for no less than 0.5 ms
            assert s.cursor == row


async def test_a_click_moves_the_cursor_and_chooses_a_unit() -> None:
    async with app("lstm").run_test(size=(160, 40)) as pilot:
        await press(pilot, "end")
        s = screen(pilot)
        track = next(t for t in s.score.tracks if getattr(t, "value", "") == "c")
        await pilot.click(track, offset=(4, 2 + 5))
        await idle(pilot)
        assert s.session.cursor == 5
        assert s.session.unit == 8  # two units share a cell
        assert s.score.focused is track


async def test_the_line_below_tells_the_exact_number() -> None:
    async with app("lstm").run_test(size=(160, 40)) as pilot:
        await press(pilot, "end", "tab", "tab", "right", "right", "right")
        s = screen(pilot)
        track = s.score.focused
        assert isinstance(track, UnitsTrack)
        number = float(s.lane.trace[track.value][9, -1, 3])
        assert f"{track.value}[3] of layer 1 = {number:+.4f} at row 9" in text(pilot)
        await press(pilot, "left_square_bracket")
        number = float(s.lane.trace[track.value][9, 0, 3])
        assert f"of layer 0 = {number:+.4f}" in text(pilot)


async def test_tab_reaches_every_track_even_those_without_room() -> None:
    async with app("lstm", "transformer").run_test(size=(80, 24)) as pilot:
        await idle(pilot)
        score = screen(pilot).score
        assert score.hidden
        seen = set()
        for _ in score.tracks:
            assert score.focused is not None
            assert score.focused.display
            seen.add(score.focused)
            await press(pilot, "tab")
        assert seen == set(score.tracks)


async def test_the_gradient_track_follows_the_cursor() -> None:
    async with app("lstm").run_test(size=(160, 40)) as pilot:
        await press(pilot, "end")
        await go_to(pilot, "gradient")
        s = screen(pilot)
        track = s.score.focused
        assert isinstance(track, GradientTrack)
        flow = s.lane.gradient(9)["h"].array[:, -1]
        k = int(flow.argmax())
        assert f"|dL_9/dh_{k}| = {flow[k]:.4g} nats" in text(pilot)
        await press(pilot, "up", "left")
        flow = s.lane.gradient(8)["h"].array[:, -1]
        k = int(flow.argmax()) - 1
        assert f"|dL_8/dh_{k}| = {flow[k]:.4g} nats" in text(pilot)
        await press(pilot, "v")
        assert "|dL_8/dc_" in text(pilot)


async def test_the_chosen_track_keeps_its_scale_and_names_its_unit() -> None:
    async with app("lstm").run_test(size=(120, 40)) as pilot:
        await press(pilot, "end")
        await go_to(pilot, "f")
        legend = lines(pilot)[2]
        await press(pilot, "right", "right")
        assert " f[2] " in lines(pilot)[1]
        assert lines(pilot)[2] == legend
        await go_to(pilot, "gradient")
        assert re.search(r"1e-?\d+ +1e-?\d+", lines(pilot)[2])


async def test_gradients_side_by_side_have_one_scale_and_one_width() -> None:
    async with app("lstm", "transformer").run_test(size=(140, 24)) as pilot:
        await press(pilot, "end")
        first, second = (
            next(track for track in group if isinstance(track, GradientTrack))
            for group in screen(pilot).score.groups
        )
        assert (first.of, second.of) == ("h", "x")
        assert first.size.width == second.size.width > 0
        (ends,) = set(re.findall(r"1e-?\d+ +1e-?\d+", lines(pilot)[3]))
        low, high = map(float, ends.split())
        for track in (first, second):  # 9 in 10 of all of them at least, as on a scale of its own
            own = track.lane.gradients.decades(track.of)
            assert own is not None
            assert low <= 10.0 ** own[0]
            assert 10.0 ** own[1] <= high


async def test_long_texts_scroll_by_pages_and_show_the_last_rows() -> None:
    model = build("gru", dtype="float32")
    long = Session.read([model], tokens(1500))
    async with PeepholeApp(long).run_test(size=(100, 30)) as pilot:
        await press(pilot, "end")
        s = screen(pilot)
        assert "▶1499" in text(pilot)
        await go_to(pilot, "gradient")
        await until(lambda: "of the last 512 rows" in text(pilot))
        await pilot.press(*["up"] * 30)
        await idle(pilot)
        assert s.score.stage.top <= 1469
        assert "▶1469" in text(pilot)
