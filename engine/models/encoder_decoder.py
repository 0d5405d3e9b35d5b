"""An encoder-decoder of recurrent cells: one vector crosses, and attention where it is asked for.

encoder   h_j = cell(E[source_j], h_(j-1))            its last row reads </s>
          s_0 = h after the last row                  "the vector" (Sutskever et al. 2014; Cho et al. 2014)
decoder   s_t = cell(E[target_t], s_(t-1))            its first row reads <s>
          logits = s_t W_hy + b_y

With two encoders, h_j = [h_j forward ; h_j backward], each of half the units, and the vector is
[forward after the last row ; backward after row 0]: with any cell, and without weights of its own. (Bahdanau
et al. 2014, A.2.2, take tanh(W_s h_0 backward).)

Attention "bahdanau": the cell reads [E[target_t] ; context_t] (A.1.2; lowest layer, asked by the top layer's
state of the tick before). The other kinds (Luong et al. 2015, section 3.1, eq. 5-6, without input feeding):
h_tilde = tanh(W_c [context_t ; s_t]) and logits = h_tilde W_hy + b_y. Their equations: `engine.alignment`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from engine import alignment, cells
from engine.alignment import Memory
from engine.arrays import Array, Params, concat, constant, namespace, stack
from engine.cells import Equation, State
from engine.errors import PeepholeError
from engine.interventions import NOTHING
from engine.models import Acts, Values
from engine.models.of_cells import OfCells
from engine.pairs import columns
from engine.sweep import embedded, part, parts, stacked, through, unstacked, zero

_H_TILDE = Equation("h_tilde", "h_tilde = tanh(W_c [context ; h])", "tanh({a})", "tanh")
_READS = Equation("cross_context", "context = Σ_j weights_j h_j; the cell reads [x ; context]")

_NONE = {"cross_scores": -np.inf, "cross_weights": 0.0}  # of a layer without attention; else NaN


class Written(NamedTuple):
    """The state of a decoder: `layers` of (..., H) each, and what it can look at (None: nothing)."""

    layers: tuple[State, ...]
    memory: Memory | None


@dataclass(frozen=True)
class EncoderDecoder(OfCells):
    """`layers` cells of `width` units in the encoder and as many in the decoder, one embedding for both.

    `attention` is none or a kind of `engine.alignment`; `local` and `window` (rows to both sides) are
    Luong's. `reverse`: the source is read from its last token to its first; `letters`: a text is split
    into letters (`engine.pairs.source_tokens` does both).
    """

    cell: str
    words: int
    width: int = 64
    embed: int = 64
    layers: int = 1
    attention: str = "none"
    local: str = "global"
    window: int = 0
    bidirectional: bool = False
    reverse: bool = False
    letters: bool = False
    kind: str = "encoder-decoder"
    reads: ClassVar[str] = "source"

    def __post_init__(self) -> None:
        alignment.check(self.attention, self.local, self.window)
        if self.bidirectional and self.width % 2:
            raise PeepholeError(f"two directions cannot share a width of {self.width}")

    @property
    def heads(self) -> int:
        """Attention here has one head."""
        return int(self.attention != "none")

    @property
    def looks(self) -> int:
        """The layer that attention belongs to: where its context enters, or whose state asks."""
        return 0 if self.attention == "bahdanau" else self.layers - 1

    @property
    def axes(self) -> Mapping[str, tuple[str, ...]]:
        unit = ("layer", "unit")
        both: dict[str, tuple[str, ...]] = dict.fromkeys(self.rule.VALUES, unit)
        if self.attention == "bahdanau":
            both = alignment.axes(self.local) | both
        elif self.attention != "none":
            both |= {**alignment.axes(self.local), "h_tilde": unit}
        return {"x": ("input",), **both, "logits": ("word",)}

    @property
    def equations(self) -> tuple[Equation, ...]:
        if self.attention == "none":
            return self.rule.EQUATIONS
        seen = alignment.equations(self.attention, self.local)
        if self.attention == "bahdanau":
            return (*seen[:-1], _READS, *self.rule.EQUATIONS)
        return (*self.rule.EQUATIONS, *seen, _H_TILDE)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every parameter."""
        shapes: dict[str, tuple[int, ...]] = {"E": (self.words, self.embed)}
        half = self.width // 2 if self.bidirectional else self.width
        context = self.width if self.attention == "bahdanau" else 0
        for layer in range(self.layers):
            d_in = self.width if layer else self.embed
            stacks = {"encoder": (d_in, half)}
            if self.bidirectional:
                stacks["back"] = (d_in, half)
            stacks["decoder"] = (d_in if layer else d_in + context, self.width)
            for prefix, sizes in stacks.items():
                for name, shape in cells.shapes(self.rule, *sizes).items():
                    shapes[f"{prefix}.{layer}.{name}"] = shape
        if self.attention != "none":
            own = alignment.shapes(self.attention, self.local, self.width)
            shapes |= {f"attention.{name}": shape for name, shape in own.items()}
            if not context:
                shapes["attention.W_c"] = (2 * self.width, self.width)
        return shapes | {"W_hy": (self.width, self.words), "b_y": (self.words,)}

    def start(self, params: Params, batch: tuple[int, ...] = ()) -> Written:
        """The decoder's state before anything was read: zeros (..., H), and nothing to look at."""
        begin = zero(self.rule, params["W_hy"], self.width, batch)
        return Written((begin,) * self.layers, None)

    def read(self, params: Params, ids: Array, do: Acts = NOTHING) -> tuple[Written, Values]:
        """The source, ids (..., S): the state that the decoder starts from, and the encoder's values."""
        state, x, rows = self._encode(params, np.asarray(ids), do)
        return state, {"x": x, **stacked(rows, self.rule.VALUES)}

    def step(
        self, params: Params, state: Written, ids: Array, do: Acts = NOTHING, row: int = 0
    ) -> tuple[Written, Values]:
        """One tick of the decoder: ids (...) of tokens at row `row` of the run.

        The state may have fewer batch axes than the ids: many targets of one source.
        """
        first = row if state.memory is None else state.memory.h.shape[-2]
        state, x, rows, seen = self._decode(
            params, state, np.asarray(ids)[..., None], do, first, row
        )
        named = {name: tuple(layer[0][name] for layer in rows) for name in self.rule.VALUES}
        looked = {name: self._layered(name, value[..., 0, :]) for name, value in seen.items()}
        top = looked["h_tilde"][-1] if "h_tilde" in looked else named["h"][-1]
        found = {"x": x[..., 0, :], **named, **looked}
        return state, found | {"logits": top @ params["W_hy"] + params["b_y"]}

    def logits(self, params: Params, ids: Array, do: Acts = NOTHING) -> Array:
        """One shot over source and target, ids (..., T), padded: logits (..., T, V), 0 on the source."""
        ids = np.asarray(ids)
        source, target, real = columns(ids)
        state, _, _ = self._encode(params, source, do, real)
        length = source.shape[-1]
        _, _, rows, seen = self._decode(params, state, target, do, length, length)
        top = seen["h_tilde"] if "h_tilde" in seen else stack([row["h"] for row in rows[-1]], -2)
        found = top @ params["W_hy"] + params["b_y"]
        return concat((constant(np.zeros((*source.shape, self.words)), found), found), -2)

    def _encode(
        self, params: Params, ids: np.ndarray, do: Acts, real: np.ndarray | None = None
    ) -> tuple[Written, Array, list[list[Values]]]:
        """ids (..., S): the state for the decoder, x (..., S, D), and per layer the values of every row."""
        x = embedded(params, ids, do)
        encoders = parts(params, "encoder", self.layers)
        back = parts(params, "back", self.layers) if self.bidirectional else ()
        begin = self.start(params, ids.shape[:-1]).layers
        states, layers, top = through(self.rule, encoders, x, begin, do, real=real, back=back)
        memory = None
        if self.attention != "none":
            memory = alignment.remembered(part(params, "attention."), self.attention, top, real)
        return Written(states, memory), x, layers

    def _decode(
        self, params: Params, state: Written, ids: np.ndarray, do: Acts, source: int, row: int
    ) -> tuple[Written, Array, list[list[Values]], Values]:
        """ids (..., U), read from row `row` on: the state after them, x, values by layer and row, attention.

        Attention's values keep the axis of the U rows: of all of them at once in Luong's form, which
        asks with states that are known by then.
        """
        x = embedded(params, ids, do, row)
        if self.attention == "bahdanau":
            return self._attentive(params, state, x, do, source, row)
        decoders = parts(params, "decoder", self.layers)
        states, layers, top = through(self.rule, decoders, x, state.layers, do, row)
        after = Written(states, state.memory)
        if self.attention == "none":
            return after, x, layers, {}
        own, act = part(params, "attention."), do.at(self.looks, slice(row, row + ids.shape[-1]))
        seen = self._attend(own, top, state.memory, row - source, act)
        context = seen["cross_context"][..., 0, :, :]  # (..., U, H)
        sums = context @ own["W_c"][: self.width] + top @ own["W_c"][self.width :]
        return after, x, layers, {**seen, "h_tilde": act("h_tilde", namespace(sums).tanh(sums))}

    def _attentive(
        self, params: Params, state: Written, x: Array, do: Acts, source: int, row: int
    ) -> tuple[Written, Array, list[list[Values]], Values]:
        """`_decode` where each row looks before its cell ticks, with the state of the row before."""
        own = part(params, "attention.")
        decoders = parts(params, "decoder", self.layers)
        W_x, W_context = (
            decoders[0]["W_xh"][at] for at in (slice(self.embed), slice(self.embed, None))
        )
        sums = unstacked(x @ W_x + decoders[0]["b_xh"])  # the context's share comes tick by tick
        now = list(state.layers)
        layers: list[list[Values]] = [[] for _ in now]
        looked: list[Values] = []
        for t, a in enumerate(sums, row):
            asks = now[-1][0][..., None, :]  # (..., 1, H)
            seen = self._attend(own, asks, state.memory, t - source, do.at(0, slice(t, t + 1)))
            looked.append(seen)
            a = a + seen["cross_context"][..., 0, 0, :] @ W_context
            for layer, p in enumerate(decoders):
                if layer:
                    a = now[layer - 1][0] @ p["W_xh"] + p["b_xh"]
                now[layer], values = self.rule.tick(p, a, now[layer], do.at(layer, t))
                layers[layer].append(values)
        joined = {name: concat([seen[name] for seen in looked], -2) for name in looked[0]}
        return Written(tuple(now), state.memory), x, layers, joined

    def _layered(self, name: str, value: Array) -> tuple[Array, ...]:
        """A value of attention by layer: the others have none."""
        none = np.full(tuple(value.shape), _NONE.get(name, np.nan))
        return tuple(
            value if layer == self.looks else constant(none, value) for layer in range(self.layers)
        )

    def _attend(
        self, own: Params, s: Array, memory: Memory | None, first: int, act: Any
    ) -> dict[str, Array]:
        """The values of attention for the rows s (..., U, H) of the target."""
        if memory is None:
            raise PeepholeError("nothing to look at", do="Read a source first")
        return alignment.attend(own, self.attention, self.local, self.window, s, memory, first, act)
