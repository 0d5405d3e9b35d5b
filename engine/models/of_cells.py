"""What the families have in common whose layers are one kind of cell."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property

import numpy as np

from engine import registry
from engine.cells import Cell, Equation


class OfCells(ABC):
    """The base of a family of cells: a dataclass below it has the sizes as its fields."""

    cell: str
    words: int
    width: int
    embed: int

    @cached_property
    def rule(self) -> Cell:
        """The cell's module."""
        return registry.load(registry.CELLS, self.cell, "cell")

    @property
    def units(self) -> int:
        """H of a cell: the width, where two directions do not share it."""
        return self.width

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

    @abstractmethod
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every parameter."""

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """E as normal(0, 1), the rest uniform within ±1/sqrt(H) as torch draws cells."""
        bound = self.units**-0.5
        params = {name: rng.uniform(-bound, bound, shape) for name, shape in self.shapes().items()}
        params["E"] = rng.normal(0, 1, (self.words, self.embed))
        return {name: array.astype(np.float32) for name, array in params.items()}
