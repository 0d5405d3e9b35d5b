"""What the model expected: surprisal, the likeliest next words, the probability of any word."""

from __future__ import annotations

import numpy as np

from engine.arrays import log_softmax
from engine.errors import PeepholeError
from engine.text import Vocabulary
from engine.trace import Named, Trace


def surprisal(trace: Trace) -> dict[str, Named]:
    """`bits` (time,): -log2 p(token_t | tokens before t), Shannon's information content.

    Row 0 is NaN: nothing comes before the start token, so nothing predicted it.
    """
    ids = [Vocabulary(trace.header.vocabulary).ids[token] for token in trace.tokens]
    bits = np.full(len(ids), np.nan)
    if len(ids) > 1:
        log_p = log_softmax(trace["logits"][:-1].astype(np.float64))
        found = -log_p[np.arange(len(ids) - 1), ids[1:]] / np.log(2)
        bits[1:] = np.maximum(found, 0.0) + 0.0  # certain is 0, not -0
    return {"bits": Named(bits, ("time",), "bits")}


def top_k(trace: Trace, k: int = 5) -> dict[str, Named]:
    """`ids` and `p` (time, rank): the k likeliest next words after each row, likeliest first."""
    logits = trace["logits"].astype(np.float64)
    k = min(k, logits.shape[-1])
    p = np.exp(log_softmax(logits))
    ids = np.argsort(-p, axis=-1, kind="stable")[:, :k]
    return {
        "ids": Named(ids, ("time", "rank")),
        "p": Named(np.take_along_axis(p, ids, -1), ("time", "rank"), "probability"),
    }


def probability(trace: Trace, row: int, word: str) -> float:
    """p(word at row | the tokens before it), between 0 and 1; row len(trace) is the next word."""
    return float(np.exp(_log_p(trace, row, word)))


def log_odds(trace: Trace, row: int, word: str, other: str) -> float:
    """log2 p(word) / p(other) at a row, in bits: above 0 where the model prefers `word`."""
    return float((_log_p(trace, row, word) - _log_p(trace, row, other)) / np.log(2))


def _log_p(trace: Trace, row: int, word: str) -> float:
    if not 1 <= row <= len(trace):
        raise PeepholeError(
            f"nothing predicts row {row}", do=f"Rows 1 to {len(trace)} are predicted"
        )
    (word_id,) = Vocabulary(trace.header.vocabulary).encode([word])
    return float(log_softmax(trace["logits"][row - 1].astype(np.float64))[word_id])
