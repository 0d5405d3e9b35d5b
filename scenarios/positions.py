"""Copying by a causal language model: a text says some letters, `=`, and the same letters again.

    <s> d a f = d a f </s>

Trained on 1 to 10 letters, so that longer texts ask for positions that training never showed. Nothing
else of English or of a source is in it: what a model can do here is what its positions let it do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.arrays import to_numpy
from engine.interventions import NOTHING
from engine.models import Acts, LanguageModel
from engine.text import GO, SPECIAL, STOP
from engine.training import Batch
from scenarios.pairs.copying import LETTERS, draw

EQUALS = "="
WORDS = (*SPECIAL, EQUALS, *LETTERS)
LONGEST = 10  # letters in training
SCORED = (*range(1, LONGEST + 1), 11, 12, 14, 20)
EACH = 200  # sequences of every length on the card
_ID = {word: at for at, word in enumerate(WORDS)}


def ids(letters: Sequence[str]) -> np.ndarray:
    """The rows that a model is trained on, (B, 2 L + 2), of sequences of one length L."""
    said = np.array([[_ID[letter] for letter in word] for word in letters])
    column = np.ones((len(said), 1), np.int64)
    return np.concatenate((column * GO, said, column * _ID[EQUALS], said), 1)


def items(length: int, n: int = EACH) -> list[str]:
    """Held-out sequences of a length, always the same."""
    rng = np.random.default_rng([length, 3])
    return [draw(rng, length, False) for _ in range(n)]


def copied(model: LanguageModel, length: int, n: int = EACH, do: Acts = NOTHING) -> np.ndarray:
    """What a model gets right writing on by itself, (n, L + 1): each letter in its place, then `</s>`."""
    right = ids(items(length, n))
    architecture, state = model.architecture, model.architecture.start(model.params, (n,))
    token, found = right[:, 0], np.zeros((n, length + 1), bool)
    for row in range(2 * length + 2):
        state, values = architecture.step(model.params, state, token, do, row)
        if row <= length:
            token = right[:, row + 1]
            continue
        token = to_numpy(values["logits"]).argmax(-1)
        wanted = right[:, row + 1] if row < 2 * length + 1 else STOP
        found[:, row - length - 1] = token == wanted
    return found


class CausalCopy:
    """The corpus."""

    name = "causal-copy"
    items = "sequences"
    about = f"`scenarios.positions`: 1 to {LONGEST} of {len(LETTERS)} letters, `=`, and the letters again"
    objective = "next-token cross-entropy after the `=`"
    measured = f"""\
Exact: the share of {EACH} sequences of a length that are copied without a fault by a model that writes on
by itself (greedy). One in eight of all sequences of 3 letters and more, drawn by a hash, is held out from
training, and all of these are such; more than {LONGEST} letters were never trained."""
    untaught = "only what follows the `=` was trained; bits and next words before it mean nothing."
    groups: Mapping[str, str] = {f"Exact copies by length (training: 1 to {LONGEST})": "exact/"}

    def vocabulary(self) -> tuple[str, ...]:
        return WORDS

    def batch(self, seed: int, step: int, size: int) -> Batch:
        """One length of 1 to 10, each as often: nothing is padded."""
        rng = np.random.default_rng([seed, step, 4])
        length = int(rng.integers(1, LONGEST + 1))
        inputs = ids([draw(rng, length, True) for _ in range(size)])
        targets = np.concatenate((inputs[:, 1:], np.full((size, 1), STOP)), 1)
        weights = np.zeros(inputs.shape, np.float32)
        weights[:, length + 1 :] = 1.0
        return Batch(inputs, targets, weights)

    def score(self, model: LanguageModel) -> dict[str, float]:
        return {
            f"exact/{length}": round(float(copied(model, length).all(-1).mean()), 4)
            for length in SCORED
        }


CAUSAL_COPY = CausalCopy()
