"""Who reads in a lane: a trained model, an untrained one, or a checkpoint of a recorded run.

Untrained weights are drawn exactly as training would draw them (`engine.inits`), so what a scenario says of
them is true of the first update of `peephole learn` with the same settings.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from engine.errors import PeepholeError, did_you_mean
from engine.interventions import Intervention
from engine.learning.folder import is_run
from engine.models import Architecture, LanguageModel, reads
from engine.models.recurrent import RecurrentLM
from engine.models.transformer import TransformerLM
from engine.registry import cell_of
from engine.runner import MOST, run
from engine.storage import content_of
from engine.text import Vocabulary
from engine.trace import Trace
from scenarios import zoo
from scenarios.script import Reading, Recorded, Trained, Untrained

if TYPE_CHECKING:
    from scenarios.tasks import Task

RUNS = Path(__file__).parent / "runs"
Models = Callable[[str, int | None], LanguageModel]


class Found(NamedTuple):
    """A model, what must be said of it on the screen, and of a recorded run its folder and task."""

    model: LanguageModel
    note: str = ""
    run: Path | None = None
    task: Task | None = None


class Wrong(PeepholeError):
    """A mistake in a lane: the key that it is in, and the word."""

    def __init__(self, error: PeepholeError, key: str, word: str = "") -> None:
        self.key, self.word = key, word
        super().__init__(error.what, do=error.do)


@cache
def task(name: str) -> Task:
    """A task by its name and length, as in `recall 100`.

    Raises:
        PeepholeError: there is none of that name or length.
    """
    from scenarios import tasks

    kind, _, length = name.strip().partition(" ")
    if length and not (length.isascii() and length.isdecimal() and len(length) < 10):
        raise PeepholeError(f"{length!r} is no length of a task", do=f"Write, e.g., '{kind} 100'")
    return tasks.load(kind, int(length) if length else None)


def find(
    spec: Trained | Untrained | Recorded, reading: Reading, folder: Path, models: Models
) -> Found:
    """The model that a lane asks for; paths count from `folder`, the scenario's own.

    Raises:
        Wrong: it is not there.
    """
    if isinstance(spec, Untrained):
        try:
            return Found(_untrained(spec, reading.task), _untrained_note(spec))
        except PeepholeError as error:
            raise Wrong(error, "cell", spec.cell) from None
    if isinstance(spec, Recorded):
        return _recorded(spec, folder)
    name = spec.model
    if name.endswith(".safetensors"):
        name = str(folder / name)
        if spec.steps is not None:
            raise Wrong(PeepholeError("a file has no other `steps`"), "steps")
    try:
        return Found(models(name, spec.steps))
    except PeepholeError as error:
        if name.endswith(".safetensors") or is_run(folder / name):
            raise Wrong(_no_model(error, folder / name, folder), "model", spec.model) from None
        known = spec.model in zoo.names() and spec.steps is not None
        raise Wrong(
            error, *(("steps", str(spec.steps)) if known else ("model", spec.model))
        ) from None


def _no_model(error: PeepholeError, path: Path, folder: Path) -> PeepholeError:
    """What to do where a file that a lane names holds no model, or is the folder of a run."""
    holds, around = content_of(path), path if is_run(path) else path.parent.parent
    what = error.what if holds else f"{error.what}: {path.name}"
    if is_run(around):
        place = Path(os.path.relpath(around, folder)).as_posix()
        update = f", update = {int(path.stem)}" if path.stem.isdecimal() else ""
        do = f'A run is read by its folder: run = "./{place}"{update}'
        return PeepholeError(what if holds else f"{path.name} is a run, and no model", do=do)
    if holds == "trace":
        do = "A trace is one reading; a lane needs the model that reads: its name, or its file"
    else:
        do = "`peephole train` makes such a file, and engine.save_model; what `peephole learn` made is read "
        do += 'by its folder: run = "./my-run"'
    return PeepholeError(what, do=error.do or do)


@cache
def _untrained(spec: Untrained, of_task: str) -> LanguageModel:
    """Its vocabulary is the task's, or the bundled models' where a text is read."""
    from engine.inits import initialise
    from engine.training import Recipe

    if of_task:
        what = task(of_task)
        words: Any = what.vocabulary()
        architecture = what.architecture(spec.cell, width=spec.width, layers=spec.layers)
    else:
        from scenarios.corpus import vocabulary

        words = Vocabulary(vocabulary())
        architecture = _for_text(spec, len(words))
    recipe = Recipe(seed=spec.seed, init=spec.init, gain=spec.gain, forget_bias=spec.forget_bias)
    params = initialise(architecture, recipe)
    card = {"updates": 0, "recipe": asdict(recipe)}
    return LanguageModel(spec.cell, architecture, params, words, card)


def _for_text(spec: Untrained, words: int) -> Architecture:
    if spec.cell == "transformer":
        return TransformerLM(words, spec.width, layers=spec.layers)
    return RecurrentLM(cell_of(spec.cell), words, spec.width, spec.width, spec.layers)


def _untrained_note(spec: Untrained) -> str:
    """`untrained, orthogonal x1.1, forget bias 2`: what differs from the plain case."""
    parts = ["untrained"]
    if spec.init != "torch" or spec.gain != 1:
        parts.append(spec.init + f" x{spec.gain:g}" * (spec.gain != 1))
    if spec.forget_bias:
        parts.append(f"forget bias {spec.forget_bias:g}")
    return ", ".join(parts)


def able(model: LanguageModel, reading: Reading) -> None:
    """Refuse what a model of its kind cannot do with a reading.

    Raises:
        Wrong: it reads no target, or it writes nothing.
    """
    kind = reads(model.architecture)
    if reading.target is not None and kind != "source":
        error = PeepholeError(
            f"{model.name} reads no target", do="A model of pairs does; give the target to its lane"
        )
        raise Wrong(error, "target", reading.target)
    if reading.decode and kind == "whole":
        do = "It answers at every row: take `decode` out"
        raise Wrong(PeepholeError(f"{model.name} writes nothing", do=do), "decode", reading.decode)


def read(
    model: LanguageModel, reading: Reading, task: Task | None, items: Sequence[Intervention]
) -> Trace:
    """The trace of a reading: a text or a task's probe, and a target that is given or written.

    Raises:
        PeepholeError: a word that the model does not know, or a text that it cannot read.
    """
    tokens = (reading.text or "") if task is None else task.probe_tokens()
    most = reading.most or MOST
    if not reading.decode:
        return run(model, tokens, items, target=reading.target, most=most)
    from engine.decoding import Decoding

    return run(model, tokens, items, decoding=Decoding.parse(reading.decode), most=most)


def bundled_runs() -> tuple[str, ...]:
    """The names of the recorded runs that come with this package."""
    return tuple(sorted(path.name for path in RUNS.glob("*") if path.is_dir()))


def run_folder(name: str | Path) -> Path:
    """A run as a command's argument names it: a folder, or else the name of a bundled one."""
    path = Path(name)
    return RUNS / path if str(name) in bundled_runs() and not path.exists() else path


