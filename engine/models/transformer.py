"""A decoder-only Transformer language model: pre-LN blocks, causal attention, key-value cache.

x = E[token] + P[position]    h^l = block(h^(l-1))    logits = LN(h^L) W_hy + b_y
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine import transformer
from engine.arrays import Array, Params, constant
from engine.cells import Equation
from engine.errors import PeepholeError
from engine.interventions import NOTHING
from engine.models import Acts, Values, layer_params

Cache = tuple[Any, ...]  # per layer None or (keys, values), (..., heads, T, d_h) each


@dataclass(frozen=True)
class TransformerLM:
    """`layers` blocks of `width` units with `heads` heads; `hidden` units in the feed-forward.

    `positions` is `learned` (a table of `context` rows) or `sinusoidal` (no bound but memory).
    """

    words: int
    width: int = 64
    heads: int = 4
    layers: int = 2
    hidden: int = 256
    positions: str = "learned"
    context: int = 160
    kind: str = "transformer"

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise PeepholeError(f"{self.heads} heads do not divide a width of {self.width}")
        if self.positions not in ("learned", "sinusoidal"):
            raise PeepholeError(f"no positions {self.positions!r}", do="Known: learned, sinusoidal")

    @property
    def axes(self) -> Mapping[str, tuple[str, ...]]:
        unit, head = ("layer", "unit"), ("layer", "head", "dim")
        return {
            "x": ("input",),
            **{"q": head, "k": head, "v": head},
            **{"scores": ("layer", "head", "key"), "weights": ("layer", "head", "key")},
            **{"context": head, "a": unit, "m": unit, "h": unit},
            "logits": ("word",),
        }

    @property
    def gates(self) -> tuple[str, ...]:
        return ()

    @property
    def states(self) -> tuple[str, ...]:
        return ()

    @property
    def equations(self) -> tuple[Equation, ...]:
        return transformer.EQUATIONS

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every parameter."""
        d = self.width
        shapes: dict[str, tuple[int, ...]] = {"E": (self.words, d)}
        if self.positions == "learned":
            shapes["P"] = (self.context, d)
        for layer in range(self.layers):
            for name, shape in transformer.shapes(d, self.hidden).items():
                shapes[f"layers.{layer}.{name}"] = shape
        return shapes | {
            "ln.gain": (d,),
            "ln.bias": (d,),
            "W_hy": (d, self.words),
            "b_y": (self.words,),
        }

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """E and P as normal(0, 0.1), matrices uniform within ±1/sqrt(inputs) as torch's Linear."""
        params = {}
        for name, shape in self.shapes().items():
            if name in ("E", "P"):
                array = rng.normal(0, 0.1, shape)
            elif len(shape) == 2:
                array = rng.uniform(-(shape[0] ** -0.5), shape[0] ** -0.5, shape)
            else:
                array = np.full(shape, name.endswith("gain"))
            params[name] = array.astype(np.float32)
        return params

    def start(self, params: Params, batch: tuple[int, ...] = ()) -> Cache:
        """An empty cache; it takes its batch axes from the first tokens."""
        return (None,) * self.layers

    def step(
        self, params: Params, state: Cache, ids: Array, do: Acts = NOTHING, row: int = 0
    ) -> tuple[Cache, Values]:
        """One tick with the cache: ids (...) of tokens at row `row`."""
        state, values = self.chunk(params, state, np.asarray(ids)[..., None], do)
        single = {
            name: tuple(v[..., 0, :] for v in value)
            if isinstance(value, tuple)
            else value[..., 0, :]
            for name, value in values.items()
        }
        return state, single

    def logits(
        self, params: Params, ids: Array, do: Acts = NOTHING, positions: Array | None = None
    ) -> Array:
        """One shot over ids (..., T): logits (..., T, V); `positions` (..., T) if not from 0."""
        return self.chunk(params, self.start(params), ids, do, positions)[1]["logits"]

    def chunk(
        self,
        params: Params,
        cache: Cache,
        ids: Array,
        do: Acts = NOTHING,
        positions: Array | None = None,
    ) -> tuple[Cache, Values]:
        """Any number of new rows, ids (..., T), after those in the cache; axis -2 is time."""
        start = 0 if cache[0] is None else cache[0][0].shape[-2]
        rows = slice(start, start + ids.shape[-1])
        r = x = do.at(0, rows)("x", params["E"][ids] + self._positions(params, rows, positions))
        caches, recorded = [], []
        for layer in range(self.layers):
            p = layer_params(params, layer)
            r, new, values = transformer.block(p, r, cache[layer], self.heads, do.at(layer, rows))
            caches.append(new)
            recorded.append(values)
        top = transformer.layer_norm(r, params["ln.gain"], params["ln.bias"])
        values = {name: tuple(v[name] for v in recorded) for name in transformer.VALUES}
        return tuple(caches), {"x": x, **values, "logits": top @ params["W_hy"] + params["b_y"]}

    def _positions(self, params: Params, rows: slice, at: Array | None) -> Array:
        """Position vectors of the rows, (T, d), or of the positions `at`, (..., T, d)."""
        if self.positions == "learned":
            if rows.stop > self.context:
                raise PeepholeError(
                    f"{rows.stop} tokens are more than this Transformer's {self.context} positions",
                    do="Use a shorter text",
                )
            return params["P"][rows if at is None else at]
        table = transformer.sinusoidal(rows.start, rows.stop, self.width)
        return constant(table, params["E"])
