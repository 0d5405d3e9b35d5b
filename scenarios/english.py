"""The corpus of the bundled language models: agreement and coreference in a little English."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.models import LanguageModel
from engine.training import Batch
from scenarios import corpus
from scenarios.evaluate import SPLITS, accuracy

ANSWER = 5.0  # weight of an answering noun in the loss; every other token weighs 1
EVALUATED = 500  # sentences of each split on the card


class English:
    """`scenarios.corpus` as the cards and `peephole train` use it."""

    name = "english"
    items = "sentences"
    about = "`scenarios.corpus.batch(seed, step, size)`, one mixture for all models"
    objective = (
        f"next-token cross-entropy; the noun that answers a question weighs {ANSWER:g} times"
    )
    measured = f"""\
Accuracy: the share of {EVALUATED} sentences in which the right word is likelier than
its minimal alternative (the verb of the other number; the other noun of the pair). Chance is
0.5. Training has up to 4 attractors of any number, 20 tokens of distance, and gaps of up to 8;
here every attractor has the other number. What lies beyond is held out by construction."""
    groups: Mapping[str, str] = {
        "Agreement by number of attractors": "agreement/attractors-",
        "Agreement by distance (tokens between subject and verb)": "agreement/distance-",
        "Agreement, subjects held out": "agreement/held-out-nouns",
        "Coreference": "coreference/train-pairs",
        "Coreference, noun pairs held out": "coreference/held-out-pairs",
        "Coreference by gap (tokens before the question)": "coreference/gap-",
        "Coreference, held-out pairs, by gap": "coreference/held-out-gap-",
    }

    def vocabulary(self) -> tuple[str, ...]:
        return corpus.vocabulary()

    def batch(self, seed: int, step: int, size: int) -> Batch:
        """The corpus's stream, in which the noun that answers a question weighs ANSWER times as much.

        One noun in some twenty words carries all that there is to learn of coreference.
        """
        asked, the = corpus.encode(["?", "the"])
        drawn = corpus.batch(seed, step, size)
        before = np.roll(drawn.inputs, 1, axis=1)  # column 0 is the start token, never "the"
        answers = (drawn.inputs == the) & (before == asked)
        return Batch(drawn.inputs, drawn.targets, drawn.weights * np.where(answers, ANSWER, 1.0))

    def score(self, model: LanguageModel) -> dict[str, float]:
        return {split: round(accuracy(model, split, EVALUATED), 4) for split in SPLITS}


ENGLISH = English()
