"""A sentence that is typed, pasted and completed on the score."""

from __future__ import annotations

import pytest
from textual import events
from textual.pilot import Pilot

from engine import LanguageModel, Vocabulary
from tests.engine.build import build
from tests.tui.score_stage import app, idle, press, screen, text, typed
from tui.app import PeepholeApp
from tui.screens.word_input import WordInput
from tui.session import Session
from tui.tracks.base import Track

NAMES = Vocabulary(("<s>", "caterpillar", *(f"w{i}" for i in range(9))))


async def test_typing_a_sentence_word_by_word() -> None:
    async with app("lstm", "transformer").run_test(size=(120, 30)) as pilot:
        await press(pilot, "i")
        await typed(pilot, ["w1", "w2"])
        s = screen(pilot)
        assert s.session.tokens == ["<s>", "w1", "w2"]
        assert [len(x) for x in s.session.lanes] == [3, 3]
        await typed(pilot, ["wzz"])
        assert s.session.tokens == ["<s>", "w1", "w2"]
        assert "'wzz' is not a word that this model knows" in text(pilot)
        await press(pilot, *["backspace"] * 5)
        assert s.session.tokens == ["<s>", "w1"]
        await press(pilot, *"w3", "enter")
        assert s.session.tokens == ["<s>", "w1", "w3"]
        assert s.session.lanes[1].has_gradient(2)
        await press(pilot, "up")
        assert s.session.cursor == 1


def burst(pilot: Pilot, text: str) -> None:
    """Keys that are all there before the first one is handled; < is Backspace, \n is Enter."""
    named = {" ": "space", ".": "full_stop", "<": "backspace", "\n": "enter"}
    for letter in text:
        key = events.Key(named.get(letter, letter), letter if letter not in "<\n" else None)
        pilot.app.post_message(key)


@pytest.mark.parametrize(
    ("text", "tokens", "left"),
    [
        ("w1 w2 w3 w4 w5 w6 w7 w", ["w1", "w2", "w3", "w4", "w5", "w6", "w7"], "w"),
        ("w1 w2 <w4 w5<6 ", ["w1", "w4", "w6"], ""),
        ("w1 <<<<w7 ", ["w7"], ""),
        ("w1 w2 wzz w3 ", ["w1", "w2"], "wzz w3 "),
        ("w1 wzz w2 <<<<<<<w3 ", ["w1", "w3"], ""),
    ],
)
async def test_a_burst_of_keys_is_read_in_order_each_word_once(
    text: str, tokens: list[str], left: str
) -> None:
    async with app("lstm", "transformer").run_test(size=(120, 30)) as pilot:
        await idle(pilot)
        burst(pilot, "i" + text)
        await idle(pilot)
        s = screen(pilot)
        assert s.session.tokens == ["<s>", *tokens]
        assert s.query_one(WordInput).value == left
        burst(pilot, "<\nk")
        await idle(pilot)
        assert isinstance(s.focused, Track)
        assert s.session.cursor == max(0, s.session.rows - 2)


async def test_i_goes_on_with_the_sentence_after_a_click_elsewhere() -> None:
    async with app("lstm", start="type").run_test(size=(120, 30)) as pilot:
        await idle(pilot)
        burst(pilot, "w1 w2 ")
        await idle(pilot)
        s = screen(pilot)
        await pilot.click(s.score.tracks[1], offset=(2, 3))
        assert not isinstance(s.focused, WordInput)
        burst(pilot, "iw3 ")
        await idle(pilot)
        assert s.session.tokens == ["<s>", "w1", "w2", "w3"]


async def test_a_paste_is_read_once_up_to_what_is_not_known() -> None:
    async with app("lstm").run_test(size=(120, 30)) as pilot:
        await press(pilot, "i")
        pilot.app.post_message(events.Paste("w1 w2\nw3 wzz w4\nw"))
        await idle(pilot)
        s = screen(pilot)
        assert s.session.tokens == ["<s>", "w1", "w2", "w3"]
        assert s.query_one(WordInput).value == "wzz w4 w"


async def test_tab_completes_a_word() -> None:
    model = LanguageModel("m", build("lstm").architecture, build("lstm").params, NAMES)
    async with PeepholeApp(Session.read([model], "")).run_test(size=(100, 30)) as pilot:
        await press(pilot, "i", "c", "a", "t", "e", "tab", "space")
        assert screen(pilot).session.tokens == ["<s>", "caterpillar"]
