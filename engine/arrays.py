"""The array seam: the same cell code on NumPy, on torch, and under the derivatives of both.

A cell never imports an array library. It asks `namespace` for the one that its arguments come from:
`numpy` for plain arrays, `autograd.numpy` while NumPy code is being differentiated, and
array-api-compat's torch for a tensor on any device. Neither torch nor autograd is imported before
it is asked for.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.errors import PeepholeError
from engine.extras import install

Array = Any  # numpy.ndarray, torch.Tensor, or autograd's box around a numpy.ndarray
Params = Mapping[str, Array]

_LIBRARIES = {"torch": "array_api_compat.torch", "autograd": "autograd.numpy"}
_NAMESPACES: dict[type, Any] = {np.ndarray: np}


def namespace(*arrays: Array) -> Any:
    """The module whose functions work on these arrays: the first that is not plain NumPy wins."""
    for array in arrays:
        kind = type(array)
        xp = _NAMESPACES.get(kind)
        if xp is None:
            name = _LIBRARIES.get(kind.__module__.partition(".")[0], "numpy")
            xp = _NAMESPACES[kind] = importlib.import_module(name)
        if xp is not np:
            return xp
    return np


def sigmoid(a: Array, xp: Any = None) -> Array:
    """σ(a) = 1 / (1 + exp(-a)), written as (1 + tanh(a/2)) / 2 because that never overflows."""
    xp = xp or namespace(a)
    return 0.5 * xp.tanh(0.5 * a) + 0.5


def softmax(a: Array) -> Array:
    """softmax over the last axis; shape as `a`. An entry of -inf gets exactly 0."""
    xp = namespace(a)
    e = xp.exp(a - xp.max(a, axis=-1, keepdims=True))
    return e / xp.sum(e, axis=-1, keepdims=True)


def _autograd() -> Callable[..., Any]:
    """autograd's value_and_grad.

    Its import goes through all names of NumPy, which takes up parts of itself when they are first asked
    for: where another thread does so meanwhile, Python refuses to go on, and it is begun anew.
    """
    for left in reversed(range(9)):
        try:
            return importlib.import_module("autograd").value_and_grad
        except RuntimeError:
            if not left:
                raise
    raise AssertionError


def log_softmax(a: Array) -> Array:
    """log softmax over the last axis, in nats; shape as `a`."""
    xp = namespace(a)
    a = a - xp.max(a, axis=-1, keepdims=True)
    return a - xp.log(xp.sum(xp.exp(a), axis=-1, keepdims=True))


def concat(arrays: Sequence[Array], axis: int) -> Array:
    """Join along an existing axis."""
    return namespace(*arrays).concatenate(tuple(arrays), axis=axis)


def stack(arrays: Sequence[Array], axis: int) -> Array:
    """Join along a new axis."""
    return namespace(*arrays).stack(tuple(arrays), axis=axis)


def constant(array: np.ndarray, like: Array) -> Array:
    """A NumPy array in the library, precision and place of `like`."""
    xp = namespace(like)
    if xp.__name__.endswith("torch"):
        return xp.asarray(array, dtype=like.dtype, device=like.device)
    return array.astype(like.dtype, copy=False)


def detach(array: Array) -> Array:
    """The same numbers, cut off from any derivative, in the same library."""
    if hasattr(array, "detach"):
        return array.detach()
    return getattr(array, "_value", array)  # autograd's box holds the plain array


def to_numpy(array: Array) -> np.ndarray:
    """The same numbers as a NumPy array on the host, cut off from any derivative."""
    if hasattr(array, "detach"):
        return array.detach().cpu().numpy()
    return np.asarray(array)


@dataclass(frozen=True)
class Backend:
    """Where arrays live and in which precision.

    Attributes:
        name: `numpy` or `torch`.
        dtype: `float32` or `float64`.
        device: a torch device such as `cpu`, `cuda` or `cuda:1`; NumPy knows `cpu` only.
    """

    name: str = "numpy"
    dtype: str = "float32"
    device: str = "cpu"

    def __post_init__(self) -> None:
        if self.name not in ("numpy", "torch"):
            raise PeepholeError(f"no backend {self.name!r}", do="Known: numpy, torch")
        if self.name == "numpy" and self.device != "cpu":
            raise PeepholeError(
                f"NumPy has no device {self.device!r}", do="Use the torch backend for a GPU"
            )

    def asarray(self, array: Array) -> Array:
        """`array` in this backend's library, precision and place (a copy where needed)."""
        host = to_numpy(array)
        if self.name == "numpy":
            return host.astype(self.dtype, copy=False)
        torch = self._torch()
        try:
            return torch.tensor(host, dtype=getattr(torch, self.dtype), device=self.device)
        except (RuntimeError, AssertionError) as error:
            reason = str(error).splitlines()[0].rstrip(".")
            raise PeepholeError(
                f"torch cannot use device {self.device!r} ({reason})", do="Try --device cpu"
            ) from None

    def params(self, params: Params) -> dict[str, Array]:
        """Every array of `params` moved to this backend."""
        return {name: self.asarray(array) for name, array in params.items()}

    def value_and_grad(
        self, f: Callable[[dict[str, Array]], Array], at: Params
    ) -> tuple[Array, dict[str, Array]]:
        """f(at), a scalar, and its derivative by every array in `at` (same names and shapes)."""
        if self.name == "numpy":
            value_and_grad = _autograd()
            with np.errstate(over="ignore"):  # its derivative of tanh is 1/cosh², exactly 0 there
                return value_and_grad(f)(dict(at))
        torch = self._torch()
        leaves = {name: array.detach().requires_grad_(True) for name, array in at.items()}
        value = f(leaves)
        grads = torch.autograd.grad(value, list(leaves.values()), allow_unused=True)
        return value.detach(), {
            name: torch.zeros_like(leaf) if grad is None else grad
            for (name, leaf), grad in zip(leaves.items(), grads, strict=True)
        }

    @staticmethod
    def _torch() -> Any:
        try:
            return importlib.import_module("torch")
        except ImportError:
            raise PeepholeError(
                "torch is not installed",
                do=install("torch"),
            ) from None


NUMPY = Backend()
