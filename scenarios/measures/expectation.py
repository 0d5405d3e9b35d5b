"""What a model expects."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import numpy as np

from engine import lenses
from engine.errors import PeepholeError
from engine.interventions import Interventions
from scenarios.lanes import At, Lane
from scenarios.measures.table import a_lane, measure, of_trace, pick, whole


@measure("bits")
def surprisal(lane: Lane, at: At | None = None) -> Any:
    """-log2 of the probability that the word at a row had before it was read."""
    bits = of_trace(lenses.surprisal, lane)["bits"].array
    return pick(lane, bits, at)


@measure("probability")
def probability(lane: Lane, at: At, word: str) -> float:
    """Of any word at a row, given the words before it."""
    return lenses.probability(a_lane(lane).trace, lane.row(at), word)


@measure("bits")
def log_odds(lane: Lane, at: At, word: str, other: str) -> float:
    """log2 p(word) / p(other) at a row: above 0 where the model prefers the first."""
    return lenses.log_odds(a_lane(lane).trace, lane.row(at), word, other)


@measure("word")
def guess(lane: Lane, at: At, rank: int = 1) -> str:
    """The likeliest word at a row, given the words before it; rank 2 is the second likeliest."""
    row, ahead = a_lane(lane).row(at), a_lane(lane).trace.header.ahead
    first = lane.trace.source + ahead if ahead and lane.trace.source else ahead
    if not first <= row < len(lane.trace) + ahead:
        raise PeepholeError(f"nothing predicts row {row} of {lane.label}")
    logits = lane.trace["logits"][row - ahead]
    order = np.argsort(-logits, kind="stable")
    return lane.model.vocabulary.words[order[whole(rank, 1, len(order)) - 1]]


@measure("share right")
def accuracy(lane: Lane, split: str, n: int | None = None, seed: int = 1) -> float:
    """How often a lane's model is right, on sentences or sequences that training never drew; what the
    lane has set by hand stays so. Of a split of the corpus (see the model cards): whether it prefers
    the right word over the wrong one, over n = 500 sentences, chance 0.5. Of a task at a length, such
    as 'recall 100': whether the answer is its likeliest word, over n = 200 sequences."""
    number = re.search(r"\d+$", split)
    if "/" in split and number and len(number[0]) > 2:
        raise PeepholeError(f"{split!r} asks for too long sentences", do="99 is the most")
    n = (500 if "/" in split else 200) if n is None else n
    return _accuracy(a_lane(lane), split, whole(n, 1, 5000), whole(seed, 0, 10**9))


@lru_cache(maxsize=512)
def _accuracy(lane: Lane, split: str, n: int, seed: int) -> float:
    from scenarios.evaluate import accuracy, on_task

    do = Interventions(lane.hand_set)
    if "/" in split:
        return accuracy(lane.model, split, n, seed, do)
    from scenarios.readers import task

    return on_task(lane.model, task(split), n, seed, do)
