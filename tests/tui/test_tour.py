"""The tour on the screen: contents, pages, chapters, questions that are measured, and what is kept."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot

from engine import PeepholeError
from scenarios.tour import Course, course
from tests.scenarios.test_tour import COURSE
from tests.tui.score_stage import idle, text
from tests.waiting import until
from tui.app import PeepholeApp
from tui.tour import progress
from tui.tour.chapter import ChapterScreen
from tui.tour.contents import TourScreen
from tui.tour.listing import chapter
from tui.tour.page import PageScreen
from tui.tour.progress import ENOUGH, PAUSE, Progress
from tui.tour.standing import duration, standing, upcoming


@pytest.fixture(autouse=True)
def _at_once(own_state: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.screens.scripted.PACE", 5000.0)  # rows a second on the way to a stop


@pytest.fixture
def short(tmp_path: Path) -> Course:
    """Two chapters, the first with a question before its beats and one after them."""
    path = tmp_path / "course.toml"
    path.write_text(COURSE.replace('"agreement"', '"exploding"').replace("lstm, 'cats'", "relu, 2")
                    .replace("width(lstm)", "width(relu)").replace("rows(lstm)", "rows(relu)")
                    .replace('text = "the cat was happy ."\n', ""))  # fmt: skip
    return course(path)


async def settled(pilot: Pilot) -> None:
    """Until nothing plays any more, and all of it is drawn."""
    await idle(pilot)
    await until(lambda: not getattr(getattr(pilot.app.screen, "session", None), "playing", False))
    await idle(pilot)


async def press(pilot: Pilot, *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await settled(pilot)


async def to_the_end(pilot: Pilot) -> None:
    """To the last beat of the chapter on show."""
    screen = pilot.app.screen
    assert isinstance(screen, ChapterScreen)
    screen.go_to_beat(len(screen._asked) - 1)
    await settled(pilot)
    await press(pilot, "end")


async def test_from_the_contents_through_a_chapter_to_the_next_one_and_the_end(
    short: Course,
) -> None:
    app = PeepholeApp(first=TourScreen(short))
    async with app.run_test(size=(100, 40)) as pilot:
        await settled(pilot)
        assert "▶    1  1994  When a gradient explodes" in text(pilot)
        assert "Enter begins chapter 1 of 2" in text(pilot)
        await press(pilot, "enter")
        page = app.screen
        assert isinstance(page, PageScreen)
        assert "Chapter 1 of 2 · 1994 · Training" in text(pilot)
        assert "It is first." in text(pilot)
        assert "Is a row a row?" in text(pilot)
        await press(pilot, "2")  # "no": row(relu, 2) is 2
        assert "You said: no. Measured: yes." in text(pilot)
        assert "It is row 2." in text(pilot)
        assert progress.load().answers == {"exploding/0": "no"}
        await press(pilot, "enter")
        assert isinstance(app.screen, ChapterScreen)
        assert "ch. 1/2 · beat 1/7" in text(pilot)
        assert "n Next" in text(pilot).splitlines()[-1]
        await press(pilot, "n")
        assert "beat 2/7" in text(pilot)
        assert progress.load().beat == 1
        assert not progress.load().done
        await to_the_end(pilot)
        assert "beat 7/7" in text(pilot)
        assert "n Next chapter" in text(pilot).splitlines()[-1]
        assert progress.load().done == {"exploding"}
        await press(pilot, "pagedown")
        assert isinstance(app.screen, PageScreen)
        assert "After: When a gradient explodes" in text(pilot)
        await press(pilot, "6", "0", "enter")
        assert "You said 60; measured 64 units, which is near." in text(pilot)
        await press(pilot, "n")
        assert "Chapter 2 of 2 · 1991 · Training" in text(pilot)
        assert "Enter begins it: 9 beats" in text(pilot)
        await press(pilot, "n")
        assert "ch. 2/2 · beat 1/9" in text(pilot)
        await to_the_end(pilot)
        await press(pilot, "n")
        assert "That was the tour: 2 chapters, from 1991 to 1994" in text(pilot)
        await press(pilot, "enter")
        assert isinstance(app.screen, TourScreen)
        assert "All 2 chapters done" in text(pilot)
        await press(pilot, "escape")
        assert app._exit


async def test_a_chapter_left_in_the_middle_goes_on_there(short: Course) -> None:
    app = PeepholeApp(first=TourScreen(short))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter", "n", "n", "n", "escape", "escape")
        if not isinstance(app.screen, TourScreen):  # a beat with a view of its own
            await press(pilot, "escape")
        assert "Enter goes on with chapter 1 at beat 3 of 7" in text(pilot)
    app = PeepholeApp(first=TourScreen(short))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "at beat 3 of 7" in text(pilot)
        await press(pilot, "enter")
        assert "beat 3/7" in text(pilot)
        await press(pilot, "N")
        assert "beat 2/7" in text(pilot)


async def test_what_is_measured_for_a_chapter_that_was_left_is_not_shown(short: Course) -> None:
    app = PeepholeApp(first=TourScreen(short))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter", "n")
        screen = app.screen
        assert isinstance(screen, ChapterScreen)
        came, late = threading.Event(), []
        screen.in_thread(lambda: came.wait(30), late.append, "late")
        await pilot.pause()
        came.set()
        time.sleep(
            0.3
        )  # it is measured, and waits for the interface, which has a page to turn first
        screen._over()
        await settled(pilot)
        assert isinstance(app.screen, PageScreen)
        assert late == []


async def test_escape_leads_from_a_page_to_the_contents(short: Course) -> None:
    app = PeepholeApp(first=TourScreen(short))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter", "escape")
        assert isinstance(app.screen, TourScreen)
        await press(pilot, "down", "enter")
        assert "Chapter 2 of 2" in text(pilot)


async def test_a_guess_that_is_no_number_is_told(short: Course) -> None:
    app = PeepholeApp(first=TourScreen(short))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter", "n")
        await to_the_end(pilot)
        await press(pilot, "n", "e", "enter")
        assert "'e' is no number" in text(pilot)
        await press(pilot, "backspace", "9", "0", "0", "enter")
        assert "You said 900; measured 64 units." in text(pilot)
        assert "near" not in text(pilot).split("measured 64")[1]


async def test_letters_that_no_number_has_are_keys_of_the_page(short: Course) -> None:
    app = PeepholeApp(first=TourScreen(short))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter", "n")
        await to_the_end(pilot)
        await press(pilot, "n", "5")
        assert "n Skip" in text(pilot).splitlines()[-1]
        await press(pilot, "n")
        assert "Chapter 2 of 2" in text(pilot)


async def test_a_question_that_cannot_be_measured_does_not_stop_the_tour(tmp_path: Path) -> None:
    path = tmp_path / "course.toml"
    path.write_text(COURSE.replace("row(lstm, 'cats')", "row(lstm, 'dogs')"))
    app = PeepholeApp(first=TourScreen(course(path)))
    async with app.run_test(size=(100, 40)) as pilot:
        await press(pilot, "enter", "enter")
        assert "no row 'dogs' in lstm" in " ".join(text(pilot).split())
        await press(pilot, "enter")
        assert isinstance(app.screen, ChapterScreen)


async def test_a_broken_chapter_is_told_and_the_contents_stay(
    short: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(name: str) -> None:
        raise PeepholeError("this chapter is broken")

    monkeypatch.setattr("tui.tour.flow.shelf.find", broken)
    app = PeepholeApp(first=TourScreen(short))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter")
        assert isinstance(app.screen, TourScreen)
        assert "this chapter is broken" in next(n.message for n in app._notifications)


async def test_home_leads_to_the_tour_and_back() -> None:
    app = PeepholeApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await press(pilot, "enter")
        assert isinstance(app.screen, TourScreen)
        await press(pilot, "escape")
        assert "Take the tour" in text(pilot)


async def test_the_palette_leads_to_the_tour_and_back_to_its_contents(short: Course) -> None:
    app = PeepholeApp(first=TourScreen(short))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter")
        commands = {c.title: c.callback for c in app.get_system_commands(app.screen)}
        commands["Take the tour"]()
        await settled(pilot)
        assert isinstance(app.screen, TourScreen)
        assert app.screen.course is short


@pytest.mark.parametrize("form", ["dark", "none", "ascii"])
async def test_every_size_and_form(form: str) -> None:
    app = PeepholeApp(
        first=TourScreen(course()),
        plain=form == "ascii",
        colours="none" if form == "none" else "full",
    )
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for opened in (False, True):
            if opened:
                await press(pilot, "enter")
            for size in ((80, 24), (120, 40), (200, 60), (60, 12), (80, 24)):
                await pilot.resize_terminal(*size)
                await pilot.pause()
                shown = text(pilot)
                assert "Enter" in shown
                if form == "ascii":
                    assert not {c for c in shown if not c.isascii()} - set("▁▂▃▄▅▆▇")  # a scrollbar


async def test_help_explains_the_tour() -> None:
    app = PeepholeApp(first=TourScreen(course()))
    async with app.run_test(size=(100, 40)) as pilot:
        await settled(pilot)
        await pilot.press("question_mark")
        await until(lambda: "measured" in text(pilot))


# What is kept -------------------------------------------------------------------------------------


def file(tmp_path: Path) -> Path:
    return tmp_path / "peephole" / "tour.json"


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    known = Progress(frozenset({"a", "b"}), "b", 3, {"a/0": "yes"}, 12.5, 4)
    assert progress.update(lambda _: known) == known
    assert progress.load() == known
    assert [path.name for path in file(tmp_path).parent.iterdir()] == ["tour.json"]
    progress.forget()
    assert progress.load() == Progress()


@pytest.mark.parametrize(
    "content",
    ["", "{", "[1]", "null", '"a"', "\x00", '{"done": 3, "last": [], "beat": "x", "answers": [1]}',
     '{"done": [1, null], "beat": -1, "seconds": 1e999, "beats": true, "answers": {"a": 1}}',
     "[" * 100_000],
)  # fmt: skip
def test_a_damaged_or_foreign_file_is_nothing_known(content: str, tmp_path: Path) -> None:
    file(tmp_path).parent.mkdir()
    file(tmp_path).write_text(content)
    assert progress.load() == Progress()


def test_of_a_foreign_file_what_is_whole_counts(tmp_path: Path) -> None:
    file(tmp_path).parent.mkdir()
    file(tmp_path).write_text(json.dumps({"done": ["a", 3], "beat": 1e999, "more": 1, "beats": 7}))
    assert progress.load() == Progress(frozenset({"a"}), beats=7)


@given(st.binary(max_size=200))
def test_any_bytes_are_no_reason_to_stop(tmp_path_factory, raw: bytes) -> None:
    folder = tmp_path_factory.mktemp("any")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(progress, "user_state_path", lambda name: folder)
        (folder / "tour.json").write_bytes(raw)
        assert progress.load().beat >= 0


def test_a_home_that_cannot_be_written_to_keeps_it_as_long_as_one_stays(tmp_path: Path) -> None:
    file(tmp_path).parent.write_text("a file where the folder would be")
    progress.update(lambda known: replace(known, last="a"))
    assert progress.load().last == "a"
    assert file(tmp_path).parent.read_text().startswith("a file")


def test_the_pace_is_measured_without_the_pauses() -> None:
    known = Progress()
    for _ in range(ENOUGH - 1):
        known = known.read(30.0)
    assert known.pace is None
    known = known.read(100_000.0)
    assert known.pace == pytest.approx((30 * (ENOUGH - 1) + PAUSE) / ENOUGH)


def test_where_one_is_in_words(short: Course) -> None:
    assert standing(short, Progress()).startswith("2 chapters of 16 beats")
    known = Progress(frozenset({"exploding"}), "exploding", seconds=100.0 * 60, beats=100)
    assert standing(short, known) == "1 of 2 chapters done · about 10 min to go, at your pace"
    assert standing(short, replace(known, done=frozenset({"exploding", "vanishing"}))).startswith(
        "All"
    )
    assert [duration(s) for s in (1, 1700, 3600, 5400)] == ["5 min", "30 min", "1 h", "1 h 30 min"]


@pytest.mark.parametrize(
    ("done", "last", "comes"),
    [
        ("", "", "exploding"),
        ("", "vanishing", "vanishing"),
        ("exploding", "exploding", "vanishing"),
        ("vanishing", "vanishing", "exploding"),
        ("exploding vanishing", "exploding", "exploding"),
        ("gone", "gone", "exploding"),
    ],
)
def test_what_comes_next(short: Course, done: str, last: str, comes: str) -> None:
    assert upcoming(short, Progress(frozenset(done.split()), last)).name == comes


@pytest.mark.parametrize(
    ("name", "number"),
    [("1", 1), ("2", 2), ("vanishing", 2), ("0", 0), ("3", 0), ("9" * 50, 0), ("vanish", 0)],
)
def test_a_chapter_by_its_number_or_name(short: Course, name: str, number: int) -> None:
    if number:
        assert chapter(short, name).number == number
    else:
        with pytest.raises(PeepholeError, match=r"chapters 1 to 2|Did you mean 'vanishing'"):
            chapter(short, name)