def place(run: str, folder: Path) -> Path:
    """The folder of a run: a bundled one by its name, any other by its path."""
    return folder / run if len(Path(run).parts) > 1 or run.startswith(".") else RUNS / run


def _recorded(spec: Recorded, folder: Path) -> Found:
    path = place(spec.run, folder)
    if path.parent == RUNS and not path.is_dir():
        do = (
            did_you_mean(spec.run, bundled_runs()) or "A run of your own has a path, as in ./my-run"
        )
        raise Wrong(PeepholeError(f"no recorded run {spec.run!r}", do=do), "run", spec.run)
    try:
        return checkpoint(path, spec.update)
    except _NoUpdate as error:
        raise Wrong(error, "update", str(spec.update)) from None
    except PeepholeError as error:
        raise Wrong(error, "run", spec.run) from None


class _NoUpdate(PeepholeError):
    """The run is there, that checkpoint of it is not."""


def checkpoint(path: Path, update: int | None = None) -> Found:
    """The model that a run was after an update, and its task; None is its newest checkpoint.

    Raises:
        PeepholeError: it is no run, or kept no such checkpoint.
    """
    from engine.arrays import NUMPY
    from engine.learning.folder import RunFolder
    from engine.training import Training

    folder = RunFolder.open(path)
    config, kept = folder.config, folder.checkpoints()
    if config.task is None or not kept:
        raise PeepholeError(f"{path.name} kept no checkpoint of a task", do="`peephole learn` does")
    at = kept[-1] if update is None else update
    if at not in kept:
        raise _NoUpdate(
            f"no checkpoint of update {at}", do=f"There are: {', '.join(map(str, kept))}"
        )
    training = Training.load(folder.checkpoint(at), NUMPY, _no_batches)
    learned = task(f"{config.task.name} {config.task.length}")
    words: Any = learned.vocabulary()
    card = {"updates": at, "recipe": asdict(training.recipe)}
    cell = config.model.cell if config.model else path.name
    model = LanguageModel(cell, training.architecture, training.params, words, card)
    return Found(model, f"update {at:,} of {path.name}", path, learned)


def _no_batches(step: int) -> NoReturn:
    raise PeepholeError("a recorded run is looked at and not trained")
