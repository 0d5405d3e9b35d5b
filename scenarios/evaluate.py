"""How often a model prefers the right word: accuracy on the corpus's named splits."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from engine.arrays import to_numpy
from engine.errors import PeepholeError
from engine.interventions import NOTHING
from engine.models import Acts, LanguageModel
from scenarios import corpus

if TYPE_CHECKING:
    from scenarios.tasks import Task

SPLITS = (
    *(f"agreement/attractors-{n}" for n in (0, 1, 2, 3, 4, 6, 8, 12, 16)),
    "agreement/held-out-nouns",
    *(f"agreement/distance-{n}" for n in (8, 16, 24, 32)),
    "coreference/train-pairs",
    "coreference/held-out-pairs",
    *(f"coreference/gap-{n}" for n in (0, 4, 8, 12, 16)),
    *(f"coreference/held-out-gap-{n}" for n in (0, 8, 16)),
)
_BATCH = 100
_ROWS = 200_000  # of all sequences that a model reads together


@lru_cache(maxsize=64)
def _sentences(split: str, n: int, seed: int) -> tuple[corpus.Sentence, ...]:
    try:
        return tuple(corpus.sample(split, n, seed))
    except (KeyError, ValueError) as error:
        raise PeepholeError(str(error.args[0]), where=split) from None


def accuracy(
    model: LanguageModel, split: str, n: int = 200, seed: int = 1, do: Acts = NOTHING
) -> float:
    """The share of `n` sentences whose probed word is likelier than its minimal alternative.

    The model reads the sentence up to the probe; 0.5 is chance. The sentences are drawn with `seed`
    and are the same for every model; `do` is what the model has set by hand while it reads.
    """
    right = 0
    longest_first = sorted(_sentences(split, n, seed), key=lambda s: -s.target)
    for start in range(0, n, _BATCH):
        part = longest_first[start : start + _BATCH]
        ids = np.zeros((len(part), part[0].target), dtype=np.int64)
        for item, sentence in enumerate(part):
            ids[item, : sentence.target] = model.vocabulary.encode(sentence.prefix)
        logits = to_numpy(model.architecture.logits(model.params, ids, do))  # (B, T, V)
        for item, sentence in enumerate(part):
            word, other = model.vocabulary.encode([sentence.correct, sentence.wrong])
            row = logits[item, sentence.target - 1]
            right += bool(row[word] > row[other])
    return right / n


def on_task(
    model: LanguageModel, task: Task, n: int = 200, seed: int = 1, do: Acts = NOTHING
) -> float:
    """The share of right answers over `n` sequences that training never draws, the same for every model.

    Right is the likeliest word, or a value within 0.04 of the answer.
    """
    from engine.objective import accuracy

    batch = task.probe(seed, n)
    if model.vocabulary.words != task.vocabulary().words:
        raise PeepholeError(f"{model.name} does not know the words of {task.name}")
    part = max(1, _ROWS // batch.inputs.shape[1])
    right = total = 0.0
    for start in range(0, n, part):
        inputs, targets, weights = (array[start : start + part] for array in batch)
        logits = to_numpy(model.architecture.logits(model.params, inputs, do))  # (B, T, V)
        counted = np.nonzero(weights)
        share = accuracy(task.loss, logits[counted], targets[counted])
        right, total = right + share * len(counted[0]), total + len(counted[0])
    return right / total
