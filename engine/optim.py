"""Optimisers and gradient clipping, on the array seam: the same numbers on NumPy and on torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from engine.arrays import Array, Params, namespace


class Optimiser(Protocol):
    """What an optimiser remembers between updates; every update gives a new one."""

    @property
    def step(self) -> int:
        """Updates done."""

    @property
    def tensors(self) -> dict[str, Params]:
        """Everything that it remembers, by name, each over the parameters."""

    def update(
        self, params: Params, grads: Params, lr: float
    ) -> tuple[dict[str, Array], Optimiser]:
        """New parameters and memory after one update with step size `lr`."""

    def restored(self, tensors: Mapping[str, Params], step: int) -> Optimiser:
        """The same optimiser with what another one of its kind remembered."""


def optimiser(name: str, params: Params, momentum: float = 0.0) -> Optimiser:
    """`adam` or `sgd`, before its first update."""
    return SGD.start(params, momentum) if name == "sgd" else Adam.start(params)


@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent with momentum as torch counts it: v = mu v + g, w = w - lr v.

    Polyak 1964; with momentum 0 it is plain descent.
    """

    velocity: Params
    momentum: float = 0.0
    step: int = 0

    @classmethod
    def start(cls, params: Params, momentum: float = 0.0) -> SGD:
        """At rest."""
        return cls({name: array * 0.0 for name, array in params.items()}, momentum)

    @property
    def tensors(self) -> dict[str, Params]:
        return {"velocity": self.velocity}

    def update(self, params: Params, grads: Params, lr: float) -> tuple[dict[str, Array], SGD]:
        """New parameters and velocities after one update with step size `lr`."""
        velocity = {name: self.momentum * v + grads[name] for name, v in self.velocity.items()}
        new = {name: w - lr * velocity[name] for name, w in params.items()}
        return new, SGD(velocity, self.momentum, self.step + 1)

    def restored(self, tensors: Mapping[str, Params], step: int) -> SGD:
        return replace(self, velocity=tensors["velocity"], step=step)


@dataclass(frozen=True)
class Adam:
    """Adam (Kingma & Ba 2015, algorithm 1): the moments of every parameter after `step` updates."""

    mean: Params
    square: Params
    step: int = 0
    beta_1: float = 0.9
    beta_2: float = 0.999
    eps: float = 1e-8

    @classmethod
    def start(cls, params: Params) -> Adam:
        """No updates yet: all moments 0."""
        zeros = {name: array * 0.0 for name, array in params.items()}
        return cls(zeros, dict(zeros))

    @property
    def tensors(self) -> dict[str, Params]:
        return {"mean": self.mean, "square": self.square}

    def restored(self, tensors: Mapping[str, Params], step: int) -> Adam:
        return replace(self, mean=tensors["mean"], square=tensors["square"], step=step)

    def update(self, params: Params, grads: Params, lr: float) -> tuple[dict[str, Array], Adam]:
        """New parameters and moments after one update with step size `lr`."""
        step = self.step + 1
        correct_1, correct_2 = 1 - self.beta_1**step, 1 - self.beta_2**step
        new, mean, square = {}, {}, {}
        for name, w in params.items():
            g = grads[name]
            mean[name] = self.beta_1 * self.mean[name] + (1 - self.beta_1) * g
            square[name] = self.beta_2 * self.square[name] + (1 - self.beta_2) * g * g
            scale = namespace(g).sqrt(square[name] / correct_2) + self.eps
            new[name] = w - (lr / correct_1) * mean[name] / scale
        return new, Adam(mean, square, step, self.beta_1, self.beta_2, self.eps)


def global_norm(grads: Params) -> float:
    """Euclidean norm of all gradients together."""
    return math.sqrt(sum(float((g * g).sum()) for g in grads.values()))


def clip_by_norm(grads: Params, limit: float) -> tuple[dict[str, Array], float]:
    """Gradients scaled so that their global norm is at most `limit` (0: left as they are), and the
    norm before.

    Pascanu, Mikolov & Bengio 2013, algorithm 1.
    """
    norm = global_norm(grads)
    if not limit:
        return dict(grads), norm
    scale = min(1.0, limit / (norm + 1e-6))
    return {name: g * scale for name, g in grads.items()}, norm


def warmup_constant(step: int, warmup: int) -> float:
    """The share of the learning rate at update `step`: rises linearly over `warmup` updates."""
    return min(1.0, (step + 1) / warmup) if warmup else 1.0


def warmup_cosine(step: int, steps: int, warmup: int, end: float = 0.05) -> float:
    """The share of the peak learning rate at update `step` of `steps`.

    Rises linearly over `warmup` updates, then falls as a half cosine to `end` (Loshchilov & Hutter
    2017, equation 5).
    """
    if step < warmup:
        return (step + 1) / warmup
    done = (step - warmup) / max(1, steps - warmup)
    return end + (1 - end) * 0.5 * (1 + math.cos(math.pi * done))
