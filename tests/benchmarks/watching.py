"""What `engine.watch` costs a training: the same updates with and without it, one probe every 100.

An LSTM and a small Transformer, as they stand in many scripts; the watched side looks at a pass of the
training itself, and at a fixed batch in a pass of its own. The two sides take turns of ten updates; all
turns are added up, because a median would leave out the one that has the probe in it. On a CPU it is
processor time: what other processes take is not counted.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import nn

from engine import watch
from engine.watching.doctor import Doctor
from tests.benchmarks.timing import Figure

UPDATES, TURNS = 10, 10  # 100 measured updates, with one probe among them
BATCH, ROWS, WIDTH, WORDS = 32, 100, 128, 50


class Tagger(nn.Module):
    """An embedding, something in between, and a word for every row."""

    def __init__(self, between: nn.Module) -> None:
        super().__init__()
        self.embed, self.between = nn.Embedding(WORDS, WIDTH), between
        self.head = nn.Linear(WIDTH, WORDS)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        made = self.between(self.embed(tokens))
        return self.head(made[0] if isinstance(made, tuple) else made)


def lstm() -> nn.Module:
    return Tagger(nn.LSTM(WIDTH, WIDTH, batch_first=True))


def transformer() -> nn.Module:
    layer = nn.TransformerEncoderLayer(WIDTH, 4, 2 * WIDTH, batch_first=True)
    return Tagger(nn.TransformerEncoder(layer, 2, enable_nested_tensor=False))


def loop(
    make: Callable[[], nn.Module], device: str, folder: Path | None, own: bool
) -> tuple[Callable[[], None], Doctor | None]:
    """A turn of `UPDATES` updates, and who watches it where there is a folder."""
    torch.manual_seed(0)
    model = make().to(device)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    tokens = torch.randint(WORDS, (BATCH, ROWS + 1), device=device)

    def loss() -> torch.Tensor:
        logits = model(tokens[:, :-1])
        return nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())

    doctor = watch(model, folder, probe=None if own else loss) if folder else None

    def turn() -> None:
        for _ in range(UPDATES):
            made = loss()
            optimiser.zero_grad()
            made.backward()
            if doctor:
                doctor.step(made)
            optimiser.step()
        if device == "cuda":
            torch.cuda.synchronize()

    return turn, doctor


def taken(ours: Callable[[], None], theirs: Callable[[], None], device: str) -> tuple[float, float]:
    """Seconds of all turns of each, A B A B ..., after one unmeasured turn of each."""
    clock = time.process_time if device == "cpu" else time.perf_counter
    seconds = [0.0, 0.0]
    for turn in range(TURNS + 1):
        for which, f in enumerate((ours, theirs)):
            began = clock()
            f()
            if turn:
                seconds[which] += clock() - began
    return seconds[0] / UPDATES / TURNS, seconds[1] / UPDATES / TURNS


def main() -> Iterator[Figure]:
    torch.set_num_threads(1)
    for device in ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",):
        for name, make in (("LSTM", lstm), ("Transformer", transformer)):
            for own in (True, False):
                with tempfile.TemporaryDirectory() as folder:
                    watched, doctor = loop(make, device, Path(folder) / "run", own)
                    alone, _ = loop(make, device, None, own)
                    seconds, plain = taken(watched, alone, device)
                    assert doctor
                    doctor.close()
                yield Figure(
                    f"{name}, {device}, probe: {'own pass' if own else 'fixed batch'}",
                    f"{seconds * 1e3:.2f} ms", f"{plain * 1e3:.2f} ms", seconds / plain, 1.05,
                )  # fmt: skip
