"""Copying: the target is the source. The one task whose answer needs all of what was read.

Sequences of 1 to 12 of 16 letters. One in eight of the sequences of three letters and more, by a hash, is
never drawn in training; of shorter ones there are too few to hold any out.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

import numpy as np

from engine.interventions import NOTHING
from engine.models import Acts, LanguageModel
from engine.pairs import pair_batch
from engine.text import SPECIAL, STOP
from engine.training import Batch
from scenarios.corpora import Side

LETTERS = "abcdefghijklmnop"
LONGEST = 12  # letters in training
BEYOND = (14, 16)  # lengths that are only scored
EACH = 200  # sequences of every length on the card
_ONE_IN, _SHORT = 8, 2


def held_out(letters: str) -> bool:
    """Whether training never draws this sequence."""
    return len(letters) > _SHORT and zlib.crc32(letters.encode()) % _ONE_IN == 0


def draw(rng: np.random.Generator, length: int, of_training: bool) -> str:
    """One sequence; `of_training` says on which side of the hash it lies, where there are sides."""
    while True:
        letters = "".join(LETTERS[i] for i in rng.integers(0, len(LETTERS), length))
        if length <= _SHORT or held_out(letters) != of_training:
            return letters


class Copying:
    """Copying, its source read forwards or backwards (Sutskever, Vinyals & Le 2014, section 3.3)."""

    items = "sequences"
    objective = "cross-entropy of the copy, teacher forced"
    groups: Mapping[str, str] = {
        "Exact copies by length (training: 1 to 12)": "exact/",
        "Right letters by place, sequences of 12 (running free)": "right-at/",
        "Loss by place in the copy, sequences of 12 (nats)": "loss-at/",
        "Loss over sequences of 1 to 12 (nats a letter)": "loss/1-12",
    }

    def __init__(self, name: str, reverse: bool) -> None:
        self.name, self.reverse = name, reverse
        how = ", read from the last to the first" if reverse else ""
        self.about = f"`scenarios.pairs.copying`: 1 to {LONGEST} of {len(LETTERS)} letters{how}"
        self.measured = f"""\
Exact: the share of {EACH} sequences of a length that are copied without a fault, running free
(greedy). One in eight of all sequences of 3 letters and more, drawn by a hash, is held out from
training, and all of these are such; more than {LONGEST} letters were never trained. Loss: of the
right copy, teacher forced, on the same sequences."""

    def vocabulary(self) -> tuple[str, ...]:
        return (*SPECIAL, *LETTERS)

    def sides(self) -> tuple[Side, Side]:
        both = Side("letters", tuple(LETTERS))
        return both, both

    def batch(self, seed: int, step: int, size: int) -> Batch:
        """One length of 1 to 12, each as often: nothing is padded."""
        rng = np.random.default_rng([seed, step, 1])
        length = int(rng.integers(1, LONGEST + 1))
        ids = [self._ids(draw(rng, length, True)) for _ in range(size)]
        turn = -1 if self.reverse else 1
        return pair_batch([[*word[::turn], STOP] for word in ids], ids)

    def right(self, text: Sequence[str]) -> tuple[str, ...]:
        """The copy of a sequence."""
        return tuple("".join(text).lower().replace(" ", ""))

    def examples(self, n: int) -> tuple[list[str], list[list[str]]]:
        """Held-out sequences of 12 and their copies."""
        texts = items(LONGEST, n)
        return texts, [list(text) for text in texts]

    def score(self, model: LanguageModel) -> dict[str, float]:
        from scenarios.pairs import scoring

        scores = {}
        for length in (*range(1, LONGEST + 1), *BEYOND):
            right = copied(model, items(length))
            scores[f"exact/{length}"] = float(right.all(-1).mean())
            if length == LONGEST:
                places = enumerate(right[:, :-1].mean(0), 1)
                scores |= {f"right-at/{at}": round(float(x), 4) for at, x in places}
        texts = [text for length in range(1, LONGEST + 1) for text in items(length)]
        found = scoring.loss(model, texts, texts)
        scores["loss/1-12"] = round(float(found.nats.sum() / found.counts.sum()), 4)
        longest = found.nats[-EACH:, :LONGEST].mean(0)
        return scores | {f"loss-at/{at}": round(float(x), 4) for at, x in enumerate(longest, 1)}

    @staticmethod
    def _ids(letters: str) -> list[int]:
        return [len(SPECIAL) + LETTERS.index(letter) for letter in letters]


def items(length: int, n: int = EACH) -> list[str]:
    """The sequences of one length that are scored, always the same."""
    rng = np.random.default_rng([length, 2])
    return [draw(rng, length, False) for _ in range(n)]


def copied(model: LanguageModel, texts: Sequence[str], do: Acts = NOTHING) -> np.ndarray:
    """What a model gets right running free, (N, L + 1): each letter in its place, and at last the end.

    The texts have one length L.
    """
    from scenarios.pairs import scoring

    length = len(texts[0])
    right = np.zeros((len(texts), length + 1), bool)
    for row, (text, said) in enumerate(
        zip(texts, scoring.greedy(model, texts, length + 1, do), strict=True)
    ):
        right[row, :length] = [said[at : at + 1] == (letter,) for at, letter in enumerate(text)]
        right[row, length] = len(said) == length
    return right


COPY = Copying("copy", reverse=False)
REVERSED = Copying("copy-reversed", reverse=True)
