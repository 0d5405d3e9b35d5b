"""Films for tests: real ones, and random frames for hypothesis."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st
from rich.cells import cell_len

from scenarios import shelf
from tui.app import PeepholeApp
from tui.record import stage, timing
from tui.record.frame import Frame, Ink, Row, Run
from tui.record.what import terminal

SIZE = (80, 24)
SENTENCE = "the cats that sat on the mat were happy ."
COLOURS = ("000000", "ffffff", "15161c", "e4a000", "00ff7f")
LETTERS = 'aZ09 <&>"\\]é–∂₁✓▲▼·▌█░▒╭─│┼⣿⡀日本'


@cache
def scenario(name: str = "agreement", first: int = 1, last: int = 3) -> tuple[Frame, ...]:
    """Some beats of a scenario, timed."""
    script = shelf.find(name)
    with terminal():
        app = PeepholeApp(None, script, colours="full")
        return tuple(timing.timed(stage.scenario(script, app, SIZE, range(first, last + 1))))


def lines(frame: Frame) -> list[str]:
    """The text of a frame's rows."""
    return ["".join(run.text for run in row) for row in frame.rows]


def row(runs: list[Run], columns: int) -> Row:
    """Runs as one row of so many columns: cut, or filled with blanks."""
    kept: list[Run] = []
    room = columns
    for run in runs:
        text = run.text
        while cell_len(text) > room:
            text = text[:-1]
        if text:
            kept.append(Run(text, run.ink, cell_len(text)))
            room -= cell_len(text)
    blank = Ink("ffffff", "000000")
    return (*kept, Run(" " * room, blank, room)) if room else tuple(kept)


inks = st.builds(
    Ink,
    st.sampled_from(COLOURS),
    st.sampled_from(COLOURS),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
runs = st.builds(
    lambda text, ink: Run(text, ink, cell_len(text)),
    st.text(st.sampled_from(LETTERS), min_size=1, max_size=6),
    inks,
)


@st.composite
def films(draw: st.DrawFn) -> list[Frame]:
    """A few frames of one size, in which rows come again."""
    columns, height = draw(st.integers(1, 12)), draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(runs, max_size=4), min_size=2, max_size=5))
    shelf_of = [row(found, columns) for found in rows]
    picked = st.lists(st.sampled_from(shelf_of), min_size=height, max_size=height)
    whole = draw(st.lists(picked, min_size=1, max_size=4))
    beats = sorted(draw(st.integers(1, 3)) for _ in whole)
    return timing.timed(
        [
            Frame(tuple(rows), beat, 3, "t", 1, still=True)
            for rows, beat in zip(whole, beats, strict=True)
        ]
    )
