"""The score screen: from its tracks to the full-size views and back."""

from __future__ import annotations

from tests.tui.score_stage import app, go_to, idle, lines, press, screen, text


async def test_full_size_views_and_back() -> None:
    async with app("lstm", "transformer").run_test(size=(120, 40)) as pilot:
        await press(pilot, "end", "up", "2")
        s = screen(pilot)
        assert type(s.view).__name__ == "AttentionView"
        assert s.view.lane.label == "transformer"
        assert s.view.cursor == 8
        for key, name in (("3", "GradientView"), ("4", "EquationView"), ("5", "UnitView")):
            await press(pilot, key)
            assert type(s.view).__name__ == name
        await press(pilot, "escape", "down")
        assert s.view is None
        assert s.session.cursor == 9
        assert "next word" in text(pilot)


async def test_a_view_gives_the_track_back_that_was_chosen() -> None:
    async with app("lstm", "gru").run_test(size=(160, 40)) as pilot:
        await go_to(pilot, "r")  # of the second lane
        s = screen(pilot)
        track = s.score.focused
        for key in ("2", "3", "4", "5"):
            await press(pilot, key, "1")
            assert s.score.focused is track
        await press(pilot, "4")
        assert s.view.lane.label == "gru"


async def test_tab_in_a_view_shows_the_next_lane() -> None:
    async with app("lstm", "gru", "transformer").run_test(size=(120, 40)) as pilot:
        await press(pilot, "end", "4")
        s = screen(pilot)
        seen = []
        for _ in range(4):
            seen.append(s.view.lane.label)
            assert f"{seen[-1]}  Tab: next lane" in lines(pilot)[-2]
            await press(pilot, "tab")
        assert seen == ["lstm", "gru", "transformer", "lstm"]
        await press(pilot, "2", "tab", "tab")
        assert s.view.lane.label == "transformer"  # the only one with heads


async def test_lanes_that_come_while_a_view_is_shown_have_their_widths_at_once() -> None:
    async with app("lstm").run_test(size=(80, 24)) as pilot:
        s = screen(pilot)
        await press(pilot, "end", "5")
        other = app("lstm", "gru").session
        drawn = []
        fit = s.score.fit
        s.score.fit = lambda: (fit(), drawn.append([t.display for t in s.score.tracks]))
        await s.show_session(other)
        assert not all(drawn[0])  # not every track of its own default width, side by side
        assert s.score.visible_rows > 8
        await idle(pilot)
        assert drawn[-1] == drawn[0]
