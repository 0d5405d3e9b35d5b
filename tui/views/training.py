"""How the models on the screen were trained: loss and accuracy of their recorded runs, on the same axes."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from engine.errors import PeepholeError
from engine.learning import derived
from tui.learning.plot import Axis, Curve, Level, Plot, ink, linear, powers
from tui.views.base import View

if TYPE_CHECKING:
    from scenarios.tasks import Task
    from tui.lane import Lane

LOG_FROM = 12.0  # ratio of the largest to the smallest loss from which on powers of ten tell more


class Recorded(NamedTuple):
    """What a run wrote down, (updates,) each, and how it ended."""

    name: str
    task: Task
    update: np.ndarray
    loss: np.ndarray
    accuracy: np.ndarray
    diverged: int  # the update without a finite loss, 0 for none
    learned: int  # the update from which on the task was learned, 0 for never


class TrainingView(View):
    """Loss and accuracy over the updates of every run that is on the screen."""

    TITLE = "Training"
    HELP = """\
# Training

Loss and accuracy of the **recorded runs** on the screen, over their updates (optimiser steps), each
measured on the update's own batch. A letter marks each run; all share their axes.

* **Loss**: mean cross-entropy of the answers in nats (a guess among ten costs ln 10 = 2.30), or the mean
  squared error for the adding problem. The axis is logarithmic where the losses lie far apart.
* **Accuracy**: share of the answers that were right. Dashed lines: what **chance** reaches, and from where
  the task counts as **learned**.
* An upright line is the update at which the lane on show was saved, where that is not the last one: the
  score shows the model as it then was.

