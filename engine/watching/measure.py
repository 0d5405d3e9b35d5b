"""What was recorded of a pass, as the layers and attention of a run's probe."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.learning.derived import LEAST
from engine.learning.metrics import Attention, Gate, Layer
from engine.watching.record import Call, Cells, Recorder
from engine.watching.recurrence import Run, again, filled, tick

SHUT, OPEN = 0.1, 0.9  # of a gate: Karpathy, Johnson & Li 2015, section 4.2
BEYOND = 0.9  # |h| from which tanh counts as saturated
EXACT = 512  # units up to which all eigenvalues are computed
KINDS = {nn.RNN: "rnn", nn.LSTM: "lstm", nn.GRU: "gru"}
KINDS |= {nn.RNNCell: "rnn", nn.LSTMCell: "lstm", nn.GRUCell: "gru"}
BLOCK = {"rnn": ("hh", 0), "relu": ("hh", 0), "lstm": ("g", 2), "gru": ("n", 2)}  # block of W_hh


def layers(recorder: Recorder) -> tuple[Layer, ...]:
    """Every recurrent layer, Transformer layer and ReLU that was called, in the model's order."""
    found: list[Layer] = []
    for name, module in recorder.modules.items():
        calls = recorder.calls.get(name)
        if not calls or isinstance(module, nn.MultiheadAttention):
            continue
        if isinstance(module, nn.ReLU):
            alive = calls[-1].made["y"]
            found.append(Layer(name, "relu", gates={"on": _on(alive.flatten(0, -2))}))
        elif isinstance(module, nn.TransformerEncoderLayer):
            call = calls[-1]
            grad = call.grads.get("y", torch.zeros_like(call.given["x"]))
            found.append(Layer(name, "transformer", {"h": _norms(grad)}))
        elif isinstance(module, Cells):
            found.append(_layer(module, _stepped(module, calls), calls[0].weights, name))
        else:
            parts = [again(module, call) for call in calls]
            for runs in zip(*parts, strict=True):
                run = runs[0] if len(runs) == 1 else _joined(runs)
                weights = {"weight_hh": calls[0].weights[f"weight_hh_{run.name}"]}
                found.append(_layer(module, run, weights, f"{name}.{run.name}".lstrip(".")))
    return tuple(found)


def attention(recorder: Recorder) -> tuple[Attention, ...]:
    """Entropy of every head, mean over the queries that are no padding; weights without dropout."""
    found = []
    for name, module in recorder.modules.items():
        calls = recorder.calls.get(name)
        if calls and isinstance(module, nn.MultiheadAttention):
            weights = _weights(module, calls[-1])  # (B, heads, T, S)
            entropy = torch.special.entr(weights).sum(-1)  # (B, heads, T)
            there = torch.ones_like(entropy, dtype=torch.bool)
            padding = calls[-1].given.get("padding")
            if padding is not None and padding.shape[-1] == entropy.shape[-1]:
                there &= (padding == 0)[:, None].to(
                    there.device
                )  # a float mask has -inf for padding
            there &= entropy.isfinite()
            mean = (entropy.nan_to_num() * there).sum((0, 2)) / there.sum((0, 2)).clamp(min=1)
            found.append(Attention(name, tuple(mean.tolist()), weights.shape[-1]))
    return tuple(found)


def radius(w: Tensor) -> float:
    """Largest absolute eigenvalue of a square matrix, NaN where it is not finite.

    Beyond `EXACT` units by Gelfand's formula, lim |W^k|^(1/k), at k = 1024: within about 1 %.
    """
    w = w.detach().to("cpu" if len(w) <= EXACT else w.device).double()
    if not w.isfinite().all():
        return math.nan
    if len(w) <= EXACT:
        return float(torch.linalg.eigvals(w).abs().max())
    log = 0.0
    for doubling in range(11):
        norm = torch.linalg.matrix_norm(w)
        if not norm > 0:
            return 0.0
        log += float(norm.log()) / 2**doubling
        w = w / norm
        w = w @ w
    return math.exp(log)


def _layer(module: nn.Module, run: Run, weights: dict[str, Tensor], name: str) -> Layer:
    kind = next(kind for torch_class, kind in KINDS.items() if isinstance(module, torch_class))
    there = run.there[..., None].expand_as(run.h)
    gates = {k: _gate(v[run.there]) for k, v in run.gates.items()}
    if kind == "rnn" and module.nonlinearity == "relu":  # type: ignore[comparison-overlap]
        kind, gates = "relu", {"on": _on(run.h[run.there] > 0)}
    block, at = BLOCK[kind]
    w = weights["weight_hh"]
    size = int(module.hidden_size)  # type: ignore[arg-type]
    square = w.shape[1] == size  # not with an LSTM's projection
    return Layer(
        name=name,
        kind=kind,
        time={k: _norms(g, run.there) for k, g in run.grads.items()},
        gates=gates,
        saturated=float((run.h[there].abs() > BEYOND).double().mean())
        if kind != "relu"
        else math.nan,
        radius={block: radius(w[at * size : (at + 1) * size])} if square else {},
    )


