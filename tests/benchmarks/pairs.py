"""Attention's costs: dot product against additive, our Transformer against torch's, and cost over length."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch

from engine.arrays import Backend
from engine.models import Architecture
from engine.models.encoder import EncoderTagger
from engine.models.encoder_decoder import EncoderDecoder
from engine.models.recurrent import RecurrentLM
from engine.pairs import pair_batch
from engine.recipe import Batch, Recipe
from engine.text import SPECIAL, STOP
from engine.training import Training
from tests.benchmarks.timing import Figure, versus
from tests.engine.twins import embedded, pair_model, readout, transformer_of

WORDS, WIDTH, LENGTH, SIZE = 32, 64, 12, 64


def batch() -> Batch:
    """Random words to copy: SIZE pairs of LENGTH words."""
    drawn = np.random.default_rng(0).integers(len(SPECIAL), WORDS, (SIZE, LENGTH)).tolist()
    return pair_batch([[*words, STOP] for words in drawn], drawn)


def update(attention: str) -> Callable[[], object]:
    """One update of a GRU encoder-decoder with this attention, on torch."""
    architecture = EncoderDecoder("gru", WORDS, WIDTH, WIDTH, attention=attention)
    training = Training.start(
        architecture, Recipe(steps=10_000, batch=SIZE), Backend("torch"), lambda _: batch()
    )
    return training.update


def updates() -> list[Figure]:
    """What a kind of score costs in training."""
    additive = partial(update, "bahdanau")
    figures = []
    for kind in ("dot", "general", "concat", "none"):
        ours, theirs = versus(update(kind), additive(), 41)
        what = f"an update, {'no attention' if kind == 'none' else kind} / additive"
        figures.append(
            Figure(what, f"{ours * 1e3:.1f} ms", f"{theirs * 1e3:.1f} ms", ours / theirs)
        )
    return figures


def transformer() -> Figure:
    """Logits of a whole Transformer, 32 pairs of 20 and 20 rows: NumPy against torch.nn."""
    model = pair_model(
        width=WIDTH, heads=4, layers=2, hidden=256, norm="pre", context=64, dtype="float32"
    )
    theirs = transformer_of(model).eval()
    rng = np.random.default_rng(1)
    source = rng.integers(len(SPECIAL), len(model.vocabulary), (32, 20))
    target = rng.integers(len(SPECIAL), len(model.vocabulary), (32, 20))
    target[:, 0] = 0  # <s>
    ids = np.concatenate((source, target), axis=1)
    x, y = embedded(model, source, "encoder"), embedded(model, target, "decoder")
    mask = torch.nn.Transformer.generate_square_subsequent_mask(20)

    def torchs() -> np.ndarray:
        with torch.no_grad():
            return readout(model, theirs(x, y, tgt_mask=mask, tgt_is_causal=True))

    def ours() -> np.ndarray:
        return model.architecture.logits(model.params, ids)

    np.testing.assert_allclose(ours()[:, 20:], torchs(), rtol=1e-3, atol=1e-4)
    mine, its = versus(ours, torchs, 31)
    what = "logits of 32 pairs, Transformer / torch.nn"
    return Figure(what, f"{mine * 1e3:.1f} ms", f"{its * 1e3:.1f} ms", mine / its)


def lengths() -> list[Figure]:
    """One text of n words against one of 4 n: all rows at once, and row after row."""
    kinds: dict[str, Architecture] = {
        "LSTM": RecurrentLM("lstm", WORDS, WIDTH, WIDTH),
        "Transformer encoder": EncoderTagger(WORDS, WIDTH, 4, 2, 4 * WIDTH, positions="sinusoidal"),
    }
    figures = []
    for name, architecture in kinds.items():
        params = architecture.init(np.random.default_rng(0))
        for n in (64, 256):
            short, long = (
                np.random.default_rng(0).integers(len(SPECIAL), WORDS, k) for k in (n, 4 * n)
            )
            more, less = versus(
                partial(architecture.logits, params, long),
                partial(architecture.logits, params, short),
                9,
            )
            what = f"{name}, {4 * n} words / {n} words"
            figures.append(
                Figure(what, f"{more * 1e3:.1f} ms", f"{less * 1e3:.1f} ms", more / less)
            )
    return figures


def main() -> list[Figure]:
    """All of it, with one thread."""
    torch.set_num_threads(1)
    return [*updates(), transformer(), *lengths()]
