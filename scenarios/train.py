"""Training the bundled models: weights, checkpoints on the way, and the model card beside them."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from engine.arrays import Backend
from engine.errors import PeepholeError
from engine.models import LanguageModel
from engine.storage import load_model, save_model
from engine.text import Vocabulary
from engine.training import Batch, Progress, Training
from scenarios import zoo
from scenarios.card import as_markdown, corpus_of

CHECKPOINT_EVERY = 250  # updates; what a killed training loses at most


def train(
    name: str,
    *,
    out: Path,
    steps: int | None = None,
    seed: int | None = None,
    backend: Backend | None = None,
    resume: bool = False,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Path:
    """Train one of the bundled models anew and write weights, early weights and card into `out`.

    Args:
        name: of the model, as in `zoo.names()`; NAME+1 is NAME from seed 1.
        out: the folder to write to; made if it is not there.
        steps, seed: other than the recipe's.
        backend: where to train; default torch where it is installed, else NumPy.
        resume: go on from the checkpoint in `out`.
        progress: called after every update.

    Returns:
        The path of the weights.

    Raises:
        PeepholeError: no such model, nothing to resume, or a place that cannot be written.
    """
    entry, backend = zoo.entry(name), backend or default_backend()
    recipe = entry.recipe
    recipe = recipe if steps is None else replace(recipe, steps=steps)
    recipe = recipe if seed is None else replace(recipe, seed=seed)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PeepholeError(f"cannot make the folder ({error.strerror})", where=str(out)) from None

    def batches(step: int) -> Batch:
        return entry.corpus.batch(recipe.seed, step, recipe.batch)

    training = Training.start(entry.architecture, recipe, backend, batches)
    checkpoint = out / f"{name}.checkpoint.safetensors"
    if resume:
        training.resume(checkpoint)
    started, first = time.monotonic(), training.step
    for done in training.run():
        progress(done)
        if done.step == entry.early and done.step < recipe.steps:
            _write(name, training, out, entry.early, {})
        if done.step % CHECKPOINT_EVERY == 0:
            training.save(checkpoint)
    seconds = time.monotonic() - started
    path = _write(name, training, out, None, {"seconds": round(seconds), "from_update": first})
    checkpoint.unlink(missing_ok=True)
    return path


def default_backend() -> Backend:
    """torch on the CPU where it is installed, else NumPy."""
    try:
        import torch
    except ImportError:
        return Backend("numpy")
    torch.set_num_threads(1)  # the matrices are small: a second thread costs more than it gives
    return Backend("torch")


def score(model: LanguageModel) -> dict[str, float]:
    """The scores of the card, measured now."""
    return corpus_of(model).score(model)


def _write(name: str, training: Training, out: Path, steps: int | None, more: dict) -> Path:
    """Save the model as it stands; the finished one is scored and gets its card."""
    recipe, backend, entry = training.recipe, training.backend, zoo.entry(name)
    options = [f"--steps {recipe.steps}"] * (recipe.steps != entry.recipe.steps)
    options += [f"--seed {recipe.seed}"] * (recipe.seed != entry.recipe.seed)
    card = {
        "title": entry.title,
        "reads": entry.reads,
        "ahead": getattr(entry.corpus, "ahead", 1),  # 0: every row says its own label
        "updates": training.step,
        "recipe": asdict(recipe),
        "command": " ".join(["peephole train", name, *options]),
        "backend": asdict(backend),
        "early": entry.early,
        "stored": "float16" if entry.half else "",
        "date": datetime.date.today().isoformat(),
        **more,
    }
    params = Backend("numpy").params(training.params)
    if entry.half:
        params = {key: array.astype(np.float16) for key, array in params.items()}
    words = Vocabulary(entry.corpus.vocabulary())
    path = out / f"{zoo.stem(name, steps)}.safetensors"
    model = LanguageModel(path.stem, training.architecture, params, words, card)
    save_model(model, path)
    if steps is None:
        scored = {**card, "scores": score(load_model(path))}  # as stored, and as anybody reads it
        model = replace(model, card=scored)
        save_model(model, path)
        path.with_suffix(".md").write_text(as_markdown(model), encoding="utf-8")
    return path
