"""The tour's file: its chapters are there and in order, and its questions have answers that are measured."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import PeepholeError
from scenarios import shelf
from scenarios.play import Play
from scenarios.questions import Question, number
from scenarios.tour import Course, course
from scenarios.tour.questions import Asked, questions
from tests.scenarios.models import untrained
from tests.scenarios.scripts import refused

COURSE = """title = "A tour"
about = "For the tests."

[[chapters]]
scenario = "agreement"
why = "It is first."

[[chapters.questions]]
ask = "Is a row a row?"
measure.n = "row(lstm, 'cats')"
choices = [
    { text = "yes", if = "n == 2" },
    { text = "no", if = "n != 2" },
]
say = "It is row {n}."

[[chapters.questions]]
when = "after"
ask = "How many units?"
text = "the cat was happy ."
measure.m = "width(lstm)"
measure.rows = "rows(lstm)"
guess = "m"
in = "units"
near = 10
say = "It has {m}, and reads {rows} rows."

[[chapters]]
scenario = "vanishing"
why = "It is next."
"""


def written(tmp_path: Path, text: str = COURSE) -> Course:
    path = tmp_path / "course.toml"
    path.write_text(text, encoding="utf-8")
    return course(path)


def asked(whole: Course, chapter: int = 0) -> Asked:
    scenario = shelf.find(whole.chapters[chapter].name)
    found = questions(whole, whole.chapters[chapter], scenario)
    return Asked(whole, scenario, found, untrained)


def measure_all(whole: Course) -> None:
    play = asked(whole)
    for question in play.asked:
        play.measure(question)


def test_the_bundled_tour_goes_through_history() -> None:
    whole = course()
    assert not whole.missing
    years = [chapter.heading.year for chapter in whole.chapters]
    for n, year in enumerate(
        years
    ):  # a chapter may tell what is a year or two older where it explains
        assert year >= max(years[: n + 1]) - 2
    assert {c.name for c in whole.chapters} == set(shelf.bundled()), "a scenario is not on the tour"
    with_questions = sum(bool(chapter.asked) for chapter in whole.chapters)
    assert 2 * with_questions >= len(whole)


@pytest.mark.parametrize("chapter", course().chapters, ids=lambda chapter: chapter.name)
def test_every_question_of_the_tour_has_one_answer(chapter) -> None:
    whole = course()
    scenario = shelf.find(chapter.name)
    found = questions(whole, chapter, scenario)
    play = Asked(whole, scenario, found)
    assert len(play) == len(scenario.beats)
    for question in found:
        measured = play.measure(question)
        assert measured.told
        if question.choices:
            assert measured.true in range(len(question.choices))
        else:
            assert question.is_near(measured.value, measured.value)


def test_questions_are_measured_on_the_lanes_of_the_beats(tmp_path: Path) -> None:
    play = asked(written(tmp_path))
    row, width = play.asked
    assert (row.when, row.choices, row.key) == ("before", ("yes", "no"), "agreement/0")
    assert (width.when, width.guess, width.unit, width.near) == ("after", "m", "units", 10)
    found = play.measure(row)
    assert (found.true, found.told) == (0, "It is row 2.")
    assert play.measure(width).value == 64
    assert play.measure(width).told == "It has 64, and reads 6 rows."  # of a text of its own
    assert play.lane("lstm", 0) is play.stage(0).lanes[0]
    alone = Play(shelf.find("agreement"), untrained)
    assert [v.measured for v in play.verdicts(4)] == [v.measured for v in alone.verdicts(4)]


def test_what_is_not_there_is_left_out_and_named(tmp_path: Path) -> None:
    whole = written(tmp_path, COURSE.replace('"vanishing"', '"vanished"'))
    assert [chapter.name for chapter in whole.chapters] == ["agreement"]
    assert whole.missing == ("vanished",)


MISTAKES = [
    ('why = "It is first."\n', "", "a chapter needs the key 'why'", "chapters"),
    ('"vanishing"', '"agreement"', "'agreement' is a chapter already", "agreement"),
    ("[[chapters.questions]]", "[[chapters.question]]", "Did you mean 'questions'", None),
    ('when = "after"', 'when = "later"', "no when 'later'. Did you mean 'after'?", "later"),
    ('guess = "m"\n', "", "a question needs the key 'choices' or 'guess'", None),
    ("near = 10\n", "", "'guess' needs 'near' or 'factor'", None),
    ("near = 10", "factor = 0.5", "'factor' is at least 1", "0.5"),
    ("near = 10", "near = -1", "'near' is at least 0", "-1"),
    ("near = 10", "near = 10\nfactor = 2", "either 'near' or 'factor', not both", "factor"),
    ('guess = "m"', 'guess = "k"', "no measure 'k'", "k"),
    ('if = "n == 2"', 'iff = "n == 2"', "a choice has no key 'iff'. Did you mean 'if'", None),
    ('    { text = "no", if = "n != 2" },\n', "", "'choices' has 2 or more, not 1", "choices"),
    ("Is a row a row?", "Is row 7 a row?", "the number 7 is not measured", "7"),
    ("It is row {n}.", "It is row {k}.", "the placeholder {k} has no measure", "{k"),
    ("It is row {n}.", "It is row 2.", "the number 2 is not measured", "2"),
    ("row(lstm, 'cats')", "row(lsm, 'cats')", "no lane or measure 'lsm'. Did you mean", "lsm"),
    ("row(lstm, 'cats')", "row(lstm, 'dogs')", "no row 'dogs' in lstm", "dogs"),
    ('if = "n != 2"', 'if = "n > 0"', "2 of the choices are true (n == 2: 2 == 2; n > 0", None),
    ('if = "n == 2"', 'if = "n == 3"', "0 of the choices are true", None),
    ('if = "n == 2"', 'if = "n"', "claims nothing", None),
    ("width(lstm)", "token(lstm, 1)", "m is the, no number", None),
    ("width(lstm)", "surprisal(lstm, 0)", "m is nan, no number", None),
]


@pytest.mark.parametrize(("old", "new", "says", "word"), MISTAKES, ids=[m[1] for m in MISTAKES])
def test_a_mistake_is_shown_in_the_tours_file(
    tmp_path: Path, old: str, new: str, says: str, word: str | None
) -> None:
    text = COURSE.replace(old, new, 1)
    assert text != COURSE
    refused(lambda: measure_all(written(tmp_path, text)), tmp_path / "course.toml", says, word)


def test_a_mistake_in_a_beat_is_still_the_scenarios(tmp_path: Path) -> None:
    play = asked(written(tmp_path))
    assert str(play.error("x", ("beats", 0, "say"))).startswith(str(shelf.bundled()["agreement"]))


@pytest.mark.parametrize(
    ("near", "factor", "said", "value", "close"),
    [
        (0.1, 0, 0.5, 0.6, True),
        (0.1, 0, 0.5, 0.61, False),
        (0, 10, 1e-9, 1e-10, True),
        (0, 10, 1e-9, 0.9e-10, False),
        (0, 10, -1.0, 1.0, False),
        (0, 10, 0.0, 1e-30, False),
    ],
)
def test_near_is_so_much_off_or_so_many_times(
    near: float, factor: float, said: float, value: float, close: bool
) -> None:
    question = Question(ask="?", guess="m", near=near, factor=factor)
    assert question.is_near(said, value) is close


@pytest.mark.parametrize(
    ("text", "value"), [("0.5", 0.5), (" 50% ", 0.5), ("1e-9", 1e-9), ("1,000", 1000), ("-3", -3)]
)
def test_a_guess_is_read_as_people_write_numbers(text: str, value: float) -> None:
    assert number(text) == value


@pytest.mark.parametrize("said", ["150%", "1.5", "-0.1", "", "abc"])
def test_a_share_is_within_the_whole(said: str) -> None:
    question = Question(ask="?", guess="m", unit="share right", near=0.1)
    with pytest.raises(PeepholeError):
        question.said(said)
    assert question.said("86.5%") == pytest.approx(0.865)
    assert (question.show(0.865), question.show(1.0)) == ("86.5%", "100%")


@given(st.text(max_size=12))
def test_a_guess_is_a_number_or_a_message(text: str) -> None:
    try:
        assert abs(number(text)) < float("inf")
    except PeepholeError as error:
        assert "no number" in str(error)  # noqa: PT017


# Headings -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", shelf.bundled())
def test_a_heading_says_what_the_whole_file_says(name: str) -> None:
    whole, heading = shelf.find(name), shelf.heading(shelf.bundled()[name])
    assert (heading.title, heading.about) == (whole.title, whole.about)
    assert (heading.year, heading.wing, heading.beats) == (whole.year, whole.wing, len(whole.beats))
    assert not heading.problem
    assert heading.year
    assert heading.wing


@pytest.mark.parametrize(
    "text",
    ["title = 3", "[lanes]\n", "titel = 'a'", "title = 'a", "year = '1990'\ntitle = 'a'", "\0"],
)
def test_a_heading_of_a_broken_file_says_what_is_wrong(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.toml"
    path.write_text(text)
    assert str(path) in shelf.heading(path).problem


@given(st.binary(max_size=100))
def test_any_bytes_have_a_heading(tmp_path_factory, raw: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "a.toml"
    path.write_bytes(raw)
    assert shelf.heading(path).title
