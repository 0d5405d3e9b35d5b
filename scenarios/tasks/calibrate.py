"""Measures again what CALIBRATION.md says: how each setting fares, on several seeds.

    OMP_NUM_THREADS=1 python -m scenarios.tasks.calibrate                   all, on three seeds
    OMP_NUM_THREADS=1 python -m scenarios.tasks.calibrate recall-lstm-50    one of them
    OMP_NUM_THREADS=1 python -m scenarios.tasks.calibrate --seeds 5 NAME ...

A setting is a `peephole learn` command; this trains by the same plan, without a folder. The matrices are
small: a second thread costs more than it gives.
"""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Sequence
from typing import Any

from engine.arrays import Backend
from engine.errors import PeepholeError, did_you_mean
from engine.learning.derived import learned_at, smooth
from engine.recipe import Diverged, Recipe
from engine.training import Training
from scenarios import tasks
from scenarios.learning.plan import OPTIONS, plan

CUT = "--k1 10 --k2 10"
EXPLODING = "--init orthogonal --gain 1.5 --optimiser sgd --lr 0.5 --updates 300"
SETTINGS = {
    "recall-rnn-5": "recall --cell rnn --length 5 --updates 200",
    "recall-rnn-10": "recall --cell rnn --length 10",
    "recall-rnn-20": "recall --cell rnn --length 20",
    "recall-rnn-30": "recall --cell rnn --length 30",
    "recall-lstm-10": "recall --cell lstm --length 10",
    "recall-lstm-20": "recall --cell lstm --length 20",
    "recall-lstm-20-bias": "recall --cell lstm --length 20 --forget-bias 3",
    "recall-lstm-50": "recall --cell lstm",
    "recall-lstm-50-bias": "recall --cell lstm --forget-bias 3",
    "recall-gru-100": "recall --cell gru --length 100",
    "recall-transformer-100": "recall --cell transformer --length 100 --updates 300",
    "recall-lstm-60-full": "recall --cell lstm --length 60 --forget-bias 3",
    "recall-lstm-60-k10": f"recall --cell lstm --length 60 --forget-bias 3 {CUT}",
    "recall-gru-60-k10": f"recall --cell gru --length 60 {CUT}",
    "recall-gru-60-k10-clip": f"recall --cell gru --length 60 {CUT} --clip 0.1 --updates 1500",
    "adding-rnn": "adding --cell rnn",
    "adding-lstm": "adding --cell lstm --forget-bias 1",
    "adding-gru": "adding --cell gru",
    "copy-gru": "copy --cell gru",
    "copy-lstm": "copy --cell lstm",
    "copy-gru-k10": f"copy --cell gru --length 14 --updates 2000 {CUT}",
    "copy-lstm-k10": f"copy --cell lstm --length 14 --updates 1000 {CUT}",
    "parity-gru": "parity --cell gru",
    "parity-rnn": "parity --cell rnn",
    "dyck-rnn": "dyck --cell rnn",
    "dyck-gru": "dyck --cell gru",
    "order-rnn": "order --cell rnn",
    "order-lstm": "order --cell lstm --forget-bias 3",
    "order-gru": "order --cell gru",
    "agreement-rnn": "agreement --cell rnn",
    "agreement-gru": "agreement --cell gru",
    "coreference-gru": "coreference --cell gru",
    "coreference-transformer": "coreference --cell transformer",
    "exploding-relu": f"recall --cell relu {EXPLODING} --clip 0",
    "exploding-clipped": f"recall --cell relu {EXPLODING} --clip 1",
    "exploding-tanh": f"recall --cell rnn {EXPLODING} --clip 0",
}
HEAD = "| setting | `peephole learn` ... | learned at update | score at the end | CPU s |"


def row(name: str, seeds: int) -> str:
    """A line of the table: every seed's update of learning (- for never) and its last score.

    The score is accuracy, or squared error where values are learned, smoothed as on the screen.
    """
    at, scores, spent = [], [], []
    for seed in range(seeds):
        found, score, seconds = measure(SETTINGS[name], seed)
        at.append(str(found or "-"))
        scores.append(score)
        spent.append(f"{seconds:.0f}")
    cells = [name, f"`{SETTINGS[name]}`", *map(" ".join, (at, scores, spent))]
    return f"| {' | '.join(cells)} |"


def measure(setting: str, seed: int) -> tuple[int | None, str, float]:
    """The update at which it was learned, the last score in words, and processor seconds."""
    task, asked = options(setting)
    config = plan(task, **{"seed": seed, **asked})
    assert config.model is not None
    assert config.task is not None
    learned, recipe, model = (
        tasks.load(task, config.task.length),
        Recipe.parse(config.recipe),
        config.model,
    )
    architecture = learned.architecture(model.cell, model.width, model.embed, model.layers)
    training = Training.start(
        architecture, recipe, Backend(), lambda step: learned.batch(recipe.seed, step, recipe.batch)
    )
    below, began, scores = learned.loss == "value", time.process_time(), [0.0]
    try:
        scores = [p.loss if below else p.accuracy or 0.0 for p in training.run()]
        last = f"{smooth(scores)[-1]:.3f}"
    except Diverged as error:
        last = f"no number at update {error.update}"
    found = learned_at(range(1, len(scores) + 1), scores, learned.learned, below)
    return found, last, time.process_time() - began


def options(setting: str) -> tuple[str, dict[str, Any]]:
    """A setting as the task and the arguments of `plan`."""
    task, *said = shlex.split(setting)
    knobs = {option: name for name, option in OPTIONS.items()}
    return task, {
        knobs.get(name[2:], name[2:].replace("-", "_")): _value(value)
        for name, value in zip(said[::2], said[1::2], strict=True)
    }


def _value(said: str) -> int | float | str:
    if said.isdecimal():
        return int(said)
    try:
        return float(said)
    except ValueError:
        return said


def main(arguments: Sequence[str]) -> None:
    """Print the table's head and a row for each name as soon as it is measured."""
    seeds, names = 3, list(arguments)
    if "--seeds" in names:
        at = names.index("--seeds")
        seeds, names = int(names[at + 1]), names[:at] + names[at + 2 :]
    for name in names:
        if name not in SETTINGS:
            raise PeepholeError(f"no setting {name!r}", do=did_you_mean(name, SETTINGS))
    print(HEAD, "|---" * 5 + "|", sep="\n")
    for name in names or SETTINGS:
        print(row(name, seeds), flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except PeepholeError as error:
        sys.exit(str(error))
