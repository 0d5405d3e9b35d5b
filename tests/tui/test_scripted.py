"""A scenario on the score, beat by beat."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest
from textual.geometry import Size

from tests.tui.score_stage import go_to_lane, idle, lines, press, screen, text
from tests.tui.script_stage import script, told
from tests.waiting import until
from tui.app import PeepholeApp
from tui.lines import Line
from tui.palette import Palette

SCRIPT = """
title = "A test"
text = "the cats that sat on the mats were happy ."
[lanes]
lstm = { model = "lstm" }
shut = { model = "lstm", hand-set = ["f = 0 from 3"] }
[[beats]]
title = "Surprise"
stop = "cats"
say = "It costs {p:.1f} bits."
measure.p = "surprisal(lstm, here)"
expect = ["p > 0"]
[[beats]]
title = "Shut"
lanes = ["lstm", "shut"]
stop = "were"
of = "f"
say = "Hand-set."
expect = ["surprisal(lstm, here) > 99"]
[[beats]]
title = "The equation"
lanes = ["lstm"]
stop = "on"
view = "equation"
unit = 7
say = "One unit."
"""


async def test_a_scenario_is_played_beat_by_beat(tmp_path: Path) -> None:
    async with PeepholeApp(None, script(tmp_path, SCRIPT)).run_test(size=(120, 40)) as pilot:
        await idle(pilot)
        await told(pilot)
        s = screen(pilot)
        bits = s.session.lanes[0].bits(2)
        assert (s.session.cursor, s.session.shown) == (2, 3)
        assert f"It costs {bits:.1f} bits." in text(pilot)
        assert "✓ p > 0" in text(pilot)
        await told(pilot, "n")
        assert s.session.tokens[s.session.cursor] == "were"
        assert s.session.lanes[1].parent is s.session.lanes[0]
        assert getattr(s.score.focused, "value", "") == "f"
        assert "hand-set · f = 0 from row 3" in text(pilot)
        assert "✗ surprisal(lstm, here) > 99" in text(pilot)
        assert "you changed something" not in text(pilot)
        await go_to_lane(pilot, 1, "f")
        await press(pilot, "plus")
        assert s.session.lanes[0].name == "lstm"
        assert s.session.lanes[1].name.startswith("shut · hand-set · f = 0 from row 3 · f ")
        assert "you changed something: u takes it back" in lines(pilot)[-2]
        await press(pilot, "u")
        assert "you changed something" not in text(pilot)
        await told(pilot, "n")
        assert type(s.view).__name__ == "EquationView"
        assert s.view.unit == 7
        assert s.view.cursor == s.session.tokens.index("on")
        await told(pilot, "N")
        assert s.view is None
        assert "beat 2/3" in text(pilot)


async def test_a_claim_that_cannot_be_measured_is_said_in_the_beat_and_not_in_messages(
    tmp_path: Path,
) -> None:
    broken = "min(over_seeds('copy-gru', 'no such score')) > 0"
    unmeasured = SCRIPT.replace('say = "One unit."', f'say = "One unit."\nexpect = ["{broken}"]')
    async with PeepholeApp(None, script(tmp_path, unmeasured)).run_test(size=(80, 24)) as pilot:
        await idle(pilot)
        await told(pilot)
        await press(pilot, "n")
        s = screen(pilot)
        while s.beat < 2:
            await press(pilot, "n")
        await until(lambda: s.narrator.words.problem)
        await idle(pilot)
        assert "measuring" not in text(pilot)
        assert "not measured: " in text(pilot)
        assert "no such score" in text(pilot)
        assert "One unit." in text(pilot)  # what can be said is
        assert "test.toml" not in text(pilot)
        assert not pilot.app._notifications
        for key in "1234567890P":
            await press(pilot, key)
            assert "n Next" in lines(pilot)[-1]
            assert "q Quit" in lines(pilot)[-1]


@pytest.mark.parametrize("key", ["n", "N", "u", "escape"])
async def test_beside_a_sentence_of_ones_own_nothing_is_claimed_of_another(key: str) -> None:
    from scenarios import shelf

    async with PeepholeApp(None, shelf.find("agreement")).run_test(size=(100, 36)) as pilot:
        await told(pilot)
        screen = pilot.app.screen
        assert screen.narrator.words.claims
        said = screen.narrator.words
        await press(pilot, "i", *"cats", "space", "enter")
        assert "cats" in screen.session.tokens
        assert "Your own reading" in text(pilot)
        assert "back to beat 1" in text(pilot)
        assert not screen.narrator.words.claims
        await told(pilot, key)
        assert pilot.app.screen is screen
        assert (screen.beat, screen.as_told) == (0, True)
        assert screen.narrator.words == said


async def test_a_beat_that_is_still_being_run_does_not_come_over_what_is_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scenarios.play import Play

    hold, stage = threading.Event(), Play.stage
    hold.set()

    def slow(play: Play, number: int) -> object:
        assert hold.wait(60)
        return stage(play, number)

    made = PeepholeApp(None, script(tmp_path, SCRIPT))
    monkeypatch.setattr(Play, "stage", slow)
    async with made.run_test(size=(100, 30)) as pilot:
        await told(pilot)
        hold.clear()
        await pilot.press("n", "i")
        await pilot.press(*"cats", "space")
        hold.set()
        await idle(pilot)
        s = screen(pilot)
        assert s.session.tokens == ["<s>", "cats"]
        assert "your sentence" in lines(pilot)[0]
        assert "Your own reading" in text(pilot)
        assert not s.narrator.words.claims
        await press(pilot, "enter")
        await told(pilot, "n")
        assert s.as_told


async def test_what_a_beat_says_and_has_no_room_for_is_counted_and_told_by_help(
    tmp_path: Path,
) -> None:
    long = f"{'It goes on and on, ' * 16}up to its end: {{p:.1f}}."
    told_at_length = SCRIPT.replace("It costs {p:.1f} bits.", long)
    async with PeepholeApp(None, script(tmp_path, told_at_length)).run_test(size=(60, 12)) as pilot:
        await told(pilot)
        for large in ("", "z"):
            await press(pilot, *large)
            shown = text(pilot)
            counted = re.search(r"… (\d+) more lines: \?", shown)
            assert counted, shown
            narrator = screen(pilot).narrator
            words = narrator.query_one("#words").size.height
            assert int(counted[1]) == words - (narrator.size.height - 1)
            assert "▶" in shown  # the row in question is in sight
        await press(pilot, "question_mark")
        await pilot.resize_terminal(120, 40)
        await idle(pilot)
        assert "What beat 1/3 says" in text(pilot)
        assert "up to its end: " in text(pilot)
        await press(pilot, "escape", "z")
        assert "more lines: ?" not in text(pilot)


def test_a_line_that_is_cut_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    palette = Palette()
    monkeypatch.setattr(Line, "size", Size(10, 1))
    for said, shown in (("0123456789", "0123456789"), ("01234567890", "012345678…")):
        line = Line(palette)
        line.say((said, "text"))
        assert line.render_line(0).text == shown
