"""Going back to a checkpoint and on from there in a folder of its own, with other knobs if so wished."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from engine.errors import PeepholeError
from engine.learning.folder import RunFolder
from engine.learning.starting import Learnable, fresh, load
from engine.optim import optimiser
from engine.recipe import Recipe
from engine.training import Training

FIRST = ("init", "gain", "forget_bias")  # what only the first weights know of
FIXED = ("loss", "shift")  # what the task says


def branched(
    folder: RunFolder, path: str | Path, task: Learnable, update: int, **knobs: Any
) -> RunFolder:
    """A new run in the folder `path` that begins as `folder` was after `update`, with `knobs` changed.

    Any knob of the recipe may change but what only the first weights know of; those may at update 0,
    where the weights are drawn anew. Another optimiser starts with an empty memory.

    Raises:
        PeepholeError: no such checkpoint, a knob that cannot change here, or a place that cannot be
            written; no folder was made then.
    """
    folder.check(update)
    training = load(folder, task, update)
    recipe = Recipe.parse(asdict(training.recipe) | knobs)
    if recipe.steps < update:
        raise PeepholeError(f"{recipe.steps} updates are fewer than the {update} that are done")
    changed = [
        name for name, value in asdict(recipe).items() if value != asdict(training.recipe)[name]
    ]
    for name in changed:
        if name in FIXED or (name in FIRST and update):
            raise PeepholeError(
                f"{name} cannot change after update {update}",
                do="Begin a new run"
                if name in FIXED
                else "Branch from update 0, or begin a new run",
            )
    said = ", ".join(
        f"{name} {_shown(getattr(training.recipe, name))} -> {_shown(getattr(recipe, name))}"
        for name in changed
    )
    config = replace(folder.config, recipe=asdict(recipe))
    new = folder.branch(path, update, config, f", with {said}" if said else "")
    if any(name in FIRST for name in changed):
        fresh(new, task).save(new.checkpoint(0))
        new.probe(0).unlink(missing_ok=True)
        new.rewrite([new.read().events[-1]])  # the probe of the other weights is not this run's
    elif changed:
        _changed(training, recipe).save(new.checkpoint(update))
    return new


def _changed(training: Training, recipe: Recipe) -> Training:
    """The same weights after as many updates, with an optimiser for the new recipe."""
    old, memory = training.optimiser, optimiser(recipe.optimiser, training.params, recipe.momentum)
    same = recipe.optimiser == training.recipe.optimiser
    memory = memory.restored(old.tensors if same else memory.tensors, old.step)
    return replace(training, recipe=recipe, optimiser=memory)


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