`peephole learn RUN`, with the folder of a run, shows all that it wrote down.
"""
    DEFAULT_CSS = """
    TrainingView #title, TrainingView #legend { height: 1; }
    TrainingView #title { text-style: bold; }
    TrainingView #plots { height: 1fr; }
    TrainingView #readout { height: auto; }
    """

    def compose(self) -> ComposeResult:
        yield Static(id="title", markup=False)
        with Horizontal(id="plots"):
            yield Plot()
            yield Plot()
        yield Static(id="readout", markup=False)
        yield Static(id="legend", markup=False)

    def on_resize(self) -> None:
        if self.trace is not None:
            self.updated()

    @property
    def lanes(self) -> list[Lane]:
        """The lanes on the screen that are of recorded runs, each run once."""
        session = getattr(self.screen, "session", None)
        shown = [self.lane, *(session.lanes if session else ())]
        order = session.lanes if session else shown
        by_run = {lane.run: lane for lane in reversed(order) if lane is not None and lane.run}
        return list(by_run.values())[::-1]

    def updated(self) -> None:
        lanes = self.lanes
        self.query_one("#plots").display = bool(lanes)
        if not lanes or self.lane is None:
            self.put("#title", f"{self.called} is of no recorded run: there is nothing to plot.")
            self.put("#readout", self._elsewhere() or "`peephole learn` records one. Esc: back.")
            self.put("#legend", "")
            return
        try:
            runs = [recorded(lane.run) for lane in lanes if lane.run]
        except PeepholeError as error:
            self.put("#title", f"{self.called}: {error}")
            return
        until = float(max(run.update[-1] for run in runs if len(run.update)))
        log = self._log(runs)
        update = self.lane.update
        at = (
            float(update) if update is not None and update < until else None
        )  # the end needs no line
        loss, accuracy = self.query(Plot)
        task = runs[0].task
        chance = task.chance if task.loss == "value" else -math.log(task.chance)
        level = Level(math.log10(chance) if log else chance, "chance")
        loss.draw(self.palette, self._curves(runs, "loss", until, log), self._axis(runs, log),
                  until, at, [level])  # fmt: skip
        levels = [] if task.loss == "value" else [
            Level(task.chance, "chance"), Level(task.learned, "learned", left=True)
        ]  # fmt: skip
        accuracy.draw(self.palette, self._curves(runs, "accuracy", until, False), linear(0.0, 1.0),
                      until, at, levels)  # fmt: skip
        self._words(runs, log)

    def _elsewhere(self) -> str:
        """In a scenario: which of its beats are of recorded runs."""
        play = getattr(self.screen, "play_script", None)
        if play is None:
            return ""
        from scenarios import script

        lanes, beats = play.scenario.lanes, enumerate(play.scenario.beats, 1)
        recorded = {k for k, spec in lanes.items() if isinstance(spec.reader, script.Recorded)}
        found = [str(number) for number, beat in beats if recorded & set(beat.lanes)]
        if not found:
            return "No beat of this scenario is of recorded runs: `peephole learn` makes some."
        numbers = " and ".join(filter(None, [", ".join(found[:-1]), found[-1]]))
        which = f"{'Beats' if len(found) > 1 else 'Beat'} {numbers}"
        return f"{which} of this scenario: those runs were recorded. Esc: back."

    def _curves(self, runs: list[Recorded], name: str, until: float, log: bool) -> list[Curve]:
        room = max(20, self.size.width - 16)  # two dots of braille a column
        curves = []
        for index, run in enumerate(runs):
            x, y = derived.thin(run.update, getattr(run, name), room, until)
            mark = _letter(index) if len(runs) > 1 else ""
            pen = ink(self.palette, self.app.current_theme.dark, index)
            curves.append(Curve(mark, x, derived.log10(y) if log else y, pen))
        return curves

    @staticmethod
    def _ends(runs: list[Recorded]) -> tuple[float, float]:
        ends = [found for run in runs if (found := derived.span(run.loss))]
        return (min(low for low, _ in ends), max(high for _, high in ends)) if ends else (1.0, 1.0)

    def _log(self, runs: list[Recorded]) -> bool:
        low, high = self._ends(runs)
        return high > LOG_FROM * low

    def _axis(self, runs: list[Recorded], log: bool) -> Axis:
        low, high = self._ends(runs)
        if log:
            return powers(math.floor(math.log10(low)), math.ceil(math.log10(high)))
        return linear(0.0, derived.ceiling(high))

    def _words(self, runs: list[Recorded], log: bool) -> None:
        unit = "squared error" if runs[0].task.loss == "value" else "nats"
        unit += ", log scale" if log else ""
        self.put("#title", f"training · {self.called} · left: loss, {unit} · right: accuracy")
        text = Text(no_wrap=True)
        for index, run in enumerate(runs):
            text.append("\n" if index else "")
            letter = f"{_letter(index)} " if len(runs) > 1 else ""
            pen = self.palette.style("muted")
            text.append(f"{letter}{run.name}", "bold")
            text.append(f" ({run.task.name} {run.task.length}): {ended(run)}", pen)
        self.put("#readout", text)
        saved = self.lane.update if self.lane else None
        line = "" if saved is None else f" · the score shows the model after update {saved:,}"
        self.put("#legend", f"over the updates{line}")


def ended(run: Recorded) -> str:
    """How a run came out, in words."""
    if not len(run.update):
        return "nothing recorded"
    last = int(run.update[-1])
    if run.diverged:
        return f"no number any more at update {run.diverged:,}"
    share = float(np.nanmean(run.accuracy[-20:]))
    learned = f"learned at {run.learned:,}" if run.learned else "not learned"
    return f"{last:,} updates, accuracy {share:.2f}, {learned}"


@lru_cache(maxsize=16)
def recorded(path: Path) -> Recorded:
    """The numbers of a run's folder.

    Raises:
        PeepholeError: it is none, or of no task.
    """
    from engine.learning.folder import RunFolder
    from scenarios import tasks

    folder = RunFolder.open(path)
    metrics, spec = folder.read(), folder.config.task
    if spec is None:
        raise PeepholeError("a run of no task", where=str(path))
    task = tasks.load(spec.name, spec.length)
    value = task.loss == "value"
    scores = metrics.loss if value else metrics.accuracy
    learned = derived.learned_at(metrics.update, scores, task.learned, below=value) or 0
    ends = (e.details.get("at", e.update) for e in metrics.events if e.event == "diverged")
    diverged = next(map(int, ends), 0)
    return Recorded(
        path.name, task, metrics.update, metrics.loss, metrics.accuracy, diverged, learned
    )


def _letter(index: int) -> str:
    return "ABC"[index % 3]
