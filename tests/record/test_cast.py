"""Casts: the format as it is specified, replayed by a terminal, and played by asciinema's own player."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

import pyte
import pytest
from hypothesis import given

from tests.browser import page
from tests.record import films
from tests.record.checker import read
from tui.record.cast import cast
from tui.record.frame import Frame
from tui.record.svg import cells
from tui.themes import DARK

PLAYER = Path(__file__).parent / "player/node_modules/asciinema-player/dist/bundle"


def test_every_word_of_the_format() -> None:
    frames = films.scenario()
    found = read(cast(frames, "A title", DARK))
    assert found.header["title"] == "A title"
    assert (found.header["term"]["cols"], found.header["term"]["rows"]) == films.SIZE
    assert "timestamp" not in found.header, "the same bytes tomorrow"
    assert len(found.of("o")) == len(frames) + 1
    assert found.events[-1][0] == pytest.approx(sum(frame.hold for frame in frames))


def test_chapters_begin_where_beats_begin() -> None:
    frames = films.scenario()
    found = read(cast(frames, "", DARK))
    begin, starts = 0.0, {}
    for frame in frames:
        starts.setdefault(f"{frame.beat}. {frame.title}", begin)
        begin += frame.hold
    markers = {name: at for at, name in found.of("m")}
    assert list(markers) == list(starts)
    assert list(markers.values()) == pytest.approx(list(starts.values()))


def replay(frames: list[Frame]) -> None:
    """Compare each frame with what a terminal shows by then, letter by letter and colour by colour."""
    screen = pyte.Screen(frames[0].columns, len(frames[0].rows))
    stream = pyte.Stream(screen)
    for frame, (_, data) in zip(frames, read(cast(frames, "", DARK)).of("o"), strict=False):
        stream.feed(data)
        for (y, x), (char, ink) in cells(frame.rows).items():
            shown = screen.buffer[y][x]
            assert unicodedata.normalize("NFC", char) == shown.data
            assert shown.bg == ink.bg
            if char.strip() or ink.underline:
                assert (shown.fg, shown.bold, shown.italics, shown.underscore) == (
                    ink.fg, ink.bold, ink.italic, ink.underline,
                )  # fmt: skip


@given(films.films())
def test_a_terminal_shows_random_frames(frames: list[Frame]) -> None:
    replay(frames)


def test_a_terminal_shows_a_scenario() -> None:
    replay(list(films.scenario()))


def test_only_rows_that_changed_are_sent() -> None:
    frames = films.scenario()
    sent = [data for _, data in read(cast(frames, "", DARK)).of("o")][:-1]
    assert len(sent) == len(frames)
    for data, frame, before in zip(sent[1:], frames[1:], frames, strict=False):
        pairs = enumerate(zip(frame.rows, before.rows, strict=True), 1)
        changed = [y for y, (row, was) in pairs if row != was]
        assert [int(y) for y in re.findall(r"\x1b\[(\d+);\d+H", data)] == changed


def letters(lines: list[str]) -> list[str]:
    """Lines with their ASCII alone: the player draws blocks beside its text."""
    shown = ["".join(c if c.isascii() else " " for c in line).rstrip() for line in lines]
    while shown and not shown[-1]:
        shown.pop()
    return shown


@pytest.fixture(scope="module")
def bundle() -> Path:
    """The player as npm has installed it."""
    if not PLAYER.is_dir():
        message = "the asciinema player is not installed: npm ci --prefix tests/record/player"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    return PLAYER


def test_asciinema_plays_it_and_finds_every_chapter(bundle: Path) -> None:
    frames = films.scenario()
    firsts = [f for i, f in enumerate(frames) if not i or frames[i - 1].beat != f.beat]
    with page(viewport={"width": 1200, "height": 800}) as browser:
        wrong: list[str] = []
        browser.on("pageerror", lambda error: wrong.append(str(error)))
        browser.set_content("<div id=here></div>")
        browser.add_style_tag(path=str(bundle / "asciinema-player.css"))
        browser.add_script_tag(path=str(bundle / "asciinema-player.min.js"))
        browser.evaluate(
            """data => { window.player = AsciinemaPlayer.create(
                {data}, document.getElementById('here'), {preload: true, fit: 'none'}) }""",
            cast(frames, "A title", DARK),
        )
        for number, frame in enumerate(firsts):
            at = browser.evaluate(
                "async marker => { await player.seek({marker}); return player.getCurrentTime() }",
                number,
            )
            assert at == pytest.approx(sum(f.hold for f in frames if f.beat < frame.beat))
            browser.wait_for_function(
                """title => [...document.querySelectorAll('.ap-line')]
                    .some(line => line.textContent.includes(title))""",
                arg=frame.title,
            )
            shown = browser.evaluate(
                "[...document.querySelectorAll('.ap-line')].map(line => line.textContent)"
            )
            assert letters(shown) == letters(films.lines(frame))
        assert not wrong
        assert not browser.asked
