"""Pictures: whole XML, nothing from outside, and in a real browser the colours of the frame, cell by cell."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from PIL import Image

from tests.browser import page
from tests.record import films
from tui.record.film import film, layers
from tui.record.frame import Frame
from tui.record.glyphs import HIGH, WIDE, shape
from tui.record.svg import MARGIN, cells, mixed, still

NEAR = 3  # steps of 255 that a colour may be off


@given(films.films())
def test_any_frames_make_whole_xml_that_loads_nothing(frames: list[Frame]) -> None:
    for svg in (still(frames[0], "<&>"), film(frames, "<&>")):
        root = ElementTree.fromstring(svg)
        assert root.find("{*}title").text == "<&>"
        assert not re.search(r"href|url\(|@import|<script|@font-face", svg)
        assert svg.count("http") == 1, "the name of the format and no address"


def test_its_words_can_be_read_and_stand_on_their_cells() -> None:
    frame = films.scenario()[-1]
    root = ElementTree.fromstring(still(frame, "t"))
    placed = {
        (int(node.get("x")) // WIDE, (int(node.get("y")) - 12) // HIGH): node.text
        for node in root.findall(".//{*}text")
    }
    lines = films.lines(frame)
    assert len(placed) > 50
    for (x, y), text in placed.items():
        assert lines[y][x : x + len(text)] == text


def shots(svg: str, times: Sequence[float | None]) -> tuple[list[Image.Image], list[str]]:
    """A picture as Chromium shows it at these seconds of its film, and what it has asked the net for."""
    found = []
    with page(viewport={"width": 900, "height": 600}) as browser:
        browser.set_content(f"<body style='margin:0;background:#f0f'>{svg}</body>")
        for at in times:
            browser.evaluate(
                """at => document.getAnimations().forEach(
                    moving => { moving.pause(); if (at !== null) moving.currentTime = at * 1000 })""",
                at,
            )
            png = browser.locator("svg").screenshot()
            found.append(Image.open(io.BytesIO(png)).convert("RGB"))
        return found, list(browser.asked)


def wrong_cells(image: Image.Image, frame: Frame) -> list[tuple[Any, ...]]:
    """Cells whose colours are not those of the frame, of blanks and blocks; and how many were looked at."""
    wrong: list[tuple[Any, ...]] = []
    seen = 0
    for (y, x), (char, ink) in cells(frame.rows).items():
        left, top = MARGIN + x * WIDE, MARGIN + y * HIGH
        if char == " " and not ink.underline:
            expected = [(ink.bg, left + 4, top + 8)]
        elif char == "▌":
            expected = [(ink.fg, left + 1, top + 8), (ink.bg, left + 6, top + 8)]
        elif char in "░▒▓█":
            share = {"░": 0.25, "▒": 0.5, "▓": 0.75, "█": 1.0}[char]
            expected = [(mixed(ink.fg, ink.bg, share), left + 4, top + 8)]
        else:
            continue
        for colour, across, down in expected:
            seen += 1
            shown = image.getpixel((across, down))
            assert isinstance(shown, tuple)
            if any(abs(a - b) > NEAR for a, b in zip(shown, bytes.fromhex(colour), strict=True)):
                wrong.append((y, x, char, colour, shown))
    assert seen > frame.columns * len(frame.rows) / 2
    return wrong


def test_a_browser_shows_a_still_as_the_frame_is() -> None:
    frame = films.scenario()[-1]
    (image,), asked = shots(still(frame, "t"), [None])
    assert not asked
    assert not wrong_cells(image, frame)
    letters = [at for at, (char, _) in cells(frame.rows).items() if char in "mwM"]
    for y, x in letters:
        left, top = MARGIN + x * WIDE, MARGIN + y * HIGH
        inside = image.crop((left, top, left + WIDE, top + HIGH)).getcolors() or []
        assert len(inside) > 2, "a letter is drawn"


def test_a_browser_shows_every_frame_of_a_film_in_its_time() -> None:
    frames = films.scenario()
    middles, at = [], 0.0
    for frame in frames:
        middles.append(at + frame.hold / 2)
        at += frame.hold
    images, asked = shots(film(frames, "t"), [*middles, at + middles[1]])
    assert not asked
    for image, frame in zip(images, [*frames, frames[1]], strict=True):
        assert not wrong_cells(image, frame), f"beat {frame.beat}, tick {frame.tick}"


@given(films.films())
def test_every_cell_is_seen_in_exactly_one_layer_at_a_time(frames: list[Frame]) -> None:
    found = layers(frames)
    for number, frame in enumerate(frames):
        seen: dict[tuple[int, int], Any] = {}
        for times, layer in found.items():
            if any(begin <= number < end for begin, end in times):
                assert not seen.keys() & layer.keys()
                seen |= layer
        assert seen == cells(frame.rows)


@pytest.mark.parametrize(
    ("char", "area"),
    [("▀", 64), ("▄", 64), ("▁", 16), ("▏", 16), ("▐", 64), ("▚", 64), ("▟", 96), ("█", 128),
     ("⣿", 32), ("⡀", 4), ("─", 8), ("┃", 32)],
)  # fmt: skip
def test_blocks_have_the_area_that_unicode_gives_them(char: str, area: float) -> None:
    drawn = shape(char)
    assert drawn is not None
    assert sum(wide * high for _, _, wide, high in drawn[0]) == area


@pytest.mark.parametrize("first", ["─", "┌", "├", "└", "┼", "╭", "╰", "┬", "┴"])
@pytest.mark.parametrize("second", ["─", "┐", "┤", "┘", "┼", "╮", "╯", "┬", "┴"])
def test_lines_of_boxes_meet_at_the_edge_of_their_cells(first: str, second: str) -> None:
    left, right = shape(first), shape(second)
    assert left is not None
    assert right is not None
    ends = {(y, high) for x, y, wide, high in left[0] if x + wide == WIDE}
    begins = {(y, high) for x, y, wide, high in right[0] if x == 0}
    assert ends & begins
