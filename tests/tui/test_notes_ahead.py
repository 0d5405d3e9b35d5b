"""What the speaker's notes say of what comes next, of a question's answer, and of their keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.tui.notes_stage import reading, sees
from tests.tui.play_stage import ASKS, SCRIPT, here, playing, says
from tests.tui.score_stage import lines, press, text
from tests.tui.script_stage import script
from tui.notes.card import Card
from tui.notes.plain import line
from tui.present.show import Show

CHOICES = """ask = "How many rows are there?"
choices = [
    { text = "less than three of them", if = "n < 3" },
    { text = "three or more of them", if = "n >= 3" },
]
"""


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick_play: None) -> None:
    """A folder of sockets of its own."""
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))


async def leads(notes: Pilot, pilot: Pilot) -> None:
    """Press `n` in the notes until the presentation shows its first beat."""
    await press(notes, "n")
    await says(pilot, "Two rows.")


@pytest.mark.parametrize("several", [True, False])
@pytest.mark.parametrize("loop", [True, False])
async def test_what_comes_behind_the_last_beat_is_told_as_it_comes(
    tmp_path: Path, several: bool, loop: bool
) -> None:
    one, two = (
        script(tmp_path, SCRIPT.replace("A test", name), name.split()[0])
        for name in ("First one", "Second one")
    )
    show = Show((one, two) if several else (one,), loop=loop, beat=1)
    async with (
        playing(show, share=True).run_test(size=(80, 24), notifications=True) as pilot,
        reading() as notes,
    ):
        await says(pilot, "All is read")
        if several:
            await sees(notes, "Next: Second one, beat 1: The beginning")
            await leads(notes, pilot)
            await sees(notes, "beat 1/2  Second one")
            await press(notes, "n")
            await says(pilot, "All is read")
        if loop:
            again = "First one, beat 1: The beginning" if several else "The beginning"
            await sees(notes, f"Next: from the beginning: {again}")
            await leads(notes, pilot)
            await sees(notes, "beat 1/2  First one")
            await sees(notes, "Next: The end")
        else:
            await sees(notes, "Next: nothing, this is the last beat: n does no more")
            await press(notes, "n")
            assert "That was the last beat; N goes back" in text(notes)
            assert "That was the last beat" not in text(pilot)
            assert here(pilot).beat == 1
            await press(notes, "c")  # and n takes the curtain away, also here
            await sees(notes, "the screen is dark")
            await press(notes, "n")
            await says(pilot, "All is read")


@pytest.mark.parametrize("size", [(60, 14), (80, 24), (120, 40)])
async def test_the_choices_and_the_right_one_are_for_the_speaker(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    show = Show((script(tmp_path, SCRIPT + CHOICES),))
    async with (
        playing(show, share=True).run_test(size=(80, 24)) as pilot,
        reading(size=size) as notes,
    ):
        await sees(notes, "Next: The end · a question")
        await press(pilot, "n")
        await says(pilot, "How many rows")
        await sees(notes, "✓ b three or more of them")
        assert "They are asked: How many rows are" in text(notes)
        assert "✓ a" not in text(notes)
        assert size[1] < 22 or "a less than three of them" in text(notes)
        keys = next(row for row in lines(notes) if "n, Page Down:" in row)
        assert keys.strip() == "n, Page Down: show them the answer"
        assert "✓ b" not in text(pilot)
        assert "Next: nothing, this is the last beat" in text(notes)
        assert "does no more" not in text(notes)  # n measures, as yet
        await press(notes, "n")
        await says(pilot, "All is read, 6 rows.")
        await sees(notes, "does no more")


async def test_a_number_that_is_asked_for_is_known_to_the_speaker(tmp_path: Path) -> None:
    show = Show((script(tmp_path, SCRIPT + ASKS),), beat=1)
    async with playing(show, share=True).run_test(size=(80, 24)) as pilot, reading() as notes:
        await says(pilot, "How many?")
        await sees(notes, "✓ 6")


async def test_an_answer_that_cannot_be_measured_is_told_to_the_speaker(tmp_path: Path) -> None:
    wrong = CHOICES.replace("n < 3", "n > 3")  # both are true
    async with (
        playing(Show((script(tmp_path, SCRIPT + wrong),), beat=1), share=True).run_test() as pilot,
        reading() as notes,
    ):
        await says(pilot, "How many rows")
        await sees(notes, "not measured: 2 of the choices are true")


async def test_help_names_each_key_once(tmp_path: Path) -> None:
    show = Show((script(tmp_path, SCRIPT),))
    async with playing(show, share=True).run_test() as pilot, reading(size=(100, 60)) as notes:
        await says(pilot, "Two rows.")
        await sees(notes, "beat 1/2")
        await press(notes, "question_mark")
        rows = [" ".join(row.strip(" │").split()) for row in lines(notes)]
        assert "n, Page Down, → The next beat of the presentation" in rows
        assert "N, Page Up, ← The beat before" in rows
        assert sum("The next beat of the presentation" in row for row in rows) == 1


def test_a_line_has_the_answer_or_waits_for_it() -> None:
    card = Card("t", 1, 2, "h", asks="Which?", choices=(("is", False), ("are", False)))
    assert line(card) == ""
    known = Card("t", 1, 2, "h", asks="Which?", choices=(("is", False), ("are", True)))
    assert "they are asked: Which? · a is, b are (right) · the last beat" in line(known)
    assert "· the answer: 6 rows ·" in line(Card("t", 1, 2, "h", asks="How many?", answer="6 rows"))
