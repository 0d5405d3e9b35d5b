"""Loss and accuracy over the updates, with what guessing reaches and what counts as learned."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from textual.app import ComposeResult
from textual.containers import Container

from engine.learning import derived
from engine.objective import CLOSE
from tui.learning.live import Columns, LiveRun
from tui.learning.panels.base import Panel, Words
from tui.learning.plot import Axis, Curve, Level, Plot, linear, powers

if TYPE_CHECKING:
    from scenarios.tasks import Task

WIDE = 76  # columns for a run from which on it is said what counts as learned
LOG_FROM = 12.0  # ratio of the largest to the smallest loss from which on powers of ten tell more


class LossPanel(Panel):
    """Two plots: the loss, and the accuracy."""

    KIND, NUMBER, NAME = "loss", "1", "loss and accuracy"
    HELP = """\
# Loss and accuracy

Over the updates (optimiser steps), each measured on the update's own batch.

* **Loss**: mean cross-entropy of the answers in nats (a guess among ten classes costs ln 10 = 2.30), or for
  the adding problem the mean squared error. The axis is logarithmic as soon as the loss has fallen to a
  twelfth of its largest value.
* **Accuracy**: share of the answers that were right; for the adding problem the share within 0.04 of the
  sum (Hochreiter & Schmidhuber 1997).
* Dashed lines: what **chance** reaches, and from where the task counts as **learned** (smoothed over 20
  updates, so that a lucky batch does not count).

A point stands for the mean of the updates that share its column. Two runs have the same axes, and their
letters, A and B, on their lines.
"""
    DEFAULT_CSS = """
    LossPanel > Container { layout: horizontal; height: 1fr; }
    LossPanel > Container.-stacked { layout: vertical; }
    """

    def made_of(self) -> tuple[object, ...]:
        return (*super().made_of(), *(len(run.metrics) for run in self.desk.runs))

    def body(self) -> ComposeResult:
        with Container():
            yield Plot()
            yield Plot()

    def title(self) -> str:
        unit = "squared error" if self.values else "nats"
        scale = ", log scale" if self._log() else ""
        return f"loss, {unit}{scale} · and accuracy, over updates"

    @property
    def values(self) -> bool:
        return any(run.values for run in self.runs)

    def _columns(self, run: LiveRun) -> Columns:
        return run.columns(self.desk.shown(run))

    def draw(self) -> None:
        self.query_one(Container).set_class(self.tall, "-stacked")
        loss, accuracy = self.query(Plot)
        task = next((run.task for run in self.runs if run.task), None)
        below: list[Level] = []
        above: list[Level] = []
        if task is not None:
            levels = [Level(task.chance, "chance"), Level(task.learned, "learned", left=True)]
            if self.values:
                below = levels
            else:
                above, below = levels, [Level(-math.log(task.chance), "chance")]
        log = self._log()
        curves = []
        for run in self.runs:
            columns = self._columns(run)
            curves.append(self._curve(run, columns, columns.loss, log))
        if log:
            below = [Level(math.log10(level.at), level.name, level.left) for level in below]
        until = self.desk.until
        loss.draw(self.palette, curves, self._axis(log, below), until, self.desk.at, below)
        shares = [self._curve(run, c := self._columns(run), c.accuracy, False) for run in self.runs]
        accuracy.draw(self.palette, shares, linear(0.0, 1.0), until, self.desk.at, above)

    def _curve(self, run: LiveRun, columns: Columns, values: np.ndarray, log: bool) -> Curve:
        room = max(20, 2 * (self.size.width if self._stacked else self.size.width // 2) - 16)
        x, y = derived.thin(columns.update, values, room, self.desk.until)
        (letter,) = self.desk.letters([run])
        return Curve(letter, x, derived.log10(y) if log else y, self.ink(run))

    @property
    def _stacked(self) -> bool:
        return self.query_one(Container).has_class("-stacked")

    def _log(self) -> bool:
        """By all runs on the screen, so that their axes are the same."""
        ends = self._ends()
        return ends is not None and ends[1] > LOG_FROM * ends[0]

    def _ends(self) -> tuple[float, float] | None:
        """The smallest and the largest loss of any run on the screen."""
        found = [e for run in self.desk.runs if (e := derived.span(run.columns().loss))]
        return (min(low for low, _ in found), max(high for _, high in found)) if found else None

    def _axis(self, log: bool, levels: list[Level]) -> Axis:
        ends = self._ends()
        if ends is None:
            return linear(0.0, 1.0)
        low, high = ends
        high = max([high, *(10**v.at if log else v.at for v in levels if v.name == "chance")])
        if log:
            return powers(math.floor(math.log10(low)), math.ceil(math.log10(high)))
        return linear(0.0, derived.ceiling(high))

    def words(self) -> Words:
        words: Words = []
        for run in self.runs:
            until = self.desk.shown(run)
            learned = run.learned(until)
            said = f"learned at update {learned}" if learned else "not learned yet"
            task = run.task
            if task is not None and self.size.width >= WIDE * len(self.runs):
                said += f" ({_threshold(task).removeprefix('learned is ' if learned else '')})"
            if len(self._columns(run).update) == 1:
                said += f"; the {self.palette.glyph('•', '*')} is update {until}"
            if run.task is None:
                said = f"{until} updates"
            letter = f" {run.letter}:" if len(self.desk.runs) > 1 else ""
            words.append((f"{letter} {said} ", "good" if learned else "muted"))
        return words


def _threshold(task: Task) -> str:
    """What counts as learned, and as accurate."""
    if task.loss == "value":
        return f"learned is a squared error below {task.learned:g}, accurate is within {CLOSE:g}"
    return f"learned is an accuracy of {task.learned:g}, mean of 20 updates"
