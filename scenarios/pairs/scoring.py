"""What a model writes when it runs free, for many sources at once, and how far that is from what is right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple, cast

import numpy as np

from engine.arrays import log_softmax, to_numpy
from engine.interventions import NOTHING
from engine.models import Acts, LanguageModel, Pair
from engine.pairs import pair_batch, source_tokens
from engine.text import GO, STOP

TOGETHER = 500  # sources that a model reads at once


def greedy(
    model: LanguageModel, texts: Sequence[str | Sequence[str]], most: int, do: Acts = NOTHING
) -> list[tuple[str, ...]]:
    """The likeliest token at every tick, each fed back, until </s> or `most` tokens.

    Sources of one length are read together, so that nothing is padded.
    """
    encoded = [model.vocabulary.encode(source_tokens(model, text)) for text in texts]
    written: list[list[int]] = [[] for _ in texts]
    for part in _alike(encoded):
        ids = np.array([encoded[i] for i in part])
        for i, tokens in zip(part, _greedy(model, ids, most, do).T.tolist(), strict=True):
            written[i] = tokens[: tokens.index(STOP)] if STOP in tokens else tokens
    words = model.vocabulary.words
    return [tuple(words[token] for token in tokens) for tokens in written]


def _greedy(model: LanguageModel, ids: np.ndarray, most: int, do: Acts) -> np.ndarray:
    """Sources (B, S) of one length to what is written, (ticks, B); what follows a </s> means nothing."""
    architecture = cast(Pair, model.architecture)
    state, _ = architecture.read(model.params, ids, do)
    token, ended = np.full(len(ids), GO), np.zeros(len(ids), bool)
    written = []
    for row in range(ids.shape[1], ids.shape[1] + most):
        state, values = architecture.step(model.params, state, token, do, row)
        token = to_numpy(values["logits"]).argmax(-1)  # (B,)
        written.append(token)
        ended |= token == STOP
        if ended.all():
            break
    return np.array(written)


class Loss(NamedTuple):
    """nats: (N, U) cross-entropy of each target token under teacher forcing; counts: 1 where there is one."""

    nats: np.ndarray
    counts: np.ndarray


def loss(
    model: LanguageModel,
    texts: Sequence[str | Sequence[str]],
    targets: Sequence[Sequence[str]],
    do: Acts = NOTHING,
) -> Loss:
    """The surprise of the right target, token by token and </s> last, while the right one is fed."""
    encoded = [model.vocabulary.encode(source_tokens(model, text)) for text in texts]
    wanted = [model.vocabulary.encode(target) for target in targets]
    shape = len(texts), max(map(len, wanted)) + 1
    nats, counts = np.zeros(shape), np.zeros(shape)
    for part in _alike(encoded):
        batch = pair_batch([encoded[i] for i in part], [wanted[i] for i in part])
        logits = to_numpy(model.architecture.logits(model.params, batch.inputs, do))
        log_p = np.take_along_axis(log_softmax(logits), batch.targets[..., None], -1)[..., 0]
        source = len(encoded[part[0]])
        width = batch.inputs.shape[1] - source
        nats[part, :width] = -(log_p * batch.weights)[:, source:]
        counts[part, :width] = batch.weights[:, source:]
    return Loss(nats, counts)


def alignments(
    model: LanguageModel,
    texts: Sequence[str | Sequence[str]],
    targets: Sequence[Sequence[str]],
    do: Acts = NOTHING,
) -> list[np.ndarray]:
    """Cross-attention of each pair, (U + 1, layer, head, S), the right target fed: row 0 reads <s>."""
    encoded = [model.vocabulary.encode(source_tokens(model, text)) for text in texts]
    wanted = [model.vocabulary.encode(target) for target in targets]
    found: list[np.ndarray] = [np.empty(0)] * len(texts)
    architecture = cast(Pair, model.architecture)
    for part in _alike(encoded):
        ticks = 1 + max(len(wanted[i]) for i in part)
        fed = np.full((len(part), ticks), STOP)
        for row, i in enumerate(part):
            fed[row, : 1 + len(wanted[i])] = [GO, *wanted[i]]
        state, _ = architecture.read(model.params, np.array([encoded[i] for i in part]), do)
        source, seen = len(encoded[part[0]]), []
        for tick in range(ticks):
            state, values = architecture.step(model.params, state, fed[:, tick], do, source + tick)
            layers = [to_numpy(weights) for weights in values["cross_weights"]]  # (B, head, S) each
            seen.append(np.stack(layers, 1))
        together = np.stack(seen, 1)  # (B, ticks, layer, head, S)
        for row, i in enumerate(part):
            found[i] = together[row, : 1 + len(wanted[i])]
    return found


def _alike(encoded: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Which sources are read together: TOGETHER at most, all of one length."""
    order = sorted(range(len(encoded)), key=lambda i: len(encoded[i]))
    for _, same in groupby(order, key=lambda i: len(encoded[i])):
        alike = list(same)
        for start in range(0, len(alike), TOGETHER):
            yield alike[start : start + TOGETHER]


def distance(said: Sequence[str], right: Sequence[str]) -> int:
    """Edits (insert, delete, replace) from one to the other (Levenshtein 1966)."""
    row = list(range(len(right) + 1))
    for i, a in enumerate(said, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


class Errors(NamedTuple):
    """Of many words: `rate` is edits / phonemes of the reference, `words` the share that is right."""

    rate: float
    words: float


def errors(said: Sequence[Sequence[str]], accepted: Sequence[Sequence[Sequence[str]]]) -> Errors:
    """Error rate and word accuracy; of several accepted references the nearest counts.

    Of equally near ones the longest counts, so that the rate is not the worse for having a choice.
    """
    edits = length = right = 0
    for one, references in zip(said, accepted, strict=True):
        found, minus = min((distance(one, ref), -len(ref)) for ref in references)
        edits, length, right = edits + found, length - minus, right + (found == 0)
    return Errors(edits / length, right / len(said))
