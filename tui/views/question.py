"""What activation patching asks: two readings of the same length, and the answer on which they differ."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from engine import LanguageModel, Named, PeepholeError, Trace, lenses
from engine.lenses.patching import patching
from engine.lenses.prediction import deciding, predicted
from engine.models import reads
from engine.runner import Run
from engine.text import SPECIAL, START

TRIED = 6  # readings, for one that answers something else
LONGEST = 120  # rows: each is read once more in every layer, those of a layer as one batch


@dataclass(frozen=True)
class Question:
    """What is put into which reading, and what is asked of it.

    Attributes:
        tokens: every row of the other reading.
        row: whose token is the answer.
        word, instead: the two words, `word` of this reading; "" is the likeliest there, and for
            `instead` the likeliest other one in the other reading.
        more: other readings to try where the first one answers as this does.
    """

    tokens: tuple[str, ...]
    row: int
    word: str = ""
    instead: str = ""
    more: tuple[tuple[str, ...], ...] = ()

    def changed(self, tokens: Sequence[str]) -> list[int]:
        """The rows on which the readings differ."""
        both = zip(tokens, self.tokens, strict=True)
        return [row for row, (own, other) in enumerate(both) if own != other]


@dataclass(frozen=True)
class Patched:
    """The answer: `effect` and `bits` are (layer, row), as `engine.lenses.patching` says.

    `own` and `theirs` are log2 p(word)/p(instead) of the two readings, in bits.
    """

    question: Question
    word: str
    instead: str
    other: Trace
    effect: np.ndarray
    bits: np.ndarray
    own: float
    theirs: float

    def carrier(self, layer: int) -> int:
        """The first row that carries most of the answer in a layer, to a hundredth."""
        effect = self.effect[layer]
        return int(np.argmax(effect >= effect.max() - 0.01))


def default(trace: Trace, cursor: int) -> Question | None:
    """What can be asked without asking the user; None where nothing suggests itself.

    In the little English the number of the first noun is changed, and the answer is the verb under the
    cursor or the first one that may agree with it. Of a pair one token of the source changes, the one
    under the cursor or the one that the answer looks at most: a word that has another number into it,
    anything else into another token of the source.
    """
    if trace.source == len(trace):
        return None
    return _of_pair(trace, cursor) if trace.source else _of_number(trace, cursor)


def beside(trace: Trace, other: Trace, cursor: int) -> Question | None:
    """The question that another lane's reading poses: its text against this one; None if they do not fit.

    Of a pair only the source is taken: the target stays that of this reading.
    """
    if (other.header.digest, other.source) != (trace.header.digest, trace.source):
        return None
    paired = 0 < trace.source < len(trace)
    rows = trace.source if paired else len(other)
    tokens = (*other.tokens[:rows], *(trace.tokens[rows:] if paired else ()))
    if len(tokens) != len(trace) or list(tokens) == trace.tokens:
        return None
    return Question(tokens, max(cursor, predicted(trace).start))


def heard(trace: Trace, said: Sequence[str]) -> Question | None:
    """The question that `PatchingView.asked` told of this reading; None where it is none."""
    known, tokens = set(trace.header.vocabulary), list(trace.tokens)
    other = by_row(said[3:], range(len(trace)), known)
    if (
        len(said) < 3
        or not other
        or not said[0].isdecimal()
        or not known.issuperset(filter(None, said[1:3]))
    ):
        return None
    for row, token in other.items():
        tokens[row] = token
    return Question(tuple(tokens), int(said[0]), said[1], said[2])


def by_row(said: Sequence[str], rows: range, known: Collection[str]) -> dict[int, str]:
    """Words by their rows, of `7 cats`; none where one is not known, or of no such row."""
    pairs = [part.partition(" ") for part in said]
    if all(row.isdecimal() and int(row) in rows and word in known for row, _, word in pairs):
        return {int(row): word for row, _, word in pairs}
    return {}


def _of_pair(trace: Trace, cursor: int) -> Question | None:
    s, n = trace.source, len(trace)
    if n < s + 2:
        return None
    row = cursor if cursor > s else s + 1
    place = cursor if cursor < s - 1 else 0
    if place != cursor and "cross_weights" in trace:
        weights = trace["cross_weights"][row - 1].mean((0, 1))  # the row that says it looks
        place = int(np.argmax(weights[: s - 1]))
    known, source = set(trace.header.vocabulary), trace.tokens[: s - 1]
    others = [] if trace.header.architecture.get("letters") else _numbered(source[place])
    others = [word for word in (*others, *source) if word in known and word != source[place]]
    readings = [
        (*trace.tokens[:place], other, *trace.tokens[place + 1 :])
        for other in dict.fromkeys(others)
    ]
    if not readings:
        return None
    return Question(readings[0], row, trace.tokens[row], more=tuple(readings[1:TRIED]))


def _numbered(word: str) -> list[str]:
    """How the other number of an English word may be written: `boat` and `boats`, `carry` and `carries`."""
    ends = [("ies", "y"), ("es", ""), ("s", ""), ("y", "ies"), ("", "s"), ("", "es")]
    return [word.removesuffix(end) + other for end, other in ends if word.endswith(end)]


def _of_number(trace: Trace, cursor: int) -> Question | None:
    known, tokens = set(trace.header.vocabulary), [*trace.tokens]
    nouns, verbs = _numbers()
    swaps = [row for row, t in enumerate(tokens) if nouns.get(t) in known]
    answers = [
        row for row, t in enumerate(tokens) if verbs.get(t) in known and swaps and row > swaps[0]
    ]
    if not answers:
        return None
    row = cursor if cursor in answers else answers[0]
    word, tokens[swaps[0]] = tokens[row], nouns[tokens[swaps[0]]]
    return Question(tuple(tokens), row, word, verbs[word])


@cache
def _numbers() -> tuple[dict[str, str], dict[str, str]]:
    """Each noun of the little English in the other number, and each verb that agrees with it."""
    from scenarios.corpus.lexicon import lexicon

    words = lexicon()
    nouns = {n.singular: n.plural for n in (*words.animate, *words.object, *words.thing)}
    verbs = {"is": "are", "was": "were"}
    return _both_ways(nouns), _both_ways(verbs)


def _both_ways(pairs: dict[str, str]) -> dict[str, str]:
    return pairs | {other: one for one, other in pairs.items()}


def ask(
    model: LanguageModel,
    trace: Trace,
    question: Question,
    begin: Callable[[int], object] = lambda layer: None,
) -> Patched:
    """Read the other text and put its states in, those of one layer together; `begin` hears of each.

    Raises:
        PeepholeError: the readings do not fit, are too long, or do not differ in their answer.
    """
    row = question.row
    decides = deciding(trace, row)
    if decides > LONGEST:
        raise PeepholeError(
            f"{decides + 1} rows before the answer are more than {LONGEST}",
            do="Take a shorter text",
        )
    if not question.changed(trace.tokens):
        raise PeepholeError("both readings are the same", do="Change a word with o")
    word = question.word or _likeliest(trace, decides, "")
    other = first = _read(model, trace, question.tokens)
    for tokens in question.more:
        if _likeliest(other, decides, "") != word:
            break
        other = _read(model, trace, tokens)
    else:
        other = first if _likeliest(other, decides, "") == word else other
    question = replace(question, tokens=tuple(other.tokens), more=())
    instead = question.instead or _likeliest(other, decides, word)
    layers: list[dict[str, Named]] = []
    for layer in range(model.architecture.layers):
        begin(layer)
        layers.append(patching(model, trace, other, row, word, instead, [layer]))
    own, theirs = (lenses.log_odds(t, row, word, instead) for t in (trace, other))
    effect, bits = (np.concatenate([one[n].array for one in layers]) for n in ("effect", "bits"))
    return Patched(question, word, instead, other, effect, bits, own, theirs)


def _read(model: LanguageModel, trace: Trace, tokens: Sequence[str]) -> Trace:
    """Exactly these rows, as many of them of the source as in the trace; nothing is done to them."""
    model.vocabulary.encode(list(tokens))  # names all unknown words at once
    source = () if reads(model.architecture) == "tokens" else tokens[: trace.source]
    stepper = Run(model, source=source)
    for token in tokens[len(source) :]:
        stepper.feed(token)
    return stepper.trace


def _likeliest(trace: Trace, row: int, but: str) -> str:
    words = trace.header.vocabulary
    ordered = np.argsort(-trace["logits"][row], kind="stable")
    return next(words[i] for i in ordered if words[i] != but)


def written(trace: Trace, tokens: Sequence[str]) -> str:
    """What was read, as a person would type it: the source of a pair, or the text."""
    if not trace.source or trace.source == len(trace):
        return " ".join(tokens[1:] if tokens[0] == START else tokens)
    source = [token for token in tokens[: trace.source] if token not in SPECIAL]
    architecture = trace.header.architecture
    source = source[::-1] if architecture.get("reverse") else source
    return ("" if architecture.get("letters") else " ").join(source)
