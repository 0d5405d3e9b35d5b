"""A recurrence run again in float64, step by step, for what the fused modules keep to themselves.

`nn.LSTM` returns its outputs, and the gradient of an output is only what reaches it directly. The
derivative through all later steps as well, dL/dh_t, needs the chain of states: they are computed again
from the recorded input and weights, and the recorded gradients of the outputs are sent back through
them. Float64, because in float32 the early norms would underflow.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from engine.watching.record import Call


class Run(NamedTuple):
    """One layer and direction, rows in the order of the sequence.

    Attributes:
        name: as torch ends its names of parameters, l0 or l1_reverse.
        h: hidden states (T, B, H).
        grads: state name -> dL/dstate_t, through all later steps (T, B, H).
        gates: gate name -> values (T, B, H).
        there: which rows are not padding (T, B).
    """

    name: str
    h: Tensor
    grads: dict[str, Tensor]
    gates: dict[str, Tensor]
    there: Tensor


class _Chain(NamedTuple):
    """A layer while it runs: states and gates by name, in the order of its steps."""

    states: dict[str, list[Tensor]]
    gates: dict[str, list[Tensor]]


def again(module: nn.RNNBase, call: Call) -> list[Run]:
    """All layers and directions of a recorded call. Dropout between layers is left out."""
    device = torch.device("cpu") if call.given["x"].device.type == "mps" else call.given["x"].device
    x = call.given["x"].to(device, torch.float64)  # (T, B, D)
    weights = {name: w.to(device, torch.float64) for name, w in call.weights.items()}
    rows, batch = x.shape[:2]
    lengths = torch.full((batch,), rows) if call.lengths is None else call.lengths
    there = torch.arange(rows, device=device)[:, None] < lengths.to(device)  # (T, B)
    turn = _turned(there)
    chains: list[tuple[str, _Chain]] = []
    with torch.enable_grad():
        for layer in range(module.num_layers):
            outs = []
            for suffix in ("", "_reverse")[: 1 + module.bidirectional]:
                name = f"l{layer}{suffix}"
                start = {}
                for which in "hc" if isinstance(module, nn.LSTM) else "h":
                    given = call.given.get(which)
                    wide = (
                        module.proj_size
                        if which == "h" and module.proj_size
                        else module.hidden_size
                    )
                    state = (
                        torch.zeros(batch, wide, dtype=torch.float64, device=device)
                        if given is None
                        else given[len(chains)].to(device, torch.float64)
                    )
                    start[which] = state.clone().requires_grad_()  # what the graph hangs on
                fed = _pick(x, turn) if suffix else x
                chain = _chain(module, _named(weights, name), fed, start)
                out = torch.stack(chain.states["h"])
                outs.append(_pick(out, turn) if suffix else out)
                chains.append((name, chain))
            x = torch.cat(outs, -1)
        grads = _adjoints(call, x, [chain for _, chain in chains], there.sum(0) - 1)
    runs = []
    for (name, chain), grad in zip(chains, grads, strict=True):
        turned = name.endswith("_reverse")
        kept = {k: torch.stack(v).detach() for k, v in chain.gates.items()}
        h = torch.stack(chain.states["h"]).detach()
        if turned:
            h, grad = _pick(h, turn), {k: _pick(v, turn) for k, v in grad.items()}
            kept = {k: _pick(v, turn) for k, v in kept.items()}
        runs.append(Run(name, h, grad, kept, there))
    return runs


def _adjoints(call: Call, y: Tensor, chains: list[_Chain], ends: Tensor) -> list[dict[str, Tensor]]:
    """dL/dstate_t of every layer, (T, B, H), from the gradients that the call's outputs received: y, and the
    states at the last row of each sequence, `ends` (B,)."""
    made, into = [], []

    def reached(tensor: Tensor, grad: Tensor | None) -> None:
        if grad is not None:
            made.append(tensor)
            into.append(grad.to(tensor.device, tensor.dtype))

    reached(y, call.grads.get("y"))
    for which in "hc":
        grad = call.grads.get(which)
        for i, chain in enumerate(chains):
            if which in chain.states and grad is not None:
                reached(_pick(torch.stack(chain.states[which]), ends[None])[0], grad[i])
    asked = [state for chain in chains for states in chain.states.values() for state in states]
    found: Sequence[Tensor | None] = [None] * len(asked)
    if made:
        found = torch.autograd.grad(made, asked, into, allow_unused=True)
    filled = iter(
        torch.zeros_like(a) if g is None else g for a, g in zip(asked, found, strict=True)
    )
    return [
        {name: torch.stack([next(filled) for _ in states]) for name, states in chain.states.items()}
        for chain in chains
    ]


def _chain(module: nn.RNNBase, w: dict[str, Tensor], x: Tensor, state: dict[str, Tensor]) -> _Chain:
    """Run one layer over x (T, B, D). It runs on into the padding, from which nothing comes back."""
    fed = x @ w["weight_ih"].T + w["bias_ih"]  # (T, B, blocks H)
    chain = _Chain({name: [] for name in state}, {})
    for t in range(len(x)):
        new, gates = tick(module, w, fed[t], state)
        for name, value in new.items():
            chain.states[name].append(value)
        for name, value in gates.items():
            chain.gates.setdefault(name, []).append(value)
        state = new
    return chain


def tick(
    module: nn.Module, w: dict[str, Tensor], fed: Tensor, state: dict[str, Tensor]
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """One step of torch's own equations, from x W_ih + b_ih (B, blocks H): new states, and gates.

    The same equations, in the same order of blocks, as `engine.cells`.
    """
    h = state["h"]
    u = h @ w["weight_hh"].T + w["bias_hh"]
    if isinstance(module, (nn.LSTM, nn.LSTMCell)):
        i, f, g, o = (fed + u).chunk(4, -1)
        i, f, o = i.sigmoid(), f.sigmoid(), o.sigmoid()
        c = f * state["c"] + i * g.tanh()
        h = o * c.tanh()
        if "weight_hr" in w:
            h = h @ w["weight_hr"].T
        return {"h": h, "c": c}, {"i": i, "f": f, "o": o}
    if isinstance(module, (nn.GRU, nn.GRUCell)):
        (r, z, n), (ur, uz, un) = fed.chunk(3, -1), u.chunk(3, -1)
        r, z = (r + ur).sigmoid(), (z + uz).sigmoid()
        n = (n + r * un).tanh()
        return {"h": (1 - z) * n + z * h}, {"r": r, "z": z}
    act = torch.relu if module.nonlinearity == "relu" else torch.tanh
    return {"h": act(fed + u)}, {}


def _named(weights: dict[str, Tensor], layer: str) -> dict[str, Tensor]:
    """The weights of one layer by their bare names; without biases, zeros stand for them."""
    found = {
        kind: weights[f"{kind}_{layer}"]
        for kind in ("weight_ih", "weight_hh", "weight_hr", "bias_ih", "bias_hh")
        if f"{kind}_{layer}" in weights
    }
    return filled(found)


def filled(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights, with zeros for the biases that a module was made without."""
    none = torch.zeros_like(weights["weight_hh"][:, 0])
    return {"bias_ih": none, "bias_hh": none} | weights


def _turned(there: Tensor) -> Tensor:
    """Row t of each sequence read from its end, (T, B); padding stays where it is."""
    rows = torch.arange(len(there), device=there.device)[:, None].expand_as(there)
    return torch.where(there, there.sum(0) - 1 - rows, rows)


def _pick(x: Tensor, rows: Tensor) -> Tensor:
    """x (T, B, H) with the rows (T, B) of each sequence."""
    return x.gather(0, rows[..., None].expand_as(x))
