"""A stack of Transformer blocks: what encoders, decoders and language models are made of.

x = embedding + P[position]    h^l = block(h^(l-1))    top = h^L    (pre-LN: LN(h^L), Xiong et al. 2020)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine import transformer
from engine.arrays import Array, Params, constant
from engine.attention import CROSS, KeysValues, projected
from engine.errors import PeepholeError
from engine.models import Acts, layer_params

NORMS, POSITIONS = ("post", "pre"), ("sinusoidal", "learned", "none")
Cache = tuple[KeysValues | None, ...]  # per block; None before the first row
Memory = tuple[KeysValues, ...]  # per block of a decoder: keys and values of the source


@dataclass(frozen=True)
class Stack:
    """The blocks of one side of a model, with its positions and its last norm.

    Attributes:
        layers, width, heads, hidden: number of blocks, d, heads, units of the feed-forward.
        positions: one of POSITIONS; `learned` is a table of `context` rows.
        norm: one of NORMS.
        part: the name of the side, before the names of its parameters; "" where there is only one.
        cross: whether the blocks attend to a memory.
    """

    layers: int
    width: int
    heads: int
    hidden: int
    positions: str
    context: int
    norm: str = "pre"
    part: str = ""
    cross: bool = False

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise PeepholeError(f"{self.heads} heads do not divide a width of {self.width}")
        if self.positions not in POSITIONS:
            raise PeepholeError(
                f"no positions {self.positions!r}", do=f"Known: {', '.join(POSITIONS)}"
            )
        if self.norm not in NORMS:
            raise PeepholeError(f"no norm {self.norm!r}", do=f"Known: {', '.join(NORMS)}")

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every parameter."""
        shapes: dict[str, tuple[int, ...]] = {}
        if self.positions == "learned":
            shapes[self._name("P")] = (self.context, self.width)
        for layer in range(self.layers):
            block = transformer.shapes(self.width, self.hidden, self.cross)
            for name, shape in block.items():
                shapes[f"{self.part or 'layers'}.{layer}.{name}"] = shape
        if self.norm == "pre":
            shapes |= {self._name("ln.gain"): (self.width,), self._name("ln.bias"): (self.width,)}
        return shapes

    def start(self) -> Cache:
        """An empty cache; it takes its batch axes from the first rows."""
        return (None,) * self.layers

    def enter(
        self, params: Params, embedded: Array, start: int = 0, at: Array | None = None
    ) -> Array:
        """x (..., T, d): embeddings with the vectors of positions from `start` on, or of `at` (..., T).

        Raises:
            PeepholeError: the table has no row for a position.
        """
        stop = start + embedded.shape[-2]
        if self.positions == "none":
            return embedded
        if self.positions == "sinusoidal":
            table = transformer.sinusoidal(start, stop, self.width)
            return embedded + constant(table, embedded)
        if stop > self.context:
            raise PeepholeError(
                f"{stop} tokens are more than this Transformer's {self.context} positions",
                do="Use a shorter text",
            )
        return embedded + params[self._name("P")][slice(start, stop) if at is None else at]

    def run(
        self,
        params: Params,
        x: Array,
        caches: Cache,
        do: Acts,
        rows: slice,
        bias: Array | None = None,
        memory: Memory | None = None,
        memory_bias: Array = 0.0,
    ) -> tuple[Array, Cache, dict[str, tuple[Array, ...]]]:
        """All blocks over the new rows x (..., T, d), `rows` of the run: top, caches, values by layer.

        `bias` is self-attention's (None: causal), `memory_bias` cross-attention's.
        """
        r, grown, recorded = x, [], []
        for layer, p in enumerate(self._blocks(params)):
            r, cache, values = transformer.block(
                p,
                r,
                caches[layer],
                self.heads,
                do.at(layer, rows),
                norm=self.norm,
                bias=bias,
                memory=memory[layer] if memory else None,
                memory_bias=memory_bias,
            )
            grown.append(cache)
            recorded.append(values)
        if self.norm == "pre":
            r = transformer.layer_norm(
                r, params[self._name("ln.gain")], params[self._name("ln.bias")]
            )
        named = {name: tuple(values[name] for values in recorded) for name in recorded[0]}
        return r, tuple(grown), named

    def remember(self, params: Params, memory: Array, do: Acts) -> Memory:
        """For every block, `cross_k` and `cross_v` of a source's rows (..., S, d)."""
        rows = slice(0, memory.shape[-2])
        return tuple(
            projected(p, memory, "kv", self.heads, do.at(layer, rows), CROSS)  # type: ignore[misc]
            for layer, p in enumerate(self._blocks(params))
        )

    def _blocks(self, params: Params) -> list[dict[str, Array]]:
        return [layer_params(params, i, self.part or "layers") for i in range(self.layers)]

    def _name(self, name: str) -> str:
        """Of a parameter that is no block's."""
        return f"{self.part}.{name}" if self.part else name


def init(shapes: Mapping[str, tuple[int, ...]], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """E and P as normal(0, 0.1), matrices uniform within ±1/sqrt(inputs) as torch's Linear."""
    params = {}
    for name, shape in shapes.items():
        if name.rpartition(".")[2] in ("E", "P"):
            array = rng.normal(0, 0.1, shape)
        elif len(shape) == 2:
            array = rng.uniform(-(shape[0] ** -0.5), shape[0] ** -0.5, shape)
        else:
            array = np.full(shape, name.endswith("gain"))
        params[name] = array.astype(np.float32)
    return params


def only_row(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of one row that were computed as a chunk of one: without the axis of time, -2."""
    return {
        name: tuple(v[..., 0, :] for v in value) if isinstance(value, tuple) else value[..., 0, :]
        for name, value in values.items()
    }
