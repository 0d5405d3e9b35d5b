"""The score screen by its keys: what moves, what is shown, what is measured."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from textual.pilot import Pilot

from engine import load_trace
from engine.conditions import parse
from tests.engine.build import build, tokens
from tests.tui.score_stage import app, go_to, go_to_lane, idle, lines, press, screen, text
from tui.app import PeepholeApp
from tui.keys import ANSWERS, KEYS
from tui.session import Session
from tui.start import of_trace
from tui.tracks.gradient import GradientTrack
from tui.tracks.units import UnitsTrack

SIZES = [(80, 24), (120, 40), (200, 60), (250, 70), (60, 12)]


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


async def test_a_gate_held_shut_from_the_keyboard() -> None:
    async with app("lstm").run_test(size=(140, 40)) as pilot:
        await press(pilot, "end", "up", "up", "up")
        await go_to(pilot, "f")
        await press(pilot, "minus")
        s = screen(pilot).session
        assert [x.cut for x in s.lanes] == ["", "f of layer 1 = 0"]
        assert (s.lanes[1].trace["f"][:, 1] == 0).all()
        assert (s.lanes[1].trace["f"][:, 0] == s.lanes[0].trace["f"][:, 0]).all()
        shown = text(pilot)
        assert "f of layer 1 = 0" in shown
        bits = s.lanes[1].bits(8) - s.lanes[0].bits(8)
        row = next(line for line in lines(pilot) if re.search(r"^ +8 w", line))
        assert f"{bits:+5.1f}" in row
        await press(pilot, "u")
        assert len(screen(pilot).session.lanes) == 1


async def test_one_head_cut_and_one_edge() -> None:
    async with app("transformer").run_test(size=(140, 40)) as pilot:
        await press(pilot, "end")
        await go_to(pilot, "heads")
        await press(pilot, "right", "X")
        s = screen(pilot).session
        head = s.head
        assert s.lanes[1].cut == f"head {head} of layer 1 cut"
        assert (s.lanes[1].trace["context"][:, 1, head] == 0).all()
        await press(pilot, "u")
        await go_to(pilot, "attention")
        screen(pilot).score.focused.probe = 4
        await press(pilot, "left", "minus")
        assert s.lanes[1].cut == f"edge 9→3 cut in layer 1 head {head}"
        assert s.lanes[1].trace["weights"][9, 1, head, 3] == 0
        assert s.lanes[0].trace["weights"][9, 1, head, 3] > 0


async def test_a_word_replaced_through_the_dialog_gives_the_fork_its_own_tokens() -> None:
    async with app("lstm").run_test(size=(140, 40)) as pilot:
        await press(pilot, "end", "up", "r")
        dialog = pilot.app.screen
        dialog.query_one("#replace-word").value = "w9"
        await press(pilot, "tab", "enter")
        s = screen(pilot)
        assert s.session.lanes[1].trace.tokens[8] == "w9"
        assert len([t for t in s.score.tracks if t.NAME == "tokens"]) == 2


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


async def test_traces_and_pictures_are_saved_and_a_failure_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with app("lstm").run_test(size=(120, 40), notifications=True) as pilot:
        await press(pilot, "end", "s", "enter")
        (saved,) = tmp_path.glob("*.safetensors")
        trace = load_trace(saved)
        assert trace.tokens == screen(pilot).session.tokens
        assert "gradient_map" in trace.lenses
        await press(pilot, "p", "enter")
        (picture,) = tmp_path.glob("*.svg")
        assert "<svg" in picture.read_text()[:200]
        assert "Saved the picture" in text(pilot)


async def test_a_fork_is_saved_by_its_name_and_stands_complete_when_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with app("lstm").run_test(size=(140, 40)) as pilot:
        await press(pilot, "end")
        await go_to(pilot, "f")
        await press(pilot, "minus")
        await go_to_lane(pilot, 1, "f")
        await press(pilot, "s")
        assert "Save the trace of lstm · f of layer 1 = 0" in text(pilot)
        await press(pilot, "enter")
    (saved,) = tmp_path.glob("*.safetensors")
    session = of_trace(load_trace(saved))
    assert (session.shown, session.cursor) == (10, 9)
    for size in SIZES:
        async with PeepholeApp(session).run_test(size=size) as pilot:
            await idle(pilot)
            assert "lstm · f of layer 1 = 0" in lines(pilot)[0]


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


@pytest.mark.parametrize("width", [60, 80, 100, 250])
async def test_help_and_quit_are_always_in_the_footer(width: int) -> None:
    async with app("lstm", "gru").run_test(size=(width, 24)) as pilot:
        for key in (*"1234567890P", "escape"):
            await press(pilot, key)
            footer = lines(pilot)[-1]
            assert "? Help q Quit" in footer
            assert "1-9 Views" in footer or width < 80 or (key == "0" and width < 100)
            assert "n Next" not in footer  # there are no beats


def test_help_describes_keys_that_are_shown_together() -> None:
    shown: dict[str, set[str]] = {}
    for binding in KEYS:
        if len(binding.key_display or "") == 2:  # ↑↓ and ←→
            shown.setdefault(binding.key_display, set()).add(binding.tooltip)
    assert sorted(shown) == ["←→", "↑↓"]
    assert all(len(said) == 1 and " or " in min(said) for said in shown.values())
    views = next(b for b in KEYS if b.key_display == "1-9")
    assert "2 to 9" in views.tooltip


async def test_many_lanes_are_counted_where_their_names_have_no_room() -> None:
    for width, said in ((80, "3 lanes"), (160, "a long name + a long name + a long name")):
        made = app("lstm", "gru", "elman")
        for lane in made.session.lanes:
            lane.label = "a long name"
        async with made.run_test(size=(width, 24)) as pilot:
            await idle(pilot)
            assert f" · {said} " in lines(pilot)[0]


async def test_a_saved_trace_opens_without_its_model() -> None:
    from tests.tui.stage import lane, without_model

    full = lane("lstm")
    bare = without_model(full)
    async with PeepholeApp(Session([bare])).run_test(size=(120, 40), notifications=True) as pilot:
        await press(pilot, "end")
        assert "not saved" in text(pilot)
        for key in ("x", "i", "minus", "r"):
            await press(pilot, key)
            assert len(pilot.app.screen_stack) == 2
            assert len(screen(pilot).session.lanes) == 1


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


async def test_help_names_the_focused_panel_and_every_key() -> None:
    async with app("lstm").run_test(size=(120, 80)) as pilot:
        await go_to(pilot, "gradient")
        await press(pilot, "question_mark")
        shown = text(pilot)
        assert "Euclidean" in shown
        assert "Hold the focused gate at 1" in shown
        await press(pilot, "escape")
        assert pilot.app.screen is screen(pilot)


async def test_every_binding_has_an_id_a_tooltip_and_its_own_key() -> None:
    named = [b for b in KEYS if b.action != "hint"]  # that says what the other keys are for
    assert len({b.id for b in named}) == len(named) == len(KEYS) - 1
    assert all(b.id and b.tooltip and b.description for b in named)
    # The letters of answers come first: they count while a question is open, and only then.
    own = [b for b in KEYS if b.action.partition("(")[0] not in ANSWERS]
    keys = [key for b in own for key in b.key.split(",")]
    assert len(set(keys)) == len(keys)


async def test_keys_can_be_remapped() -> None:
    a = app("lstm")
    a.set_keymap({"score.last": "f9"})
    async with a.run_test(size=(100, 30)) as pilot:
        await press(pilot, "f9")
        assert screen(pilot).session.cursor == 9


async def test_long_texts_scroll_by_pages_and_show_the_last_rows() -> None:
    model = build("gru", dtype="float32")
    long = Session.read([model], tokens(1500))
    async with PeepholeApp(long).run_test(size=(100, 30)) as pilot:
        await press(pilot, "end")
        s = screen(pilot)
        assert "▶1499" in text(pilot)
        await pilot.pause(0.5)
        await idle(pilot)
        await go_to(pilot, "gradient")
        assert "of the last 512 rows" in text(pilot)
        await pilot.press(*["up"] * 30)
        await idle(pilot)
        assert s.score.stage.top <= 1469
        assert "▶1469" in text(pilot)


async def test_the_command_palette_offers_every_key() -> None:
    async with app("lstm").run_test(size=(100, 30)) as pilot:
        await idle(pilot)
        titles = {c.title for c in pilot.app.get_system_commands(pilot.app.screen)}
        assert {"Jump", "Hold at 0", "Save trace", "Theme", "One unit"} <= titles


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
