"""A run as objects: from its config, or from one of its checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Protocol

from engine.arrays import Backend
from engine.errors import PeepholeError, shown
from engine.learning.config import Config
from engine.learning.folder import CONFIG, RunFolder
from engine.models import Architecture
from engine.recipe import Batch, Recipe
from engine.text import Numbers, Vocabulary
from engine.training import Training

Batches = Callable[[int], Batch]
_BACKEND = asdict(Backend())


class Learnable(Protocol):
    """What a task has to have; `scenarios.tasks.Task` has it."""

    @property
    def loss(self) -> str: ...

    def batch(self, seed: int, step: int, size: int) -> Batch: ...

    def probe(self) -> Batch: ...

    def probe_tokens(self) -> list[str]: ...

    def vocabulary(self) -> Vocabulary | Numbers: ...

    def architecture(
        self, cell: str, width: int, embed: int | None, layers: int | None, residual: bool
    ) -> Architecture: ...


def fresh(folder: RunFolder, task: Learnable) -> Training:
    """The run before its first update, from its config.

    Raises:
        PeepholeError: the config asks for what there is not.
    """
    try:
        return Training.start(*_made(folder.config, task))
    except PeepholeError as error:
        raise PeepholeError(error.what, where=str(folder.path / CONFIG), do=error.do) from None


def load(folder: RunFolder, task: Learnable, update: int) -> Training:
    """The run as the checkpoint after `update` left it.

    Raises:
        PeepholeError: it is damaged, or not of this run.
    """
    model = fresh(folder, task)
    path = folder.checkpoint(update)
    training = Training.load(path, model.backend, model.batches)
    if training.architecture != model.architecture or training.step != update:
        raise PeepholeError("a checkpoint of another run", where=str(path))
    return training


def newest(folder: RunFolder, task: Learnable) -> Training | None:
    """The newest checkpoint that is whole and that the metrics reach; None of a run that never began.

    Raises:
        PeepholeError: the run has begun, but there is no checkpoint that it could go on from.
    """
    last, problem = folder.read().last, None
    for update in reversed([n for n in folder.checkpoints() if n <= last]):
        try:
            return load(folder, task, update)
        except PeepholeError as error:
            problem = problem or error
    if problem:
        raise problem
    if last or folder.checkpoints():
        raise PeepholeError(
            "there is no checkpoint that it could go on from", where=str(folder.path),
            do="It can be looked at: `peephole watch`",
        )  # fmt: skip
    return None


def _made(config: Config, task: Learnable) -> tuple[Architecture, Recipe, Backend, Batches]:
    """What a config says, as objects: architecture, recipe, backend, batches."""
    model = config.model
    assert model is not None
    recipe = Recipe.parse(config.recipe)
    architecture = task.architecture(
        model.cell, model.width, model.embed, model.layers, model.residual
    )
    backend = Backend(*(str(config.backend.get(name, usual)) for name, usual in _BACKEND.items()))
    if backend.dtype not in ("float32", "float64"):
        raise PeepholeError(f"no precision {shown(backend.dtype)}", do="Known: float32, float64")
    return architecture, recipe, backend, lambda step: task.batch(recipe.seed, step, recipe.batch)
