"""How words are chosen: what a cut keeps, what was written and how likely it is, what a search missed."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from engine import run, write_from
from engine.beam import length_penalty
from engine.decoding import Cut, Decoding, cut
from engine.errors import PeepholeError
from engine.interventions import Interventions
from engine.writing import Written, written
from scenarios.lanes import At, Lane
from scenarios.measures.table import a_lane, measure, whole

MOST = 40  # words that a sample or a search goes on for


@measure("words")
def words_kept(lane: Lane, at: At, decoding: str) -> int:
    """How many words a decoding, such as 'top-k 5' or 'top-p 0.9', leaves for a row to be chosen from."""
    return int(_cut(lane, at, decoding).kept.sum())


@measure("probability")
def mass_kept(lane: Lane, at: At, decoding: str) -> float:
    """What the model gives to the words that a decoding leaves for a row."""
    found = _cut(lane, at, decoding)
    return float(found.before[found.kept].sum())


@measure("probability")
def chance_after(lane: Lane, at: At, word: str, decoding: str) -> float:
    """Of a word at a row after a decoding has cut and heated the distribution."""
    (index,) = lane.model.vocabulary.encode([word])
    return float(_cut(lane, at, decoding).after[index])


@measure("bits")
def spread(lane: Lane, at: At, decoding: str = "sample") -> float:
    """The entropy of what a row's word is drawn from."""
    p = _cut(lane, at, decoding).after
    return float(-(p[p > 0] * np.log2(p[p > 0])).sum()) + 0.0


@measure("words")
def wrote(lane: Lane) -> str:
    """What a model went on with by itself, with spaces between the words."""
    return " ".join(_written(lane).tokens)


@measure("words")
def wrote_words(lane: Lane) -> int:
    """How many words a model went on with by itself."""
    return len(_written(lane).tokens)


@measure("nats")
def wrote_log_p(lane: Lane, alpha: float = 0.0) -> float:
    """log p of what a model wrote by itself, its end among it; over the length penalty of an alpha."""
    found = _written(lane)
    return found.log_p / float(length_penalty(len(found.tokens) + found.ended, alpha))


@measure("nats")
def best_draw(lane: Lane, at: At, n: int, decoding: str = "sample") -> float:
    """The highest log p of n texts that are drawn from a row on, with the seeds 0 to n - 1."""
    return max(found.log_p for found in _draws(lane, lane.row(at), whole(n, 1, 500), decoding))


@measure("bits a word")
def drawn_bits(lane: Lane, at: At, n: int, decoding: str) -> float:
    """How much n texts that are drawn from a row on surprise the model itself, by word."""
    draws = _draws(lane, lane.row(at), whole(n, 1, 500), decoding)
    bits = -sum(found.log_p for found in draws) / np.log(2)
    return float(bits / sum(len(found.tokens) + found.ended for found in draws))


@measure("words")
def drawn_words(lane: Lane, at: At, n: int, decoding: str) -> int:
    """How many different words there are in n texts that are drawn from a row on."""
    draws = _draws(lane, lane.row(at), whole(n, 1, 500), decoding)
    return len({word for found in draws for word in found.tokens})


@measure("share right")
def written_right(lane: Lane, decoding: str, n: int = 60) -> float:
    """How many of n held-out sources a model of pairs answers right when it chooses words so."""
    return float(np.mean([found.right for found in _answers(lane, decoding, n)]))


@measure("share of sources")
def found_better(lane: Lane, decoding: str, than: str = "greedy", n: int = 60) -> float:
    """For how many of n held-out sources one decoding finds an answer that the model itself holds more
    likely than what another one finds: the other's search errors."""
    pairs = zip(_answers(lane, decoding, n), _answers(lane, than, n), strict=True)
    return float(np.mean([one.log_p > other.log_p + 1e-6 for one, other in pairs]))


@measure("share of what is wrong")
def blame(lane: Lane, decoding: str, n: int = 60) -> float:
    """Of the wrong answers to n held-out sources: how many the model itself holds more likely than any
    that is right. Those are errors of the model, which no search can mend."""
    wrong = [found for found in _answers(lane, decoding, n) if not found.right]
    return float(np.mean([found.log_p > found.best_right for found in wrong])) if wrong else 0.0


class _Answer(NamedTuple):
    right: bool
    log_p: float
    best_right: float  # log p of the likeliest right answer


def _cut(lane: Lane, at: At, decoding: str) -> Cut:
    row = a_lane(lane).row(at)
    if not lane.trace.source < row <= len(lane.trace) or not lane.trace.header.ahead:
        raise PeepholeError(f"nothing is chosen for row {row} of {lane.label}")
    return cut(lane.trace["logits"][row - 1], Decoding.parse(decoding))


def _written(lane: Lane) -> Written:
    found = written(a_lane(lane).trace)
    if found is None:
        raise PeepholeError(
            f"{lane.label} wrote nothing by itself", do='Give the lane a `decode`, e.g. "greedy"'
        )
    return found


@lru_cache(maxsize=256)
def _draws(lane: Lane, row: int, n: int, decoding: str) -> list[Written]:
    found = []
    for seed in range(n):
        each = Decoding.parse(f"{decoding} seed {seed}")
        trace = write_from(a_lane(lane).model, lane.trace, row, each, MOST)
        made = written(trace)
        assert made is not None
        found.append(made)
    return found


def _answers(lane: Lane, decoding: str, n: int) -> list[_Answer]:
    return _answered(a_lane(lane), decoding, whole(n, 1, 500))


@lru_cache(maxsize=64)
def _answered(lane: Lane, decoding: str, n: int) -> list[_Answer]:
    """What a model writes for held-out sources, and how likely it holds what is right."""
    sources, accepted = held_out(lane, n)
    answers = []
    for source, right in zip(sources, accepted, strict=True):
        trace = run(lane.model, source, lane.hand_set, decoding=Decoding.parse(decoding), most=MOST)
        made = written(trace)
        assert made is not None
        likely = max(_log_p(lane, trace.tokens[: trace.source], list(one)) for one in right)
        answers.append(_Answer(made.tokens in right, made.log_p, likely))
    return answers


def held_out(lane: Lane, n: int) -> tuple[list, list[list[tuple[str, ...]]]]:
    """n sources that training never drew, and for each the answers that count as right."""
    from scenarios.pairs.spelling import PHONEMES, SPELLING, bundled

    words = set(lane.model.vocabulary.words)
    if set(PHONEMES) <= words:
        scored, (sources, _) = bundled()["scored"], SPELLING.examples(n)
        said = [scored.said[scored.words.index(word)] for word in sources]
        return list(sources), [[tuple(one) for one in each] for each in said]
    if {"trouve", "finds"} <= words:
        from scenarios.translation import corpus

        every = corpus.held_out()
        some = [every[at] for at in np.random.default_rng(0).permutation(len(every))[:n]]
        return [one.english.split() for one in some], [[tuple(one.french.split())] for one in some]
    raise PeepholeError(
        f"{lane.label} has no held-out pairs here", do="Name a spell- or en-fr- model"
    )


def _log_p(lane: Lane, source: list[str], target: list[str]) -> float:
    """log p of a whole target and its end, in nats, in one shot."""
    from engine.arrays import log_softmax
    from engine.text import END, START

    ids = np.array(lane.model.vocabulary.encode([*source, START, *target, END]))
    do = Interventions(lane.hand_set)
    logits = lane.model.architecture.logits(lane.model.params, ids[:-1], do)[len(source) :]
    log_p = log_softmax(np.asarray(logits, np.float64))
    return float(log_p[np.arange(len(target) + 1), ids[len(source) + 1 :]].sum())
