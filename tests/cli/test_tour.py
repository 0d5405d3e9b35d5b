"""`peephole tour` and `peephole check tour` without a screen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scenarios.tour import course
from tests.scenarios.test_tour import COURSE
from tui.headless import checking
from tui.tour import progress


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "user_state_path", lambda name: tmp_path / name)
    monkeypatch.setattr(progress, "_held", None)


def test_the_list_marks_what_is_done(cli) -> None:
    progress.update(lambda known: replace(known, done=frozenset({"agreement"}), last="vanishing"))
    result = cli("tour", "--list")
    assert result.exit_code == 0
    for number, chapter in enumerate(course().chapters, 1):
        mark = {"agreement": "x", "vanishing": ">"}.get(chapter.name, " ")
        assert f"[{mark}] {number:>2}  {chapter.heading.year}  {chapter.name} " in result.stdout
    assert f"1 of {len(course())} chapters done" in result.stdout


def test_restart_forgets(cli) -> None:
    progress.update(lambda known: replace(known, done=frozenset({"agreement"})))
    assert "[x]" not in cli("tour", "--restart").stdout
    assert not progress.load().done


def test_the_screen_needs_a_terminal_and_a_chapter_must_be_there(cli) -> None:
    result = cli("tour")
    assert result.exit_code == 2
    assert "the screen needs a terminal" in result.stderr
    result = cli("tour", "vanishin")
    assert result.exit_code == 2
    assert "no chapter 'vanishin' on the tour. Did you mean 'vanishing'" in result.stderr
    assert f"chapters 1 to {len(course())}, not 99" in cli("tour", "99").stderr


def test_check_measures_every_question(
    cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "course.toml"
    path.write_text(COURSE)
    monkeypatch.setattr(checking, "course", lambda: course(path))
    result = cli("check", "tour", "--say")
    assert result.exit_code == 0, result.output
    assert "  ok      question agreement/0 has an answer" in result.stdout
    assert "          'yes'   " in result.stdout
    assert "It is row 2." in result.stdout
    assert "  ok      question agreement/1 has an answer" in result.stdout
    assert "          64 units   " in result.stdout
    assert "tour: all 2 claims hold (" in result.stdout


def test_check_fails_where_a_chapter_is_missing_or_a_question_has_no_answer(
    cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "course.toml"
    path.write_text(COURSE.replace('"vanishing"', '"vanished"').replace("n == 2", "n == 3"))
    monkeypatch.setattr(checking, "course", lambda: course(path))
    result = cli("check", "tour")
    assert result.exit_code == 1
    assert "FAILED  chapter 'vanished' is there" in result.stdout
    assert "FAILED  question agreement/0 has an answer" in result.stdout
    assert "0 of the choices are true" in result.stdout
    assert "2 of 3 claims FAILED" in result.stdout
