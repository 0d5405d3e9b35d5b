"""The oracle of encoder-decoders: torch.nn's stacks, and attention written from the papers, row by row.

One pair at a time and no padding; a score is computed for one row of the target and one of the source,
as eq. 5-6 of Bahdanau et al. 2014 and eq. 5-10 of Luong et al. 2015 have it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from engine.arrays import Backend
from engine.models import LanguageModel
from engine.models.bidirectional import BidirectionalTagger
from engine.models.encoder_decoder import EncoderDecoder
from engine.text import SPECIAL, Vocabulary
from tests.engine.reference import CELL, STACK, put

WORDS = (*SPECIAL, *"abcdefgh")


def pair_model(
    cell: str = "gru", dtype: str = "float64", scale: float = 1.5, seed: int = 0, **sizes: Any
) -> LanguageModel:
    """A random encoder-decoder over WORDS, of 6 units."""
    sizes = {"width": 6, "embed": 5} | sizes
    return _drawn(EncoderDecoder(cell, len(WORDS), **sizes), dtype, scale, seed)


def tagger(cell: str, layers: int = 1, dtype: str = "float64", scale: float = 1.5) -> LanguageModel:
    """A random tagger over WORDS, of 6 units."""
    architecture = BidirectionalTagger(cell, len(WORDS), width=6, embed=5, layers=layers)
    return _drawn(architecture, dtype, scale, 0)


def _drawn(architecture: Any, dtype: str, scale: float, seed: int) -> LanguageModel:
    rng = np.random.default_rng(seed)
    params = {k: scale * v for k, v in architecture.init(rng).items()}
    model = LanguageModel("pair", architecture, params, Vocabulary(WORDS), digest="0" * 12)
    return model.to(Backend(dtype=dtype))


def ids(length: int, seed: int = 0) -> list[int]:
    """Random words, none of them special."""
    drawn = np.random.default_rng(seed).integers(len(SPECIAL), len(WORDS), length)
    return [int(i) for i in drawn]


def copied(params: Mapping[str, Any], stack: nn.Module, prefix: str, back: str = "") -> None:
    """Our layers `prefix`.l (and `back`.l) into a torch stack of one or two directions."""
    for ours, theirs in placed(stack, prefix, back):
        array = params[ours]
        put(theirs, array.T if array.ndim == 2 else array)


def placed(stack: nn.Module, prefix: str, back: str = "") -> Iterator[tuple[str, Tensor]]:
    """Our names with torch's parameters; matrices are transposed there."""
    names = {"W_xh": "weight_ih", "W_hh": "weight_hh", "b_xh": "bias_ih", "b_hh": "bias_hh"}
    for layer in range(stack.num_layers):  # type: ignore[arg-type]
        for ours, theirs in names.items():
            yield f"{prefix}.{layer}.{ours}", getattr(stack, f"{theirs}_l{layer}")
            if back:
                yield f"{back}.{layer}.{ours}", getattr(stack, f"{theirs}_l{layer}_reverse")


