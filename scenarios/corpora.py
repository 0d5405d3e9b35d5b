"""What the bundled models are trained on and scored by, each by name and loaded when asked for.

Adding a corpus is: one object with what `Corpus` names, and one line in the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

from engine.registry import load as find

if TYPE_CHECKING:  # a list of models is printed without any of this
    from engine.models import LanguageModel
    from engine.training import Batch


class Side(NamedTuple):
    """The words of a source or of a target, and what they are called: "English words", "letters"."""

    called: str
    words: tuple[str, ...]


class Corpus(Protocol):
    """A training stream, and scores on what it never draws.

    Those of pairs may have `sides() -> (Side, Side)`, source and target. A corpus may have `grammar`, what
    it can say, with examples; `outside(text)`, why a text is none of it ("" where it is); and `untaught`,
    which rows of a text were never trained to foretell anything.

    Attributes:
        name: its key in the table below.
        items: what a batch is a number of, e.g. "sentences".
        about: where the training items come from, one line of the card.
        objective: what is minimised, likewise.
        measured: what the scores of the card are and how they were held out, in Markdown.
        groups: title of a table of the card -> the beginning of the scores' names that it holds.
    """

    name: str
    items: str
    about: str
    objective: str
    measured: str
    groups: Mapping[str, str]

    def vocabulary(self) -> tuple[str, ...]:
        """All words; a word's position is its id."""

    def batch(self, seed: int, step: int, size: int) -> Batch:
        """Batch number `step` of the training stream `seed`, made from these numbers alone."""

    def score(self, model: LanguageModel) -> dict[str, float]:
        """The scores of the card, measured; the same each time."""


CORPORA = {
    "english": "scenarios.english:ENGLISH",
    "copy": "scenarios.pairs.copying:COPY",
    "copy-reversed": "scenarios.pairs.copying:REVERSED",
    "spelling": "scenarios.pairs.spelling:SPELLING",
    "english-french": "scenarios.translation.corpus:ENGLISH_FRENCH",
    "bank": "scenarios.failures.corpora:BANK",
    "but": "scenarios.failures.corpora:BUT",
    "but-taught": "scenarios.failures.corpora:BUT_TAUGHT",
    "answer": "scenarios.failures.corpora:ANSWER",
    "garden": "scenarios.failures.corpora:GARDEN",
    "garden-tags": "scenarios.failures.corpora:GARDEN_TAGS",
    "causal-copy": "scenarios.positions:CAUSAL_COPY",
}


def load(name: str) -> Corpus:
    """The corpus of this name.

    Raises:
        PeepholeError: there is none; the message names the nearest ones.
    """
    corpus: Corpus = find(CORPORA, name, "corpus")
    return corpus
