"""Attention against what it is taken for: weights put in by hand, one edge alone, and what erasing costs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from engine import EditAttention, LanguageModel, Trace, fork, run
from engine.arrays import Array, constant, log_softmax, to_numpy
from engine.errors import PeepholeError
from engine.interventions import Rows
from engine.lenses.batch import Acting, ids_of
from engine.text import STOP
from scenarios.lanes import At, Lane
from scenarios.measures.choosing import held_out
from scenarios.measures.table import a_lane, measure, whole


@measure("weight, each row sums to 1")
def weight_for(lane: Lane, at: At, to: At | None = None, layer: int = -1) -> Any:
    """The weight on a row of the source with which the word at a row was chosen: that of the row before
    it. The mean over heads; without `to` the list over the source's rows."""
    row = _chosen(lane, at)
    weights = lane.trace.array("cross_weights", "time", "layer", "head", "key")
    found = weights[row - 1, layer, :, : lane.trace.source].mean(0)
    return found if to is None else float(found[_source_row(lane, to)])


@measure("bits")
def erasure(lane: Lane, at: At, to: At | None = None) -> Any:
    """How much less likely the word at a row gets when the input at a row of the source is erased."""
    row, trace = _chosen(lane, at), lane.trace
    found = _erased(lane)[:, row - trace.source - 1]
    return found if to is None else float(found[_source_row(lane, to)])


@measure("list of probabilities")
def edges(lane: Lane, at: At) -> np.ndarray:
    """The probability of the word at a row if the tick that chooses it looked at one row of the source
    alone: for each row of the source in turn."""
    return _edges(a_lane(lane), _chosen(lane, at))


@measure("rows")
def edges_enough(lane: Lane, at: At) -> int:
    """How many rows of the source would do alone: the word at a row keeps a probability above a half."""
    return int((edges(lane, at) > 0.5).sum())


@measure("probability")
def chosen_with(lane: Lane, at: At, how: str, seed: int = 0) -> float:
    """Of the word at a row, if the tick that chooses it had other weights: 'uniform', 'permuted' or
    'argmax'. All other ticks keep theirs."""
    row = _chosen(lane, at)
    seed = whole(seed, 0, 10**9) if how == "permuted" else 0
    edit = EditAttention(str(how), seed=seed, start=row - 1, stop=row)
    return _p(fork(lane.model, _given(lane), edit), row, _word(lane, row))


@measure("share of ticks")
def holds_with(lane: Lane, how: str, n: int = 20) -> float:
    """For how many ticks over n held-out pairs, the right target given, the right word stays the
    likeliest when that tick alone has other weights: 'uniform', 'permuted' or 'argmax'."""
    return _holds_with(a_lane(lane), how, whole(n, 1, 200))


@measure("share of ticks")
def tops_agree(lane: Lane, n: int = 20) -> float:
    """For how many ticks over n held-out pairs, the right target given, the largest weight lies on the
    row of the source whose erasure costs the right word the most."""
    agree = []
    for trace in _readings(a_lane(lane), whole(n, 1, 200)):
        weights = trace.array("cross_weights", "time", "layer", "head", "key")
        tops = weights[trace.source :, -1, :, : trace.source].mean(1).argmax(-1)
        agree.append(tops == erased(lane.model, trace).argmax(0))
    return float(np.concatenate(agree).mean())


def erased(model: LanguageModel, trace: Trace) -> np.ndarray:
    """(source row, target row): bits that each next word (the last is `</s>`) loses without an input."""
    s, rows = trace.source, len(trace)

    def erase(name: str, computed: Array, layer: int, at: Rows) -> Array:
        if name != "x" or (at.start if isinstance(at, slice) else at) >= s:
            return computed
        keep = np.ones((1 + s, s))
        keep[1 + np.arange(s), np.arange(s)] = 0.0
        return computed * constant(keep[:, at, None], computed)

    ids = np.repeat(ids_of(model, trace)[None], 1 + s, axis=0)
    logits = model.architecture.logits(model.params, ids, Acting(trace, erase))[:, s:]
    words = [*ids[0, s + 1 :], STOP]
    log_p = to_numpy(log_softmax(logits)).astype(np.float64)[:, np.arange(rows - s), words]
    return (log_p[0] - log_p[1:]) / np.log(2)


@lru_cache(maxsize=64)
def _erased(lane: Lane) -> np.ndarray:
    return erased(lane.model, lane.trace)


@lru_cache(maxsize=256)
def _edges(lane: Lane, row: int) -> np.ndarray:
    word, given = _word(lane, row), _given(lane)
    looks = [
        EditAttention("only", key, start=row - 1, stop=row) for key in range(lane.trace.source)
    ]
    return np.array([_p(fork(lane.model, given, look), row, word) for look in looks])


@lru_cache(maxsize=64)
def _holds_with(lane: Lane, how: str, n: int) -> float:
    stays = []
    for trace in _readings(lane, n):
        s, words = trace.source, [*ids_of(lane.model, trace)[trace.source + 1 :], STOP]
        for at, word in enumerate(words, s):
            made = fork(lane.model, trace, EditAttention(str(how), start=at, stop=at + 1))
            stays.append(int(made["logits"][at].argmax()) == word)
    return float(np.mean(stays))


@lru_cache(maxsize=32)
def _readings(lane: Lane, n: int) -> list[Trace]:
    """Readings of n held-out sources with their right targets, what is set by hand done to them."""
    from scenarios.card import corpus_of

    _attends(lane)
    corpus = corpus_of(lane.model)
    sources: Sequence[Any]
    targets: Sequence[Sequence[str]]
    if hasattr(corpus, "examples"):
        sources, targets = corpus.examples(n)
    else:
        sources, accepted = held_out(lane, n)
        targets = [each[0] for each in accepted]
    pairs = zip(sources, targets, strict=True)
    return [run(lane.model, source, lane.hand_set, target=target) for source, target in pairs]


def _given(lane: Lane) -> Trace:
    """The lane's reading with its target given, so that a fork reads the same words."""
    trace = lane.trace
    if not trace.header.decoding:
        return trace
    source = list(trace.tokens[: trace.source - 1])
    if trace.header.architecture.get("reverse"):
        source.reverse()
    return run(lane.model, source, lane.hand_set, target=trace.tokens[trace.source + 1 :])


def _attends(lane: Lane) -> None:
    if "cross_weights" not in a_lane(lane).trace:
        raise PeepholeError(f"{lane.label} has no attention on a source")


def _chosen(lane: Lane, at: At) -> int:
    """A row of the target that was chosen; that after the last one is `</s>`."""
    _attends(lane)
    row = lane.row(at)
    if not lane.trace.source < row <= len(lane.trace):
        raise PeepholeError(
            f"row {row} of {lane.label} was not written",
            do=f"Rows {lane.trace.source + 1} to {len(lane.trace)} were; the last is </s>",
        )
    return row


def _source_row(lane: Lane, at: At) -> int:
    row = lane.row(at)
    if row >= lane.trace.source:
        raise PeepholeError(f"row {row} of {lane.label} is not of the source")
    return row


def _word(lane: Lane, row: int) -> int:
    trace = lane.trace
    return int(ids_of(lane.model, trace)[row]) if row < len(trace) else STOP


def _p(trace: Trace, row: int, word: int) -> float:
    return float(np.exp(log_softmax(trace["logits"][row - 1].astype(np.float64))[word]))
