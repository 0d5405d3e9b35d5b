"""Presenting: the curtain, a beat by its number, and beats that wait for a guess."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from engine import PeepholeError
from scenarios.play import Play
from scenarios.questions import answered
from tests.tui.score_stage import app, idle, press, screen, text
from tests.tui.script_stage import script, told
from tui.app import PeepholeApp
from tui.keys import KEYS

SCRIPT = """
title = "A test"
text = "the cats that sat on the mats were happy ."
[lanes]
lstm = { model = "lstm" }
[[beats]]
title = "The beginning"
stop = "cats"
say = "Two rows."
[[beats]]
title = "Which one?"
stop = "were"
view = "equation"
say = "It gives {p:.0%} to the plural."
measure.p = "probability(lstm, here, 'were')"
ask = "Which verb does it expect?"
choices = [
    { text = "the singular", if = "p < 0.1" },
    { text = "neither", if = "0.1 <= p < 0.5" },
    { text = "the plural", if = "p >= 0.5" },
]
[[beats]]
title = "How many?"
stop = "happy"
say = "It has {n} units."
measure.n = "width(lstm)"
ask = "How many units does it have?"
guess = "n"
in = "units"
factor = 2
[[beats]]
title = "The end"
say = "All is read."
expect = ["width(lstm) == 64"]
"""


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows on the way to a stop take no time worth waiting for."""
    monkeypatch.setattr("tui.screens.scripted.PACE", 200.0)


# The curtain --------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["c", "pagedown", "space", "escape", "G"])
async def test_any_key_of_a_clicker_lifts_the_curtain_and_does_no_more(
    tmp_path: Path, key: str
) -> None:
    async with PeepholeApp(None, script(tmp_path, SCRIPT)).run_test(size=(80, 24)) as pilot:
        await told(pilot)
        s = screen(pilot)
        await press(pilot, "space", "c")
        assert not s.session.playing
        assert s.curtain
        assert text(pilot).split() == ["c:", "back"]
        row = s.session.cursor
        await press(pilot, key)
        assert not s.curtain
        assert pilot.app.screen is s
        assert (s.session.cursor, s.beat) == (row, 0)
        assert "The beginning" in text(pilot)


async def test_the_curtain_can_be_lifted_from_elsewhere(tmp_path: Path) -> None:
    async with PeepholeApp(None, script(tmp_path, SCRIPT)).run_test(size=(80, 24)) as pilot:
        await told(pilot)
        s = screen(pilot)
        for _ in range(2):
            s.action_curtain()
            await idle(pilot)
            assert s.curtain
            s.action_curtain()
            await idle(pilot)
            assert not s.curtain
            assert pilot.app.screen is s


# Beats by their numbers ---------------------------------------------------------------------------


async def test_a_beat_is_gone_to_by_its_number(tmp_path: Path) -> None:
    async with PeepholeApp(None, script(tmp_path, SCRIPT)).run_test(size=(80, 24)) as pilot:
        await told(pilot)
        s = screen(pilot)
        await press(pilot, "G", "4")
        assert "The end" in text(pilot)
        assert "Which one?" in text(pilot)
        await told(pilot, "enter")
        assert s.beat == 3
        await press(pilot, "G", "9")
        assert "Type a number from 1 to 4" in text(pilot)
        await press(pilot, "enter", "escape")
        assert s.beat == 3
        await told(pilot, "G", "home", "enter")
        assert s.beat == 0
        await told(pilot, "G", "end", "enter")
        assert s.beat == 3
        await told(pilot, "G", "up", "up", "enter")
        assert s.beat == 1
        assert s.asking


async def test_without_a_scenario_no_beat_is_gone_to() -> None:
    async with app("lstm").run_test(size=(80, 24), notifications=True) as pilot:
        await press(pilot, "G")
        assert pilot.app.screen is screen(pilot)
        assert "Only a scenario has beats" in text(pilot)


# Questions ----------------------------------------------------------------------------------------


async def test_a_question_hides_the_answer_until_it_is_asked_for(tmp_path: Path) -> None:
    async with PeepholeApp(None, script(tmp_path, SCRIPT)).run_test(size=(100, 36)) as pilot:
        await told(pilot)
        await told(pilot, "pagedown")
        s = screen(pilot)
        assert (s.asking, s.revealed, s.view) == (True, False, None)
        shown = text(pilot)
        assert "Which verb does it expect?" in shown
        assert "c  the plural" in shown
        assert "% to the plural" not in shown
        stop = s.session.tokens.index("were")
        assert s.session.shown < stop  # the row above the stop would foretell it
        await press(pilot, "space")
        assert not s.session.playing
        await press(pilot, "a")
        assert "▶ a  the singular" in text(pilot)
        await press(pilot, "c")
        assert not s.curtain  # an answer, while one is asked for
        assert "▶ c  the plural" in text(pilot)
        await press(pilot, "b")
        await told(pilot, "enter")
        assert (s.asking, s.revealed) == (False, True)
        assert s.session.cursor == stop
        assert type(s.view).__name__ == "EquationView"
        assert "✓ Measured: neither." in text(pilot)
        assert "% to the plural." in text(pilot)
        await told(pilot, "pagedown")
        assert s.beat == 2
        await told(pilot, "pageup")
        assert s.revealed  # it was answered already
        await press(pilot, "c")
        assert s.curtain


