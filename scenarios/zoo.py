"""The bundled models: what they are, how they were trained, and where their weights are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import PeepholeError, did_you_mean
from engine.models import Architecture, LanguageModel
from engine.models.recurrent import RecurrentLM
from engine.models.transformer import TransformerLM
from engine.storage import load_model

if TYPE_CHECKING:  # a trained model is opened without what it was trained with
    from engine.training import Recipe

WEIGHTS = Path(__file__).parent / "weights"
EARLY = 600  # every model also ships as it was after this many updates


@dataclass(frozen=True)
class Entry:
    """One bundled model.

    Attributes:
        title: one line for lists.
        architecture, recipe: what `peephole train` builds, and how.
    """

    title: str
    architecture: Architecture
    recipe: Recipe


@cache
def entries() -> Mapping[str, Entry]:
    """The bundled models by name, in the order of their invention."""
    from engine.training import Recipe
    from scenarios.corpus import vocabulary

    words = len(vocabulary())
    return {
        "rnn": Entry("Elman RNN, 64 units (1990)", RecurrentLM("elman", words), Recipe(lr=1e-3)),
        "lstm": Entry(
            "LSTM, 64 units (1997, 2000)", RecurrentLM("lstm", words), Recipe(forget_bias=1.0)
        ),
        "gru": Entry("GRU, 64 units (2014)", RecurrentLM("gru", words), Recipe()),
        "transformer": Entry(
            "causal Transformer, 2 layers of 4 heads, 64 units (2017)",
            TransformerLM(words),
            Recipe(lr=2e-3, shift=True),
        ),
    }


def names() -> tuple[str, ...]:
    """The names of the bundled models."""
    return tuple(entries())


def entry(name: str) -> Entry:
    """The entry of a bundled model.

    Raises:
        PeepholeError: there is no such model; the message names the nearest ones.
    """
    if name not in entries():
        raise PeepholeError(f"no model {name!r}", do=did_you_mean(name, entries()))
    return entries()[name]


def stem(name: str, steps: int | None = None) -> str:
    """`lstm`, or `lstm@600` for the model as it was after 600 updates."""
    return name if steps is None else f"{name}@{steps}"


@cache
def model(name: str, steps: int | None = None) -> LanguageModel:
    """A bundled model, trained; `model("lstm", 600)` or `model("lstm@600")` as it was at update 600.

    A name that ends in .safetensors is the path of a model that somebody trained.

    Raises:
        PeepholeError: there is no such model or no such checkpoint of it.
    """
    if name.endswith(".safetensors"):
        return load_model(name)
    name, at, early = name.partition("@")
    if at:
        if not early.isdecimal():
            raise PeepholeError(f"no checkpoint {early!r} of {name}", do=f"Write {name}@{EARLY}")
        steps = int(early)
    path = WEIGHTS / f"{stem(name, steps)}.safetensors"
    if not path.exists():
        if Path(name).is_dir():
            raise PeepholeError("a folder, not a model", where=name, do="Name the file in it")
        if Path(name).is_file():
            return load_model(name)  # says what is wrong with it
        entry(name)
        have = sorted(
            p.name.removesuffix(".safetensors") for p in WEIGHTS.glob(f"{name}*.safetensors")
        )
        raise PeepholeError(
            f"no weights of {stem(name, steps)}",
            do=f"There are: {', '.join(have)}" if have else f"Train it: peephole train {name}",
        )
    return load_model(path)
