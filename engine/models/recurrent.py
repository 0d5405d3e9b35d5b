"""A recurrent language model: embedding, a stack of one kind of cell, linear readout.

x = E[token]        h^l = cell(h^(l-1), state^l)        logits = h^L W_hy + b_y
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from engine import cells, registry
from engine.arrays import Array, Params, constant, stack
from engine.cells import Cell, Equation, State
from engine.interventions import NOTHING
from engine.models import Acts, Values, layer_params


@dataclass(frozen=True)
class RecurrentLM:
    """`layers` cells of `width` units over an embedding of `embed` units and `words` words."""

    cell: str
    words: int
    width: int = 64
    embed: int = 64
    layers: int = 1
    kind: str = "recurrent"

    @cached_property
    def rule(self) -> Cell:
        """The cell's module."""
        return registry.load(registry.CELLS, self.cell, "cell")

    @property
    def axes(self) -> Mapping[str, tuple[str, ...]]:
        layered = dict.fromkeys(self.rule.VALUES, ("layer", "unit"))
        return {"x": ("input",), **layered, "logits": ("word",)}

    @property
    def gates(self) -> tuple[str, ...]:
        return self.rule.GATES

    @property
    def states(self) -> tuple[str, ...]:
        return self.rule.STATE

    @property
    def equations(self) -> tuple[Equation, ...]:
        return self.rule.EQUATIONS

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every parameter."""
        shapes: dict[str, tuple[int, ...]] = {"E": (self.words, self.embed)}
        for layer in range(self.layers):
            d_in = self.width if layer else self.embed
            for name, shape in cells.shapes(self.rule, d_in, self.width).items():
                shapes[f"layers.{layer}.{name}"] = shape
        return shapes | {"W_hy": (self.width, self.words), "b_y": (self.words,)}

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """E as normal(0, 1), the rest uniform within ±1/sqrt(H) as torch draws cells."""
        bound = self.width**-0.5
        params = {name: rng.uniform(-bound, bound, shape) for name, shape in self.shapes().items()}
        params["E"] = rng.normal(0, 1, (self.words, self.embed))
        return {name: array.astype(np.float32) for name, array in params.items()}

    def start(self, params: Params, batch: tuple[int, ...] = ()) -> tuple[State, ...]:
        """All-zero states (..., H), one tuple a layer."""
        zero = constant(np.zeros((*batch, self.width)), params["W_hy"])
        return tuple((zero,) * len(self.states) for _ in range(self.layers))

    def step(
        self, params: Params, state: tuple[State, ...], ids: Array, do: Acts = NOTHING, row: int = 0
    ) -> tuple[Any, Values]:
        """One tick at row `row`: ids (...) of tokens, states (..., H) per layer."""
        layers = [layer_params(params, layer) for layer in range(self.layers)]
        return self._step(params, layers, state, ids, do, row)

    def _step(
        self, params: Params, layers: list, state: tuple, ids: Array, do: Acts, row: int
    ) -> tuple[tuple[State, ...], Values]:
        below = x = do.at(0, row)("x", params["E"][ids])  # (..., D)
        rule, states, recorded = self.rule, [], []
        for layer, p in enumerate(layers):
            new, values = rule.step(p, below, state[layer], do.at(layer, row))
            states.append(new)
            recorded.append(values)
            below = new[0]
        logits = below @ params["W_hy"] + params["b_y"]  # (..., V)
        values = {name: tuple(v[name] for v in recorded) for name in rule.VALUES}
        return tuple(states), {"x": x, **values, "logits": logits}

    def logits(self, params: Params, ids: Array, do: Acts = NOTHING) -> Array:
        """One shot over ids (..., T): logits (..., T, V), the readout done for all rows at once."""
        layers = [layer_params(params, layer) for layer in range(self.layers)]
        rule = self.rule
        state = list(self.start(params, tuple(ids.shape[:-1])))
        top = []
        for row in range(ids.shape[-1]):
            below = do.at(0, row)("x", params["E"][ids[..., row]])
            for layer, p in enumerate(layers):
                state[layer], _ = rule.step(p, below, state[layer], do.at(layer, row))
                below = state[layer][0]
            top.append(below)
        return stack(top, -2) @ params["W_hy"] + params["b_y"]
