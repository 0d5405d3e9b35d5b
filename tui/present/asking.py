"""A beat that waits: the audience guesses, then it is measured, played and told (`scenarios.questions`)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine import PeepholeError
from scenarios.questions import Question, answered, verdict
from tui.lines import Parts
from tui.narrator import Words
from tui.screens.scripted import Scripted

if TYPE_CHECKING:
    from scenarios.play import Stage as Beat

TYPED = "0123456789.-%e"  # of what numbers are made; keys for them only where a number is asked for
LONGEST = 12  # letters of a number


class Asking(Scripted):
    """Asks at the beats that have a question, until it is answered.

    Attributes:
        said: what is guessed so far: a choice's text, or a number as it is typed.
    """

    said = ""

    @property
    def question(self) -> Question | None:
        """Of the beat that is on."""
        play = self.play_script
        return play.scenario.beats[self.beat].question if play is not None else None

    @property
    def asking(self) -> bool:
        return self.question is not None and self.beat not in self.answers

    @property
    def revealed(self) -> bool:
        """Whether what was asked here has been answered."""
        return self.question is not None and not self.asking

    def may_answer(self, action: str, parameters: tuple[object, ...]) -> bool:
        """Whether a key of an answer is one here; else it is what it is everywhere."""
        question = self.question
        if question is None or not self.asking:
            return False
        if action == "choose":
            return isinstance(parameters[0], int) and parameters[0] < len(question.choices)
        if action == "erase":
            return bool(question.guess and self.said)
        return action in ("reveal", "hint") or bool(question.guess)

    def action_choose(self, number: int) -> None:
        assert self.question is not None
        choice = self.question.choices[number]
        self.said = "" if self.said == choice else choice
        self.put_question()

    def action_digit(self, number: int) -> None:
        self.said = (self.said + TYPED[number])[:LONGEST]
        self.put_question()

    def action_erase(self) -> None:
        self.said = self.said[:-1]
        self.put_question()

    def action_reveal(self) -> None:
        """The answer; a number that is none is said to be none first."""
        question = self.question
        if question is None or not self.asking:
            return
        if question.guess and self.said:
            try:
                question.said(self.said)
            except PeepholeError as error:
                self.complain(error)
                return
        self.reveal()

    def action_hint(self) -> None:
        """What is typed here: for a letter that would do something else where nothing is asked."""
        assert self.question is not None
        last = chr(ord("a") + len(self.question.choices) - 1)
        what = "a number, please" if self.question.guess else f"a to {last}, please"
        self.app.clear_notifications()  # it is said once, however many letters are typed
        self.notify(f"{what}: Enter measures it", timeout=3)

    def reveal(self) -> None:
        """The answer, whether something was guessed or not."""
        question = self.question
        if question is None or not self.asking:
            return
        if question.guess:
            try:
                question.said(self.said)
            except PeepholeError:
                self.said = ""
        self.answers[self.beat] = self.said
        self.refresh_bindings()
        self.go_to_beat(self.beat)

    def action_beat(self, by: int) -> None:
        if by > 0 and self.asking:
            self.reveal()
        else:
            super().action_beat(by)

    def go_to_beat(self, number: int) -> None:
        self.said = ""
        super().go_to_beat(number)
        self.refresh_bindings()

    # What is shown --------------------------------------------------------------------------------

    def held_back(self, beat: Beat) -> bool:
        """Show no more of a beat than its question: not the rows that give the answer away."""
        if not self.asking:
            return False
        rows = max(1, beat.row - 1)  # the row above the stop foretells it
        if self.view is not None:
            self.action_view("score")
        if self.session.shown > rows:
            self.session.show(rows)
            self.score.redraw()
        self._target = None
        self.sync()
        self.put_question()
        self.told()
        return True

    def put_question(self) -> None:
        """The question, and what is guessed so far."""
        question, play = self.question, self.play_script
        assert question is not None
        assert play is not None
        mark = self.palette.glyph("▶", ">")
        lines: Parts = []
        for n, choice in enumerate(question.choices):
            chosen = choice == self.said
            text = f" {mark if chosen else ' '} {chr(ord('a') + n)}  {choice}"
            lines.append((text, "accent" if chosen else "text"))
        if question.guess:
            unit = f" {question.unit}" if question.unit else ""
            lines.append((f" {mark} {self.said or '…'}{unit}", "accent"))
            share = " (0.5 or 50%)" if question.is_share else ""
            how = f"Type a number{share}"
        else:
            how = f"a to {chr(ord('a') + len(question.choices) - 1)} chooses"
        lines.append((f"{how} · Enter or n: measure it", "muted"))
        title = play.scenario.beats[self.beat].title
        self.narrator.say(Words(self.beat_number, title, question.ask, after=tuple(lines)))

    def words(self, number: int) -> Words:
        """With what was guessed, and the answer."""
        words, play = super().words(number), self.play_script
        assert play is not None
        question = play.scenario.beats[number].question
        if question is None or number not in self.answers:
            return words
        try:
            good, told = verdict(question, answered(play, number), self.answers[number])
        except PeepholeError as error:
            return replace(words, problem=words.problem or self.why_not(error))
        mark = self.palette.glyph("✓", "ok") if good else self.palette.glyph("≠", "/=")
        told = f"{mark} {told}" if self.answers[number] else told
        return replace(words, before=((told, "good" if good else "accent"),))