class Papers:
    """The twin of an encoder-decoder. `free` are its own weights by our names, for derivatives."""

    def __init__(self, model: LanguageModel) -> None:
        self.a: Any = model.architecture
        a, p = self.a, model.params
        dtype = getattr(torch, model.backend.dtype)
        half = a.width // 2 if a.bidirectional else a.width
        self.encoder = STACK[a.cell](
            a.embed, half, a.layers, bidirectional=a.bidirectional, dtype=dtype
        )
        copied(p, self.encoder, "encoder", "back" if a.bidirectional else "")
        if a.attention == "bahdanau":
            sizes = [a.embed + a.width, *[a.width] * (a.layers - 1)]
            self.cells = [CELL[a.cell](size, a.width, dtype=dtype) for size in sizes]
            for layer, cell in enumerate(self.cells):
                for ours, theirs in (("W_xh", "weight_ih"), ("W_hh", "weight_hh")):
                    put(getattr(cell, theirs), p[f"decoder.{layer}.{ours}"].T)
                for ours, theirs in (("b_xh", "bias_ih"), ("b_hh", "bias_hh")):
                    put(getattr(cell, theirs), p[f"decoder.{layer}.{ours}"])
        else:
            self.decoder = STACK[a.cell](a.embed, a.width, a.layers, dtype=dtype)
            copied(p, self.decoder, "decoder")
        self.free = {
            name: torch.tensor(np.asarray(array), requires_grad=True)
            for name, array in p.items()
            if name.partition(".")[0] not in ("encoder", "back", "decoder")
        }
        self.seen: dict[str, list[Tensor]] = {}

    def __call__(self, source: Sequence[int], target: Sequence[int]) -> Tensor:
        """The logits (U, V) of the target's rows; `seen` has weights, context and h_tilde by row."""
        a, free = self.a, self.free
        self.seen = {"weights": [], "context": [], "h_tilde": [], "position": []}
        h, last = self.encoder(free["E"][list(source)][:, None])
        self.h = h[:, 0]  # (S, H)
        state = self._vector(last)
        y = free["E"][list(target)]  # (U, D)
        tops = self._bahdanau(y, state) if a.attention == "bahdanau" else self._luong(y, state)
        return torch.stack(tops) @ free["W_hy"] + free["b_y"]

    def _vector(self, last: Any) -> list[Tensor]:
        """(layers, 1, H) of each state: both directions' last states side by side."""
        states = last if isinstance(last, tuple) else (last,)
        if not self.a.bidirectional:
            return list(states)
        return [
            torch.stack([torch.cat([s[2 * k], s[2 * k + 1]], -1) for k in range(self.a.layers)])
            for s in states
        ]

    def _bahdanau(self, y: Tensor, state: list[Tensor]) -> list[Tensor]:
        free, layers = self.free, range(self.a.layers)
        per_layer = [tuple(s[layer] for s in state) for layer in layers]
        tops = []
        for y_i in y:
            s_before = per_layer[-1][0][0]
            e = [
                free["attention.v_a"]
                @ torch.tanh(s_before @ free["attention.W_a"] + h_j @ free["attention.U_a"])
                for h_j in self.h
            ]
            alpha = torch.stack(e).softmax(0)
            c = sum(alpha[j] * h_j for j, h_j in enumerate(self.h))
            assert isinstance(c, Tensor)
            self.seen["weights"].append(alpha)
            self.seen["context"].append(c)
            x = torch.cat([y_i, c])[None]
            for layer, cell in enumerate(self.cells):
                now = cell(x, per_layer[layer] if len(state) == 2 else per_layer[layer][0])
                per_layer[layer] = now if isinstance(now, tuple) else (now,)
                x = per_layer[layer][0]
            tops.append(x[0])
        return tops

    def _luong(self, y: Tensor, state: list[Tensor]) -> list[Tensor]:
        a, free = self.a, self.free
        out, _ = self.decoder(y[:, None], tuple(state) if len(state) == 2 else state[0])
        if a.attention == "none":
            return list(out[:, 0])
        tops = []
        for t, h_t in enumerate(out[:, 0]):
            weights = self._aligned(t, h_t)
            c = sum(weights[s] * h_s for s, h_s in enumerate(self.h))
            assert isinstance(c, Tensor)
            tops.append(torch.tanh(torch.cat([c, h_t]) @ free["attention.W_c"]))
            self.seen["weights"].append(weights)
            self.seen["context"].append(c)
            self.seen["h_tilde"].append(tops[-1])
        return tops

    def _aligned(self, t: int, h_t: Tensor) -> Tensor:
        """The weights of one row of the target, eq. 7-10."""
        a, free = self.a, self.free
        length = len(self.h)
        p_t: Any = float(t)
        if a.local == "predictive":
            inner = torch.tanh(h_t @ free["attention.W_p"])
            p_t = length * torch.sigmoid(free["attention.v_p"] @ inner)
        if a.local != "global":
            self.seen["position"].append(torch.as_tensor(p_t))
        near = float(torch.as_tensor(p_t).detach())
        inside = [s for s in range(length) if a.local == "global" or abs(s - near) <= a.window]
        inside = inside or [min(range(length), key=lambda s: abs(s - near))]
        align = torch.stack([self._score(h_t, self.h[s]) for s in inside]).softmax(0)
        weights = [torch.zeros((), dtype=h_t.dtype)] * length
        for s, share in zip(inside, align, strict=True):
            sigma = a.window / 2
            bell = torch.exp(-((s - p_t) ** 2) / (2 * sigma**2)) if a.local == "predictive" else 1.0
            weights[s] = share * bell
        return torch.stack(weights)

    def _score(self, h_t: Tensor, h_s: Tensor) -> Tensor:
        free = self.free
        if self.a.attention == "dot":
            return h_t @ h_s
        if self.a.attention == "general":
            return h_t @ free["attention.W_a"] @ h_s
        both = torch.cat([h_t, h_s]) @ free["attention.W_a"]
        return free["attention.v_a"] @ torch.tanh(both)

    def grads(self, loss: Tensor) -> dict[str, np.ndarray]:
        """dL by every parameter, in our names and shapes."""
        named = dict(self.free)
        theirs = dict(placed(self.encoder, "encoder", "back" if self.a.bidirectional else ""))
        if self.a.attention == "bahdanau":
            for layer, cell in enumerate(self.cells):
                for ours, attribute in (("W_xh", "weight_ih"), ("W_hh", "weight_hh")):
                    theirs[f"decoder.{layer}.{ours}"] = getattr(cell, attribute)
                for ours, attribute in (("b_xh", "bias_ih"), ("b_hh", "bias_hh")):
                    theirs[f"decoder.{layer}.{ours}"] = getattr(cell, attribute)
        else:
            theirs |= dict(placed(self.decoder, "decoder"))
        everything = {**named, **theirs}
        found = torch.autograd.grad(loss, list(everything.values()))
        return {
            name: (grad.T if name in theirs and grad.ndim == 2 else grad).numpy()
            for name, grad in zip(everything, found, strict=True)
        }
