"""Guests: whatever they press, nothing is written, trained or started, nor offered to them."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from textual.pilot import Pilot
from textual.widgets import Input, Markdown

from scenarios import zoo
from tests.tui.score_stage import app, idle, press, text
from tui.app import PeepholeApp
from tui.guest import Guest
from tui.keys import KEYS
from tui.screens import choices, recent
from tui.screens.help import HelpScreen
from tui.screens.home import HomeScreen
from tui.screens.saving import save_picture
from tui.tour import progress
from tui.tour.progress import Progress

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
STARTING = ("subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system",
            "os.mkdir", "os.remove", "os.rename", "os.rmdir", "webbrowser.", "socket.connect")  # fmt: skip
PRESSED = sorted({key for binding in KEYS for key in binding.key.split(",")})
TYPED = [
    *"aw .~/",
    "enter",
    "escape",
    "backspace",
    "tab",
    "T",
    "A",
    "ctrl+p",
    "ctrl+z",
    "ctrl+c",
    "f1",
]

_seen: list[str] | None = None  # what an audit hook, which nobody can take away again, has to note
_read: list[str] = []


def _note(event: str, args: tuple) -> None:
    if _seen is None:
        return
    if event == "open":
        path, mode, flags = args
        writes = isinstance(mode, str) and set(mode) & set("wax+")
        if writes or (isinstance(flags, int) and flags & WRITING):
            _seen.append(f"open {path} {mode}")
        else:
            _read.append(str(path))
    elif event.startswith(STARTING):
        _seen.append(f"{event} {args}")


sys.addaudithook(_note)


@contextmanager
def watched() -> Iterator[list[str]]:
    """What is opened for writing, and what is started, by this process."""
    global _seen
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    _seen = found = []
    _read.clear()
    try:
        yield found
    finally:
        _seen, sys.dont_write_bytecode = None, before


@pytest.fixture(autouse=True)
def _no_visitor(own_state: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """If anything should be kept, it is kept elsewhere; and no guest stays for the next test."""
    monkeypatch.setattr("tui.guest._visitor", None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a scenario for guests, beside one that is not for them."""
    made = tmp_path / "shown"
    made.mkdir()
    scenario = """title = "Seen by guests"
about = "One sentence."
text = "the cats were happy ."
lanes.lstm = { model = "lstm" }
[[beats]]
title = "The end"
stop = 4
say = "Here it ends."
"""
    (made / "seen.toml").write_text(scenario)
    (tmp_path / "hidden.toml").write_text(scenario.replace("Seen by", "Hidden from"))
    return made


async def search(pilot: Pilot, words: str) -> None:
    """Type into home's line, as a paste would."""
    await idle(pilot)
    pilot.app.screen.query_one("#search", Input).value = words
    await idle(pilot)


async def test_home_offers_a_guest_what_may_be_seen_and_nothing_else(folder, monkeypatch) -> None:
    recent.remember("the cat was happy .")
    Path("runs/one").mkdir(parents=True)
    name = next(iter(zoo.entries()))
    size = zoo.size
    monkeypatch.setattr(zoo, "size", lambda asked: 0 if asked == name else size(asked))

    async def offered(guest: Guest | None) -> set[tuple[str, str]]:
        a = PeepholeApp(guest=guest)
        async with a.run_test(size=(120, 40)) as pilot:
            await idle(pilot)
            assert isinstance(a.screen, HomeScreen)
            return {(choice.kind, choice.name) for choice in a.screen._all}

    mine, theirs = await offered(None), await offered(Guest(folder))
    assert {kind for kind, _ in mine} == {"tour", "scenario", "model", "text", "train"}
    assert {kind for kind, _ in theirs} == {"tour", "scenario", "model"}
    assert theirs - mine == {("scenario", "seen")}
    assert ("model", name) in mine - theirs


@pytest.mark.parametrize("words", ["train", "recall", "runs"])
async def test_a_guest_finds_nothing_to_train(words: str) -> None:
    a = PeepholeApp(guest=Guest())
    async with a.run_test(size=(100, 30)) as pilot:
        await search(pilot, words)
        assert "train" not in {choice.kind for choice in choices.matching(words, a.screen._all)}
        assert "what you can train" not in text(pilot)


async def test_no_path_that_a_guest_types_is_opened(folder: Path) -> None:
    a = PeepholeApp(guest=Guest(folder))
    async with a.run_test(size=(100, 30)) as pilot:
        await idle(pilot)
        for words in (
            "../hidden.toml",
            str(folder.parent / "hidden.toml"),
            "../hidden",
            "/etc/passwd",
        ):
            with watched() as seen:
                await search(pilot, words)
                await press(pilot, "enter")
            assert isinstance(a.screen, HomeScreen)
            assert not [path for path in (*seen, *_read) if "hidden" in path or "passwd" in path]
        with watched():
            await search(pilot, "seen")
            await press(pilot, "enter")
        assert str(folder / "seen.toml") in _read
        assert "Here it ends" in text(pilot)


async def test_keys_that_save_are_not_there_for_guests() -> None:
    async def known(guest: Guest | None) -> tuple[set[str], set[str]]:
        a = app("lstm", guest=guest)
        async with a.run_test(size=(100, 30)) as pilot:
            await idle(pilot)
            actions = {active.binding.action for active in a.screen.active_bindings.values()}
            return actions, {c.title for c in a.get_system_commands(a.screen)}

    (keys, commands), (fewer, less) = await known(None), await known(Guest())
    assert keys - fewer == {"save_trace", "save_picture"}
    assert commands - less == {"Save trace", "Picture", "Screenshot", "Train a network"}


