"""Training a language model: one loop for NumPy and torch, resumable at any checkpoint."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from engine.arrays import Array, Backend, Params, log_softmax, namespace, to_numpy
from engine.errors import PeepholeError
from engine.models import Architecture
from engine.optim import Adam, clip_by_norm, warmup_cosine
from engine.storage import read_file, write_file


class Batch(NamedTuple):
    """B sentences: inputs (B, T) and targets (B, T) as token ids, weights (B, T), 0 on padding."""

    inputs: np.ndarray
    targets: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True)
class Recipe:
    """How a model is trained. Adam, linear warm-up, cosine decay, clipping by global norm.

    Attributes:
        steps, batch: number of updates, and sentences in each.
        lr, warmup: peak learning rate, and updates until it is reached.
        clip: largest global gradient norm.
        seed: of the initial weights and of the batches.
        forget_bias: added to an LSTM's forget gate bias at the start (Jozefowicz et al. 2015).
        shift: a Transformer's sentences start at a random one of its positions, so that positions
            beyond the longest sentence are trained too.
    """

    steps: int = 6000
    batch: int = 64
    lr: float = 3e-3
    warmup: int = 100
    clip: float = 1.0
    seed: int = 0
    forget_bias: float = 0.0
    shift: bool = False


class Progress(NamedTuple):
    """What one update did: its number (from 1), loss in nats a token, gradient norm before clipping."""

    step: int
    loss: float
    norm: float


@dataclass
class Training:
    """A training run between two updates; iterate `run` to go on.

    Attributes:
        architecture, recipe, backend: what is trained, how, and where.
        batches: batch number -> the batch; must not depend on anything else.
        params, optimiser: the weights and Adam's moments as they stand.
    """

    architecture: Architecture
    recipe: Recipe
    backend: Backend
    batches: Callable[[int], Batch]
    params: Params
    optimiser: Adam

    @classmethod
    def start(
        cls,
        architecture: Architecture,
        recipe: Recipe,
        backend: Backend,
        batches: Callable[[int], Batch],
    ) -> Training:
        """Fresh weights drawn from the recipe's seed."""
        fresh = architecture.init(np.random.default_rng(recipe.seed))
        if recipe.forget_bias:
            h = architecture.width
            for layer in range(architecture.layers):
                fresh[f"layers.{layer}.b_xh"][h : 2 * h] += recipe.forget_bias  # block f of i f g o
        params = backend.params(fresh)
        return cls(architecture, recipe, backend, batches, params, Adam.start(params))

    @property
    def step(self) -> int:
        """Updates done so far."""
        return self.optimiser.step

    def run(self, until: int | None = None) -> Iterator[Progress]:
        """Update by update up to number `until` (default: the recipe's steps)."""
        while self.step < (self.recipe.steps if until is None else until):
            yield self.update()

    def update(self) -> Progress:
        """One update.

        Raises:
            PeepholeError: the loss is not a number any more; the weights stay as they were.
        """
        step, recipe = self.step, self.recipe
        batch = self.batches(step)
        loss, grads = self.backend.value_and_grad(self._loss(batch), self.params)
        grads, norm = clip_by_norm(grads, recipe.clip)
        value = float(loss)
        if not np.isfinite(value) or not np.isfinite(norm):
            raise PeepholeError(
                f"the loss became {value:g} and the gradient norm {norm:g}",
                where=f"update {step + 1}",
                do="Lower the learning rate or clip harder",
            )
        lr = recipe.lr * warmup_cosine(step, recipe.steps, recipe.warmup)
        self.params, self.optimiser = self.optimiser.update(self.params, grads, lr)
        return Progress(step + 1, value, norm)

    def _loss(self, batch: Batch) -> Callable[[dict[str, Array]], Array]:
        """Mean cross-entropy a token, in nats, as a function of the parameters."""
        kwargs: dict[str, Any] = {}
        if self.recipe.shift:
            room = self.architecture.context - batch.inputs.shape[1]  # type: ignore[attr-defined]
            rng = np.random.default_rng([self.recipe.seed, self.step])
            starts = rng.integers(0, max(room, 0) + 1, len(batch.inputs))
            kwargs["positions"] = starts[:, None] + np.arange(batch.inputs.shape[1])
        share = self.backend.asarray(batch.weights / batch.weights.sum())
        rows, columns = np.indices(batch.targets.shape)

        def loss(params: dict[str, Array]) -> Array:
            logits = self.architecture.logits(params, batch.inputs, **kwargs)  # (B, T, V)
            log_p = log_softmax(logits)[rows, columns, batch.targets]  # (B, T)
            return -namespace(log_p).sum(log_p * share)

        return loss

    def save(self, path: str | Path) -> Path:
        """Write a checkpoint that `resume` goes on from, bit for bit."""
        arrays: dict[str, np.ndarray] = {}
        for kind, tensors in self._tensors().items():
            arrays |= {f"{kind}/{name}": to_numpy(array) for name, array in tensors.items()}
        return write_file(path, arrays, "checkpoint", {"step": self.step, **self._identity()})

    def resume(self, path: str | Path) -> Training:
        """This run as a checkpoint left it.

        Raises:
            PeepholeError: the file is damaged, or was written by another model or recipe.
        """
        arrays, content = read_file(path, "checkpoint")
        mine = json.loads(json.dumps(self._identity()))
        expected = {
            f"{kind}/{name}": tuple(array.shape)
            for kind, tensors in self._tensors().items()
            for name, array in tensors.items()
        }
        step = content.get("step")
        same = all(content.get(key) == value for key, value in mine.items())
        if (
            not same
            or type(step) is not int
            or step < 0
            or {name: array.shape for name, array in arrays.items()} != expected
        ):
            raise PeepholeError(
                "a checkpoint of another model or recipe",
                where=str(path),
                do="Start anew, or give the options that it was started with",
            )
        parts = {
            kind: self.backend.params({name: arrays[f"{kind}/{name}"] for name in tensors})
            for kind, tensors in self._tensors().items()
        }
        self.params = parts["params"]
        self.optimiser = Adam(parts["mean"], parts["square"], step)
        return self

    def _tensors(self) -> dict[str, Params]:
        return {
            "params": self.params,
            "mean": self.optimiser.mean,
            "square": self.optimiser.square,
        }

    def _identity(self) -> dict[str, object]:
        architecture = asdict(self.architecture)  # type: ignore[call-overload]
        return {"architecture": architecture, "recipe": asdict(self.recipe)}
