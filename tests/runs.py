"""Run folders that no training wrote, for tests of what reads them."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.learning.config import Config, Every, ModelSpec, TaskSpec
from engine.learning.folder import RunFolder
from engine.learning.metrics import Attention, Event, Gate, Layer, Param, Probe, Update


def probe(update: int, cell: str = "lstm", rows: int = 20, reach: float = 0.8) -> Probe:
    """A made-up probe: |dL/dh_t| falls by the factor `reach` with every row back."""
    norms = 0.5 * reach ** np.arange(rows - 1, -1, -1, dtype=np.float64)
    gates = {
        "lstm": {"i": 0.5, "f": 0.7, "o": 0.5},
        "gru": {"r": 0.5, "z": 0.6},
    }.get(cell, {})
    blocks = {"lstm": "ifgo", "gru": "rzn"}.get(cell, ("hh",))
    layer = Layer(
        "layers.0",
        cell,
        {"h": norms, **({"c": 1.5 * norms} if cell == "lstm" else {})},
        {name: Gate(mean, 0.1, 0.2) for name, mean in gates.items()},
        0.05,
        dict.fromkeys(blocks, 0.6),
        np.full(rows, reach),
    )
    params = {
        name: Param(0.1 / (update + 1), 3.0, math.nan if not update else 0.01)
        for name in ("E", "layers.0.W_xh", "layers.0.W_hh", "layers.0.b_xh", "W_hy", "b_y")
    }
    loss = 2.3 * math.exp(-update / 50)
    if cell == "transformer":
        attention = (Attention("layers.0", (2.5, 1.0, 0.2, 1.8), rows),)
        bare = Layer("layers.0", cell, {"h": norms})
        return Probe(update, rows, loss, 1 - loss / 2.3, (bare,), params, attention)
    return Probe(update, rows, loss, 1 - loss / 2.3, (layer,), params)


def synthetic(
    path: Path,
    *,
    cell: str = "lstm",
    updates: int = 100,
    rows: int = 20,
    reach: float = 0.8,
    loss: Callable[[int], float] = lambda update: 2.3 * math.exp(-update / 50),
    norm: Callable[[int], float] = lambda update: 0.5,
    kind: str = "learn",
) -> RunFolder:
    """A run folder of `updates` updates with a probe every 20 and no checkpoints.

    `loss` and `norm` say what update n (from 1) has; NaN is possible.
    """
    config = Config(
        name=path.name,
        kind=kind,
        task=TaskSpec("recall", rows),
        model=ModelSpec(cell, width=8, embed=8),
        recipe={"steps": updates, "batch": 16, "lr": 0.003, "clip": 1.0, "seed": 0},
        backend={"name": "numpy", "dtype": "float32", "device": "cpu"},
        every=Every(20, 50),
        command=f"peephole learn recall --cell {cell}",
        created="2026-01-01T00:00:00",
    )
    folder = RunFolder.create(path, config)
    folder.append(probe(0, cell, rows, reach))
    for n in range(1, updates + 1):
        folder.append(Update(n, loss(n), 1 - min(1.0, loss(n) / 2.3), norm(n), 0.003, n * 0.01))
        if n % 20 == 0:
            folder.append(probe(n, cell, rows, reach))
    folder.append(Event(updates, "done", f"all {updates} updates are done"))
    return folder
