"""A run as the screen knows it: its records so far, what its process says, and what is derived of them."""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from engine import PeepholeError
from engine.learning import derived, parsing
from engine.learning.folder import RunFolder
from engine.learning.metrics import Event, Metrics, Probe

if TYPE_CHECKING:
    from pathlib import Path

    from scenarios.tasks import Task

State = Literal[
    "starting", "saving", "running", "paused", "done", "diverged", "stopped", "failed", "died", "following",
    "closed",
]  # fmt: skip
STATES = ("running", "paused", "done", "diverged", "stopped", "failed")
LIVE = ("lr", "clip", "k1", "k2", "momentum")


@dataclass(frozen=True)
class Columns:
    """The updates of a run up to one of them, as float64 columns."""

    update: np.ndarray
    loss: np.ndarray
    accuracy: np.ndarray
    norm: np.ndarray


class LiveRun:
    """One run on the screen.

    Attributes:
        folder, letter: where it is; A or B.
        metrics: every record so far.
        state, message: what its process said last.
        checkpoints: numbers of the updates that one can go back to.
    """

    def __init__(self, folder: RunFolder, letter: str = "A", state: State = "closed") -> None:
        self.folder, self.letter = folder, letter
        self.tail = folder.follow()
        self.tail.more()
        self.metrics: Metrics = self.tail.metrics
        self.state: State = state
        self.message = ""
        self.checkpoints: list[int] = folder.checkpoints()
        self._columns: tuple[int, Columns] | None = None

    @property
    def path(self) -> Path:
        return self.folder.path

    @property
    def name(self) -> str:
        return self.folder.config.name

    @cached_property
    def task(self) -> Task | None:
        """What is learned; None for a watched run, and for a task that is not known here."""
        spec = self.folder.config.task
        if spec is None:
            return None
        from scenarios import tasks

        try:
            return tasks.load(spec.name, spec.length)
        except PeepholeError:
            return None

    @cached_property
    def tokens(self) -> list[str]:
        """The tokens of the probe that the score shows, without the answer; empty if not known."""
        return self.task.probe_tokens()[:-1] if self.task is not None else []

    @cached_property
    def answers(self) -> dict[int, str] | None:
        """The rows of the probe that are asked, each with the right answer; None where nobody knows."""
        return self.task.probe_answers() if self.task is not None else None

    @property
    def total(self) -> int:
        """How many updates the run is meant to have; 0 where nobody knows."""
        steps = self.folder.config.recipe.get("steps", 0)
        return steps if isinstance(steps, int) else 0

    @property
    def newest(self) -> int:
        """The last update of which anything is known."""
        probes = self.metrics.probes
        return max(self.metrics.last, probes[-1].update if probes else 0)

    # What comes in --------------------------------------------------------------------------------

    def take(self, line: bytes) -> None:
        """A line that the worker printed; what is none of the protocol is passed over."""
        try:
            if line.startswith(b'{"state"'):
                self._heard(parsing.load(line))
            elif line.startswith(b'{"checkpoint"'):
                self._saved(parsing.count(parsing.load(line)["checkpoint"], "checkpoint"))
            else:
                self._record(parsing.parse_line(line))
        except ValueError:
            return

    def _heard(self, said: dict[str, Any]) -> None:
        if said["state"] in STATES:
            self.state = said["state"]
            self.message = parsing.text(said.get("message") or "", "message", parsing.MESSAGE)

    def _saved(self, update: int) -> None:
        self.checkpoints = self.folder.checkpoints()  # an old one goes when a new one comes
        if update not in self.checkpoints:
            bisect.insort(self.checkpoints, update)

    def _record(self, record: Any) -> None:
        if isinstance(record, Event) and record.event == "resumed":
            self.reread()  # what came after its checkpoint was dropped
            return
        if isinstance(record, Event) and self.metrics.events[-1:] == [record]:
            return
        self.metrics.add(record)

    def reread(self) -> None:
        """Read the folder again: another process has changed what it had."""
        self.metrics, self.checkpoints = self.folder.read(), self.folder.checkpoints()
        self._columns = None

    # What is read off it --------------------------------------------------------------------------

    def columns(self, until: int | None = None) -> Columns:
        """The updates up to one of them, by default all."""
        n = len(self.metrics)
        if self._columns is None or self._columns[0] != n:
            m = self.metrics
            parts = (m.update.astype(float), m.loss, m.accuracy, m.norm)
            self._columns = (n, Columns(*parts))
        whole = self._columns[1]
        if until is None or not n or until >= whole.update[-1]:
            return whole
        stop = int(np.searchsorted(whole.update, until, side="right"))
        return Columns(
            whole.update[:stop], whole.loss[:stop], whole.accuracy[:stop], whole.norm[:stop]
        )

    def probes(self, until: int) -> list[Probe]:
        """The probes up to an update, the oldest first."""
        stop = bisect.bisect_right(self.metrics.probes, until, key=lambda probe: probe.update)
        return self.metrics.probes[:stop]

    def probe(self, until: int) -> Probe | None:
        """The newest probe up to an update."""
        probes = self.probes(until)
        return probes[-1] if probes else None

    def checkpoint(self, until: int) -> int | None:
        """The newest checkpoint up to an update."""
        at = bisect.bisect_right(self.checkpoints, until)
        return self.checkpoints[at - 1] if at else None

    def knobs(self, until: int) -> dict[str, Any]:
        """The recipe as it was in force at an update, changes on the way included."""
        recipe = dict(self.folder.config.recipe)
        for event in self.metrics.events:
            if event.event == "branched":
                recipe = dict(self.folder.config.recipe)  # which is that of the branch
            elif event.event == "set" and event.update <= until:
                recipe |= {k: v for k, v in event.details.items() if k in LIVE}
        return recipe

    @property
    def values(self) -> bool:
        """Whether a value is learned (squared error) rather than words."""
        return self.task is not None and self.task.loss == "value"

    def learned(self, until: int) -> int | None:
        """The update from which on it counts as learned; None while it does not."""
        if self.task is None:
            return None
        columns = self.columns(until)
        scores = columns.loss if self.values else columns.accuracy
        return derived.learned_at(columns.update, scores, self.task.learned, below=self.values)

    def diverged(self, until: int) -> Event | None:
        """What ended it, where its numbers became none and nothing came after that."""
        events = self.metrics.events
        found = [e for e in events if e.event == "diverged" and e.update <= until]
        return found[-1] if found and found[-1].update >= min(until, self.newest) else None
