"""Several trainings of the same models side by side: is a claim about an architecture or about a seed?

peephole train lstm --seed 1 --out runs/seed-1      (and so on, for every model and seed)
python -m scenarios.seeds scenarios/weights runs/seed-1 runs/seed-2
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from engine.storage import load_model
from scenarios import zoo
from scenarios.evaluate import accuracy

SPLITS = (
    "agreement/attractors-1",
    "agreement/attractors-4",
    "agreement/attractors-8",
    "agreement/attractors-16",
    "agreement/held-out-nouns",
    "coreference/train-pairs",
    "coreference/held-out-pairs",
    "coreference/held-out-gap-16",
)
SENTENCES = 500


def table(folders: Sequence[Path]) -> str:
    """Markdown: a row for each model (and its early weights), the accuracy of each seed in a cell."""
    names = [name for model in zoo.names("english") for name in (f"{model}@{zoo.EARLY}", model)]
    short = [split.replace("attractors-", "").replace("coreference", "coref.") for split in SPLITS]
    lines = ["| | " + " | ".join(short) + " |", "|---" * (len(SPLITS) + 1) + "|"]
    for name in names:
        models = [load_model(folder / f"{name}.safetensors") for folder in folders]
        cells = [
            " ".join(f"{accuracy(model, split, SENTENCES):.2f}" for model in models)
            for split in SPLITS
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table([Path(folder) for folder in sys.argv[1:]]))