@pytest.mark.parametrize(("beat", "said"), [("2", "a to c, please"), ("3", "a number, please")])
async def test_no_letter_but_an_answer_does_anything_while_a_question_is_open(
    tmp_path: Path, beat: str, said: str
) -> None:
    async with PeepholeApp(None, script(tmp_path, SCRIPT)).run_test(
        size=(100, 36), notifications=True
    ) as pilot:
        await told(pilot)
        await told(pilot, "G", beat, "enter")
        s = screen(pilot)
        before = s.session.lanes, s.session.cursor, text(pilot)
        for key in (*"bdfgilmoprstuvwxBPX", "minus", "plus"):
            if s.may_answer("choose", (ord(key[0]) - ord("a"),)) or (
                beat == "3" and key == "minus"
            ):
                continue
            await press(pilot, key)
            assert pilot.app.screen is s, key
            assert [n.message for n in pilot.app._notifications] == [
                f"{said}: Enter measures it"
            ], key
            assert s.asking
            assert not s.typing
            assert not s.session.loop
        pilot.app.clear_notifications()
        await idle(pilot)
        assert (s.session.lanes, s.session.cursor, text(pilot)) == before
        await press(pilot, "question_mark")
        assert pilot.app.screen is not s
        await press(pilot, "escape", "z")
        assert s.big
        await told(pilot, "n")
        assert s.revealed
        await press(pilot, "l")
        assert s.session.loop


@pytest.mark.parametrize(
    ("typed", "key", "said"),
    [
        ("40", "enter", "✓ You said 40; measured 64 units, which is near."),
        ("64", "pagedown", "✓ You said 64; measured 64 units."),
        ("7", "pagedown", "≠ You said 7; measured 64 units."),
        ("", "enter", "Measured: 64 units."),
        ("..", "pagedown", "Measured: 64 units."),
    ],
)
async def test_a_number_is_guessed(tmp_path: Path, typed: str, key: str, said: str) -> None:
    async with PeepholeApp(None, script(tmp_path, SCRIPT)).run_test(size=(100, 36)) as pilot:
        await told(pilot)
        await told(pilot, "G", "3", "enter")
        keys = [{".": "full_stop"}.get(letter, letter) for letter in typed]
        await press(pilot, *keys)
        assert f"▶ {typed or '…'} units" in text(pilot)
        await told(pilot, key)
        s = screen(pilot)
        assert s.revealed
        assert said in text(pilot)
        assert "It has 64 units." in text(pilot)
        assert s.session.tokens[s.session.cursor] == "happy"


async def test_what_is_no_number_is_not_answered(tmp_path: Path) -> None:
    async with PeepholeApp(None, script(tmp_path, SCRIPT)).run_test(
        size=(100, 36), notifications=True
    ) as pilot:
        await told(pilot)
        await told(pilot, "G", "3", "enter")
        s = screen(pilot)
        await press(pilot, "e", "e", "enter")
        assert s.asking
        assert "'ee' is no number" in text(pilot)
        await press(pilot, "backspace", "backspace", "5", "0")
        assert s.said == "50"
        await told(pilot, "enter")
        assert "You said 50" in text(pilot)


TWO = SCRIPT.replace("p < 0.1", "p < 0.9")


def test_exactly_one_choice_is_true(tmp_path: Path) -> None:
    play = Play(script(tmp_path, SCRIPT))
    assert (answered(play, 1).true, answered(play, 2).value) == (1, 64)
    with pytest.raises(PeepholeError, match="2 of the choices are true") as wrong:
        answered(Play(script(tmp_path, TWO)), 1)
    assert "choices" in str(wrong.value)


async def test_a_question_without_an_answer_says_so_and_the_beat_goes_on(tmp_path: Path) -> None:
    async with PeepholeApp(None, script(tmp_path, TWO)).run_test(size=(100, 36)) as pilot:
        await told(pilot)
        await told(pilot, "n")
        await told(pilot, "a", "enter")
        assert "2 of the choices are true" in text(pilot)
        assert "% to the plural." in text(pilot)


PRESSED = sorted({key for b in KEYS for key in b.key.split(",")} - {"s", "p", "i"})


@settings(
    max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
)
@given(
    keys=st.lists(
        st.sampled_from([*PRESSED, "enter", "1", "n", "n", "c", "z"]), min_size=40, max_size=40
    )
)
async def test_random_keys_in_a_scenario_end_nothing(tmp_path: Path, keys: list[str]) -> None:
    async with PeepholeApp(None, script(tmp_path, SCRIPT)).run_test(size=(80, 24)) as pilot:
        await idle(pilot)
        for key in keys:
            pilot.app.simulate_key(key)
        await idle(pilot)
        while len(pilot.app.screen_stack) > 2:
            await press(pilot, "escape")
        s = screen(pilot)
        assert 0 <= s.session.cursor < s.session.shown <= s.session.rows
        assert not s.curtain
