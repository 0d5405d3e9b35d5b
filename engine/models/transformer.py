"""A decoder-only Transformer language model: pre-LN blocks, causal attention, key-value cache.

x = E[token] + P[position]    h^l = block(h^(l-1))    logits = LN(h^L) W_hy + b_y
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine import stacks
from engine.arrays import Array, Params
from engine.interventions import NOTHING
from engine.models import Acts, Values
from engine.models.of_blocks import OfOneStack
from engine.stacks import Cache


@dataclass(frozen=True)
class TransformerLM(OfOneStack):
    """`layers` blocks of `width` units with `heads` heads; `hidden` units in the feed-forward.

    `positions` is `learned` (a table of `context` rows), or `sinusoidal` or `none` (no bound but memory).
    """

    words: int
    width: int = 64
    heads: int = 4
    layers: int = 2
    hidden: int = 256
    positions: str = "learned"
    context: int = 160
    kind: str = "transformer"

    def start(self, params: Params, batch: tuple[int, ...] = ()) -> Cache:
        """An empty cache; it takes its batch axes from the first tokens."""
        return self.stack.start()

    def step(
        self, params: Params, state: Cache, ids: Array, do: Acts = NOTHING, row: int = 0
    ) -> tuple[Cache, Values]:
        """One tick with the cache: ids (...) of tokens at row `row`."""
        state, values = self.chunk(params, state, np.asarray(ids)[..., None], do)
        return state, stacks.only_row(values)

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
        x = do.at(0, rows)("x", self.stack.enter(params, params["E"][ids], start, positions))
        top, cache, values = self.stack.run(params, x, cache, do, rows)
        return cache, {"x": x, **values, "logits": top @ params["W_hy"] + params["b_y"]}
