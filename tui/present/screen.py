"""The score as `peephole play` shows it: the first beat behind the last, a timer, and playing by itself."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.containers import Horizontal
from textual.timer import Timer

from engine import PeepholeError
from tui.keys import KEYS
from tui.lines import Line
from tui.notes.card import named
from tui.notes.timing import left
from tui.present.show import Show
from tui.present.watching import EVERY, Renewed, renew, same_beat, told
from tui.record.timing import LEAST, THINK, WORD
from tui.screens.keybar import KeyBar
from tui.screens.score import ScoreScreen
from tui.session import Session

if TYPE_CHECKING:
    from scenarios.script import Scenario
    from tui.present.app import PlayApp


class PlayScreen(ScoreScreen, inherit_bindings=False):
    """A scenario that is presented.

    Attributes:
        alone: whether it plays by itself.
    """

    BINDINGS: ClassVar[list[BindingType]] = KEYS
    DEFAULT_CSS = """
    PlayScreen #timer { width: auto; }
    PlayScreen #booth { dock: bottom; display: none; }
    PlayScreen.-alone #booth { display: block; }
    PlayScreen.-small #booth { display: none; }
    """
    app: PlayApp  # type: ignore[assignment]

    def __init__(self, session: Session, scenario: Scenario, show: Show) -> None:
        self._show_, self.alone = show, show.kiosk
        self._first: int | None = show.beat
        self._hold: Timer | None = None
        self._timed = 0  # columns of the timer
        super().__init__(session, scenario)

    def on_mount(self) -> None:
        """Textual calls that of the score as well, after this one."""
        if self.alone:  # in place of the keys, until somebody is there
            line = Line(self.palette, id="booth")
            self.mount(line)
            mark = self.palette.glyph("▶", ">")
            line.say((f" {mark} It plays by itself: press any key to take over", "accent"))
            self.add_class("-alone")
            self.call_after_refresh(self._keys)
        if self._show_.minutes:
            self.query_one("#top", Horizontal).mount(Line(self.palette, id="timer"))
            self.set_interval(1, self._count)
            self.call_after_refresh(self._count)
        if self._show_.big:
            self.call_after_refresh(self.action_big)
        if self._show_.watch and self.scenario is not None:
            self._watch = self.app.watch_of(self.scenario)
            self.set_interval(EVERY, self._look)

    def go_to_beat(self, number: int) -> None:
        if self._first is not None:
            number, self._first = self._first, None
        self._stop()
        super().go_to_beat(number)

    def action_beat(self, by: int) -> None:
        at_edge = self.at_end if by > 0 else self.beat == 0
        if at_edge and not self.strayed and any(self.app.turns(by)):
            self.app.call_later(self.app.onward, by, self)
        else:
            super().action_beat(by)

    @property
    def behind(self) -> str:
        scenarios = self.app.show_.scenarios
        for at, scenario in self.app.turns():
            beat = named(scenario.beats[0])
            if len(scenarios) == 1:
                return f"from the beginning: {beat}"
            again = "from the beginning: " if at == 0 else ""
            return f"{again}{scenario.title}, beat 1: {beat}"
        return ""

    # The timer ------------------------------------------------------------------------------------

    @property
    def aside(self) -> int:
        return self._timed

    def _count(self) -> None:
        """Say how much time is left; only this group of cells is drawn."""
        line = self.query_one("#timer", Line)
        began, now = self.app.began, time.monotonic()
        said = f" {left(began, self.app.minutes, now)} "
        if line.styles.width is None or line.styles.width.value != len(said):
            line.styles.width = self._timed = len(said)
            self.say()  # the words beside it have another room
        over = now > began + 60 * self.app.minutes
        line.say((said, "bad" if over else "accent"))

    # The file ---------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Read the file again, where it has changed."""
        play, number = self.play_script, self.beat
        if play is not None and self._watch.changed():
            self.in_thread(lambda: renew(play, number), self._renewed, "file", self._mistaken)

    def _mistaken(self, error: PeepholeError) -> None:
        """The version before goes on."""
        more = len(getattr(error, "more", ()))
        also = f"\n(and {more} more: `peephole check` tells all)" if more else ""
        self.narrator.warn(f"{told(error)}{also}")

    def _renewed(self, new: Renewed) -> None:
        """The same beat of the new version; what was done to its lanes stays where they are the same."""
        old, shown = self.play_script, self._shown
        assert old is not None
        scenario = new.play.scenario
        self.narrator.warn("")
        was = {same_beat(old.scenario, scenario, n): (n, said) for n, said in self.answers.items()}
        self.answers = {
            now: said
            for now, (n, said) in was.items()
            if asked(scenario, now) == asked(old.scenario, n)  # else it is another question
        }
        self.app.renewed(scenario)
        self.scenario, self.play_script = scenario, new.play
        if shown is None or replace(shown, beat=new.stage.beat) != new.stage:
            self.go_to_beat(new.number)
            return
        self.beat, self._shown, self.session.title = new.number, new.stage, scenario.title
        self.say()
        if self.asking:
            self.put_question()
        else:
            self.tell()

    def why_not(self, error: PeepholeError) -> str:
        """Who writes it is told where."""
        return told(error) if self._show_.watch else super().why_not(error)

    # Playing by itself ----------------------------------------------------------------------------

    def told(self) -> None:
        """The words of a beat stand there: it stays for as long as they take to read."""
        super().told()
        if self.alone:
            words = self.narrator.words
            said = f"{words.title} {words.spoken}" if words is not None else ""
            seconds = max(LEAST, WORD * len(said.split())) + (THINK if self.asking else 0)
            self._stop()
            self._hold = self.set_timer(seconds, self._go_on)

    def _go_on(self) -> None:
        self._hold = None
        if not self.alone:
            return
        if self.session.playing:  # on the way to where the beat stops
            self._hold = self.set_timer(LEAST, self._go_on)
        else:
            self.action_beat(1)

    def say(self) -> None:
        """What plays by itself is not paused, also while a beat stands to be read."""
        super().say()
        if self.alone:
            state = self.query_one("#state", Line)
            auto = {"· paused ": ("· ▶ auto ", "accent")}  # as wide, so that it fits as well
            state.say(*(auto.get(part[0], part) for part in state.parts))

    def _keys(self) -> None:
        """The keys are shown to whoever is there to press them."""
        self.query_one(KeyBar).display = not self.alone and not self.app.has_class("-bare")

    def hand_over(self) -> None:
        """Somebody is there: no more by itself."""
        if self.alone:
            self.alone = False
            self.remove_class("-alone")
            self._keys()
            self.say()
            self._stop()
            if self.session.playing and self._target is None:
                self.playing(False)

    def _stop(self) -> None:
        if self._hold is not None:
            self._hold.stop()
            self._hold = None


def asked(scenario: Scenario, number: int) -> tuple[str, ...]:
    """The question of a beat with its choices; nothing where it asks none."""
    question = scenario.beats[number].question
    return (question.ask, question.guess, *question.choices) if question is not None else ()
