"""Run folders that look like real ones, for the learning screen: made up, and the same every time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.learning.config import Config, Every, ModelSpec, TaskSpec
from engine.learning.folder import RunFolder
from engine.learning.metrics import Event, Gate, Layer, Param, Probe, Update

T = 50  # the length of the task; two rows more are read


def growing(path: Path, updates: int = 600) -> RunFolder:
    """An LSTM whose gradient reaches further and further back, until it has learned."""

    def share(n: int) -> float:
        return 1 / (1 + math.exp(-(n - 330) / 35))

    return _run(path, updates, share, lambda n: 0.55 + 0.44 * share(n), recipe={"forget_bias": 2.0})


def vanishing(path: Path, updates: int = 600) -> RunFolder:
    """An LSTM with the usual forget bias: its gradient vanishes, and it stays at chance."""
    return _run(path, updates, lambda n: 0.0, lambda n: 0.55)


def diverging(path: Path, updates: int = 40) -> RunFolder:
    """A ReLU net that explodes."""
    folder = _run(path, updates, lambda n: 0.0, lambda n: 1.06, cell="relu", blow=1.3)
    said = "the gradient became infinite after it had grown 40-fold in ten updates"
    folder.append(Event(updates, "diverged", said, {"at": updates + 1}))
    return folder


def _run(
    path: Path, updates: int, learned: Callable[[int], float], keeps: Callable[[int], float],
    *, cell: str = "lstm", recipe: dict | None = None, blow: float = 1.0,
) -> RunFolder:  # fmt: skip
    rng = np.random.default_rng(7)
    base = {"steps": max(updates, 1000), "batch": 64, "lr": 0.003, "clip": 1.0, "seed": 0,
            "optimiser": "adam", "forget_bias": 0.0}  # fmt: skip
    config = Config(
        name=path.name,
        task=TaskSpec("recall", T),
        model=ModelSpec(cell, width=64, embed=32),
        recipe={**base, **(recipe or {})},
        backend={"library": "numpy", "dtype": "float32", "device": "cpu"},
        every=Every(20, 100),
        command=f"peephole learn recall --length {T} --cell {cell}",
        created="2026-01-01T00:00:00",
    )
    folder = RunFolder.create(path, config)
    records: list = [_probe(0, learned, keeps, cell)]
    for n in range(1, updates + 1):
        loss = 2.303 * (1 - learned(n)) + 0.004 + 0.05 * (1 - learned(n)) * rng.normal()
        accuracy = 0.1 + 0.9 * learned(n) + 0.03 * rng.normal()
        norm = (0.3 + learned(n) * (1 - learned(n)) * 4) * math.exp(0.2 * rng.normal())
        values = abs(loss) * blow**n, min(1.0, max(0.0, accuracy)), norm * blow**n
        records.append(Update(n, *values, 0.003, round(n * 0.0125, 4)))
        if n % 20 == 0:
            records.append(_probe(n, learned, keeps, cell))
    folder.append(*records)
    return folder


def _probe(
    n: int, learned: Callable[[int], float], keeps: Callable[[int], float], cell: str
) -> Probe:
    rows = T + 2
    back = np.arange(rows - 1, -1, -1, dtype=np.float64)
    norms = np.maximum(0.4 * (1.02 - learned(n)) * keeps(n) ** back, 1e-30)
    gates = {"i": 0.5 - 0.2 * learned(n), "f": 0.88 + 0.1 * learned(n), "o": 0.5}
    layer = Layer(
        "layers.0",
        cell,
        {"h": norms, "c": norms * 1.4} if cell == "lstm" else {"h": norms},
        {k: Gate(v, 0.3 * (1 - v), 0.8 * v) for k, v in gates.items()} if cell == "lstm" else {},
        0.03 + 0.2 * learned(n),
        {"g": 0.58 + 0.3 * learned(n)} if cell == "lstm" else {"hh": 1.06},
    )
    sizes = {"E": 0.02, "layers.0.W_xh": 0.1, "layers.0.W_hh": 0.3, "layers.0.b_xh": 0.08,
             "layers.0.b_hh": 0.08, "W_hy": 0.9, "b_y": 0.2}  # fmt: skip
    scale = 1.02 - learned(n)
    params = {
        k: Param(v * scale, 9.0 * v + 2, math.nan if not n else 0.01 * scale)
        for k, v in sizes.items()
    }
    if cell != "lstm":
        layer = replace(layer, saturated=0.4)
    loss = 2.303 * (1 - learned(n)) + 0.004
    return Probe(n, rows, loss, 0.1 + 0.9 * learned(n), (layer,), params)
