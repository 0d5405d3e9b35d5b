"""Records the bundled runs anew: each is a setting of `scenarios.tasks.calibrate`, trained in a folder.

    OMP_NUM_THREADS=1 python -m scenarios.tasks.record                     all of them
    OMP_NUM_THREADS=1 python -m scenarios.tasks.record recall-gru-100      one
    OMP_NUM_THREADS=1 python -m scenarios.tasks.record --table             the README's table again

It does what `peephole learn ... --run scenarios/runs/NAME` does, with fewer probes and without the
checkpoints on the way and the traces, which any checkpoint gives again: all runs together stay small.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path

from engine.learning.config import Every
from engine.learning.derived import learned_at, smooth
from engine.learning.folder import RunFolder
from engine.learning.loop import Learning
from engine.recipe import Diverged
from scenarios import tasks
from scenarios.learning.plan import begin, plan
from scenarios.tasks.calibrate import SETTINGS, options

RUNS = Path(__file__).parents[1] / "runs"
NAMES = (
    "recall-rnn-5",
    "recall-rnn-30",
    "recall-lstm-20-bias",
    "recall-lstm-20-bias-1",
    "recall-lstm-20-bias-2",
    "recall-lstm-50",
    "recall-lstm-50-bias",
    "recall-lstm-60-full",
    "recall-lstm-60-k10",
    "recall-gru-60-k10",
    "recall-gru-100",
    "copy-gru-k10",
    "copy-lstm-k10",
    "exploding-relu",
    "exploding-clipped",
    "exploding-tanh",
)
SEEDS = {"recall-lstm-20-bias-1": 1, "recall-lstm-20-bias-2": 2}  # settings without the number
KEPT = {
    "recall-gru-100": 40
}  # a checkpoint on the way: its gradient has come back, its answers not
PROBES = 6  # in a whole run


def record(name: str) -> RunFolder:
    """Train the setting `name` into scenarios/runs/NAME; one that is there is replaced."""
    seed = SEEDS.get(name)
    task, asked = options(SETTINGS[name if seed is None else name.removesuffix(f"-{seed}")])
    asked |= {} if seed is None else {"seed": seed}
    steps = plan(task, **asked).recipe["steps"]
    every = Every(probe=max(1, steps // PROBES), checkpoint=steps)
    path = Path(os.path.relpath(RUNS / name))  # the folder's config says it
    shutil.rmtree(path, ignore_errors=True)
    folder = begin(plan(task, every=every, **asked), path)
    config = folder.config
    assert config.task is not None
    with (
        Learning.opened(folder, tasks.load(config.task.name, config.task.length)) as learning,
        suppress(Diverged),
    ):
        while not learning.done:
            learning.advance()
            if learning.training.step == KEPT.get(name):
                learning.checkpoint()
    for update in folder.checkpoints()[:-1]:
        if update != KEPT.get(name):
            folder.checkpoint(update).unlink()
    shutil.rmtree(path / "probes", ignore_errors=True)
    for left in [path / "lock", *path.glob("events.out.*")]:
        left.unlink(missing_ok=True)
    return folder


def row(name: str) -> str:
    """What became of a recorded run, as a line of the README's table."""
    folder = RunFolder.open(RUNS / name)
    config, metrics = folder.config, folder.read()
    assert config.task is not None
    task = tasks.load(config.task.name, config.task.length)
    found = learned_at(metrics.update, metrics.accuracy, task.learned)
    ended = [event.message for event in metrics.events if event.event == "diverged"]
    if ended:
        result = f"no number any more at update {metrics.last + 1}"
    elif found:
        result = (
            f"learned at update {found}, accuracy {smooth(metrics.accuracy)[-1]:.2f} at the end"
        )
    else:
        result = (
            f"not learned: accuracy {smooth(metrics.accuracy)[-1]:.2f}, chance {task.chance:.2f}"
        )
    return f"| {name} | `{config.command}` | {result} |"


if __name__ == "__main__":
    for name in sys.argv[1:] or NAMES:
        if name == "--table":
            print("| run | command | result |", "|---|---|---|", *map(row, NAMES), sep="\n")
        else:
            record(name)
            print(row(name), flush=True)
