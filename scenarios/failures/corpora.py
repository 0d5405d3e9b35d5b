"""The famous failures as corpora: what `peephole train`, the cards and the lists need of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from engine.arrays import to_numpy
from engine.models import LanguageModel
from engine.text import SPECIAL
from engine.training import Batch
from scenarios.failures import answer, bank, but, garden
from scenarios.failures.item import Item, collate

EVALUATED = 300  # texts of each split on the card
_ANSWER = "next-token cross-entropy; the answer weighs 100 times as much as any other word"
_ALONE = "cross-entropy of the answer; nothing else is learned"
_LABEL = "cross-entropy of every row's label; the row that is asked weighs 20 times as much"


@dataclass(frozen=True, eq=False)
class Failure:
    """One task as `scenarios.corpora.Corpus` wants it.

    Attributes:
        draw: (generator, update, size) -> a training batch's items, all of one length.
        of_split: (generator, split) -> one item of a split; `splits` are those of the card.
        words: of the vocabulary, beside the first three of all pair models.
        ahead: 0 where every row says its own label, 1 where it says the next word.
        rest: weight in the loss of the rows that are not asked.
        untaught: what that means to a reader of a run.
    """

    name: str
    items: str
    about: str
    objective: str
    measured: str
    groups: Mapping[str, str]
    draw: Callable[[np.random.Generator, int, int], list[Item]]
    of_split: Callable[[np.random.Generator, str], Item]
    splits: Sequence[str]
    words: Iterable[str]
    ahead: int = 1
    rest: float = 0.01
    untaught: str = ""
    vocabularies: dict[str, int] = field(default_factory=dict)

    def vocabulary(self) -> tuple[str, ...]:
        return (*SPECIAL, *sorted(set(self.words)))

    def ids(self) -> Mapping[str, int]:
        """Word -> its id."""
        if not self.vocabularies:
            self.vocabularies.update({word: i for i, word in enumerate(self.vocabulary())})
        return self.vocabularies

    def batch(self, seed: int, step: int, size: int) -> Batch:
        drawn = self.draw(np.random.default_rng([seed, step]), step, size)
        return collate(drawn, self.ids(), self.rest)

    def sample(self, split: str, n: int = EVALUATED) -> list[Item]:
        """The texts of a split that every model is scored on."""
        rng = np.random.default_rng([1, *split.encode()])
        return [self.of_split(rng, split) for _ in range(n)]

    def score(self, model: LanguageModel) -> dict[str, float]:
        return {
            split: round(right(model, self.sample(split), self.ids()), 4) for split in self.splits
        }


def right(model: LanguageModel, items: Sequence[Item], ids: Mapping[str, int]) -> float:
    """The share of items at whose asked row the right word is the likeliest of all."""
    found = 0
    for length in {len(item.tokens) for item in items}:
        part = [item for item in items if len(item.tokens) == length]
        batch = collate(part, ids)
        logits = to_numpy(model.architecture.logits(model.params, batch.inputs))  # (B, T, V)
        rows = np.arange(len(part)), [item.asked for item in part]
        found += int((logits[rows].argmax(-1) == batch.targets[rows]).sum())
    return found / len(items)


def _next_word(rng: np.random.Generator, step: int, size: int) -> list[Item]:
    return [garden.next_words(item) for item in garden.draw(rng, step, size)]


class Garden(Failure):
    """Its language models are scored by their surprise, which is no share of right answers."""

    def score(self, model: LanguageModel) -> dict[str, float]:
        """Mean surprisal in bits, of the word that ends the ambiguity and of the rows after it."""
        scores: dict[str, float] = {}
        for split in self.splits:
            items = self.sample(split)
            bits = [garden.surprisal(model, item, self.ids()) for item in items]
            scores |= {f"at/{split}": float(np.mean([at for at, _ in bits])),
                       f"after/{split}": float(np.mean([after for _, after in bits]))}  # fmt: skip
        return {name: round(value, 3) for name, value in scores.items()}


BANK = Failure(
    name="bank",
    items="texts",
    about="`scenarios.failures.bank`: nouns of two senses, the word that tells before or after them",
    objective=_LABEL,
    measured=f"""\
