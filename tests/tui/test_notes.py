"""Speaker's notes: found, shown, in time, driving the presentation; and a line a beat for a pipe."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot

from engine import PeepholeError
from scenarios.script import Scenario
from tests.tui.notes_stage import reading, sees
from tests.tui.score_stage import idle, press, text
from tests.waiting import until
from tui.app import PeepholeApp
from tui.cli import main
from tui.following.placing import place_of
from tui.notes import plain
from tui.notes.card import Card
from tui.notes.speaker import Speaker
from tui.notes.timing import clock, left
from tui.present.beats import BeatDialog

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of sockets of its own."""
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder


def scenario() -> Scenario:
    """A bundled one, with notes in its second beat."""
    from scenarios import shelf

    found = shelf.find("agreement")
    beats = list(found.beats)
    beats[0] = replace(beats[0], notes="")
    beats[1] = replace(
        beats[1], notes="Ask **first**: who knows? One in {one_in:.0f}, wait 10 seconds."
    )
    return replace(found, beats=tuple(beats))


@asynccontextmanager
async def playing(found: Scenario | None = None, **options: Any) -> AsyncIterator[Pilot]:
    """An app that presents."""
    app = PeepholeApp(None, found or scenario(), share=True, **options)
    async with app.run_test(size=(100, 30)) as pilot:
        await idle(pilot)
        yield pilot


async def test_it_waits_finds_shows_and_drives(runtime: Path) -> None:
    async with reading() as notes:
        assert "No presentation is running" in text(notes)
        assert "peephole play agreement" in text(notes)
        async with playing() as pilot:
            await sees(notes, "beat 1/15")
            await sees(notes, "One row is one word")
            await sees(notes, "This beat has no notes")
            await sees(notes, "2 claims are measured, and true")
            await sees(notes, "Next: Bits: how surprised it is")
            await press(notes, "pagedown")
            await until(lambda: pilot.app.screen._target is None)
            await until(lambda: pilot.app.screen.beat == 1 or pilot.app.screen.session.cursor == 2)
            if pilot.app.screen.beat == 0:  # the first key only went to where the beat stops
                await press(notes, "n")
            await sees(notes, "beat 2/15")
            await sees(notes, "Ask first: who knows? One in 68, wait 10 seconds.")
            await until(lambda: pilot.app.screen._target is None)
            await press(notes, "G", "4", "enter")
            await until(lambda: pilot.app.screen.beat == 3)
            await sees(notes, "beat 4/15")
            await press(notes, "N")
            await until(lambda: pilot.app.screen.beat == 2)
            await press(notes, "G", "9", "9", "enter")
            await sees(notes, "Type a number from 1 to 15")
            assert isinstance(notes.app.screen, BeatDialog)
            titles = [beat.title for beat in scenario().beats]
            assert notes.app.screen.titles == titles
            assert all(title in text(notes) for title in titles[:5])
            await press(notes, "escape")
            assert pilot.app.screen.beat == 2
            await press(notes, "G", "down", "down", "enter")  # from where the presentation is
            await until(lambda: pilot.app.screen.beat == 4)
            await sees(notes, "beat 5/15")
            await press(notes, "G", "3", "enter")
            await sees(notes, "beat 3/15")
            await press(notes, "c")
            await until(lambda: getattr(pilot.app.screen_stack[-2], "curtain", False))
            await sees(notes, "the screen is dark")
            await press(notes, "n")  # a step takes the curtain away, and no more
            await until(lambda: not pilot.app.screen_stack[-1].is_modal)
            assert pilot.app.screen.beat == 2
        await sees(notes, "The presentation has ended")
        assert not list(runtime.rglob("*.sock"))
        async with playing():
            await sees(notes, "beat 1/15")


@pytest.mark.parametrize("keys", [("G",), ("question_mark",), ("g", "3"), ("x",), ("i", "t")])
async def test_a_command_closes_what_was_left_open_on_the_projector(keys: tuple[str, ...]) -> None:
    async with playing() as pilot, reading() as notes:
        screen = pilot.app.screen
        await sees(notes, "beat 1/15")
        await press(pilot, *keys)
        assert pilot.app.screen.is_modal or screen.typing
        await press(notes, "G", "4", "enter")
        await until(lambda: screen.beat == 3)
        assert pilot.app.screen is screen
        assert not screen.typing
        await press(pilot, *keys)
        await press(notes, "c")
        await until(lambda: screen.curtain)
        await until(lambda: len(pilot.app.screen_stack) == pilot.app.screen_stack.index(screen) + 2)
        assert not screen.typing


