"""An LSTM step that records everything against torch's cell that records only h (H = 64, batch 1)."""

from __future__ import annotations

import numpy as np
import torch

from engine import registry
from engine.arrays import Array
from engine.trace import Header, Trace
from tests.benchmarks.timing import Figure, versus

TICKS, WIDTH = 1000, 64


def main() -> list[Figure]:
    """Both loops over 1,000 ticks, each with one thread; torch under no_grad."""
    torch.set_num_threads(1)
    rule = registry.load(registry.CELLS, "lstm", "cell")
    theirs = torch.nn.LSTMCell(WIDTH, WIDTH)
    inputs = torch.randn(TICKS, WIDTH)
    p: dict[str, Array] = {
        "W_xh": theirs.weight_ih.detach().numpy().T.copy(),
        "W_hh": theirs.weight_hh.detach().numpy().T.copy(),
        "b_xh": theirs.bias_ih.detach().numpy(),
        "b_hh": theirs.bias_hh.detach().numpy(),
    }
    axes = dict.fromkeys(rule.VALUES, ("time", "layer", "unit"))
    header = Header("lstm", "", {}, (), axes)

    def recording() -> np.ndarray:
        trace, xs = Trace(header), inputs.numpy()
        state = (np.zeros(WIDTH, np.float32),) * 2
        for x in xs:
            state, values = rule.step(p, x, state)
            trace.append("", {name: (value,) for name, value in values.items()})
        return trace["h"][:, 0]

    def only_h() -> torch.Tensor:
        recorded = torch.empty(TICKS, WIDTH)
        with torch.no_grad():
            h, c = torch.zeros(2, 1, WIDTH).unbind()
            for t in range(TICKS):
                h, c = theirs(inputs[t : t + 1], (h, c))
                recorded[t] = h[0]
        return recorded

    np.testing.assert_allclose(recording(), only_h().numpy(), atol=1e-5)
    ours, torchs = versus(recording, only_h, 15)
    return [
        Figure(
            "LSTM tick, i f g o c h recorded / torch, h only",
            f"{ours / TICKS * 1e6:.1f} us",
            f"{torchs / TICKS * 1e6:.1f} us",
            ours / torchs,
            0.6,
        )
    ]
