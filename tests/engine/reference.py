"""The oracles: the same models built of torch.nn modules, by a road that shares no code with engine/.

Weights are copied into torch's own layout (matrices transposed, gates in torch's order), so a wrong
order, a transposed matrix or a slip in time cannot agree by accident.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.interventions import CutEdge, CutHead, Hold, Intervention
from engine.models import LanguageModel

torch.set_num_threads(1)


class LinearCell(nn.RNNCell):
    """torch has no linear cell; its RNNCell's sum is one."""

    def forward(self, x: Tensor, h: Tensor) -> Tensor:  # type: ignore[override]
        return F.linear(x, self.weight_ih, self.bias_ih) + F.linear(h, self.weight_hh, self.bias_hh)


CELL: dict[str, Any] = {
    "elman": nn.RNNCell,
    "relu": partial(nn.RNNCell, nonlinearity="relu"),
    "linear": LinearCell,
    "lstm": nn.LSTMCell,
    "gru": nn.GRUCell,
}
STACK: dict[str, Any] = {
    "elman": nn.RNN,
    "relu": partial(nn.RNN, nonlinearity="relu"),
    "lstm": nn.LSTM,
    "gru": nn.GRU,
}


def tensor(array: Any) -> Tensor:
    """A tensor of the same numbers and precision."""
    return torch.tensor(np.asarray(array))


def put(parameter: Tensor, array: np.ndarray) -> None:
    """Copy one of our arrays into a torch parameter of the same shape."""
    assert tuple(parameter.shape) == array.shape
    with torch.no_grad():
        parameter.copy_(tensor(array))


def copy_cell(params: Any, layer: int, module: nn.Module, suffix: str = "") -> None:
    """Weights of one of our layers into a torch cell, or into one layer of a torch stack."""
    for ours, theirs in (("W_xh", "weight_ih"), ("W_hh", "weight_hh")):
        put(getattr(module, theirs + suffix), params[f"layers.{layer}.{ours}"].T)
    for ours, theirs in (("b_xh", "bias_ih"), ("b_hh", "bias_hh")):
        put(getattr(module, theirs + suffix), params[f"layers.{layer}.{ours}"])


SQUASH: dict[str, Callable[[Tensor], Tensor]] = {
    "elman": torch.tanh,
    "relu": torch.relu,
    "linear": lambda a: a,
}
Act = Callable[[str, int, int, Tensor], Tensor]  # name, layer, row, value -> value


def equations(
    kind: str, cell: Any, x: Tensor, h: Tensor, c: Tensor, act: Callable[[str, Tensor], Tensor]
) -> tuple[Tensor, Tensor]:
    """One step as torch's documentation of RNNCell, LSTMCell and GRUCell writes it; (h, c).

    torch's cells show no gates and let nobody hold one; here `act` gets every quantity by name.
    """
    a = F.linear(x, cell.weight_ih, cell.bias_ih)
    u = F.linear(h, cell.weight_hh, cell.bias_hh)
    if kind in SQUASH:
        return act("h", SQUASH[kind](a + u)), c
    if kind == "lstm":
        i, f, g, o = (a + u).chunk(4, -1)
        i, f = act("i", i.sigmoid()), act("f", f.sigmoid())
        g, o = act("g", g.tanh()), act("o", o.sigmoid())
        c = act("c", f * c + i * g)
        return act("h", o * c.tanh()), c
    a_r, a_z, a_n = a.chunk(3, -1)
    u_r, u_z, u_n = u.chunk(3, -1)
    r, z = act("r", (a_r + u_r).sigmoid()), act("z", (a_z + u_z).sigmoid())
    n = act("n", (a_n + r * u_n).tanh())
    return act("h", (1 - z) * n + z * h), c


