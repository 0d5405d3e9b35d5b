"""Frames: what is taken of the screen, and how long each is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.strip import Strip
from textual.widget import Widget

from tests.record import films
from tui.record import loop, timing
from tui.record.frame import Frame, Ink, Run, rows_of
from tui.record.text import text


class Drawn(Widget):
    """One line of segments."""

    DEFAULT_CSS = "Drawn { width: 100%; height: 100%; }"

    def __init__(self, segments: list[Segment]) -> None:
        super().__init__()
        self.segments = segments

    def render_line(self, y: int) -> Strip:
        return Strip(self.segments).adjust_cell_length(self.size.width, Style(bgcolor="#000000"))


def taken(*segments: tuple[str, str]) -> tuple[Run, ...]:
    """The first row of a screen that draws texts in styles."""

    class Stage(App[None]):
        def compose(self) -> ComposeResult:
            yield Drawn([Segment(text, Style.parse(style)) for text, style in segments])

    async def main() -> tuple[Run, ...]:
        app = Stage()
        async with app.run_test(size=(20, 3)):
            return rows_of(app.screen, "ffffff", "000000")[0]

    return loop.run(main)


def test_a_run_has_the_colours_and_marks_of_its_letters() -> None:
    first, second, *_ = taken(
        ("ab", "bold #ff0000 on #000000"), ("日", "italic #00ff00 on #0000ff")
    )
    assert first == Run("ab", Ink("ff0000", "000000", bold=True), 2)
    assert second == Run("日", Ink("00ff00", "0000ff", italic=True), 2)


def test_reversed_letters_have_the_other_ones_colour() -> None:
    assert taken(("x", "reverse #112233 on #445566"))[0].ink == Ink("445566", "112233")


def test_blanks_go_with_what_is_before_them_where_they_look_the_same() -> None:
    row = taken(
        ("a", "#ff0000 on #000000"), (" ", "#00ff00 on #000000"), ("b", "#ff0000 on #000000")
    )
    assert row[0].text.startswith("a b")
    row = taken(("a", "#ff0000 on #000000"), (" ", "#00ff00 on #111111"))
    assert [run.text for run in row[:2]] == ["a", " "]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.floats(0.02, 2), st.integers(0, 90))
def test_the_end_of_a_beat_is_there_until_it_is_read(
    ticks: list[int], tick: float, words: int
) -> None:
    said = "word " * words
    frames = [
        Frame((), beat, 4, "", 0, said, still=row + 1 == rows)
        for beat, rows in enumerate(ticks)
        for row in range(rows)
    ]
    held = timing.timed(frames, tick)
    for beat, rows in enumerate(ticks):
        holds = [frame.hold for frame in held if frame.beat == beat]
        assert holds[:-1] == [tick] * (rows - 1)
        last = holds[-1] - (timing.END if beat == len(ticks) - 1 else 0)
        assert last >= timing.LEAST
        if last > timing.LEAST:
            assert tick * (rows - 1) + last == pytest.approx(timing.WORD * words, abs=0.002)


def test_a_question_is_open_for_a_while_before_it_is_answered() -> None:
    asked = Frame((), 1, 1, "", 0, "one two three " * 10, still=True, asks=True)
    answer = Frame((), 1, 1, "", 0, "", still=True)
    first, second = timing.timed([asked, answer])
    assert first.hold == pytest.approx(30 * timing.WORD + timing.THINK)
    assert second.hold == pytest.approx(timing.LEAST + timing.END)


def test_a_beat_that_asks_is_answered_in_the_film() -> None:
    frames = films.scenario("coreference", 8, 8)
    assert [frame.asks for frame in frames] == [True] + [False] * (len(frames) - 1)
    assert "What happens to the answer?" in " ".join(films.lines(frames[0]))
    assert not any("Measured:" in line for line in films.lines(frames[0]))
    assert any("Measured:" in line for line in films.lines(frames[-1]))
    assert frames[0].hold > timing.THINK + timing.LEAST


def test_what_is_timed_is_not_timed_in_a_recording() -> None:
    said = films.scenario("parallel-versus-sequential", 6, 6)[-1].said
    assert "the LSTM takes (untimed) times as long" in " ".join(said.split())


def test_a_scenario_ends_each_beat_where_it_stops() -> None:
    frames = films.scenario()
    assert [frame.beat for frame in frames] == sorted(frame.beat for frame in frames)
    ends = [beat[-1] for beat in timing.by_beat(frames)]
    assert [frame.tick for frame in ends] == [3, 8, 11]
    assert all("paused" in films.lines(frame)[0] for frame in ends)
    assert all(films.lines(frame)[-1].strip() for frame in frames), "keys in every footer"
    second = [frame.tick for frame in frames if frame.beat == 2]
    assert second == list(range(second[0], 9)), "no tick goes by unseen"


def test_text_frames_say_where_they_stand() -> None:
    frames = films.scenario()
    lines = text(frames).split("\n")
    heads = [n for n, line in enumerate(lines) if line.startswith("--- ")]
    assert [lines[n] for n in heads] == [
        f"--- beat {frame.beat}/15 · tick {frame.tick} ---" for frame in frames
    ]
    for n, frame in zip(heads, frames, strict=True):
        height = len(frame.rows)
        assert lines[n + 1 : n + 1 + height] == [line.rstrip() for line in films.lines(frame)]
