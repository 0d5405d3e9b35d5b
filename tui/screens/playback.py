"""Playback on the score screen: the timer, steps, and the gradients that a row needs."""

from __future__ import annotations

from textual.timer import Timer

from tui.lane import Lane
from tui.screens.core import Core

REST = 0.3  # seconds that the cursor rests before a long trace's gradient is computed


class Playback(Core):
    """Plays, steps and computes ahead."""

    _timer: Timer | None = None
    _rest: Timer | None = None

    def action_play(self) -> None:
        session = self.session
        if not session.playing and session.over and not session.loop:
            session.show(1)  # played to its end: from the start again
            self.score.redraw()
        self.playing(not session.playing)

    def playing(self, on: bool) -> None:
        """Play or pause; no timer runs while paused."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self.session.playing = on
        if on:
            self._timer = self.set_interval(1 / self.session.speed, self._tick)
        else:
            for track in self.score.tracks:
                if track.display:
                    track.rested()
        self.say()
        self.rest()

    def _tick(self) -> None:
        if self._timer is None:  # a timer that is late ticks on, once stopped, until it next sleeps
            return
        since = self.session.cursor
        if not self.session.step():
            self.playing(False)
            return
        broken = self.session.halt(since)
        self.sync()
        if self.arrived(self.session.cursor):
            self.playing(False)
        elif broken:
            self.playing(False)
            self.notify(broken, title="Stopped at a break", timeout=8)

    def on_screen_suspend(self) -> None:
        if self._timer is not None:
            self._timer.pause()

    def on_screen_resume(self) -> None:
        if self._timer is not None:
            self._timer.resume()

    def go(self, row: int) -> None:
        """Put the cursor on a row."""
        if self.session.move(row):
            self.sync()
            self.rest()

    def action_row(self, by: int) -> None:
        self.go(self.session.cursor + by)

    def action_first(self) -> None:
        self.go(0)

    def action_last(self) -> None:
        self.go(self.session.rows - 1)

    def action_speed(self, by: int) -> None:
        self.session.faster(by)
        if self.session.playing:
            self.playing(True)
        self.say()

    def action_loop(self) -> None:
        self.session.loop = not self.session.loop
        self.say()

    def action_feed(self) -> None:
        """Word by word, or a text that is given in as few sequential steps as there need be."""
        if all(lane.source for lane in self.session.lanes):
            said = "o is for language models: what these lanes read has its own steps"
            self.notify(said, timeout=4)
            return
        fed = any(not lane.fed for lane in self.session.lanes)
        self.session.feed(fed)
        if not fed:
            self.playing(False)
            self.session.show(1)
        self.score.redraw()
        self.sync()
        how = "word by word" if fed else "all of the text at once: Space plays its ticks"
        self.notify(f"Language models read {how}", timeout=4)

    # Lanes and gradients --------------------------------------------------------------------------

    def prepare(self) -> None:
        """Compute the gradients that are not known yet, in one batch in a thread."""
        lanes = [lane for lane in self.session.lanes if lane.model is not None]

        def work() -> None:
            for lane in lanes:
                lane.prepare()

        self.in_thread(work, lambda _: self.grown(), "gradients")
        self.rest()

    def grown(self) -> None:
        """Lens results have come in."""
        self.score.grown()
        self.say()

    def rest(self) -> None:
        """For a long trace: compute the cursor's own gradient once it rests."""
        if self._rest is not None:
            self._rest.stop()
            self._rest = None
        long = [lane for lane in self.session.lanes if lane.gradients.long and lane.model]
        if long and self.session.cursor and not self.session.playing:
            self._rest = self.set_timer(REST, lambda: self._compute(long, self.session.cursor))

    def _compute(self, lanes: list[Lane], row: int) -> None:
        def work() -> None:
            for lane in lanes:
                if row < len(lane) and not lane.has_gradient(row):
                    lane.gradient(row)

        self.in_thread(work, lambda _: self.grown(), "gradient")
