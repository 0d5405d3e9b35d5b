"""Norms of the parameters and of what an update does to them, and the learning rate, seen from outside."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import get_total_norm
from torch.optim.optimizer import register_optimizer_step_pre_hook

from engine.learning.derived import LEAST
from engine.learning.metrics import Param


class Rate:
    """The learning rate, from whichever `torch.optim` optimiser steps the model's weights.

    Attributes:
        lr: of its first group of parameters, NaN as long as no such optimiser was seen.
        failed: what went wrong; the optimiser was not told.
    """

    def __init__(self, model: nn.Module) -> None:
        self.lr = math.nan
        self.failed: Exception | None = None
        self._ids = {id(p) for p in model.parameters()}
        self._hook = register_optimizer_step_pre_hook(self._stepped)

    def stop(self) -> None:
        """Take the hook off."""
        self._hook.remove()

    def _stepped(self, optimiser: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        try:
            groups = optimiser.param_groups
            if any(id(p) in self._ids for group in groups for p in group["params"][:1]):
                self.lr = float(groups[0]["lr"])
        except Exception as error:
            self.failed = error


class Changes:
    """What one update changes. Between two calls of a loop's `doctor.step` there is one, whoever makes it.

    Attributes:
        norms: parameter name -> norm of the change, once it was seen.
    """

    def __init__(self, model: nn.Module) -> None:
        self.norms: dict[str, float] = {}
        self._named = {n: p for n, p in model.named_parameters() if p.requires_grad}
        self._before: dict[str, Tensor] = {}

    def ask(self) -> None:
        """Measure the next update, and forget what was measured."""
        self.norms = {}
        self._before = {n: p.detach().clone() for n, p in self._named.items()}

    def look(self) -> None:
        """Compare, if that was asked for. Where nothing moved yet, the update is still to come."""
        if not self._before:
            return
        moved = {n: norm(self._named[n].detach() - w) for n, w in self._before.items()}
        found = _floats(moved)
        if any(found.values()):
            self.norms, self._before = found, {}

    def forget(self) -> None:
        """Let go of the copy of the weights."""
        self._before = {}


def total(model: nn.Module) -> Tensor | None:
    """Euclidean norm of all gradients together, on their device; None where there are none."""
    grads = [_dense(p.grad.detach()) for p in model.parameters() if p.grad is not None]
    grads = [g.float() if g.dtype in (torch.float16, torch.bfloat16) else g for g in grads]
    return get_total_norm(grads) if grads else None


def norms(model: nn.Module, grads: dict[str, Tensor | None]) -> dict[str, Param]:
    """Norms of the gradient and the weights of every parameter that learns, in float64."""
    named = {n: p.detach() for n, p in model.named_parameters() if p.requires_grad}
    weights = _floats({n: norm(p) for n, p in named.items()})
    sizes = _floats({n: norm(_dense(g)) for n, g in grads.items() if g is not None})
    return {n: Param(max(sizes.get(n, LEAST), LEAST), weights[n], math.nan) for n in named}


def norm(x: Tensor) -> Tensor:
    """Euclidean norm, summed in float64 where the device has it."""
    return torch.linalg.vector_norm(x if x.device.type != "mps" else x.cpu(), dtype=torch.float64)


def _dense(grad: Tensor) -> Tensor:
    """The values of a sparse gradient, as of an embedding with `sparse=True`."""
    return grad.coalesce().values() if grad.is_sparse else grad


def _floats(values: dict[str, Tensor]) -> dict[str, float]:
    """All of them with one wait for the device."""
    if not values:
        return {}
    device = next(iter(values.values())).device
    together = torch.stack([value.to(device) for value in values.values()])
    return dict(zip(values, together.tolist(), strict=True))
