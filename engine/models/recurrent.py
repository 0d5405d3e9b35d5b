"""A recurrent language model: embedding, a stack of one kind of cell, linear readout.

x = E[token]        h^l = cell(x^l, state^l)        x^(l+1) = h^l        logits = x^(L+1) W_hy + b_y

With residual connections between the layers (Wu et al. 2016, section 3.1), x^(l+1) = h^l + x^l from the
second layer on. Inputs that are numbers rather than tokens are vectors i (D,) with x = i E.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine import cells
from engine.arrays import Array, Params, constant, stack
from engine.cells import State
from engine.interventions import NOTHING
from engine.models import Acts, Values, layer_params
from engine.models.of_cells import OfCells


@dataclass(frozen=True)
class RecurrentLM(OfCells):
    """`layers` cells of `width` units over an embedding of `embed` units and `words` words.

    Of numbers rather than words, `words` are the numbers of one input. `outputs` is how many numbers the
    readout gives; 0: one for each word. `residual` puts connections past the upper layers.
    """

    cell: str
    words: int
    width: int = 64
    embed: int = 64
    layers: int = 1
    kind: str = "recurrent"
    outputs: int = 0
    residual: bool = False

    @property
    def axes(self) -> Mapping[str, tuple[str, ...]]:
        return {**super().axes, "logits": ("output" if self.outputs else "word",)}

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every parameter."""
        shapes: dict[str, tuple[int, ...]] = {"E": (self.words, self.embed)}
        for layer in range(self.layers):
            d_in = self.width if layer else self.embed
            for name, shape in cells.shapes(self.rule, d_in, self.width).items():
                shapes[f"layers.{layer}.{name}"] = shape
        outputs = self.outputs or self.words
        return shapes | {"W_hy": (self.width, outputs), "b_y": (outputs,)}

    def start(self, params: Params, batch: tuple[int, ...] = ()) -> tuple[State, ...]:
        """All-zero states (..., H), one tuple a layer."""
        zero = constant(np.zeros((*batch, self.width)), params["W_hy"])
        return tuple((zero,) * len(self.states) for _ in range(self.layers))

    def embedded(self, params: Params, inputs: np.ndarray) -> Array:
        """x (..., D) of token ids (...), or of vectors of numbers (..., words)."""
        if inputs.dtype.kind == "f":
            return constant(inputs, params["E"]) @ params["E"]
        return params["E"][inputs]

    def above(self, layer: int, h: Array, below: Array) -> Array:
        """What the layer above reads (or the readout), (..., H)."""
        return h + below if self.residual and layer else h

    def step(
        self, params: Params, state: tuple[State, ...], ids: Array, do: Acts = NOTHING, row: int = 0
    ) -> tuple[Any, Values]:
        """One tick at row `row`: ids (...) of tokens, states (..., H) per layer."""
        layers = [layer_params(params, layer) for layer in range(self.layers)]
        below = x = do.at(0, row)("x", self.embedded(params, ids))  # (..., D)
        states, recorded = [], []
        for layer, p in enumerate(layers):
            new, values = self.rule.step(p, below, state[layer], do.at(layer, row))
            states.append(new)
            recorded.append(values)
            below = self.above(layer, new[0], below)
        logits = below @ params["W_hy"] + params["b_y"]  # (..., V)
        named = {name: tuple(v[name] for v in recorded) for name in self.rule.VALUES}
        return tuple(states), {"x": x, **named, "logits": logits}

    def logits(self, params: Params, ids: Array, do: Acts = NOTHING) -> Array:
        """One shot over ids (..., T): logits (..., T, V), the readout done for all rows at once."""
        time = ids.ndim - (2 if ids.dtype.kind == "f" else 1)
        rows = range(ids.shape[time])
        _, top = self.read(params, self.start(params, tuple(ids.shape[:time])), ids, rows, do)
        return stack(top, -2) @ params["W_hy"] + params["b_y"]

    def read(
        self,
        params: Params,
        state: Sequence[State],
        ids: Array,
        rows: Iterable[int],
        do: Acts = NOTHING,
    ) -> tuple[list[tuple[State, ...]], list[Array]]:
        """Rows of ids (..., T) from a state on: the states after each, and what the readout reads."""
        layers = [layer_params(params, layer) for layer in range(self.layers)]
        rule, state, states, top = self.rule, list(state), [], []
        for row in rows:
            here = ids[..., row, :] if ids.dtype.kind == "f" else ids[..., row]
            below = do.at(0, row)("x", self.embedded(params, here))
            for layer, p in enumerate(layers):
                state[layer], _ = rule.step(p, below, state[layer], do.at(layer, row))
                below = self.above(layer, state[layer][0], below)
            states.append(tuple(state))
            top.append(below)
        return states, top
