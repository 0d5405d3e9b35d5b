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
from engine.storage import save_model
from engine.text import Vocabulary
from engine.training import Batch, Progress, Training
from scenarios import corpus, zoo
from scenarios.card import as_markdown
from scenarios.evaluate import SPLITS, accuracy

CHECKPOINT_EVERY = 250  # updates; what a killed training loses at most
ANSWER = 5.0  # weight of an answering noun in the loss; every other token weighs 1
EVALUATED = 500  # sentences of each split on the card


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
        name: of the model, as in `zoo.names()`.
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
    training = Training.start(
        entry.architecture, recipe, backend, _batches(recipe.seed, recipe.batch)
    )
    checkpoint = out / f"{name}.checkpoint.safetensors"
    if resume:
        training.resume(checkpoint)
    started, first = time.monotonic(), training.step
    for done in training.run():
        progress(done)
        if done.step == zoo.EARLY and done.step < recipe.steps:
            _write(name, training, out, zoo.EARLY, {})
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


def score(model: LanguageModel, n: int = EVALUATED) -> dict[str, float]:
    """Accuracy on every split of the card."""
    return {split: round(accuracy(model, split, n), 4) for split in SPLITS}


def _write(name: str, training: Training, out: Path, steps: int | None, more: dict) -> Path:
    """Save the model as it stands; the finished one is scored and gets its card."""
    recipe, backend = training.recipe, training.backend
    options = [f"--steps {recipe.steps}"] * (recipe.steps != zoo.entry(name).recipe.steps)
    options += [f"--seed {recipe.seed}"] * (recipe.seed != zoo.entry(name).recipe.seed)
    card = {
        "title": zoo.entry(name).title,
        "updates": training.step,
        "recipe": asdict(recipe),
        "command": " ".join(["peephole train", name, *options]),
        "backend": asdict(backend),
        "answer_weight": ANSWER,
        "corpus": f"scenarios.corpus.batch(seed={recipe.seed}, step, size={recipe.batch})",
        "date": datetime.date.today().isoformat(),
        **more,
    }
    params = Backend("numpy").params(training.params)
    words = Vocabulary(corpus.vocabulary())
    model = LanguageModel(zoo.stem(name, steps), training.architecture, params, words, card)
    if steps is None:
        card |= {"accuracy": score(model), "sentences": EVALUATED}
    path = save_model(replace(model, card=card), out / f"{model.name}.safetensors")
    if steps is None:
        _card_file(replace(model, card=card), path)
    return path


def _card_file(model: LanguageModel, weights: Path) -> Path:
    path = weights.with_suffix(".md")
    path.write_text(as_markdown(model), encoding="utf-8")
    return path


def _batches(seed: int, size: int) -> Callable[[int], Batch]:
    """The corpus's stream, in which the noun that answers a question weighs ANSWER times as much.

    One noun in some twenty words carries all that there is to learn of coreference.
    """
    asked, the = corpus.encode(["?", "the"])

    def batches(step: int) -> Batch:
        drawn = corpus.batch(seed, step, size)
        before = np.roll(drawn.inputs, 1, axis=1)  # column 0 is the start token, never "the"
        answers = (drawn.inputs == the) & (before == asked)
        return Batch(drawn.inputs, drawn.targets, drawn.weights * np.where(answers, ANSWER, 1.0))

    return batches
