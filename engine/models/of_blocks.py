"""What the families have in common whose layers are Transformer blocks, on one side or two."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property

import numpy as np

from engine import stacks, transformer
from engine.cells import Equation
from engine.stacks import Stack


class OfBlocks(ABC):
    """The base of a family of blocks: a dataclass below it has the sizes as its fields."""

    words: int
    width: int
    heads: int
    layers: int
    hidden: int
    positions: str
    context: int
    norm: str = "pre"  # of a family in which it is no field

    def __post_init__(self) -> None:
        _ = self.sides  # refuses sizes that do not go together

    @property
    @abstractmethod
    def sides(self) -> tuple[Stack, ...]:
        """Its stacks of blocks, in the order of their parameters; the last one predicts."""

    def side(self, part: str = "", cross: bool = False) -> Stack:
        """A stack of these sizes; `part` and `cross` as in `Stack`."""
        sizes = (self.layers, self.width, self.heads, self.hidden, self.positions, self.context)
        return Stack(*sizes, norm=self.norm, part=part, cross=cross)

    @property
    def axes(self) -> Mapping[str, tuple[str, ...]]:
        blocks = transformer.CROSS_AXES if self.sides[-1].cross else transformer.AXES
        return {"x": ("input",), **blocks, "logits": ("word",)}

    @property
    def gates(self) -> tuple[str, ...]:
        return ()

    @property
    def states(self) -> tuple[str, ...]:
        return ()

    @property
    def equations(self) -> tuple[Equation, ...]:
        return transformer.equations(self.norm, self.sides[-1].cross)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every parameter."""
        shapes: dict[str, tuple[int, ...]] = {"E": (self.words, self.width)}
        for side in self.sides:
            shapes |= side.shapes()
        return shapes | {"W_hy": (self.width, self.words), "b_y": (self.words,)}

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """As `stacks.init` draws them."""
        return stacks.init(self.shapes(), rng)


class OfOneStack(OfBlocks):
    """A family of blocks with one side only."""

    @cached_property
    def stack(self) -> Stack:
        """Its blocks."""
        return self.side()

    @property
    def sides(self) -> tuple[Stack, ...]:
        return (self.stack,)
