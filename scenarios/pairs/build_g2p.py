"""Score the model of the package g2p-en on the held-out words: `python -m scenarios.pairs.build_g2p`.

What it writes, `g2p-en.toml`, is committed, so that the cards of the bundled models can show it beside
their own scores where the package is not installed. `peephole card g2p-en --measure` measures it live.
"""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import numpy as np

HEAD = "# Written by build_g2p.py: the package g2p-en {version}, its own weights, on words.toml (greedy)."


def build() -> str:
    """The text of `g2p-en.toml`.

    Raises:
        PeepholeError: the package is not there.
    """
    from engine import foreign
    from engine.foreign.g2p_en import checkpoint
    from scenarios.pairs.spelling import bundled, scored, spell

    words = bundled()["scored"]
    found = scored(spell(foreign.load("g2p-en"), words.words), words)
    with np.load(checkpoint(), allow_pickle=False) as file:
        found["parameters"] = sum(file[name].size for name in file.files)
    version = importlib.metadata.version("g2p-en")
    lines = [f'"{name}" = {value}\n' for name, value in found.items()]
    return "".join([HEAD.format(version=version) + "\n\n", *lines])


if __name__ == "__main__":
    Path(__file__).with_name("g2p-en.toml").write_text(build(), encoding="utf-8")
