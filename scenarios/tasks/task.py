"""What a task is: sequences drawn from a seed, where its answers stand, and what a good score is.

A task of words is next-word prediction: row t predicts the word of row t + 1, and only the rows that
predict an answer count. So everything that reads a language model reads these models as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.errors import PeepholeError, did_you_mean, shown
from engine.models import Architecture
from engine.registry import NETWORKS, cell_of
from engine.text import START, Numbers, Vocabulary
from engine.training import Batch

Draw = Callable[[np.random.Generator, int], Batch]  # (random numbers, how many) -> sequences
# What one sets is what one sees: no warm-up (a GRU learns recall worse with one), no decay.
CONSTANT: Mapping[str, Any] = {"batch": 64, "schedule": "constant", "warmup": 0}
_TRAINING, _HELD_OUT = 1, 2  # two streams of one seed never share their draws


@dataclass(frozen=True)
class Task:
    """A task at one length.

    Attributes:
        name, title, about: for menus: a word, a line, and what the task shows, with its source.
        length, unit: how hard it is: the T of the texts, in `unit`.
        words: the vocabulary, "<s>" first; empty where numbers are read.
        draw: the sequences that training sees.
        held_out: those of the probe, where they are drawn otherwise.
        rows: the longest sequence in rows (what a Transformer has to have positions for).
        loss: "words" (cross-entropy) or "value" (squared error).
        chance: accuracy of guessing; for "value" the squared error of answering the mean.
        learned: we say "learned" from this accuracy on; for "value" below this squared error.
        recipe: settings that were measured to work (see CALIBRATION.md), by the names of
            `engine.training.Recipe`, and `width` and `embed` of the model.
        recipes: what is otherwise for one cell, by the cell's name.
    """

    name: str
    title: str
    about: str
    length: int
    unit: str
    words: tuple[str, ...]
    draw: Draw
    rows: int
    chance: float
    held_out: Draw | None = None
    loss: str = "words"
    learned: float = 0.95
    recipe: Mapping[str, Any] = field(default_factory=dict)
    recipes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def usual(self, cell: str) -> dict[str, Any]:
        """The settings that were measured to work for this task and this cell."""
        return {**self.recipe, **self.recipes.get(cell, {})}

    def batch(self, seed: int, step: int, size: int) -> Batch:
        """Batch number `step` of the training stream `seed`: `size` sequences."""
        return self.draw(np.random.default_rng([seed, step, _TRAINING]), size)

    def probe(self, seed: int = 0, n: int = 16) -> Batch:
        """`n` sequences of a stream that training never draws from."""
        return (self.held_out or self.draw)(np.random.default_rng([seed, 0, _HELD_OUT]), n)

    def probe_tokens(self) -> list[str]:
        """The first sequence of the probe as the score shows it: "<s>" first, the answer last."""
        inputs, targets, weights = (part[0] for part in self.probe())
        last = int(np.flatnonzero(weights)[-1])
        read, answer = inputs[: last + 1], targets[last]
        if self.words:
            return [self.words[i] for i in (*read, answer)]
        return [START, *Numbers().decode(read[1:]), f"{answer:.2f}"]

    def probe_answers(self) -> dict[int, str]:
        """The rows of `probe_tokens` that are asked, each with the right answer."""
        _, targets, weights = (part[0] for part in self.probe())
        asked = np.flatnonzero(weights).tolist()
        return {
            row: self.words[int(targets[row])] if self.words else f"{targets[row]:.2f}"
            for row in asked
        }

    def vocabulary(self) -> Vocabulary | Numbers:
        """What turns the task's tokens into what a model reads."""
        return Vocabulary(self.words) if self.words else Numbers()

    def architecture(
        self,
        cell: str,
        width: int = 64,
        embed: int | None = None,
        layers: int | None = None,
        residual: bool = False,
    ) -> Architecture:
        """A model of the right size for this task.

        Args:
            cell: rnn, relu, linear, lstm, gru or transformer.
            width, embed: units, and size of what the first layer reads (default: the recipe's).
            layers: default 1, and 2 for a Transformer (one layer cannot look for what it found).
            residual: add each layer's input to its output (a Transformer always does).

        Raises:
            PeepholeError: no such cell, or a cell that cannot read this task.
        """
        if cell not in NETWORKS:
            raise PeepholeError(f"no cell {shown(cell)}", do=did_you_mean(cell, NETWORKS))
        embed = self.usual(cell).get("embed", 64) if embed is None else embed
        if cell == "transformer":
            return self._transformer(width, layers or 2)
        from engine.models.recurrent import RecurrentLM

        more: dict[str, Any] = {} if self.words else {"outputs": 1}
        more |= {"residual": True} if residual else {}
        words = len(self.words) or Numbers.size
        return RecurrentLM(cell_of(cell), words, width, embed, layers or 1, **more)

    def _transformer(self, width: int, layers: int) -> Architecture:
        from engine.models.transformer import TransformerLM

        if not self.words:
            raise PeepholeError(
                f"the Transformer reads words, and {self.name} is a task of numbers",
                do="Take rnn, lstm or gru",
            )
        if width % 4:
            raise PeepholeError(f"a width of {width} does not divide among 4 heads", do="Take 64")
        return TransformerLM(
            len(self.words), width, layers=layers, hidden=4 * width, context=self.rows + 1
        )


def asked(ids: np.ndarray, answers: int = 1) -> Batch:
    """Sequences (B, T + 1) of word ids whose last `answers` words are what counts."""
    weights = np.zeros((len(ids), ids.shape[1] - 1), dtype=np.float32)
    weights[:, -answers:] = 1.0
    return Batch(ids[:, :-1], ids[:, 1:], weights)


def padded(sequences: list[list[int]]) -> Batch:
    """Sequences of any lengths, each ending in its answer; filled up with word 0, "<s>"."""
    rows = max(map(len, sequences)) - 1
    ids = np.zeros((len(sequences), rows + 1), dtype=np.int64)
    weights = np.zeros((len(sequences), rows), dtype=np.float32)
    for item, sequence in enumerate(sequences):
        ids[item, : len(sequence)] = sequence
        weights[item, len(sequence) - 2] = 1.0
    return Batch(ids[:, :-1], ids[:, 1:], weights)


def spelled(words: tuple[str, ...], text: str) -> np.ndarray:
    """The ids of words written with spaces between, as an array to choose from."""
    return np.array([words.index(word) for word in text.split()])


def starts(n: int, words: tuple[str, ...]) -> np.ndarray:
    """A column (n, 1) of the start token."""
    return np.full((n, 1), words.index(START))
