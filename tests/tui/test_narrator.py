"""What is explained and claimed: no markup is shown raw, and no number is made false by rounding."""

from __future__ import annotations

import pytest
from textual.app import App

from tests.tui.score_stage import app, idle, press, screen, text
from tests.waiting import until
from tui.narrator import Words, emphasised, short
from tui.screens.help import HelpScreen
from tui.tracks.token import TokenTrack


class Helping(App[None]):
    """An app that explains one text."""

    def __init__(self, about: str) -> None:
        super().__init__()
        self.about = about

    def on_mount(self) -> None:
        self.push_screen(HelpScreen("A title", self.about, [("x", "Do it")]))


@pytest.mark.parametrize("about", [TokenTrack.HELP, "Starts with <s>.\n\n<s>\n\nEnds, a < b > c."])
async def test_help_shows_the_start_token(about: str) -> None:
    async with Helping(about).run_test(size=(100, 40)) as pilot:
        # Markdown is laid out in steps of its own
        await until(lambda: text(pilot).count("<s>") == about.count("<s>"))
        assert ("a < b > c" in about) == ("a < b > c" in text(pilot))


async def test_the_guide_shows_no_raw_markup() -> None:
    async with app("lstm").run_test(size=(120, 40)) as pilot:
        await press(pilot, "home")
        await idle(pilot)
        shown = text(pilot)
        assert "its token depends on" in shown
        assert "*its*" not in shown
        assert "<s>" in shown


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ("what *its* token", [("what ", ""), ("its", "italic"), (" token", "")]),
        ("**two words**, `c`.", [("two words", "bold"), (", ", ""), ("c", ""), (".", "")]),
        ("2 * 3 * 4 and a*b*c", [("2 * 3 * 4 and a*b*c", "")]),
        ("* an item", [("* an item", "")]),
    ],
)
def test_emphasis(words: str, parts: list[tuple[str, str]]) -> None:
    assert [part for part in emphasised(words) if part[0]] == parts


@pytest.mark.parametrize(
    ("measured", "said"),
    [
        ("3.538e-05 < 0.1", "3.54e-05 < 0.1"),
        ("0.123456 > 10 * 0.0019", "0.123 > 10 * 0.0019"),
        ("0.09996 < 0.1", "0.09996 < 0.1"),
        ("1234 == 1234", "1234 == 1234"),
        ("0.5001 == 0.5001", "0.5 == 0.5"),
        ("-2.34567 < 0", "-2.35 < 0"),
        ("'were' == 'were'", "'were' == 'were'"),
        ("rnn_600 1.5", "rnn_600 1.5"),
    ],
)
def test_measures_are_short_and_stay_true(measured: str, said: str) -> None:
    assert short(measured) == said


CLAIMS = (("one < 0.1", "3.5381e-05 < 0.1", True), ("two > 1", "2.0005 > 1", True))
FAILED = ("three > 4", "3.99951 > 4", False)


@pytest.mark.parametrize(("height", "counted"), [(24, True), (40, False)])
async def test_claims_are_counted_where_it_is_low_and_help_shows_them(
    height: int, counted: bool
) -> None:
    async with app("lstm").run_test(size=(120, height)) as pilot:
        await idle(pilot)
        below = screen(pilot)
        below.narrator.say(Words("beat 1/2", "A beat", "Words.", CLAIMS))
        await pilot.pause()
        assert ("2 claims are measured, and true" in text(pilot)) is counted
        assert ("one < 0.1 (3.54e-05 < 0.1)" in text(pilot)) is not counted
        await pilot.press("question_mark")
        await until(lambda: "✓ one < 0.1 (3.54e-05 < 0.1)" in text(pilot))
        assert "✓ two > 1 (2 > 1)" in text(pilot)


@pytest.mark.parametrize("height", [24, 40])
async def test_a_claim_that_fails_is_always_shown_in_full(height: int) -> None:
    async with app("lstm").run_test(size=(120, height)) as pilot:
        await idle(pilot)
        screen(pilot).narrator.say(Words("beat 1/2", "A beat", "Words.", (*CLAIMS, FAILED)))
        await pilot.pause()
        assert "✗ three > 4 (3.99951 > 4)" in text(pilot)
