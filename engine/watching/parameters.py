"""Norms of a model's parameters, and what its optimiser does to them, seen from outside."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import get_total_norm
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)

from engine.learning.derived import LEAST
from engine.learning.metrics import Param


class Optimiser:
    """Learning rate and last change of a model's weights, from whichever `torch.optim` optimiser steps them.

    Attributes:
        lr: of its first group of parameters, NaN before the first step.
        changes: parameter name -> norm of the change in the step that `ask` asked for, once it is made.
        failed: what went wrong; the optimiser was not told.
    """

    def __init__(self, model: nn.Module) -> None:
        self.lr = math.nan
        self.changes: dict[str, float] = {}
        self.failed: Exception | None = None
        self._named = dict(model.named_parameters())
        self._ids = {id(p) for p in self._named.values()}
        self._asked = False
        self._before: dict[str, Tensor] = {}
        self._hooks = (
            register_optimizer_step_pre_hook(self._pre),
            register_optimizer_step_post_hook(self._post),
        )

    def ask(self) -> None:
        """Measure the next step, and forget what was measured."""
        self._asked, self.changes = True, {}

    def stop(self) -> None:
        """Take the hooks off."""
        for hook in self._hooks:
            hook.remove()
        self._before = {}

    def _ours(self, optimiser: torch.optim.Optimizer) -> bool:
        groups = optimiser.param_groups
        return any(id(p) in self._ids for group in groups for p in group["params"][:1])

    def _pre(self, optimiser: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        try:
            if self._ours(optimiser):
                self.lr = float(optimiser.param_groups[0]["lr"])
                if self._asked:
                    self._before = {n: p.detach().clone() for n, p in self._named.items()}
        except Exception as error:
            self.failed = error

    def _post(self, optimiser: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        try:
            if self._before and self._ours(optimiser):
                moved = {n: norm(self._named[n].detach() - w) for n, w in self._before.items()}
                self.changes = _floats(moved)
                self._before, self._asked = {}, False
        except Exception as error:
            self.failed = error


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
