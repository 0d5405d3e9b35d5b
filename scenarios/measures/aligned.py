"""Many alignments at once: where attention lies over held-out pairs, the right target given."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NoReturn

import numpy as np

from engine.errors import PeepholeError
from engine.interventions import Interventions
from scenarios.lanes import Lane
from scenarios.measures.table import a_lane, measure, whole


@measure("share of ticks")
def moves_on(lane: Lane, n: int = 200, layer: int = -1, head: int | None = None) -> float:
    """How often attention does not go back: the share of ticks over n held-out pairs whose largest weight
    lies on the row of the tick before, or on a later one. What the lane has set by hand stays so."""
    steps = [np.diff(each.argmax(-1)) for each in _weights(lane, n, layer, head)]
    return float((np.concatenate(steps) >= 0).mean())


@measure("share of ticks")
def on_diagonal(lane: Lane, n: int = 100, layer: int = -1, head: int | None = None) -> float:
    """How often attention lies where it is needed to copy: the share of ticks over n held-out pairs whose
    largest weight is on the row of the source with the same number as the tick."""
    hits = [each.argmax(-1) == np.arange(len(each)) for each in _weights(lane, n, layer, head)]
    return float(np.concatenate(hits).mean())


@measure("weight, 0 to 1")
def sharpness(lane: Lane, n: int = 100, layer: int = -1, head: int | None = None) -> float:
    """The largest weight of a tick, its mean over n held-out pairs."""
    return float(np.concatenate([w.max(-1) for w in _weights(lane, n, layer, head)]).mean())


@measure("share of copies")
def copied(lane: Lane, length: int, n: int = 200) -> float:
    """How many of n held-out sequences of a length a lane's model copies without a fault, running free;
    what the lane has set by hand stays so."""
    from scenarios.pairs.copying import LETTERS

    if not set(LETTERS) <= set(a_lane(lane).model.vocabulary.words):
        raise PeepholeError(f"{lane.label} copies no letters", do="Name a model such as copy-gru")
    return _copied(lane, whole(length, 1, 40), whole(n, 1, 1000))


@measure("share of words")
def words_right(lane: Lane, n: int = 200) -> float:
    """For how many of n held-out words a lane's model writes an accepted pronunciation, stress and all,
    running free; what the lane has set by hand stays so."""
    from scenarios.pairs.spelling import SPELLING

    return _words_right(_speller(lane), tuple(SPELLING.examples(whole(n, 1, 2000))[0]))


@measure("share of words")
def silent_e_right(lane: Lane) -> float:
    """The same over all held-out words like 'wrote': one vowel, one consonant, and an e that is silent."""
    return _words_right(_speller(lane), tuple(_silent_e()))


@measure("share of words")
def silent_e(lane: Lane, layer: int = -1, head: int | None = None) -> float:
    """In how many held-out words like 'wrote' the largest weight lies on the e while the vowel is written,
    the right target given."""
    words = _silent_e()
    found = _aligned(_speller(lane), tuple(words), tuple(words.values()))
    looks = [
        weights[_vowel(words[word])].argmax() == len(word) - 1
        for word, weights in zip(words, _picked(lane, found, layer, head), strict=True)
    ]
    return float(np.mean(looks))


def _speller(lane: Lane) -> Lane:
    from scenarios.pairs.spelling import PHONEMES

    if not set(PHONEMES) <= set(a_lane(lane).model.vocabulary.words):
        raise PeepholeError(f"{lane.label} spells no words", do="Name a model such as spell-gru")
    return lane


@lru_cache(maxsize=64)
def _words_right(lane: Lane, words: tuple[str, ...]) -> float:
    from scenarios.pairs.scoring import errors, greedy
    from scenarios.pairs.spelling import MOST, bundled

    scored = bundled()["scored"]
    accepted = [scored.said[scored.words.index(word)] for word in words]
    return errors(greedy(lane.model, words, MOST, Interventions(lane.hand_set)), accepted).words


def _silent_e() -> dict[str, tuple[str, ...]]:
    """Held-out words of one vowel, one consonant and a final e that is not heard, with their sounds."""
    from scenarios.pairs.spelling import bundled

    scored = bundled()["scored"]
    return {
        word: said[0]
        for word, said in zip(scored.words, scored.said, strict=True)
        if re.fullmatch("[^aeiouy]+[aeiou][^aeiouyrw]e", word)
        and [sound[-1].isdigit() for sound in said[0]].count(True) == 1
        and not said[0][-1][-1].isdigit()
    }


def _vowel(sounds: Sequence[str]) -> int:
    """The tick at which the one vowel is written."""
    return next(at for at, sound in enumerate(sounds) if sound[-1].isdigit())


@lru_cache(maxsize=256)
def _copied(lane: Lane, length: int, n: int) -> float:
    from scenarios.pairs.copying import copied, items

    right = copied(lane.model, items(length, n), Interventions(lane.hand_set))
    return float(right.all(-1).mean())


def _weights(lane: Lane, n: int, layer: int, head: int | None) -> list[np.ndarray]:
    """(U + 1, S) of each of n held-out pairs of the lane's corpus."""
    from scenarios.card import corpus_of

    corpus = corpus_of(a_lane(lane).model)
    if not hasattr(corpus, "examples"):
        _no_attention(lane)
    texts, targets = corpus.examples(whole(n, 1, 2000))
    found = _aligned(lane, tuple(texts), tuple(map(tuple, targets)))
    return _picked(lane, found, layer, head)


def _picked(lane: Lane, found: list[np.ndarray], layer: int, head: int | None) -> list[np.ndarray]:
    """(U + 1, S) of each pair: one head of a layer, or the mean of its heads."""
    layers, heads = found[0].shape[1:3]
    if not -layers <= layer < layers or (head is not None and not 0 <= head < heads):
        raise PeepholeError(f"{lane.label} has {layers} layers of {heads} heads")
    picked = [each[:, layer] for each in found]
    return [each.mean(1) if head is None else each[:, head] for each in picked]


@lru_cache(maxsize=64)
def _aligned(
    lane: Lane, texts: tuple[str, ...], targets: tuple[tuple[str, ...], ...]
) -> list[np.ndarray]:
    from scenarios.pairs.scoring import alignments

    if "cross_weights" not in lane.model.architecture.axes:
        _no_attention(lane)
    return alignments(lane.model, texts, targets, Interventions(lane.hand_set))


def _no_attention(lane: Lane) -> NoReturn:
    raise PeepholeError(
        f"{lane.label} has no attention on a source", do="Name a model such as copy-bahdanau"
    )
