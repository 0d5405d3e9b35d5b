"""Small random models for the engine's tests, and the tokens that they read."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays import Backend
from engine.models import LanguageModel
from engine.models.recurrent import RecurrentLM
from engine.models.transformer import TransformerLM
from engine.text import START, Vocabulary

CELLS = ("elman", "relu", "linear", "lstm", "gru")
FAMILIES = (*CELLS, "transformer")
WORDS = (START, *(f"w{i}" for i in range(10)))


def build(
    family: str,
    *,
    layers: int = 2,
    width: int = 6,
    dtype: str = "float64",
    seed: int = 0,
    scale: float = 2.0,
    **sizes: Any,
) -> LanguageModel:
    """A random model over WORDS, away from the flat part of every squashing (`scale`)."""
    n = len(WORDS)
    if family == "transformer":
        sizes = {"heads": 2, "hidden": 10, "context": 40} | sizes
        architecture: Any = TransformerLM(n, width, layers=layers, **sizes)
    else:
        architecture = RecurrentLM(family, n, width, layers=layers, **{"embed": 5} | sizes)
    rng = np.random.default_rng(seed)
    params = architecture.init(rng)
    for (
        name,
        array,
    ) in params.items():  # no gain of exactly 1 and no bias of exactly 0 hides a mistake
        params[name] = (scale * array + 0.1 * rng.normal(size=array.shape)).astype(np.float32)
    model = LanguageModel(family, architecture, params, Vocabulary(WORDS), digest="0" * 12)
    return model.to(Backend(dtype=dtype))


def tokens(length: int, seed: int = 0) -> list[str]:
    """The start token and random words."""
    rng = np.random.default_rng(seed)
    return [START, *(WORDS[i] for i in rng.integers(1, len(WORDS), length - 1))]


def ids(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Random token ids."""
    return np.random.default_rng(seed).integers(0, len(WORDS), shape)