Accuracy: the share of {EVALUATED} texts in which the right sense is the likeliest label at the row of the
noun; a coin would be right in half. `before`: the telling word stands before the noun. `after/N`: it stands
after it, N words of no meaning and a "was" between. `far`: 9 to 12 such words (training: up to 6).
`held-out`: pairs of noun and telling word that no training text has.""",
    groups={"The telling word before": "before/", "The telling word after": "after/"},
    draw=bank.draw,
    of_split=bank.of_split,
    splits=bank.SPLITS,
    words=bank.WORDS,
    ahead=0,
    rest=0.05,
)
_BUT = f"""\
Accuracy: the share of {EVALUATED} texts after which the right answer is the likeliest word of all; always
the same answer would be right in half. `tail-N`: N tokens that mean nothing before the question.
`held-out`: pairs of adjectives that training never sets against each other."""
BUT = Failure(
    name="but",
    items="texts",
    about="`scenarios.failures.but`: what was expected against what was, and a tail of 20 tokens",
    objective=_ALONE,
    measured=_BUT,
    groups={"By the tail": "tail-", "Held-out pairs": "held-out-tail-"},
    draw=but.draw,
    of_split=but.of_split,
    splits=but.SPLITS,
    words=but.WORDS,
    rest=0.0,
    untaught='only the word after the last "?" was trained; bits and next words of other rows mean nothing.',
)
BUT_TAUGHT = replace(
    BUT,
    name="but-taught",
    about="`scenarios.failures.but.taught`: the same, from no tail to one of 20 tokens",
    draw=but.taught,
)
ANSWER = Failure(
    name="answer",
    items="texts",
    about="`scenarios.failures.answer`: one to three facts, a text that means nothing, a question",
    objective=_ANSWER,
    measured=f"""\
Accuracy: the share of {EVALUATED} texts after which the right place is the likeliest word of all. Naming
any place of the text would be right in 1, 1/2, 1/3 of them. `facts-K/gap-N`: K facts, N tokens that mean
nothing between them and the question (training: up to 24). `held-out`: the name was never at that place
in training. `first`, `last`: which fact is asked.""",
    groups={
        "One fact": "facts-1/",
        "Two facts": "facts-2/",
        "Three facts": "facts-3/",
        "Held-out pairs": "held-out/",
        "The first fact asked": "first/",
        "The last fact asked": "last/",
    },
    draw=answer.draw,
    of_split=answer.of_split,
    splits=answer.SPLITS,
    words=answer.WORDS,
    untaught="trained for the word after the question; all others weighed a hundredth of it.",
)
GARDEN_TAGS = Failure(
    name="garden-tags",
    items="sentences",
    about="`scenarios.failures.garden`: sentences whose beginning is read wrongly at first, labelled",
    objective=_LABEL,
    measured=f"""\
Accuracy: the share of {EVALUATED} sentences in which the ambiguous word (man, raced) gets its right part of
speech as the likeliest label. `noun` and `raced` are the likelier readings, `verb` and `raced-fell` the
garden paths, `people` and `ridden-fell` the same without ambiguity. `held-out`: pairs of adjective and
noun, of animal and verb, that no training sentence has.""",
    groups={"Pairs of the training": "trained/", "Held-out pairs": "held-out/"},
    draw=garden.draw,
    of_split=garden.of_split,
    splits=garden.SPLITS,
    words=garden.WORDS,
    ahead=0,
    rest=0.05,
)
GARDEN = Garden(
    name="garden",
    items="sentences",
    about="`scenarios.failures.garden`: sentences whose beginning is read wrongly at first",
    objective="next-token cross-entropy",
    measured=f"""\
Mean surprisal in bits over {EVALUATED} sentences: `at` the word that ends the ambiguity ("the" after "the
old man", "fell" after "past the barn"; in the other sentences the word in its place), and a word's `after`
it. `people` and `ridden-fell` say the same without ambiguity. `held-out`: pairs of adjective and noun,
of animal and verb, that no training sentence has.""",
    groups={
        "At the word that tells": "at/trained/",
        "After it, a word": "after/trained/",
        "At the word that tells, held-out pairs": "at/held-out/",
        "After it, a word, held-out pairs": "after/held-out/",
    },
    draw=_next_word,
    of_split=lambda rng, split: garden.next_words(garden.of_split(rng, split)),
    splits=garden.SPLITS,
    words=garden.WORDS,
    rest=1.0,
)
