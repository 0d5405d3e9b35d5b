"""A run before it begins: task, model and recipe from what was asked for, all else as measured to work."""

from __future__ import annotations

import datetime
import importlib.metadata
import shlex
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.arrays import Backend
from engine.errors import PeepholeError
from engine.learning.config import Config, Every, ModelSpec, TaskSpec
from engine.learning.folder import RunFolder
from engine.recipe import Recipe
from engine.training import Training
from scenarios import tasks

KNOBS = tuple(each.name for each in fields(Recipe) if each.name not in ("loss", "shift"))
OPTIONS = {"steps": "updates"}  # knobs that the command line calls otherwise
CHECKPOINTS = 20  # in a whole run, but
LEAST, MOST = 20, 100  # updates between two of them: what is lost when the process is killed


def plan(
    task: str,
    cell: str = "lstm",
    *,
    length: int | None = None,
    width: int | None = None,
    embed: int | None = None,
    layers: int | None = None,
    residual: bool = False,
    backend: str = "numpy",
    device: str = "cpu",
    every: Every | None = None,
    **knobs: Any,
) -> Config:
    """The config of a run that could begin now, without a name yet.

    Args:
        task, cell: as in `scenarios.tasks`.
        length, width, embed, layers: None for what is usual for the task.
        residual: connections past the upper layers.
        backend, device: where it computes.
        every: how often it is measured and saved.
        knobs: fields of `Recipe`, None for what the task's own recipe says.

    Raises:
        PeepholeError: what was asked for does not exist or does not go together.
    """
    learned = tasks.load(task, length)
    usual = learned.usual(cell)
    width = int(usual.get("width", 64)) if width is None else width
    architecture = learned.architecture(cell, width, embed, layers, residual)
    said = {name: value for name, value in knobs.items() if value is not None}
    recipe = Recipe(
        **{name: usual[name] for name in KNOBS if name in usual} | said | {"loss": learned.loss}
    )
    place = Backend(backend, device=device)
    place.asarray(np.zeros(1))  # says whether that library and that device are there
    try:
        Training.start(
            architecture, recipe, place, lambda step: learned.batch(recipe.seed, step, 1)
        )
    except MemoryError:
        raise PeepholeError(
            "its weights do not fit into memory", do="Take a smaller width"
        ) from None
    asked: dict[str, Any] = {"length": length, "width": width if width != usual.get("width", 64) else
                             None, "embed": embed, "layers": layers, "residual": residual or None,
                             **said}  # fmt: skip
    return Config(
        name="",
        task=TaskSpec(task, learned.length),
        model=ModelSpec(
            cell,
            width,
            getattr(architecture, "embed", width),
            architecture.layers,
            residual and cell != "transformer",
        ),
        recipe=asdict(recipe),
        backend=asdict(place),
        every=every or Every(checkpoint=min(MOST, max(LEAST, recipe.steps // CHECKPOINTS))),
        command=_command(task, cell, asked, place),
        versions=_versions(backend),
    )


def begin(config: Config, path: str | Path | None = None) -> RunFolder:
    """A folder for a run: `path`, or the first free of runs/TASK-CELL-1, -2, ... below here.

    Raises:
        PeepholeError: there is something at `path` already, or the place cannot be written.
    """
    now = datetime.datetime.now().isoformat(timespec="seconds")
    if path is not None:
        named = Path(path).resolve().name
        return RunFolder.create(path, _with(config, named, now, str(path)))
    assert config.task is not None
    assert config.model is not None
    stem, number = f"{config.task.name}-{config.model.cell}", 1
    while True:
        path = Path("runs") / f"{stem}-{number}"
        if not path.exists():
            try:
                return RunFolder.create(path, _with(config, path.name, now, ""))
            except PeepholeError:
                if not path.exists():  # otherwise another process was faster
                    raise
        number += 1


def agrees(folder: RunFolder, asked: Mapping[str, Any]) -> None:
    """Refuse options that contradict what a run that is there already is.

    Raises:
        PeepholeError: naming the first of them, with what the run has.
    """
    config = folder.config
    has: dict[str, Any] = {**config.recipe, "backend": config.backend.get("name")}
    has["device"] = config.backend.get("device")
    if config.task is not None and config.model is not None:
        has |= asdict(config.model) | {"task": config.task.name, "length": config.task.length}
    for name, value in asked.items():
        if has.get(name) != value:
            option = OPTIONS.get(name, name).replace("_", " ")
            raise PeepholeError(
                f"this run has the {option} {has.get(name)}, not {value}",
                where=str(folder.path),
                do="Leave the option out to go on with it, or choose another folder to begin anew",
            )


def _with(config: Config, name: str, created: str, run: str) -> Config:
    command = config.command + (f" --run {shlex.quote(run)}" if run else "")
    return replace(config, name=name, created=created, command=command)


def _command(task: str, cell: str, asked: Mapping[str, Any], backend: Backend) -> str:
    """The command line that asks for the same."""
    words = ["peephole", "learn", task, "--cell", cell]
    for name, value in asked.items():
        option = "--" + OPTIONS.get(name, name).replace("_", "-")
        if value is True:
            words.append(option)
        elif value is not None:
            words += [option, f"{value:g}" if isinstance(value, float) else str(value)]
    if backend.name != "numpy":
        words += ["--backend", backend.name]
    if backend.device != "cpu":
        words += ["--device", backend.device]
    return shlex.join(words)


def _versions(backend: str) -> dict[str, str]:
    names = ("peephole", "numpy", *(["torch"] if backend == "torch" else []))
    return {name: importlib.metadata.version(name) for name in names}
