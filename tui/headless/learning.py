"""`peephole learn` without the screen: a run with its progress in lines, and what came of it at the end."""

from __future__ import annotations

import math
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
import numpy as np

from engine.learning import derived
from engine.learning.folder import RunFolder
from engine.learning.loop import Learning, Saved
from engine.learning.metrics import Event, Metrics, Probe, Record, Update
from engine.recipe import Diverged
from scenarios.learning import keep_memory
from scenarios.learning.worker import task_of
from scenarios.tasks import Task

FINISHED, NOT_FINITE, STOPPED = 0, 1, 130  # exit codes


def learn(folder: RunFolder) -> int:
    """Train a run in this process, from its newest checkpoint to its end; the exit code.

    Ctrl-C and SIGTERM write a checkpoint and stop.

    Raises:
        PeepholeError: another process trains it, it is damaged, or it cannot be written.
    """
    keep_memory()
    task = task_of(folder)
    with _progress(folder, task) as tell, Learning.opened(folder, task, tell) as learning:
        metrics, steps = learning.metrics, learning.training.recipe.steps
        with _stops() as stopped:
            try:
                while not learning.done and not stopped:
                    learning.advance()
            except Diverged:
                pass
            else:
                learning.stop()
    for line in summary(folder, task, metrics):
        click.echo(line)
    where = folder.path
    if learning.diverged:
        click.echo(f"Branch or change it on the screen: peephole learn {where}", err=True)
        return NOT_FINITE
    if metrics.last < steps:
        click.echo(f"stopped; it goes on with: peephole learn {where}", err=True)
        return STOPPED
    click.echo(f"Look at it: peephole watch {where}", err=True)
    return FINISHED


def summary(folder: RunFolder, task: Task, metrics: Metrics) -> Iterator[str]:
    """What came of a run: the last update, whether it learned, what is wrong with it, where it is."""
    if len(metrics):
        accuracy, loss = metrics.accuracy, metrics.loss
        seconds = metrics.seconds[-1]
        last = Update(metrics.last, *(getattr(metrics, name)[-1] for name in _NAMES))
        yield f"update {last.update} in {seconds:.1f} s: {_numbers(last, task)}"
        below = task.loss == "value"
        scores = loss if below else accuracy
        at = derived.learned_at(metrics.update, scores, task.learned, below)
        goal = f"{'squared error below' if below else 'accuracy of at least'} {task.learned:g}"
        yield f"learned at update {at}: {goal}" if at else f"not learned: that would be {goal}"
    events = [event for event in metrics.events if event.event == "diverged"]
    if events and events[-1] is metrics.events[-1]:
        yield events[-1].message
    yield from _findings(metrics)
    yield str(folder.path)


def _findings(metrics: Metrics) -> Iterator[str]:
    from engine.diagnosis import diagnose

    for finding in diagnose(metrics):
        yield f"{finding.symptom}: {finding.evidence}. {finding.advice}."


_NAMES = ("loss", "accuracy", "norm", "lr", "seconds")


def _numbers(record: Update, task: Task) -> str:
    unit = "squared error" if task.loss == "value" else "nats"
    accuracy = "" if math.isnan(record.accuracy) else f", accuracy {record.accuracy:.2f}"
    return f"loss {record.loss:.4f} {unit}{accuracy}, gradient norm {record.norm:.3g}"


def reached(probe: Probe) -> str:
    """The probe in a few words: how far the gradient of its loss goes back, how open the gates are."""
    said = []
    for layer in probe.layers:
        name = f"{layer.name}: " if len(probe.layers) > 1 else ""
        if "h" in layer.time:
            steps, of = derived.reach(layer.time["h"])
            said.append(f"{name}gradient reaches {steps} of {of} steps")
        said += [f"{name}{gate} {stats.mean:.2f} open" for gate, stats in layer.gates.items()]
    return ", ".join(said)


@contextmanager
def _stops() -> Iterator[list[int]]:
    """A list that is filled by Ctrl-C or a request to end; a second Ctrl-C ends at once."""
    stopped: list[int] = []

    def stop(number: int, frame: Any) -> None:
        if stopped:
            raise KeyboardInterrupt
        stopped.append(number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _progress(folder: RunFolder, task: Task) -> Iterator[Callable[[Record | Saved], None]]:
    """A bar on a terminal; elsewhere a line at every checkpoint. Events are lines in both."""
    steps = int(folder.config.recipe["steps"])
    last: dict[type, Any] = {}

    def line(record: Record | Saved) -> None:
        last[type(record)] = record
        if isinstance(record, Event) and record.event not in ("done", "stopped", "diverged"):
            click.echo(record.message, err=True)
        if isinstance(record, Saved) and Update in last:
            probe = f"; {reached(last[Probe])}" if Probe in last else ""
            said = f"update {record.update} of {steps}: {_numbers(last[Update], task)}{probe}"
            click.echo(said, err=True)

    if not sys.stderr.isatty():
        yield line
        return
    label, every = folder.config.name, max(1, steps // 200)
    with click.progressbar(
        length=steps, label=label, file=sys.stderr, item_show_func=_loss, update_min_steps=every
    ) as bar:
        shown = 0

        def advance(record: Record | Saved) -> None:
            nonlocal shown
            if isinstance(record, Update):
                bar.update(record.update - shown, record)
                shown = record.update

        yield advance


def _loss(record: Update | None) -> str:
    if record is None:
        return ""
    accuracy = "" if np.isnan(record.accuracy) else f"  accuracy {record.accuracy:.2f}"
    return f"loss {record.loss:.3f}{accuracy}"