class Recurrent(nn.Module):
    """nn.Embedding, a stack of torch's cells, nn.Linear. `seen` keeps every x, h, c for autograd.

    With `act`, `equations` takes the place of torch's cells, and every quantity passes through it.
    """

    def __init__(self, model: LanguageModel, act: Act | None = None) -> None:
        super().__init__()
        self.act = act
        a: Any = model.architecture
        dtype = getattr(torch, model.backend.dtype)
        self.kind, self.width = a.cell, a.width
        self.embedding = nn.Embedding(a.words, a.embed, dtype=dtype)
        self.cells = nn.ModuleList(
            CELL[a.cell](a.width if layer else a.embed, a.width, dtype=dtype)
            for layer in range(a.layers)
        )
        self.readout = nn.Linear(a.width, a.words, dtype=dtype)
        put(self.embedding.weight, model.params["E"])
        put(self.readout.weight, model.params["W_hy"].T)
        put(self.readout.bias, model.params["b_y"])
        for layer, cell in enumerate(self.cells):
            copy_cell(model.params, layer, cell)
        self.seen: dict[str, list[list[Tensor]]] = {}

    def forward(self, ids: Tensor) -> Tensor:
        """ids (B, T) to logits (B, T, V); seen["h"][layer][t] (B, H), seen["x"][0][t] (B, D)."""
        batch, length = ids.shape
        zero = torch.zeros(batch, self.width, dtype=self.readout.weight.dtype)
        h, c = [zero] * len(self.cells), [zero] * len(self.cells)
        self.seen = {}
        logits = []
        for t in range(length):
            below = self.embedding(ids[:, t])
            below = self._keep("x", 0, self.act("x", 0, t, below) if self.act else below)
            for layer, cell in enumerate(self.cells):
                h[layer], c[layer] = self._tick(layer, t, cell, below, h[layer], c[layer])
                below = h[layer]
            logits.append(self.readout(below))
        return torch.stack(logits, 1)

    def _tick(
        self, layer: int, t: int, cell: Any, x: Tensor, h: Tensor, c: Tensor
    ) -> tuple[Tensor, Tensor]:
        act = self.act
        if act is not None:
            return equations(
                self.kind, cell, x, h, c,
                lambda name, value: self._keep(name, layer, act(name, layer, t, value)),
            )  # fmt: skip
        if self.kind == "lstm":
            h, c = cell(x, (h, c))
            return self._keep("h", layer, h), self._keep("c", layer, c)
        return self._keep("h", layer, cell(x, h)), c

    def _keep(self, name: str, layer: int, value: Tensor) -> Tensor:
        if value.requires_grad:
            value.retain_grad()
        self.seen.setdefault(name, [[] for _ in self.cells])[layer].append(value)
        return value


class Transformer(nn.Module):
    """nn.TransformerEncoderLayer(norm_first, relu) under a causal mask, made a language model.

    `masks`, one (B * heads, T, T) a layer, replace the causal one (for cut edges). `seen` keeps x and
    each h; `act` gets them row by row.
    """

    def __init__(self, model: LanguageModel, act: Act | None = None) -> None:
        super().__init__()
        self.act = act
        a: Any = model.architecture
        dtype = getattr(torch, model.backend.dtype)
        self.embedding = nn.Embedding(a.words, a.width, dtype=dtype)
        put(self.embedding.weight, model.params["E"])
        self.positions = tensor(model.params["P"]) if "P" in model.params else None
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                a.width,
                a.heads,
                a.hidden,
                dropout=0.0,
                activation="relu",
                batch_first=True,
                norm_first=True,
                dtype=dtype,
            )
            for _ in range(a.layers)
        )
        block: Any
        for layer, block in enumerate(self.blocks):
            prefix = f"layers.{layer}."
            p = {k.removeprefix(prefix): v for k, v in model.params.items() if k.startswith(prefix)}
            copy_attention(p, block.self_attn)
            for ours, linear in (("1", block.linear1), ("2", block.linear2)):
                put(linear.weight, p[f"W_{ours}"].T)
                put(linear.bias, p[f"b_{ours}"])
            for ours, norm in (("ln_1", block.norm1), ("ln_2", block.norm2)):
                put(norm.weight, p[f"{ours}.gain"])
                put(norm.bias, p[f"{ours}.bias"])
        self.norm = nn.LayerNorm(a.width, dtype=dtype)
        put(self.norm.weight, model.params["ln.gain"])
        put(self.norm.bias, model.params["ln.bias"])
        self.readout = nn.Linear(a.width, a.words, dtype=dtype)
        put(self.readout.weight, model.params["W_hy"].T)
        put(self.readout.bias, model.params["b_y"])
        self.seen: dict[str, list[Tensor]] = {}

    def forward(self, ids: Tensor, masks: Sequence[Tensor] | None = None) -> Tensor:
        """ids (B, T) to logits (B, T, V); seen["h"][layer] and seen["x"][0] are (B, T, d)."""
        length = ids.shape[1]
        if masks is None:
            masks = [torch.ones(length, length, dtype=torch.bool).triu(1)] * len(self.blocks)
        r = self.embedding(ids)
        if self.positions is not None:
            r = r + self.positions[:length]
        r = self._act("x", 0, r)
        self.seen = {"x": [r], "h": []}
        for layer, block in enumerate(self.blocks):
            r = self._act("h", layer, block(r, src_mask=masks[layer]))
            self.seen["h"].append(r)
        for value in (*self.seen["x"], *self.seen["h"]):
            if value.requires_grad:
                value.retain_grad()
        return self.readout(self.norm(r))

    def _act(self, name: str, layer: int, value: Tensor) -> Tensor:
        if self.act is None:
            return value
        rows = [self.act(name, layer, t, value[:, t]) for t in range(value.shape[1])]
        return torch.stack(rows, 1)