async def test_the_owner_saves_and_a_guest_does_not() -> None:
    """The same keys: it is seen where something is written."""
    for guest in (None, Guest()):
        a = app("lstm", guest=guest)
        async with a.run_test(size=(100, 30)) as pilot:
            await idle(pilot)
            with watched() as seen:
                await press(pilot, "s", "enter", "escape", "p", "enter", "escape")
            saved = {line for line in seen for end in (".svg", "tmp") if end in line}
            assert bool(saved) == bool(seen) == (guest is None)


async def test_saving_refuses_guests_by_itself() -> None:
    a = app("lstm", guest=Guest())
    async with a.run_test(size=(100, 30)) as pilot:
        await idle(pilot)
        save_picture(a.screen, "one.svg")  # type: ignore[arg-type]
        await idle(pilot)
        assert len(a.screen_stack) == 2
        await a.run_action("app.screenshot")
        await a.run_action("app.suspend_process")
        await idle(pilot)
    assert not list(Path().rglob("*.svg"))


async def test_a_guest_s_tour_is_known_until_they_leave_and_to_nobody_else() -> None:
    first, second = Guest(), Guest()
    a = PeepholeApp(guest=first)
    with watched() as seen:
        async with a.run_test(size=(100, 30)) as pilot:
            await press(pilot, "enter", "enter", "enter", "enter", "n", "n")
    assert not seen
    found = {}
    for guest in (first, second, None):
        PeepholeApp(guest=guest)  # whoever runs it
        found[guest] = progress.load()
    assert found[first].begun
    assert found[second] == found[None] == Progress()


async def test_a_sentence_of_a_guest_is_read_and_forgotten() -> None:
    a = PeepholeApp(guest=Guest())
    async with a.run_test(size=(100, 30)) as pilot:
        with watched() as seen:
            await search(pilot, "the cats were happy .")
            await press(pilot, "enter")
        assert "cats" in text(pilot)
        assert not isinstance(a.screen, HomeScreen)
    assert not seen
    PeepholeApp()
    assert recent.recent() == []


async def test_help_says_what_holds_for_a_guest() -> None:
    for guest in (None, Guest()):
        a = PeepholeApp(guest=guest)
        async with a.run_test(size=(100, 40)) as pilot:
            await press(pilot, "f1")
            said = a.screen.query_one(Markdown).source
            assert ("until you leave" in said) == (guest is not None)
            assert ("`runs`" in said) == (guest is None)
            assert "{" not in said


async def test_how_long_the_tour_is_kept_is_said_as_it_is() -> None:
    for guest in (None, Guest()):
        a = PeepholeApp(guest=guest)
        async with a.run_test(size=(120, 40)) as pilot:
            await search(pilot, "take the tour")
            offered = " ".join(text(pilot).split())
            assert ("it is kept until you leave" in offered) == (guest is not None)
            assert "stop whenever you like, it is kept" in offered
            await press(pilot, "enter", "f1")
            said = " ".join(a.screen.query_one(Markdown).source.split())
            assert ("kept until you leave" in said) == (guest is not None)
            assert ("peephole tour --restart" in said) == (guest is None)


async def test_a_link_is_shown_and_not_opened(monkeypatch) -> None:
    a = PeepholeApp(guest=Guest())
    async with a.run_test(size=(100, 30), notifications=True) as pilot:
        a.push_screen(HelpScreen("Help", "[paper](https://example.org/paper)", []))
        await idle(pilot)
        with watched() as seen:
            a.screen.query_one(Markdown).post_message(
                Markdown.LinkClicked(a.screen.query_one(Markdown), "https://example.org/paper")
            )
            await idle(pilot)
        assert not seen
        assert [n.message for n in a._notifications] == ["https://example.org/paper"]


async def test_no_command_of_the_palette_writes_or_starts_anything() -> None:
    """Of those that have no key of their own."""
    a = app("lstm", guest=Guest())
    async with a.run_test(size=(100, 30)) as pilot:
        await idle(pilot)
        commands = [c for c in a.get_system_commands(a.screen) if not c.help.endswith(")")]
        assert {"Theme: light", "Take the tour"} < {c.title for c in commands}
        with watched() as seen:
            for command in commands:
                if command.title != "Quit":
                    command.callback()
                    await idle(pilot)
        assert not seen


@pytest.mark.parametrize("start", ["home", "score"])
@settings(max_examples=1, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(keys=st.lists(st.sampled_from([*PRESSED, *TYPED]), min_size=50, max_size=50))
def test_no_keys_of_a_guest_write_or_start_anything(start: str, keys: list[str]) -> None:
    asyncio.run(_live(start, keys))


async def _live(start: str, keys: list[str]) -> None:
    a = PeepholeApp(guest=Guest()) if start == "home" else app("lstm", "transformer", guest=Guest())
    async with a.run_test(size=(80, 24)) as pilot:
        await idle(pilot)
        with watched() as seen:
            for number, key in enumerate(keys):
                a.simulate_key(key)
                if number % 4 == 0:
                    await pilot.pause()
            await idle(pilot)
        assert not seen
