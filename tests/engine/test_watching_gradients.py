"""What the watcher says of a pass, against a loop over torch's own cells, one sequence at a time."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine import watch
from engine.learning.folder import RunFolder
from engine.learning.metrics import Layer, Probe

torch = pytest.importorskip("torch")
nn = torch.nn
CELLS = {"RNN": nn.RNNCell, "LSTM": nn.LSTMCell, "GRU": nn.GRUCell}
B, T, D, H = 3, 7, 4, 5


def probed(model: nn.Module, loss: Callable[[], torch.Tensor], tmp_path: Path) -> Probe:
    watch(model, tmp_path / "run", probe=loss).close()
    (probe,) = RunFolder.open(tmp_path / "run").read().probes
    return probe


def named(probe: Probe) -> dict[str, Layer]:
    return {layer.name: layer for layer in probe.layers}


class Slow:
    """A recurrent module as loops over cells; every state keeps its gradient.

    states: (name of the layer, "h" or "c", sequence) -> states in the order of its rows.
    """

    def __init__(self, module: nn.RNNBase) -> None:
        self.module = module
        self.states: dict[tuple[str, str, int], list[torch.Tensor]] = {}

    def cell(self, layer: str, inputs: int) -> nn.Module:
        kind = type(self.module).__name__
        extra = {"nonlinearity": self.module.nonlinearity} if kind == "RNN" else {}
        cell = CELLS[kind](inputs, H, bias=self.module.bias, dtype=torch.float64, **extra)
        cell.load_state_dict({k: getattr(self.module, f"{k}_{layer}") for k in cell.state_dict()})
        return cell

    def __call__(self, x: torch.Tensor, item: int, start: list[torch.Tensor]) -> tuple:
        """x (T, D) of one sequence; start: h, and c of an LSTM, (layers, H). Outputs and last states."""
        last: list[list[torch.Tensor]] = []
        for layer in range(self.module.num_layers):
            outs = []
            for suffix in ("", "_reverse")[: 1 + self.module.bidirectional]:
                name = f"l{layer}{suffix}"
                cell = self.cell(name, x.shape[1])
                state = [s[len(last)][None].clone().requires_grad_() for s in start]
                rows: list[list[torch.Tensor]] = []
                for row in x.flip(0) if suffix else x:
                    # A batch of one: without a batch the cell returns views, which miss a part of dL/dc.
                    made = cell(row[None], tuple(state) if len(state) == 2 else state[0])
                    state = list(made) if isinstance(made, tuple) else [made]
                    for s in state:
                        s.retain_grad()
                    rows.append(state)
                last.append([s[0] for s in state])
                if suffix:
                    rows.reverse()
                for i, which in enumerate("hc"[: len(start)]):
                    self.states[name, which, item] = [row[i] for row in rows]
                outs.append(torch.cat([row[0] for row in rows]))
            x = torch.cat(outs, -1)
        return x, [torch.stack([state[i] for state in last]) for i in range(len(start))]

    def norms(self, layer: str, which: str) -> np.ndarray:
        """|dL/dstate_t|, the mean over the sequences that have a row t."""
        each = [
            [0.0 if s.grad is None else float(s.grad.norm()) for s in rows]
            for (name, w, _), rows in self.states.items()
            if (name, w) == (layer, which)
        ]
        longest = max(map(len, each))
        return np.array([np.mean([e[t] for e in each if len(e) > t]) for t in range(longest)])


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("kind", ["RNN tanh", "RNN relu", "LSTM", "GRU"])
def test_gradient_of_every_step_is_that_of_an_explicit_loop(
    kind: str, layers: int, bidirectional: bool, packed: bool, tmp_path: Path
) -> None:
    torch.manual_seed(1)
    kind, _, act = kind.partition(" ")
    module = getattr(nn, kind)(
        D, H, layers, bidirectional=bidirectional, batch_first=layers == 2,
        dtype=torch.float64, **({"nonlinearity": act} if act else {}),
    )  # fmt: skip
    wide, deep = H * (1 + bidirectional), layers * (1 + bidirectional)
    lengths = [7, 4, 2] if packed else [T] * B
    x, into = (
        torch.randn(B, T, D, dtype=torch.float64),
        torch.randn(B, T, wide, dtype=torch.float64),
    )
    states = [torch.randn(deep, B, H, dtype=torch.float64) for _ in range(1 + (kind == "LSTM"))]
    ends = [torch.randn(deep, B, H, dtype=torch.float64) for _ in states]

    def loss() -> torch.Tensor:
        fed = x if module.batch_first else x.transpose(0, 1)
        if packed:
            fed = nn.utils.rnn.pack_padded_sequence(fed, lengths, batch_first=module.batch_first)
        y, last = module(fed, tuple(states) if len(states) == 2 else states[0])
        if packed:
            y, _ = nn.utils.rnn.pad_packed_sequence(y, batch_first=module.batch_first)
        total = (y * (into if module.batch_first else into.transpose(0, 1))).sum()
        last = last if isinstance(last, tuple) else (last,)
        return total + sum((a * b).sum() for a, b in zip(last, ends, strict=True))

    probe = probed(module, loss, tmp_path)
    slow, total = Slow(module), torch.zeros((), dtype=torch.float64)
    for b, n in enumerate(lengths):
        y, last = slow(x[b, :n], b, [s[:, b] for s in states])
        total = total + (y * into[b, :n]).sum()
        total = total + sum((a * e[:, b]).sum() for a, e in zip(last, ends, strict=True))
    total.backward()
    assert probe.loss == pytest.approx(float(total.detach()), rel=1e-9)
    assert len(probe.layers) == deep
    for name, layer in named(probe).items():
        for which in "hc"[: len(states)]:
            np.testing.assert_allclose(layer.time[which], slow.norms(name, which), rtol=1e-8)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_a_loop_over_cells_and_a_loop_over_chunks_are_seen_as_one_sequence(
    kind: str, tmp_path: Path
) -> None:
    torch.manual_seed(2)
    whole = getattr(nn, kind)(D, H, dtype=torch.float64)
    cell = CELLS[kind](D, H, dtype=torch.float64)
    cell.load_state_dict({k: getattr(whole, f"{k}_l0") for k in cell.state_dict()})
    x = torch.randn(6, B, D, dtype=torch.float64)

    def chunks() -> torch.Tensor:
        state, outs = None, []
        for part in x.split(2):
            y, state = whole(part, state)
            outs.append(y)
        return torch.cat(outs)[-1].pow(2).sum()

    def steps() -> torch.Tensor:
        state = None
        for row in x:
            state = cell(row, state)
        return (state[0] if isinstance(state, tuple) else state).pow(2).sum()

    once = probed(whole, lambda: whole(x)[0][-1].pow(2).sum(), tmp_path / "a").layers[0]
    for model, loss in ((whole, chunks), (cell, steps)):
        layer = probed(model, loss, tmp_path / loss.__name__).layers[0]
        assert layer.time.keys() == ({"h"} if model is cell else once.time.keys())
        for which, norms in layer.time.items():
            np.testing.assert_allclose(norms, once.time[which], rtol=1e-9)
        for gate, openness in layer.gates.items():
            assert openness == pytest.approx(once.gates[gate])
        assert layer.radius == once.radius


def test_norms_below_the_smallest_of_float32_are_no_zeros(tmp_path: Path) -> None:
    """The trap: in float32 the norm of 1e-25 underflows to 0 when it is squared."""
    torch.manual_seed(0)
    module = nn.RNN(D, 16)
    with torch.no_grad():
        module.weight_hh_l0.mul_(0.35)
    x = torch.randn(40, B, D)
    norms = probed(module, lambda: module(x)[1].sum(), tmp_path).layers[0].time["h"]
    steps = np.diff(np.log10(norms))
    assert 1e-29 < norms[0] < 1e-23
    assert np.all(steps > 0), "it shrinks at every step back, without a floor"


def test_gates_saturation_and_radius(tmp_path: Path) -> None:
    module = nn.LSTM(D, H, dtype=torch.float64)
    with torch.no_grad():
        for p in module.parameters():
            p.zero_()
        module.bias_ih_l0[:H] = -4.0  # i: σ(-4) = 0.018, shut
        module.bias_ih_l0[H : 2 * H] = 4.0  # f: open
        module.weight_hh_l0[2 * H : 3 * H] = torch.diag(torch.tensor([0.5, -1.5, 1.0, 0, 0]))
    x = torch.zeros(T, B, D, dtype=torch.float64)
    layer = probed(module, lambda: module(x)[0].sum(), tmp_path).layers[0]
    assert layer.gates["i"] == pytest.approx((1 / (1 + math.exp(4)), 1, 0))
    assert layer.gates["f"] == pytest.approx((1 / (1 + math.exp(-4)), 0, 1))
    assert layer.gates["o"] == pytest.approx((0.5, 0, 0))
    assert layer.radius == pytest.approx({"g": 1.5})
    assert layer.saturated == 0


def test_the_radius_of_a_large_matrix_is_near_its_largest_eigenvalue() -> None:
    from engine.watching.measure import radius

    torch.manual_seed(0)
    w = torch.randn(600, 600) / 600**0.5
    exact = float(torch.linalg.eigvals(w.double()).abs().max())
    assert radius(w) == pytest.approx(exact, rel=0.02)
    assert radius(torch.zeros(600, 600)) == 0
    assert math.isnan(radius(torch.full((3, 3), math.nan)))


@pytest.mark.parametrize("batch_first", [False, True])
def test_entropy_of_attention_is_that_of_its_own_weights(batch_first: bool, tmp_path: Path) -> None:
    torch.manual_seed(3)
    module = nn.MultiheadAttention(8, 2, batch_first=batch_first, dtype=torch.float64)
    x = torch.randn(B, T, 8, dtype=torch.float64)
    x = x if batch_first else x.transpose(0, 1)
    mask = torch.triu(torch.ones(T, T, dtype=torch.bool), 1)
    padding = torch.arange(T)[None] >= torch.tensor([[7], [5], [3]])
    given = {"key_padding_mask": padding, "attn_mask": mask, "average_attn_weights": False}
    probe = probed(module, lambda: module(x, x, x, **given)[0][..., 0].sum(), tmp_path)
    weights = module(x, x, x, **given)[1].detach()  # (B, heads, T, S)
    entropy = -(weights * weights.clamp(min=1e-300).log()).sum(-1)
    expected = [float(entropy[:, head][~padding].mean()) for head in range(2)]
    (seen,) = probe.attention
    assert seen.entropy == pytest.approx(expected)
    assert seen.keys == T


def test_a_transformer_layer_shows_the_gradient_of_its_rows(tmp_path: Path) -> None:
    torch.manual_seed(4)
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, dtype=torch.float64)
    stack = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
    x = torch.randn(B, T, 8, dtype=torch.float64)
    probe = probed(stack, lambda: stack(x)[:, -1].pow(3).sum(), tmp_path)
    stack.eval()
    between = stack.layers[0](x).detach().requires_grad_()
    stack.layers[1](between)[:, -1].pow(3).sum().backward()
    expected = between.grad.norm(dim=-1).mean(0).numpy()
    np.testing.assert_allclose(named(probe)["layers.0"].time["h"], expected, rtol=1e-8)
    assert [a.name for a in probe.attention] == ["layers.0.self_attn", "layers.1.self_attn"]


def test_dead_units_of_a_relu(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1))
    with torch.no_grad():
        model[0].weight.zero_()
        model[0].bias[:] = torch.tensor([-1.0, -1.0, -1.0, 1.0])
    x = torch.randn(9, 2)
    layer = named(probed(model, lambda: model(x).sum(), tmp_path))["1"]
    assert layer.gates["on"] == (0.25, 0.75, 0.25)


def test_norms_of_parameters_and_of_their_last_change(tmp_path: Path) -> None:
    torch.manual_seed(5)
    model = nn.Linear(3, 2)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.25)
    x, changes = torch.randn(4, 3), []
    with watch(model, tmp_path / "run", every=2) as doctor:
        for _ in range(5):
            loss = model(x).pow(2).mean()
            optimiser.zero_grad()
            loss.backward()
            doctor.step(loss)
            grad = model.weight.grad.norm().item()
            optimiser.step()
            changes.append((grad, 0.25 * grad))
    metrics = RunFolder.open(tmp_path / "run").read()
    assert [p.update for p in metrics.probes] == [0, 2, 4]
    for probe in metrics.probes[1:]:
        at = (
            probe.update
        )  # measured in the pass of update at + 1, with the change that update `at` made
        assert probe.params["weight"].grad == pytest.approx(changes[at][0], rel=1e-5)
        assert probe.params["weight"].update == pytest.approx(changes[at - 1][1], rel=1e-4)
    assert np.all(metrics.lr[1:] == 0.25)
    assert np.all(metrics.norm > 0)
