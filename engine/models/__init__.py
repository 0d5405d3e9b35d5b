"""Language models built from cells and attention: an architecture, its weights, its vocabulary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from engine.arrays import NUMPY, Array, Backend, Params
from engine.cells import Equation
from engine.interventions import NOTHING, Rows
from engine.text import Vocabulary

Values = dict[str, Any]  # one tick: name -> array, or a tuple of arrays with one per layer


class Acts(Protocol):
    """Anything that can stand for `do`: interventions, or the nudges that derivatives are taken by."""

    def at(self, layer: int, rows: Rows) -> Any: ...


class Architecture(Protocol):
    """What a model family is: pure functions of its parameters, and names for all it computes.

    `...` below is any leading batch axes, V the number of words.
    """

    @property
    def kind(self) -> str: ...  # the family's name in `engine.registry`
    @property
    def layers(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def axes(self) -> Mapping[str, tuple[str, ...]]: ...  # value name -> axes of one tick
    @property
    def gates(self) -> tuple[str, ...]: ...
    @property
    def states(self) -> tuple[str, ...]: ...  # carried states, the exposed one first
    @property
    def equations(self) -> tuple[Equation, ...]: ...

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every parameter."""

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Fresh parameters, float32."""

    def start(self, params: Params, batch: tuple[int, ...] = ()) -> Any:
        """The state before the first token."""

    def step(
        self, params: Params, state: Any, ids: Array, do: Acts = NOTHING, row: int = 0
    ) -> tuple[Any, Values]:
        """The tick of row `row`: token ids (...) to the next state and every value."""

    def logits(self, params: Params, ids: Array, do: Acts = NOTHING) -> Array:
        """One shot: token ids (..., T) to logits (..., T, V); row t predicts token t + 1."""


class Pair(Architecture, Protocol):
    """A family that reads a whole source before anything else: S rows, the last of them `</s>`.

    Row S reads `<s>`, and its logits foretell the target's first token; one vocabulary holds the words
    of both and begins with `engine.text.SPECIAL`. A family that only reads (`reads` is "whole") has
    no rows after the source, and its logits are of the rows themselves.
    """

    @property
    def reads(self) -> str: ...  # "source", or "whole"

    def read(self, params: Params, ids: Array, do: Acts = NOTHING) -> tuple[Any, Values]:
        """The source, ids (S,): the state before row S, and values over its rows (time is axis -2)."""

    def logits(self, params: Params, ids: Array, do: Acts = NOTHING) -> Array:
        """One shot over source and target, ids (..., T), filled up with `<pad>`: logits (..., T, V).

        In a batch every `<s>` stands in the same column. Rows of a source have logits of 0.
        """


def reads(architecture: Architecture) -> str:
    """What a model reads at once: "tokens" one by one, a "source" before its target, or the "whole"."""
    return getattr(architecture, "reads", "tokens")


@dataclass(frozen=True)
class LanguageModel:
    """A named architecture with weights and a vocabulary.

    Attributes:
        name: what the model is called on the screen, e.g. `lstm`.
        architecture: its family, with sizes.
        params: weights by name, in the backend's library.
        vocabulary: its words.
        card: how it was trained and how it scores, as stored with the weights.
        digest: of the weights as stored (12 hex digits), which a trace records.
        backend: where the weights live.
    """

    name: str
    architecture: Architecture
    params: Params
    vocabulary: Vocabulary
    card: Mapping[str, Any] = field(default_factory=dict)
    digest: str = ""
    backend: Backend = NUMPY

    def to(self, backend: Backend) -> LanguageModel:
        """The same model in another library, precision or place."""
        if backend == self.backend:
            return self
        return replace(self, params=backend.params(self.params), backend=backend)

    @property
    def size(self) -> int:
        """Number of parameters."""
        return sum(int(np.prod(array.shape)) for array in self.params.values())


def layer_params(params: Params, layer: int, part: str = "layers") -> dict[str, Array]:
    """The parameters of one layer, `layers.2.W_hh` as `W_hh`; `part` may be `encoder` or `decoder`."""
    return {short: params[name] for short, name in _layer_names(tuple(params), f"{part}.{layer}.")}


@lru_cache(maxsize=256)
def _layer_names(names: tuple[str, ...], prefix: str) -> list[tuple[str, str]]:
    """(name in the layer, whole name); looked up at every tick, so found only once."""
    return [(name.removeprefix(prefix), name) for name in names if name.startswith(prefix)]
