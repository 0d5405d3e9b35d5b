"""The Transformer of 2017: an encoder reads the source at once, a decoder writes the target.

encoder   x = E[token] + P[position]    h^l = block(h^(l-1))             memory = h^L  (pre-LN: LN(h^L))
decoder   x = E[token] + P[position]    h^l = block(h^(l-1), memory)     logits = h^L W_hy + b_y  (likewise)

Both sides count positions from 0. In the encoder every row sees every row; in the decoder a row sees itself
and the rows of the target before it, and through cross-attention the whole memory.
Vaswani et al. 2017, figure 1 (post-LN); Xiong et al. 2020 (pre-LN, with an LN after the last block of each).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, NamedTuple

import numpy as np

from engine import stacks
from engine.arrays import Array, Params, concat, constant
from engine.attention import key_bias
from engine.errors import PeepholeError
from engine.interventions import NOTHING
from engine.models import Acts, Values
from engine.models.of_blocks import OfBlocks
from engine.pairs import columns
from engine.stacks import Cache, Memory, Stack
from engine.text import BLANK


class State(NamedTuple):
    """What the decoder goes on from.

    Attributes:
        memory: per layer, keys and values of the source, (..., heads, S, d_h) each.
        bias: 0, and -inf on padding of the source, (..., 1, 1, S).
        cache: per layer, keys and values of the target so far, or None.
    """

    memory: Memory
    bias: Array
    cache: Cache


@dataclass(frozen=True)
class Seq2SeqTransformer(OfBlocks):
    """`layers` blocks of `width` units with `heads` heads on each side; `hidden` in the feed-forward.

    `norm` is `post` (2017) or `pre`; `positions` is `sinusoidal`, `learned` (a table of `context` rows
    for each side) or `none`. `letters` and `reverse` say what becomes of a source before it is read.
    """

    words: int
    width: int = 64
    heads: int = 4
    layers: int = 2
    hidden: int = 256
    norm: str = "post"
    positions: str = "sinusoidal"
    context: int = 160
    letters: bool = False
    reverse: bool = False
    kind: str = "seq2seq-transformer"
    reads: ClassVar[str] = "source"

    @cached_property
    def encoder(self) -> Stack:
        """The side that reads the source."""
        return self.side("encoder")

    @cached_property
    def decoder(self) -> Stack:
        """The side that writes the target."""
        return self.side("decoder", cross=True)

    @property
    def sides(self) -> tuple[Stack, ...]:
        return self.encoder, self.decoder

    def start(self, params: Params, batch: tuple[int, ...] = ()) -> State:
        """There is none before the source was read.

        Raises:
            PeepholeError: always.
        """
        raise PeepholeError("a target begins after its source", do="Read the source first")

    def read(self, params: Params, ids: Array, do: Acts = NOTHING) -> tuple[State, Values]:
        """The source, ids (..., S), filled up with BLANK: the decoder's state, and every value.

        Among them `cross_k` and `cross_v`, which every row of the target will attend to.
        """
        ids = np.asarray(ids)
        rows = slice(0, ids.shape[-1])
        x = do.at(0, rows)("x", self.encoder.enter(params, params["E"][ids]))
        bias = constant(key_bias(ids != BLANK), x)
        top, _, values = self.encoder.run(params, x, self.encoder.start(), do, rows, bias)
        memory = self.decoder.remember(params, top, do)
        keys, vals = (tuple(layer[part] for layer in memory) for part in (0, 1))
        state = State(memory, bias, self.decoder.start())
        return state, {"x": x, **values, "cross_k": keys, "cross_v": vals}

    def step(
        self, params: Params, state: State, ids: Array, do: Acts = NOTHING, row: int = 0
    ) -> tuple[State, Values]:
        """One tick of the decoder: ids (...) of tokens at row `row` of the run; the first reads `<s>`."""
        state, values = self.chunk(params, state, np.asarray(ids)[..., None], do, row)
        return state, stacks.only_row(values)

    def chunk(
        self, params: Params, state: State, ids: Array, do: Acts = NOTHING, row: int = 0
    ) -> tuple[State, Values]:
        """Any number of new rows of the target, ids (..., U), from row `row` of the run on."""
        first = state.cache[0]
        start = 0 if first is None else first[0].shape[-2]
        rows = slice(row, row + ids.shape[-1])
        x = do.at(0, rows)("x", self.decoder.enter(params, params["E"][ids], start))
        memory, bias, cache = state
        top, cache, values = self.decoder.run(
            params, x, cache, do, rows, memory=memory, memory_bias=bias
        )
        logits = top @ params["W_hy"] + params["b_y"]
        return State(memory, bias, cache), {"x": x, **values, "logits": logits}

    def logits(self, params: Params, ids: Array, do: Acts = NOTHING) -> Array:
        """One shot over a source and its target, ids (..., T): logits (..., T, V).

        `<s>` stands in the same column of every item; the rows before it are the source, filled up with
        `<pad>`, and their logits are 0.
        """
        source, target, _ = columns(np.asarray(ids))
        state, _ = self.read(params, source, do)
        _, values = self.chunk(params, state, target, do, source.shape[-1])
        found = values["logits"]
        nothing = constant(np.zeros((*source.shape, self.words)), found)
        return concat((nothing, found), -2)