def copy_attention(p: Any, attention: nn.MultiheadAttention) -> None:
    """Our W_q W_k W_v W_o and biases into torch's stacked in_proj and out_proj."""
    put(attention.in_proj_weight, np.concatenate([p[f"W_{name}"].T for name in "qkv"]))
    put(attention.in_proj_bias, np.concatenate([p[f"b_{name}"] for name in "qkv"]))
    put(attention.out_proj.weight, p["W_o"].T)
    put(attention.out_proj.bias, p["b_o"])


def reference(model: LanguageModel, act: Act | None = None) -> Any:
    """The torch twin of any of our models (a NumPy one)."""
    kind = Transformer if hasattr(model.architecture, "heads") else Recurrent
    return kind(model, act)


def leave(name: str, layer: int, row: int, value: Tensor) -> Tensor:
    """The `act` that changes nothing."""
    return value


def act_of(items: Sequence[Intervention]) -> Act:
    """The holds among the items, on torch's tensors: torch.where with the held numbers."""

    def act(name: str, layer: int, row: int, value: Tensor) -> Tensor:
        for item in items:
            if not isinstance(item, Hold) or item.name != name or item.layer not in (None, layer):
                continue
            if item.start <= row < (10**9 if item.stop is None else item.stop):
                units = list(item.units) or list(range(value.shape[-1]))
                put = torch.zeros(value.shape[-1], dtype=value.dtype)
                put[units] = torch.tensor(item.value, dtype=value.dtype)
                held = torch.zeros(value.shape[-1], dtype=torch.bool)
                held[units] = True
                value = torch.where(held, put, value)
        return value

    return act


def masks_of(items: Sequence[Intervention], layers: int, heads: int, length: int) -> list[Tensor]:
    """The cut edges among the items: per layer True where a head's row may not look, for one text."""
    masks = [torch.ones(heads, length, length, dtype=torch.bool).triu(1) for _ in range(layers)]
    for item in items:
        if isinstance(item, CutEdge):
            for layer in range(layers) if item.layer is None else [item.layer]:
                heads_cut = slice(None) if item.head is None else item.head
                masks[layer][heads_cut, item.query, item.key] = True
    return masks


def without_heads(model: LanguageModel, items: Sequence[Intervention]) -> LanguageModel:
    """The model with the rows of W_o (torch's columns) zero that the cut heads feed."""
    params = dict(model.params)
    for item in items:
        if isinstance(item, CutHead):
            architecture: Any = model.architecture
            name, dim = f"layers.{item.layer}.W_o", architecture.width // architecture.heads
            params[name] = params[name].copy()
            params[name][item.head * dim : (item.head + 1) * dim] = 0.0
    return replace(model, params=params)
