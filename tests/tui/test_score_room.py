"""The score screen: what has room where there is little, and how it looks in other colours or none."""

from __future__ import annotations

import pytest

from tests.tui.score_stage import app, idle, lines, press, screen, text
from tui.widths import key


async def test_messages_leave_the_lines_below_free() -> None:
    async with app("lstm").run_test(size=(80, 24), notifications=True) as pilot:
        await press(pilot, "i")
        pilot.app.notify("something to say")
        await idle(pilot)
        at = [y for y, line in enumerate(lines(pilot)) if "something" in line]
        assert at
        assert max(at) < 6
        assert "Enter: done" in text(pilot)
        assert "Enter Done" in lines(pilot)[-1]


async def test_many_lanes_are_counted_where_their_names_have_no_room() -> None:
    for width, said in ((80, "3 lanes"), (160, "a long name + a long name + a long name")):
        made = app("lstm", "gru", "elman")
        for lane in made.session.lanes:
            lane.label = "a long name"
        async with made.run_test(size=(width, 24)) as pilot:
            await idle(pilot)
            assert f" · {said} " in lines(pilot)[0]


async def test_a_lane_s_name_that_is_too_long_ends_at_a_word() -> None:
    made = app("lstm", "gru")
    made.session.lanes[0].label = "alone"
    made.session.lanes[0].note = "hand-set · cross-attention uniform from row 9 on for ever"
    async with made.run_test(size=(80, 24)) as pilot:
        await idle(pilot)
        assert "alone · hand-set · cross-attention… " in lines(pilot)[1]
        await press(pilot, "A")
        assert "cross-attention.. " in lines(pilot)[1]


async def test_where_a_beat_asks_for_a_track_the_prediction_stays_too() -> None:
    async with app("elman", "gru", "lstm").run_test(size=(80, 24)) as pilot:
        score = screen(pilot).score
        score.prefer(["gradient"])
        for group in score.groups:
            shown = {type(track).__name__ for track in group if track.display}
            assert {"GradientTrack", "PredictionTrack"} <= shown


@pytest.mark.parametrize("theme", ["peephole-light", "peephole-safe"])
async def test_themes_repaint_everything(theme: str) -> None:
    async with app("lstm").run_test(size=(120, 40)) as pilot:
        await press(pilot, "end")
        before = pilot.app.export_screenshot()
        pilot.app.theme = theme
        await idle(pilot)
        assert screen(pilot).score.stage.palette is pilot.app.palette
        assert pilot.app.export_screenshot() != before


async def test_ascii_only() -> None:
    async with app("lstm", "transformer", plain=True).run_test(size=(120, 40)) as pilot:
        await press(pilot, "end", "tab", "tab")
        assert not [line for line in lines(pilot) if not line.isascii()]
        await press(pilot, "A")
        assert "↑↓" in text(pilot)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (133, 34), (200, 60)])
@pytest.mark.parametrize("families", [("lstm", "elman"), ("lstm", "transformer"), ("gru", "lstm")])
async def test_bars_stand_in_both_lanes_or_in_none(
    families: tuple[str, ...], size: tuple[int, int]
) -> None:
    async with app(*families).run_test(size=size) as pilot:
        await idle(pilot)
        widths = [
            {track.size.width - track.ends for track in group if key(track) == "surprisal"}
            for group in screen(pilot).score.groups
        ]
        assert len(widths[0]) == 1
        assert widths[0] == widths[1]
