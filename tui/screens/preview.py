"""What opening an entry of home looks like: a small score that reads a sentence and then rests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Container
from textual.timer import Timer

from engine import PeepholeError

if TYPE_CHECKING:
    from tui.palette import Palette
    from tui.score import Score
    from tui.screens.choices import Choice
    from tui.session import Session

REST = 0.25  # seconds that the mark rests on an entry before its preview is run
TICK = 0.25  # seconds a row
HEADER = 3  # lines above the rows of two lanes
MOST_ROWS = 14


class Preview(Container):
    """The marked entry's models reading; nothing runs once the sentence has been read."""

    DEFAULT_CSS = f"""
    Preview {{ height: {MOST_ROWS + HEADER}; margin: 0 2; overflow: hidden; }}
    """

    def __init__(self) -> None:
        super().__init__(id="preview")
        self._score: Score | None = None
        self._timer: Timer | None = None
        self._waiting: Timer | None = None
        self._shown: Choice | None = None

    def show(self, choice: Choice | None) -> None:
        """Preview an entry once the mark has rested on it for a moment."""
        if not self.display or choice is self._shown:
            return
        self._shown = choice
        self.stop()
        if choice and not choice.problem and choice.kind in ("tour", "scenario", "model", "text"):
            self._waiting = self.set_timer(REST, lambda: self._run(choice))
        else:
            self.remove_children()

    def stop(self) -> None:
        """Read no further."""
        for timer in (self._timer, self._waiting):
            if timer is not None:
                timer.stop()
        self._timer = self._waiting = None

    def repaint(self, palette: Palette) -> None:
        """Another theme or form."""
        if self._score is not None:
            self._score.repaint(palette)

    def _run(self, choice: Choice) -> None:
        def work() -> None:
            try:
                session = _session(choice)
                for lane in session.lanes:
                    lane.prepare()
            except PeepholeError:  # the list says what is wrong with it
                return
            self.app.call_from_thread(self._play, choice, session)  # type: ignore[arg-type]

        self.run_worker(work, thread=True, group="preview", exclusive=True)

    async def _play(self, choice: Choice, session: Session) -> None:
        from tui.score import Score

        if choice is not self._shown or not self.is_attached:
            return
        await self.remove_children()
        palette = self.screen.palette  # type: ignore[attr-defined]
        self._score = Score(session, palette)
        await self.mount(self._score)
        for track in self._score.tracks:
            track.can_focus = False  # the keys are the list's
        self._timer = self.set_interval(TICK, self._tick)

    def _tick(self) -> None:
        score = self._score
        if score is None or self.screen is not self.app.screen:
            self.stop()
        elif score.session.step():
            score.moved()
        else:
            self.stop()


def _session(choice: Choice) -> Session:
    from scenarios import shelf, zoo
    from tui.screens.choices import scenario
    from tui.start import of_models, of_scenario

    if choice.kind == "tour":
        from scenarios.tour import course
        from tui.tour.progress import load
        from tui.tour.standing import upcoming

        return of_scenario(shelf.find(upcoming(course(), load()).name))
    if choice.kind == "scenario":
        return of_scenario(scenario(choice.name))
    if choice.kind == "model":
        from scenarios.samples import sample
        from tui.start import of_text

        return of_text([zoo.model(choice.name)], sample(choice.name).text)
    return of_models(["lstm"], choice.name)
