"""What is chosen in every full-size view, key by key: who follows draws what the presenter draws."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.follow_stage import follows, place, room, shown
from tests.tui.score_stage import idle, lines, press, text
from tests.waiting import until
from tui import views
from tui.keys import KEYS
from tui.screens.keybar import KeyBar
from tui.session import Session
from tui.views import load


@pytest.fixture(autouse=True)
def no_footer(monkeypatch: pytest.MonkeyPatch) -> None:
    """It names keys, which are the same for all, and costs as much to draw as all the rest."""
    monkeypatch.setattr(KeyBar, "compose", lambda self: iter(()))


RECORDED = "truncation"
SENTENCE = "the cats that sat on the mat were happy ."


def session(models: str, words: str) -> Session:
    from scenarios import zoo
    from tui.start import of_text

    return of_text([zoo.model(name) for name in models.split()], words)


def drawn(pilot: Pilot) -> list[str]:
    """All but the top line, in which each is told who presents."""
    return [line.rstrip() for line in lines(pilot)[1:]]


async def alike(follower: Pilot, presenter: Pilot, after: str) -> None:
    """The follower comes to draw what the presenter draws."""
    presenter.app.clear_notifications()

    def differ() -> list[str]:
        pairs = zip_longest(drawn(presenter), drawn(follower))
        return [f"presenter {a}\nfollower  {b}" for a, b in pairs if a != b]

    await until(
        lambda: shown(follower) == shown(presenter) and not differ(),
        lambda: "\n".join([f"alike after {after}:", *differ()]),
    )


async def same(follower: Pilot, presenter: Pilot, after: str) -> None:
    """The same, with all that takes long done."""
    await idle(presenter)
    await follows(follower, presenter)
    await alike(follower, presenter, after)


LAYERS, LEFT = "left_square_bracket right_square_bracket", "left left right"
CURLY = "right_curly_bracket left_curly_bracket right_curly_bracket"
VIEWS = {  # by models and what they read: a view and its keys; at the last one somebody comes late
    ("gru", SENTENCE): (
        f"5 down down up v V V d left right {LAYERS}",
        f"6 {LEFT} v v {CURLY} {LAYERS} up",
        "0 h o o o right h right v c up down",
        f"4 right right left {LAYERS} up",
    ),
    ("lstm", SENTENCE): ("P up", f"3 {LEFT} v v left v {LAYERS} up"),
    ("transformer", SENTENCE): (
        f"2 {LEFT} h H {LAYERS} d left d a a h h h h up left",
        f"9 {LEFT} v right {LAYERS} up",
        f"P {LEFT} up down up right",
        "4 h h H right left_square_bracket shift+down shift+down shift+up up",
    ),
    ("spell-transformer", "through"): (
        f"8 {LEFT} h h H {LAYERS}",
        "2 w left w left d w left h up d",
    ),
    ("spell-bahdanau", "through"): (f"P {LEFT} up", f"8 {LEFT} {LAYERS} up"),
    ("spell-gru", "through"): (
        "8 right right left up",
        "0 h right o right left h v v right up o right",
    ),
    ("lstm lstm@600", SENTENCE): (f"P tab {LEFT}",),
}


@pytest.mark.parametrize(("models", "words"), VIEWS)
async def test_a_follower_draws_what_the_presenter_draws(
    models: str, words: str, tmp_path: Path
) -> None:
    async with room(tmp_path) as here:
        ada = await here.join("presenter", session(models, words), size=(90, 19))
        bob = await here.join("follower", size=(90, 19))
        await press(ada, "end")
        for view in VIEWS[models, words]:
            for key in view.split():
                await ada.press(key)
                await alike(bob, ada, f"{key} in view {view[0]}")
            await same(bob, ada, f"all of view {view[0]}")
        eve = await here.join("follower", size=(90, 19))  # who has seen none of the keys
        await same(eve, ada, "all of it")


TRACKS = {
    "gradient": ("lstm transformer", SENTENCE, (
        "v", "tab", "v", "v", *["tab"] * 9, "left", "left", "right", "tab", "left", "down", "minus",
        "v", "shift+tab", "u")),
    "attention": ("spell-transformer", "through", (
        "right_curly_bracket", *["tab"] * 3, "left", "left", "w", "left", "up", "left_square_bracket", "o")),
}  # fmt: skip


@pytest.mark.parametrize("case", TRACKS)
async def test_a_follower_draws_the_tracks_of_the_score(case: str, tmp_path: Path) -> None:
    models, words, keys = TRACKS[case]
    async with room(tmp_path) as here:
        ada = await here.join("presenter", session(models, words), size=(80, 24))
        bob = await here.join("follower", size=(80, 24))
        await follows(bob, ada)
        for key in ("end", *keys):
            await ada.press(key)
            await alike(bob, ada, key)
        await same(bob, ada, "all of it")
        eve = await here.join("follower", size=(80, 24))
        await same(eve, ada, "all of it")


async def answer(pilot: Pilot, name: str, said: str) -> None:
    """Fill in a field of the dialog, and take it."""
    pilot.app.screen.query_one(name, Input).value = said
    await press(pilot, "enter")


async def test_what_is_asked_in_a_dialog_is_asked_of_followers_too(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        ada = await here.join("presenter", session("lstm", SENTENCE))
        bob = await here.join("follower")
        await press(ada, "end", "3", "up", "up", "w")
        await answer(ada, "#word", "dog")
        await same(bob, ada, "another word's loss")
        assert "'dog'" in text(bob)
        await press(ada, "P", "o")
        await answer(ada, "#text", SENTENCE.replace("mat", "cat"))
        await press(ada, "left")
        await same(bob, ada, "another text")
        assert "mat/cat" in text(bob)
        eve = await here.join("follower")
        await same(eve, ada, "all of it")
        await press(ada, "3", "w")
        await answer(ada, "#word", "")  # the word that was read again
        await same(bob, ada, "the word itself")
        assert "'dog'" not in text(bob)


async def test_what_is_too_long_to_be_told_is_said(tmp_path: Path) -> None:
    long = " ".join([SENTENCE[:-2]] * 7 + ["."])
    async with room(tmp_path) as here:
        ada = await here.join("presenter", session("lstm", long))
        bob = await here.join("follower")
        await press(ada, "home", "down", "P", "o")
        await answer(ada, "#text", " ".join(["the"] * len(long.split())))
        await until(lambda: "too long to be followed: you see something else" in text(bob))
        await idle(bob)
        assert "cats/the" not in text(bob)
        assert "cats/the" in text(ada)
        await press(ada, "1")
        await follows(bob, ada)
        assert "too long to be followed" not in text(bob)


async def test_a_fork_in_a_scenario_is_still_of_its_recorded_run(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        ada = await here.join("presenter", scenario=RECORDED)
        bob = await here.join("follower")
        ada.app.screen.call_later(ada.app.screen.go_to_beat, 1)
        await until(lambda: place(ada).beat == 1, "the beat")
        await follows(bob, ada)
        await press(ada, "end", "tab", "tab", "minus", "7")
        await same(bob, ada, "7")
        assert "recall-lstm-60-k10" in text(bob)


ELSEWHERE = {  # keys of views that the tests above do not press: what they do is followed as ...
    ("3", "w"), ("P", "o"),  # what is asked in a dialog
    ("0", "enter"), ("P", "enter"),  # a fork: tests.tui.test_follow
}  # fmt: skip


def test_every_key_of_every_view_is_pressed() -> None:
    pressed = {(keys[0], key) for case in VIEWS.values() for keys in case for key in keys.split()}
    numbers = {
        binding.action.removeprefix("view('").removesuffix("')"): binding.key
        for binding in KEYS
        if isinstance(binding, Binding)
    }
    missing = []
    for name in views.VIEWS:
        for binding in vars(load(name)).get("BINDINGS", ()):
            assert isinstance(binding, Binding)
            keys = {(numbers[name], key) for key in binding.key.split(",")}
            if not keys & (pressed | ELSEWHERE):
                missing.append((name, binding.key))
    assert not missing
