"""Training a model: one loop for NumPy and torch, resumable at any checkpoint."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine import bptt, parse, truncation
from engine.arrays import Array, Backend, Params, detach, to_numpy
from engine.errors import PeepholeError, shown
from engine.inits import initialise
from engine.models import Architecture
from engine.models.recurrent import RecurrentLM
from engine.objective import accuracy, objective
from engine.optim import SGD, Optimiser, clip_by_norm, optimiser, warmup_constant, warmup_cosine
from engine.recipe import LIVE, Batch, Diverged, Progress, Recipe
from engine.storage import read_file, write_file

__all__ = ["LIVE", "Batch", "Diverged", "Progress", "Recipe", "Training"]


@dataclass
class Training:
    """A training run between two updates; iterate `run` to go on.

    Attributes:
        architecture, recipe, backend: what is trained, how, and where.
        batches: batch number -> the batch; must not depend on anything else.
        params, optimiser: the weights and the optimiser's memory as they stand.
        grads: the gradients of the last update by parameter, before clipping; {} before the first.
    """

    architecture: Architecture
    recipe: Recipe
    backend: Backend
    batches: Callable[[int], Batch]
    params: Params
    optimiser: Optimiser
    grads: Params = field(default_factory=dict)

    @classmethod
    def start(
        cls,
        architecture: Architecture,
        recipe: Recipe,
        backend: Backend,
        batches: Callable[[int], Batch],
    ) -> Training:
        """Fresh weights drawn from the recipe's seed.

        Raises:
            PeepholeError: the recipe asks for what the architecture does not have.
        """
        recurrent = isinstance(architecture, RecurrentLM)
        if not recurrent and (recipe.k1 or recipe.loss == "value"):
            what = "truncated gradients are" if recipe.k1 else "the loss of values is"
            raise PeepholeError(
                f"{what} for recurrent language models, not for {architecture.kind}",
                do="Choose a recurrent cell",
            )
        params = backend.params(initialise(architecture, recipe))
        memory = optimiser(recipe.optimiser, params, recipe.momentum)
        return cls(architecture, recipe, backend, batches, params, memory)

    @property
    def step(self) -> int:
        """Updates done so far."""
        return self.optimiser.step

    def set(self, **knobs: Any) -> None:
        """Change knobs of LIVE from the next update on.

        Raises:
            PeepholeError: another knob, or a value that it cannot have; nothing is changed.
        """
        fixed = [name for name in knobs if name not in LIVE]
        if fixed:
            raise PeepholeError(
                f"{shown(fixed[0])} cannot change during a run", do=f"These can: {', '.join(LIVE)}"
            )
        changed = replace(self.recipe, **knobs)
        if changed.k1 and not isinstance(self.architecture, RecurrentLM):
            raise PeepholeError("truncated gradients are for recurrent language models")
        self.recipe = changed
        if isinstance(self.optimiser, SGD):
            self.optimiser = replace(self.optimiser, momentum=changed.momentum)

    def run(self, until: int | None = None) -> Iterator[Progress]:
        """Update by update up to number `until` (default: the recipe's steps)."""
        while self.step < (self.recipe.steps if until is None else until):
            yield self.update()

    def update(self) -> Progress:
        """One update.

        Raises:
            Diverged: the loss or the gradient is no finite number; the weights stay as they were.
        """
        step, recipe = self.step, self.recipe
        batch = self.batches(step)
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is told below
            loss, right, self.grads = self._gradients(batch)
            grads, norm = clip_by_norm(self.grads, recipe.clip)
        if not np.isfinite(loss) or not np.isfinite(norm):
            raise Diverged(step + 1, loss, norm)
        cosine = recipe.schedule == "cosine"
        share = (
            warmup_cosine(step, recipe.steps, recipe.warmup)
            if cosine
            else warmup_constant(step, recipe.warmup)
        )
        lr = recipe.lr * share
        self.params, self.optimiser = self.optimiser.update(self.params, grads, lr)
        return Progress(step + 1, loss, norm, right, lr)

    def _gradients(self, batch: Batch) -> tuple[float, float, Params]:
        """Loss, accuracy, and the loss's derivative by every parameter."""
        if self.backend.name == "numpy" and isinstance(self.architecture, RecurrentLM):
            recipe = self.recipe
            found = bptt.backward(
                self.architecture, self.params, batch, recipe.k1, recipe.k2, recipe.loss
            )
            return found.loss, found.accuracy, found.grads
        return self._differentiated(batch)

    def _differentiated(self, batch: Batch) -> tuple[float, float, Params]:
        """The same by the library's automatic differentiation."""
        recipe, kwargs = self.recipe, self._shifted(batch)
        share = self.backend.asarray(batch.weights / batch.weights.sum())
        value = recipe.loss == "value"
        targets = self.backend.asarray(batch.targets) if value else batch.targets
        seen: dict[str, Array] = {}

        def loss(params: dict[str, Array]) -> Array:
            if recipe.k1:
                found = truncation.logits(
                    self.architecture,  # type: ignore[arg-type]
                    params,
                    batch.inputs,
                    recipe.k1,
                    recipe.k2,
                )
            else:
                found = self.architecture.logits(params, batch.inputs, **kwargs)  # (B, T, V)
            seen["logits"] = detach(found)
            return objective(recipe.loss, found, targets, share)

        total, grads = self.backend.value_and_grad(loss, self.params)
        counted = np.nonzero(batch.weights)
        logits = to_numpy(seen["logits"][counted])
        return float(total), accuracy(recipe.loss, logits, batch.targets[counted]), grads

    def _shifted(self, batch: Batch) -> dict[str, Any]:
        """The positions of a Transformer whose sequences start at a random one."""
        if not self.recipe.shift:
            return {}
        room = self.architecture.context - batch.inputs.shape[1]  # type: ignore[attr-defined]
        rng = np.random.default_rng([self.recipe.seed, self.step])
        starts = rng.integers(0, max(room, 0) + 1, len(batch.inputs))
        return {"positions": starts[:, None] + np.arange(batch.inputs.shape[1])}

    def save(self, path: str | Path) -> Path:
        """Write a checkpoint that `load` and `resume` go on from, bit for bit."""
        arrays: dict[str, np.ndarray] = {}
        for kind, tensors in self._tensors().items():
            arrays |= {f"{kind}/{name}": to_numpy(array) for name, array in tensors.items()}
        return write_file(path, arrays, "checkpoint", {"step": self.step, **self._identity()})

    @classmethod
    def load(cls, path: str | Path, backend: Backend, batches: Callable[[int], Batch]) -> Training:
        """The run that a checkpoint left, with the architecture and the recipe that it names.

        Raises:
            PeepholeError: the file is no checkpoint, damaged, or does not fit what it names.
        """
        arrays, content = read_file(path, "checkpoint")
        try:
            architecture = parse.known_architecture(content.get("architecture"))
            recipe = Recipe.parse(content.get("recipe"))
            # every layer has weights: this keeps a lie about sizes from being drawn out
            known = architecture.shapes() if architecture.layers <= len(arrays) else {}
            if {k: arrays[k].shape for k in arrays if k.startswith("params/")} != {
                f"params/{name}": shape for name, shape in known.items()
            }:
                raise PeepholeError("the weights do not fit the architecture")
            return cls.start(architecture, recipe, backend, batches)._restored(arrays, content)
        except PeepholeError as error:
            raise PeepholeError(
                error.what, where=str(path), do=error.do or "It is damaged or foreign"
            ) from None
        except (KeyError, TypeError, ValueError, AttributeError):
            raise PeepholeError(
                "not a whole checkpoint", where=str(path), do="It is damaged or foreign"
            ) from None

    def resume(self, path: str | Path) -> Training:
        """This run as a checkpoint left it.

        Raises:
            PeepholeError: the file is damaged, or was written by another model or recipe.
        """
        arrays, content = read_file(path, "checkpoint")
        try:
            mine = json.loads(json.dumps(self._identity()))
            if any(content.get(key) != value for key, value in mine.items()):
                raise PeepholeError("another identity")
            return self._restored(arrays, content)
        except PeepholeError:
            raise PeepholeError(
                "a checkpoint of another model or recipe",
                where=str(path),
                do="Start anew, or give the options that it was started with",
            ) from None

    def _restored(self, arrays: dict[str, np.ndarray], content: dict[str, Any]) -> Training:
        """This run with the numbers of a checkpoint."""
        step, kinds = content.get("step"), self._tensors()
        expected = {
            f"{kind}/{name}": tuple(array.shape)
            for kind, tensors in kinds.items()
            for name, array in tensors.items()
        }
        if type(step) is not int or step < 0:
            raise PeepholeError(f"step = {shown(step)} is not a count of updates")
        if {name: array.shape for name, array in arrays.items()} != expected:
            raise PeepholeError("its arrays do not fit its model and optimiser")
        parts: dict[str, Params] = {
            kind: self.backend.params({name: arrays[f"{kind}/{name}"] for name in tensors})
            for kind, tensors in kinds.items()
        }
        self.params = parts.pop("params")
        self.optimiser = self.optimiser.restored(parts, step)
        return self

    def _tensors(self) -> dict[str, Params]:
        return {"params": self.params, **self.optimiser.tensors}

    def _identity(self) -> dict[str, object]:
        architecture = asdict(self.architecture)  # type: ignore[call-overload]
        return {"architecture": architecture, "recipe": asdict(self.recipe)}
