"""The bundled models: what they are, how they were trained, and where their weights are.

`lstm` is a model, `lstm@600` the same after 600 updates, `copy-gru+1` the same trained from seed 1.
"""

from __future__ import annotations

import importlib
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import registry
from engine.errors import PeepholeError, did_you_mean
from engine.models import Architecture, LanguageModel
from engine.storage import load_model
from scenarios import corpora
from scenarios.entries import MODULES

if TYPE_CHECKING:  # a trained model is opened without what it was trained with
    from engine.training import Recipe

WEIGHTS = Path(__file__).parent / "weights"
FOREIGN = {"g2p-en": "spelling"}  # models that others trained, and the corpus that scores them
EARLY = 600  # updates after which the language models of a little English ship as well


@dataclass(frozen=True, eq=False)
class Entry:
    """One bundled model, as data: nothing is built before it is asked for.

    Attributes:
        title: one line for lists.
        kind: of the architecture, as in `engine.registry`.
        sizes: of the architecture, beside the number of words, which is the corpus's.
        settings: of the recipe, where it differs from the usual one.
        reads: the corpus that it is trained on and scored by, as in `scenarios.corpora`.
        seeds: how many are bundled; NAME is seed 0, NAME+1 seed 1 and so on.
        early: it also ships as it was after this many updates; 0 where it does not.
        half: its weights are stored, and scored, as float16.
    """

    title: str
    kind: str
    sizes: Mapping[str, Any]
    settings: Mapping[str, Any]
    reads: str
    seeds: int = 1
    early: int = 0
    half: bool = True

    @cached_property
    def corpus(self) -> corpora.Corpus:
        """What it is trained on."""
        return corpora.load(self.reads)

    @cached_property
    def architecture(self) -> Architecture:
        """What `peephole train` builds."""
        family = registry.load(registry.ARCHITECTURES, self.kind, "architecture")
        built: Architecture = family(words=len(self.corpus.vocabulary()), **self.sizes)
        return built

    @cached_property
    def recipe(self) -> Recipe:
        """How it is trained."""
        from engine.training import Recipe

        return Recipe(**self.settings)


@cache
def entries() -> Mapping[str, Entry]:
    """The bundled models by name, in the order of the files that describe them."""
    found: dict[str, Entry] = {}
    for module in MODULES:
        found |= importlib.import_module(module).ENTRIES
    return found


def names(reads: str = "") -> tuple[str, ...]:
    """The names of the bundled models, or of those that read one corpus: they share its words."""
    return tuple(name for name, entry in entries().items() if reads in ("", entry.reads))


def seeds(name: str) -> tuple[str, ...]:
    """The names of all seeds of a model that are bundled: NAME, NAME+1 ..."""
    return (name, *(f"{name}+{seed}" for seed in range(1, entry(name).seeds)))


def entry(name: str) -> Entry:
    """The entry of a bundled model; that of NAME+1 has the seed 1.

    Raises:
        PeepholeError: there is no such model; the message names the nearest ones.
    """
    name, plus, seed = name.partition("+")
    if name in FOREIGN:
        raise PeepholeError(f"{name} was trained by others", do=f"Look at it: peephole card {name}")
    if name not in entries():
        near = did_you_mean(name, [*entries(), *FOREIGN]) or "`peephole list models` names all"
        raise PeepholeError(f"no model {name!r}", do=near)
    found = entries()[name]
    if not plus:
        return found
    if not seed.isdecimal() or int(seed) > 10**6:
        raise PeepholeError(f"no seed {seed!r} of {name}", do=f"Write {name}+1")
    return replace(found, settings={**found.settings, "seed": int(seed)})


def stem(name: str, steps: int | None = None) -> str:
    """`lstm`, or `lstm@600` for the model as it was after 600 updates."""
    return name if steps is None else f"{name}@{steps}"


@cache
def size(name: str) -> int:
    """Number of parameters of a bundled model, from the head of its file; 0 without weights here."""
    from safetensors import safe_open

    path = WEIGHTS / f"{name}.safetensors"
    if not path.exists():
        return 0
    with safe_open(str(path), framework="numpy") as file:
        return sum(math.prod(file.get_slice(key).get_shape()) for key in file.keys())  # noqa: SIM118


@cache
def model(name: str, steps: int | None = None) -> LanguageModel:
    """A bundled model, trained; `model("lstm", 600)` or `model("lstm@600")` as it was at update 600.

    A name that ends in .safetensors is the path of a model that somebody trained; one of FOREIGN is read
    from its own package.

    Raises:
        PeepholeError: there is no such model, no such checkpoint of it, or its package is not installed.
    """
    if name.endswith(".safetensors"):
        return load_model(name)
    if name in FOREIGN:
        from engine import foreign  # a model of this house does not wait for it

        found = foreign.load(name)
        return replace(found, card={**found.card, "reads": FOREIGN[name]})
    name, at, early = name.partition("@")
    if at:
        if not early.isdecimal():
            raise PeepholeError(f"no checkpoint {early!r} of {name}", do=f"Write {name}@{EARLY}")
        steps = int(early)
    path = WEIGHTS / f"{stem(name, steps)}.safetensors"
    if not os.path.exists(path):  # False also of a name that no file could have
        if os.path.isdir(name):
            raise PeepholeError("a folder, not a model", where=name, do="Name the file in it")
        if os.path.isfile(Path(__file__).parent / f"{name}.toml"):
            raise PeepholeError("a scenario, not a model", where=name, do=f"`peephole play {name}`")
        if name.endswith(".toml"):
            raise PeepholeError(
                "not a model's file", where=name, do=f"Is it a scenario? `peephole play {name}`"
            )
        if os.path.isfile(name):
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
