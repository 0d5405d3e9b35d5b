"""Recorded forward and training step of the engine against torch.nn.LSTM and nn.GRU, T = 50.

Both sides are the same language model (embedding, one layer, linear readout) with the same weights and
the same batch. Forward: ours keeps every value of every row, torch's fused layer gives h alone. Training
step: loss, gradients, clipping, Adam; torch's is the loop that anybody would write. On the CPU with one
thread for each, and on the GPU where torch finds one.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from engine.arrays import Backend, to_numpy
from engine.models.recurrent import RecurrentLM
from engine.training import Batch, Recipe, Training
from tests.benchmarks.timing import Figure, versus

ROWS, WORDS = 50, 50
SIZES = ((64, 1), (64, 64), (256, 64), (1024, 256))
CELLS = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
SECONDS = 6.0  # that one figure may take, beside one turn at least


class Plain(torch.nn.Module):
    """The model as one writes it in PyTorch, with the weights of one of our runs."""

    def __init__(self, training: Training) -> None:
        super().__init__()
        a: Any = training.architecture
        self.embedding = torch.nn.Embedding(a.words, a.embed)
        self.rnn = CELLS[a.cell](a.embed, a.width, batch_first=True)
        self.readout = torch.nn.Linear(a.width, a.words)
        pairs = [
            ("E", self.embedding.weight),
            ("W_hy", self.readout.weight.T),
            ("b_y", self.readout.bias),
            ("layers.0.W_xh", self.rnn.weight_ih_l0.T),
            ("layers.0.W_hh", self.rnn.weight_hh_l0.T),
            ("layers.0.b_xh", self.rnn.bias_ih_l0),
            ("layers.0.b_hh", self.rnn.bias_hh_l0),
        ]
        with torch.no_grad():
            for name, parameter in pairs:
                parameter.copy_(torch.as_tensor(training.params[name]))
        self.to(training.backend.device)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.readout(self.rnn(self.embedding(ids))[0])


def loop(model: Plain, recipe: Recipe, batch: Batch, device: str) -> Callable[[], float]:
    """One update of the plain loop; where one row of each sequence counts, only it is read out."""
    optimiser = torch.optim.Adam(model.parameters(), lr=recipe.lr)
    last = not batch.weights[:, :-1].any()

    def update() -> float:
        ids = torch.as_tensor(batch.inputs, device=device)
        targets = torch.as_tensor(batch.targets, device=device)
        if last:
            top = model.rnn(model.embedding(ids))[0][:, -1]
            loss = F.cross_entropy(model.readout(top), targets[:, -1])
        else:
            loss = F.cross_entropy(model(ids).flatten(0, 1), targets.flatten())
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
        optimiser.step()
        return loss.item()

    return update


def random_batch(sequences: int) -> Batch:
    """Words to predict at every row."""
    ids = np.random.default_rng(0).integers(0, WORDS, (sequences, ROWS + 1))
    return Batch(ids[:, :-1], ids[:, 1:], np.ones((sequences, ROWS)))


def recall_batch(sequences: int) -> Batch:
    """The first of all words is asked for at the end."""
    ids = np.random.default_rng(0).integers(0, 13, (sequences, ROWS))
    weights = np.zeros((sequences, ROWS))
    weights[:, -1] = 1.0
    return Batch(ids, np.repeat(ids[:, :1], ROWS, 1), weights)


def pair(
    cell: str, width: int, batch: Batch, backend: Backend, words: int = WORDS
) -> tuple[Training, Callable[[], float], Plain]:
    """Our run and the plain loop of the same weights, seen to give the same logits."""
    recipe = Recipe(lr=1e-3, warmup=0, schedule="constant")
    training = Training.start(
        RecurrentLM(cell, words, width, width), recipe, backend, lambda step: batch
    )
    model = Plain(training)
    few = batch.inputs[:2]
    with torch.no_grad():
        ours = to_numpy(training.architecture.logits(training.params, few))
        theirs = model(torch.as_tensor(few, device=backend.device)).cpu().numpy()
    np.testing.assert_allclose(ours, theirs, atol=1e-2)
    return training, loop(model, recipe, batch, backend.device), model


def forwards(
    training: Training, model: Plain, batch: Batch
) -> tuple[Callable[[], object], Callable[[], object]]:
    """Ours with every value of every row kept; torch's, which keeps h."""
    architecture, backend = training.architecture, training.backend
    ids = torch.as_tensor(batch.inputs, device=backend.device)

    def ours() -> list[Any]:
        state, kept = architecture.start(training.params, batch.inputs.shape[:1]), []
        with torch.no_grad():
            for row in range(ROWS):
                state, values = architecture.step(
                    training.params, state, batch.inputs[:, row], row=row
                )
                kept.append(values)
            finish(backend.device)
        return kept

    def theirs() -> torch.Tensor:
        with torch.no_grad():
            logits = model(ids)
            finish(backend.device)
        return logits

    return ours, theirs


def finish(device: str) -> None:
    """Wait for the GPU: its work is queued, not done, when a call returns."""
    if device != "cpu":
        torch.cuda.synchronize()


def finished(f: Callable[[], object], device: str) -> Callable[[], None]:
    """f with all that it queued."""

    def whole() -> None:
        f()
        finish(device)

    return whole


def figure(what: str, ours: Callable[[], object], theirs: Callable[[], object]) -> Figure:
    """Turn by turn for SECONDS; where there are fewer than 5 turns, it is said how many."""
    began = time.perf_counter()
    ours()
    between = time.perf_counter()
    theirs()
    mine, torchs = between - began, time.perf_counter() - between
    turns = min(25, int(SECONDS / (mine + torchs)))
    if turns >= 2:
        mine, torchs = versus(ours, theirs, turns)
    what += "" if turns >= 5 else f" ({turns} turns)" if turns >= 2 else " (1 turn, the first)"
    return Figure(what, _seconds(mine), _seconds(torchs), mine / torchs)


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.3g} ms"


def main() -> Iterator[Figure | str]:
    """All sizes, cells, libraries and devices; then the configuration of `peephole learn recall`."""
    torch.set_num_threads(1)
    backends = [Backend("numpy"), Backend("torch")]
    if torch.cuda.is_available():
        backends.append(Backend("torch", device="cuda"))
    for backend in backends:
        on = processor() if backend.device == "cpu" else torch.cuda.get_device_name()
        yield f"{backend.name} on {backend.device} ({on}), float32 / torch {torch.__version__}"
        for width, sequences in SIZES:
            batch = random_batch(sequences)
            for cell in CELLS:
                training, update, model = pair(cell, width, batch, backend)
                size = f"  {cell}, H {width}, B {sequences}, "
                yield figure(f"{size}forward", *forwards(training, model, batch))
                both = [finished(step, backend.device) for step in (training.update, update)]
                yield figure(f"{size}training step", *both)
    yield f"peephole learn recall 50: lstm, H 64, B 32, NumPy on {processor()}"
    batch = recall_batch(32)
    training, update, _ = pair("lstm", 64, batch, Backend("numpy"), words=13)
    yield figure("  training step, one row read out", training.update, update)


def processor() -> str:
    """The processor's name, as far as the system tells."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
