"""A tagger that reads both ways (Schuster & Paliwal 1997): every row knows what comes after it.

forward   f_t = cell(x_t, f_(t-1))      backward  b_t = cell'(x_t, b_(t+1))
h_t = [f_t ; b_t]                       logits = h_t W_hy + b_y, the label of row t

f and b are half of the units each, and so is every value of their cells; the layer above reads h.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine import cells
from engine.arrays import Array, Params
from engine.cells import State
from engine.errors import PeepholeError
from engine.interventions import NOTHING
from engine.models import Acts, Values
from engine.models.of_cells import OfCells
from engine.sweep import embedded, parts, stacked, through, zero
from engine.text import BLANK


@dataclass(frozen=True)
class BidirectionalTagger(OfCells):
    """`layers` pairs of cells, `width` units together, over `words` words, which labels are among.

    A text is read as a whole. Its vocabulary begins with `engine.text.SPECIAL`: `<pad>` is padding.
    """

    cell: str
    words: int
    width: int = 64
    embed: int = 64
    layers: int = 1
    kind: str = "bidirectional"
    reads: ClassVar[str] = "whole"

    def __post_init__(self) -> None:
        if self.width % 2:
            raise PeepholeError(f"two directions cannot share a width of {self.width}")

    @property
    def units(self) -> int:
        """H of each direction's cells."""
        return self.width // 2

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every parameter: `layers.0.` reads forward, `back.0.` backward."""
        shapes: dict[str, tuple[int, ...]] = {"E": (self.words, self.embed)}
        for layer in range(self.layers):
            d_in = self.width if layer else self.embed
            for prefix in ("layers", "back"):
                for name, shape in cells.shapes(self.rule, d_in, self.units).items():
                    shapes[f"{prefix}.{layer}.{name}"] = shape
        return shapes | {"W_hy": (self.width, self.words), "b_y": (self.words,)}

    def start(self, params: Params, batch: tuple[int, ...] = ()) -> tuple[State, ...]:
        """The states that both directions begin with, zeros (..., H)."""
        return (zero(self.rule, params["W_hy"], self.width, batch),) * self.layers

    def read(self, params: Params, ids: Array, do: Acts = NOTHING) -> tuple[Any, Values]:
        """All rows, ids (..., T): the last state of each layer and every value, time as axis -2."""
        x, real = embedded(params, np.asarray(ids), do), np.asarray(ids) != BLANK
        forward, back = (parts(params, name, self.layers) for name in ("layers", "back"))
        states, rows, top = through(self.rule, forward, x, (), do, real=real, back=back)
        named = stacked(rows, self.rule.VALUES)
        return states, {"x": x, **named, "logits": top @ params["W_hy"] + params["b_y"]}

    def step(
        self, params: Params, state: Any, ids: Array, do: Acts = NOTHING, row: int = 0
    ) -> tuple[Any, Values]:
        """There is no next row: the backward cells begin at the end.

        Raises:
            PeepholeError: always.
        """
        raise PeepholeError("a bidirectional net reads a text as a whole", do="Run the whole text")

    def logits(self, params: Params, ids: Array, do: Acts = NOTHING) -> Array:
        """One shot over ids (..., T): logits (..., T, V), row t's label."""
        return self.read(params, ids, do)[1]["logits"]