def _stepped(module: nn.Module, calls: list[Call]) -> Run:
    """A cell that its caller loops over: gates from each step, gradients as they were received.

    No dL/dc: torch's fused cells work h out of a c inside, which the c that they return does not hear of.
    """
    w = {name: p.double() for name, p in calls[0].weights.items()}
    w = filled(w)
    rows: dict[str, list[Tensor]] = {}
    for call in calls:
        fed = call.given["x"].double() @ w["weight_ih"].T + w["bias_ih"]
        state = {
            k: torch.zeros_like(made, dtype=torch.float64)
            if call.given[k] is None
            else call.given[k].double()
            for k, made in call.made.items()
        }
        for gate, value in tick(module, w, fed, state)[1].items():
            rows.setdefault(gate, []).append(value)
    h = torch.stack([call.made["h"] for call in calls]).double()
    grads = [call.grads.get("h", torch.zeros_like(call.made["h"])) for call in calls]
    gates = {gate: torch.stack(values) for gate, values in rows.items()}
    return Run(
        "",
        h,
        {"h": torch.stack(grads).double()},
        gates,
        torch.ones(h.shape[:2], dtype=torch.bool, device=h.device),
    )


def _joined(runs: tuple[Run, ...]) -> Run:
    """Calls that go on from one another as one sequence."""
    first = runs[0]
    return Run(
        first.name,
        torch.cat([run.h for run in runs]),
        {k: torch.cat([run.grads[k] for run in runs]) for k in first.grads},
        {k: torch.cat([run.gates[k] for run in runs]) for k in first.gates},
        torch.cat([run.there for run in runs]),
    )


def _weights(module: nn.MultiheadAttention, call: Call) -> Tensor:
    """Attention weights (B, heads, T, S) from the recorded queries, keys, masks and weights."""
    device = "cpu" if call.given["q"].device.type == "mps" else call.given["q"].device
    w = {name: p.to(device, torch.float64) for name, p in call.weights.items()}
    q, k = (call.given[name].to(device, torch.float64) for name in "qk")
    masks = {name: call.given.get(name) for name in ("padding", "mask")}
    masks = {
        name: m if m is None or m.dtype == torch.bool else m.to(device, torch.float64)
        for name, m in masks.items()
    }
    together = "in_proj_weight" in w
    if not together and module.vdim != module.kdim:
        w["v_proj_weight"] = torch.zeros_like(w["k_proj_weight"])  # values are of no interest here
    with torch.no_grad():
        _, weights = F.multi_head_attention_forward(
            q, k, k, module.embed_dim, module.num_heads,
            w.get("in_proj_weight"), w.get("in_proj_bias"), w.get("bias_k"), w.get("bias_v"),
            module.add_zero_attn, 0.0, w["out_proj.weight"], w.get("out_proj.bias"),
            training=False, key_padding_mask=masks["padding"], need_weights=True,
            attn_mask=masks["mask"], average_attn_weights=False,
            use_separate_proj_weight=not together,
            q_proj_weight=w.get("q_proj_weight"), k_proj_weight=w.get("k_proj_weight"),
            v_proj_weight=w.get("v_proj_weight"),
        )  # fmt: skip
    assert weights is not None
    return weights


def _norms(grad: Tensor, there: Tensor | None = None) -> np.ndarray:
    """|dL/dh_t| of each row from (T, B, H): the mean over sequences that have such a row."""
    norms = grad.double().norm(dim=-1)  # (T, B)
    there = torch.ones_like(norms) if there is None else there
    mean = (norms * there).sum(1) / there.sum(1).clamp(min=1)
    return mean.clamp(min=LEAST).cpu().numpy()


def _gate(values: Tensor) -> Gate:
    shares = ((values < SHUT).double().mean(), (values > OPEN).double().mean())
    return Gate(float(values.mean()), *map(float, shares))


def _on(alive: Tensor) -> Gate:
    """A ReLU (N, H) as a gate: share of positive values; units that never are, that always are."""
    units = alive.reshape(-1, alive.shape[-1])
    always, never = units.all(0).double().mean(), (~units.any(0)).double().mean()
    return Gate(float(units.double().mean()), float(never), float(always))
