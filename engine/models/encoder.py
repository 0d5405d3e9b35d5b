"""A Transformer encoder that labels every row of a text, all rows at once, as BERT does (Devlin et al. 2018).

x = E[token] + P[position]    h^l = block(h^(l-1))    logits = h^L W_hy + b_y    (pre-LN: of LN(h^L))
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Params, constant
from engine.attention import key_bias
from engine.errors import PeepholeError
from engine.interventions import NOTHING
from engine.models import Acts, Values
from engine.models.of_blocks import OfOneStack
from engine.text import BLANK


@dataclass(frozen=True)
class EncoderTagger(OfOneStack):
    """`layers` blocks of `width` units with `heads` heads; `hidden` units in the feed-forward.

    Every row sees every row but padding. `norm` is `post` (2017) or `pre`; `positions` is
    `sinusoidal`, `learned` (a table of `context` rows) or `none`.
    """

    words: int
    width: int = 64
    heads: int = 4
    layers: int = 2
    hidden: int = 256
    norm: str = "pre"
    positions: str = "sinusoidal"
    context: int = 160
    kind: str = "encoder"
    reads: ClassVar[str] = "whole"

    def start(self, params: Params, batch: tuple[int, ...] = ()) -> Any:
        """Nothing: it carries no state."""
        return None

    def step(
        self, params: Params, state: Any, ids: Array, do: Acts = NOTHING, row: int = 0
    ) -> tuple[Any, Values]:
        """There is none.

        Raises:
            PeepholeError: always.
        """
        raise PeepholeError("an encoder reads a text as a whole", do="Read the longer text anew")

    def read(self, params: Params, ids: Array, do: Acts = NOTHING) -> tuple[Any, Values]:
        """All rows, ids (..., T), filled up with BLANK: no state, and every value; axis -2 is time."""
        ids = np.asarray(ids)
        rows = slice(0, ids.shape[-1])
        x = do.at(0, rows)("x", self.stack.enter(params, params["E"][ids]))
        bias = constant(key_bias(ids != BLANK), x)
        top, _, values = self.stack.run(params, x, self.stack.start(), do, rows, bias)
        return None, {"x": x, **values, "logits": top @ params["W_hy"] + params["b_y"]}

    def logits(self, params: Params, ids: Array, do: Acts = NOTHING) -> Array:
        """One shot over ids (..., T), filled up with BLANK: logits (..., T, V) of every row."""
        return self.read(params, ids, do)[1]["logits"]