async def test_every_size_shows_what_a_speaker_needs() -> None:
    async with playing() as pilot, reading() as notes:
        await until(lambda: notes.app.screen.card and notes.app.screen.card.said)
        for ascii in (False, True):
            for size in ((60, 14), (80, 24), (120, 40), (200, 60)):
                await notes.resize_terminal(*size)
                await idle(notes)
                shown = text(notes)
                for part in (
                    "since the start",
                    "in this beat",
                    "They read:",
                    "Next: ",
                    "q Quit",
                    "n Next",
                ):
                    assert part in shown, (part, size, shown)
                assert not ascii or shown.isascii()
            await press(notes, "A")
        assert pilot.app.is_running


async def test_what_is_asked_is_told_and_measured_by_the_next_key() -> None:
    from scenarios import shelf

    found = shelf.find("coreference")
    first = next(beat for beat in found.beats if beat.question is not None)
    async with (
        playing(replace(found, beats=(first, *found.beats[:1]))) as pilot,
        reading() as notes,
    ):
        await sees(notes, "They are asked: One head of the last layer")
        assert "They read" not in text(notes)
        await press(notes, "n")
        await sees(notes, "They read:")
        assert pilot.app.screen.beat == 0


async def test_the_clocks_run_by_the_second_and_are_set_to_zero(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with playing() as pilot, reading() as notes:
        pilot.app.minutes = 10
        await sees(notes, "beat 1/15")
        now = time.time()
        monkeypatch.setattr("tui.notes.screen.time.time", lambda: now + 185.5)
        pilot.app.screen.refresh()
        began = notes.app.screen.card.began
        await sees(notes, f"{clock(now + 185.5 - began)} since the start")
        await sees(notes, "left")
        await press(notes, "r")
        assert "0:00 since the start   0:00 in this beat   10:00 left" in text(notes)
        monkeypatch.setattr("tui.notes.screen.time.time", lambda: now + 185.5 + 661)
        await sees(notes, "1:01 over")


async def test_of_several_one_is_chosen(runtime: Path) -> None:
    from scenarios import shelf

    async with playing() as first:
        other = PeepholeApp(None, shelf.find("coreference"))
        other.companion = Speaker(other)
        other.companion.path = other.companion._post.path = runtime / "peephole" / "play-77.sock"
        async with other.run_test() as second:
            await idle(second)
            async with reading() as notes:
                await sees(notes, "Which one?")
                shown = text(notes)
                assert "Long-distance agreement · beat 1/15" in shown
                listed = re.findall(r"process (\d+)", shown)  # another may have 77 in its number
                await press(notes, *["down"] * listed.index("77"), "enter")
                await sees(notes, other.scenario.title)
                await press(notes, "escape")
                await sees(notes, "Which one?")
        assert first.app.is_running


async def test_nothing_is_made_while_nobody_reads_the_notes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[Card] = []
    monkeypatch.setattr(Card, "as_record", lambda card: made.append(card) or {})
    async with playing() as pilot:
        await press(pilot, "n", "n", "1", "down")
        assert not made
        async with reading():
            await until(lambda: made)


async def test_no_socket_is_opened_but_where_it_is_asked_for(runtime: Path) -> None:
    async with PeepholeApp(None, scenario()).run_test() as pilot:
        await idle(pilot)
        assert pilot.app.companion is None
    assert not list(runtime.rglob("*.sock"))


async def test_a_presentation_goes_on_without_a_folder_for_its_socket(
    runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/proc/nowhere")
    async with playing() as pilot:
        await press(pilot, "n")
        assert pilot.app.is_running


async def test_what_notes_are_measured_from_cannot_be_measured() -> None:
    found = scenario()
    beats = list(found.beats)
    beats[0] = replace(beats[0], notes="One in {nothing:.0f}.")
    async with playing(replace(found, beats=tuple(beats))), reading() as notes:
        await sees(notes, "not measured")


async def test_a_place_holds_nothing_of_the_notes() -> None:
    async with playing() as pilot:
        while pilot.app.screen.beat == 0:
            await press(pilot, "n")
        assert "Ask" in pilot.app.screen.play_script.notes(1)
        assert "Ask" not in place_of(pilot.app.screen).to_json()


# Without a screen ---------------------------------------------------------------------------------


async def test_a_line_a_beat(runtime: Path) -> None:
    said: list[str] = []
    waited: list[bool] = []
    printing = asyncio.create_task(plain.follow(None, said.append, lambda: waited.append(True)))
    await until(lambda: waited)
    async with playing() as pilot:
        await until(lambda: said)
        await press(pilot, "n")
        while pilot.app.screen.beat == 0:
            await press(pilot, "n")
        await until(lambda: len(said) > 1)
    await printing
    assert said[0].startswith("1/15 · 0:0")
    assert "One row is one word · (no notes) · next: Bits: how surprised it is" in said[0]
    assert "who knows? One in 68, wait 10 seconds. · next:" in said[-1]


async def test_of_several_plain_asks_which_one(runtime: Path) -> None:
    async with playing() as first:
        other = Speaker(first.app)
        other.path = other._post.path = runtime / "peephole" / "play-77.sock"
        other.start()
        try:
            await until(other.path.exists)
            command = ["notes", "--plain"]
            found = await asyncio.to_thread(CliRunner().invoke, main, command)
            assert found.exit_code == 2
            assert isinstance(found.exception, SystemExit)
            assert "process 77" in found.stderr
            assert f"process {os.getpid()}" in found.stderr
            assert "peephole notes --plain " in found.stderr
            assert not found.stdout
        finally:
            await other.stop()


def test_the_commands_in_two_terminals(runtime: Path) -> None:
    """`peephole play` on a terminal of its own, and `peephole notes --plain` beside it."""
    env = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "tui.cli"]
    play = subprocess.Popen(
        [*command, "play", "agreement"], stdin=slave, stdout=slave, stderr=slave, env=env
    )
    os.close(slave)
    notes = subprocess.Popen(
        [*command, "notes", "--plain"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env
    )
    assert notes.stdout is not None
    try:
        lines = b""
        end = time.monotonic() + 60
        while b"\n" not in lines and time.monotonic() < end:
            ready, _, _ = select.select([master, notes.stdout], [], [], 1)
            if master in ready:
                os.read(master, 1 << 16)
            if notes.stdout in ready:
                lines += os.read(notes.stdout.fileno(), 1 << 16)
        assert lines.decode().startswith("1/15 · ")
        os.write(master, b"q")
        while play.poll() is None and time.monotonic() < end:
            if select.select([master], [], [], 0.05)[0]:
                try:
                    os.read(master, 1 << 16)
                except OSError:
                    break
        assert play.wait(60) == 0
        assert notes.wait(60) == 0
    finally:
        for process in (play, notes):
            process.kill()
            process.wait()
        os.close(master)
    assert not list(runtime.rglob("*.sock"))


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["notes", "999999999"], "process 999999999 presents nothing"),
        (["notes"], "notes need a terminal"),
        (["notes", "0"], "0 is not in the range"),
    ],
)
def test_mistakes_are_one_message(args: list[str], says: str) -> None:
    done = CliRunner().invoke(main, args)
    assert done.exit_code == 2
    assert says in done.output


