"""The score of the probe sequence, as the model of the newest checkpoint reads it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Container

from engine import PeepholeError
from engine.storage import load_trace
from tui.lane import Lane
from tui.learning.live import LiveRun
from tui.learning.panels.base import Lines, Panel, Words
from tui.score import Score
from tui.session import Session

Wanted = tuple[tuple[str, Path, int], ...]  # (letter, file, update) of each run


class ReadingPanel(Panel):
    """A score whose lanes are the runs; every new checkpoint changes it."""

    KIND, NUMBER, NAME = "score", "5", "the probe sequence, read"
    HELP = """\
# The score of the probe

One held-out sequence of the task, always the same, as the model of the newest checkpoint reads it: one row a
token, time downwards, every track as in the app's score. **It changes as the model learns**: look at how the
first token's trace in the states grows longer, and at the last row, where the answer is predicted.

**Only the rows that are asked count**: they have a ✓ or ✗ by the word that the model expects, and what it
expects elsewhere is not shown: it never learned to.

The gradient track is about the row under the cursor; at the last row it shows which earlier rows the loss of
the answer reaches. ↑ ↓ move the cursor; in full size Tab goes from track to track.

← → go back to earlier checkpoints and show what the model did then.
"""
    DEFAULT_CSS = """
    ReadingPanel > Container { height: 1fr; }
    ReadingPanel #none { height: 1; }
    """

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.score: Score | None = None
        self._wanted: Wanted = ()
        self._error = ""
        self._busy = asyncio.Lock()

    def made_of(self) -> tuple[object, ...]:
        return (*super().made_of(), *(len(run.checkpoints) for run in self.runs))

    def body(self) -> ComposeResult:
        yield Container()

    def title(self) -> str:
        said = [f"{letter} update {update}" for letter, _, update in self._wanted]
        return f"{self.NAME} · {', '.join(said).strip()}" if said else self.NAME

    def draw(self) -> None:
        wanted = tuple(w for run in self.runs if (w := self._file(run)) is not None)
        if wanted != self._wanted:
            self._wanted = wanted
            self._title()
            self.run_worker(lambda: self._load(wanted), thread=True, exclusive=True, group="probe")
        elif self.score is not None:
            self._focusable()
            self.score.fit()

    def _file(self, run: LiveRun) -> tuple[str, Path, int] | None:
        """The trace of the newest checkpoint that has one."""
        until = self.desk.shown(run)
        for update in reversed([n for n in run.checkpoints if n <= until]):
            path = run.folder.probe(update)
            if path.exists():
                (letter,) = self.desk.letters([run])
                return letter, path, update
        return None

    def _load(self, wanted: Wanted) -> None:
        """In a thread: read the traces."""
        lanes, error = [], ""
        of = {run.letter: run for run in self.runs}
        for letter, path, update in wanted:
            try:
                lane = Lane(f"{letter} update {update}".strip(), load_trace(path))
                run = of[letter or self.runs[0].letter]
                if lane.trace.tokens[:-1] == run.tokens:  # not where another version drew the probe
                    lane.answers = run.answers
                lanes.append(lane)
            except PeepholeError as caught:
                error = f"{path.name}: {caught.what}"  # the whole path would leave no room for it
        self.app.call_from_thread(self._put, wanted, lanes, error)  # type: ignore[arg-type]

    async def _put(self, wanted: Wanted, lanes: list[Lane], error: str) -> None:
        """Show them; the tracks stay where they are if the sequence is the same."""
        async with self._busy:  # lanes are taken out and put in one after the other
            if wanted != self._wanted or not self.is_attached:
                return
            self._error = error
            if lanes:
                await self._show(lanes)
        self.query_one("#words", Lines).say(self.palette, [self.words()])

    async def _show(self, lanes: list[Lane]) -> None:
        score = self.score
        if score is not None and _same(score.session.lanes, lanes):
            for lane, new in zip(score.session.lanes, lanes, strict=True):
                lane.label, lane.trace, lane.answers = new.label, new.trace, new.answers
            score.redraw()
            return
        session = Session(lanes, "probe")
        session.show(session.rows)
        if score is None:
            score = Score(session, self.palette)
            await self.query_one(Container).mount(score)
            self.score = score
        else:
            await score.rebuild(session)
        self._focusable()
        score.fit()

    def _focusable(self) -> None:
        """In full size the tracks take the focus; on the dashboard the panel has it."""
        for track in self.score.tracks if self.score is not None else ():
            track.can_focus = self.desk.full

    def repaint(self) -> None:
        super().repaint()
        if self.score is not None:
            self.score.repaint(self.palette)
            self.score.redraw()

    def words(self) -> Words:
        if self._error:
            return [(f" {self._error}", "bad")]
        if self.score is None:
            waits = (
                "the first checkpoint will be read here"
                if self.runs[0].task
                else "a watched run has none"
            )
            return [(f" {waits}", "muted")]
        score = self.score
        track = score.focused or next(iter(score.tracks), None)
        return [(f" {track.reading()}", "text")] if track is not None else []

    def move(self, by: int) -> bool:
        if self.score is not None and self.score.session.move(self.score.session.cursor + by):
            self.score.moved()
        return True

    def vary(self) -> bool:
        for track in self.score.tracks if self.score is not None else ():
            if hasattr(track, "vary"):
                track.vary()
        if self.score is not None:
            self.score.selected()
        return True


def _same(lanes: Sequence[Lane], others: Sequence[Lane]) -> bool:
    """Whether they are of the same sequences and the same kinds of model."""
    return len(lanes) == len(others) and all(
        lane.trace.tokens == other.trace.tokens and lane.trace.names == other.trace.names
        for lane, other in zip(lanes, others, strict=True)
    )
