"""Models of pairs: a source that was read, and what was written of it.

A row of the source and one of the target may read the same word: the source's comes first, so the target's
is 'x#2', or a row number. Alignments are weights of a target's row on the source's rows.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.errors import PeepholeError, did_you_mean
from engine.models import LanguageModel
from scenarios.lanes import At, Lane
from scenarios.measures.table import a_lane, existing, measure


@measure("rows")
def source_rows(lane: Lane) -> int:
    """How many rows are of the source, its </s> among them; it is also the row of the target's <s>."""
    rows = a_lane(lane).trace.source
    if not rows:
        raise PeepholeError(f"{lane.label} reads no source", do="Name a model of pairs")
    return rows


@measure("words")
def output(lane: Lane) -> str:
    """What a model wrote, its words with spaces between. Not of a lane whose target was given."""
    start = source_rows(lane) + 1
    if start > len(lane.trace):
        raise PeepholeError(f"{lane.label} writes nothing", do="`guess` is its answer at a row")
    if not lane.trace.header.decoding:
        raise PeepholeError(
            f"the target of {lane.label} was given to it",
            do="Take its `target` out: it writes then",
        )
    return " ".join(lane.trace.tokens[start:])


@measure("1 or 0")
def correct(lane: Lane, words: str) -> int:
    """1 where what a model wrote is exactly these words, else 0."""
    return int(output(lane).split() == str(words).split())


@measure("words")
def errors(lane: Lane, words: str) -> int:
    """The fewest words to insert, delete or replace in what a model wrote to get these (Levenshtein)."""
    wrote, right = output(lane).split(), str(words).split()
    last = list(range(len(right) + 1))
    for i, word in enumerate(wrote, 1):
        row = [i]
        for j, other in enumerate(right, 1):
            row.append(min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (word != other)))
        last = row
    return last[-1]


@measure("weight, each row sums to 1")
def alignment(
    lane: Lane, at: At, to: At | None = None, layer: int = -1, head: int | None = None
) -> Any:
    """Cross-attention weight of a target's row on a row of the source; the mean over heads if none is
    named. Without `to` the list over the source's rows."""
    weights = _crossing(lane, at, layer, head)
    if to is None:
        return weights
    return float(weights[_of_source(lane, to)])


@measure("word")
def looks_at(lane: Lane, at: At, layer: int = -1, head: int | None = None) -> str:
    """The word of the source that a target's row gives the most weight."""
    return lane.trace.tokens[int(np.argmax(_crossing(lane, at, layer, head)))]


@measure("bits")
def alignment_entropy(lane: Lane, at: At, layer: int = -1, head: int | None = None) -> float:
    """How spread a target's row looks at the source: 0 bits on one row, log2(n) evenly on n."""
    weights = _crossing(lane, at, layer, head).astype(np.float64)
    return float(-sum(p * math.log2(p) for p in weights if p > 0)) + 0.0


@measure("as on the card")
def card(lane: Lane, name: str) -> float:
    """A score of a lane's model as its card has it: measured when it was trained, on items that
    training never drew. `peephole card MODEL --measure` measures it again."""
    return _score(a_lane(lane).model, name)


@measure("list, as on the cards")
def over_seeds(model: str, name: str) -> np.ndarray:
    """A score of a bundled model and of its other seeds (NAME, NAME+1 ...), as their cards have it:
    for claims that are about an architecture and not about one model."""
    from scenarios import zoo

    if not isinstance(model, str):
        raise PeepholeError(
            "not the name of a model", do="As in over_seeds('copy-gru', 'exact/12')"
        )
    names = zoo.seeds(model)
    if len(names) < 2:
        raise PeepholeError(f"{model} is bundled with one seed", do="Use `card` with its lane")
    return np.array([_score(zoo.model(each), name) for each in names])


def _crossing(lane: Lane, at: At, layer: int, head: int | None) -> np.ndarray:
    """(source row,): the weights of a row, of one head or their mean."""
    rows, row = source_rows(lane), existing(lane, at)
    if "cross_weights" not in lane.trace:
        raise PeepholeError(f"{lane.label} has no attention on its source")
    if row < rows:
        raise PeepholeError(
            f"row {row} ({lane.trace.tokens[row]!r}) is of the source of {lane.label}",
            do=f"The target begins at row {rows}; a word that both have is 'x#2' there",
        )
    weights = lane.trace.array("cross_weights", "time", "layer", "head", "key")[
        row, layer, :, :rows
    ]
    return weights.mean(0) if head is None else weights[head]


def _of_source(lane: Lane, at: At) -> int:
    row, rows = existing(lane, at), source_rows(lane)
    if row >= rows:
        raise PeepholeError(
            f"row {row} is of the target of {lane.label}, whose source has {rows} rows"
        )
    return row


def _score(model: LanguageModel, name: str) -> float:
    from scenarios.card import scores

    try:
        found = scores(model)
    except (KeyError, TypeError):
        found = {}
    if name not in found:
        do = did_you_mean(str(name), found) or f"`peephole card {model.name}` prints them"
        raise PeepholeError(f"the card of {model.name} has no score {name!r}", do=do)
    return float(found[name])