# Plain data ---------------------------------------------------------------------------------------


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from([*Card.__dataclass_fields__, "x"]), inner, max_size=5),
    max_leaves=10,
))  # fmt: skip
def test_whatever_is_sent_is_a_card_or_a_mistake(found: Any) -> None:
    try:
        card = Card.from_record(found)
    except PeepholeError:
        return
    assert all(part.isprintable() for part in (card.title, card.heading, card.following))


def test_a_card_comes_back_as_it_was_sent() -> None:
    import json

    card = Card(
        "t", 1, 5, "h", "f", "a\nb", "said", (("c", "m", True),), began=1.5, titles=("h", "f")
    )
    assert Card.from_record(json.loads(json.dumps(card.as_record()))) == card
    with pytest.raises(PeepholeError):
        Card.from_record({"notes": "\x1b]0;x\x07"})


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0:00"), (7.9, "0:07"), (725, "12:05"), (3723, "1:02:03"), (-65, "-1:05"), (-0.5, "0:00")],
)
def test_time_is_said_as_a_clock(seconds: float, said: str) -> None:
    assert clock(seconds) == said


def test_what_is_left_of_a_talk() -> None:
    assert left(1000, 10, 1000 + 400) == "3:20 left"
    assert left(1000, 10, 1000 + 665) == "1:05 over"
    assert left(1000, 0, 5000) == ""
