"""What the model expected: surprisal, the likeliest next words, the probability of any word."""

from __future__ import annotations

import numpy as np

from engine.arrays import log_softmax
from engine.errors import PeepholeError
from engine.text import Vocabulary
from engine.trace import Named, Trace


def surprisal(trace: Trace) -> dict[str, Named]:
    """`bits` (time,): -log2 p(token_t | tokens before t), Shannon's information content.

    NaN where nothing predicted the token: row 0 (nothing comes before the start token), the source of a
    target and its `<s>`, and every row of a model that labels rows instead.
    """
    ids = [Vocabulary(trace.header.vocabulary).ids[token] for token in trace.tokens]
    bits, rows = np.full(len(ids), np.nan), predicted(trace)
    if rows and trace.header.ahead:
        log_p = log_softmax(trace["logits"][rows.start - 1 : -1].astype(np.float64))
        found = -log_p[np.arange(len(rows)), ids[rows.start :]] / np.log(2)
        bits[rows.start :] = np.maximum(found, 0.0) + 0.0  # certain is 0, not -0
    return {"bits": Named(bits, ("time",), "bits")}


def predicted(trace: Trace) -> range:
    """The rows that the model predicted: their tokens, or their labels where it labels rows."""
    if trace.header.ahead == 0:
        return range(len(trace))
    return range(trace.source + 1 if trace.source else 1, len(trace))


def deciding(trace: Trace, row: int) -> int:
    """The row whose logits speak of `row`: the one before it, or itself where rows are labelled.

    `row` may be len(trace), the next token.

    Raises:
        PeepholeError: nothing predicts the row.
    """
    rows, ahead = predicted(trace), trace.header.ahead
    last = rows.stop - 1 + ahead
    if not rows.start <= row <= last:
        raise PeepholeError(
            f"nothing predicts row {row}", do=f"Rows {rows.start} to {last} are predicted"
        )
    return row - ahead


def top_k(trace: Trace, k: int = 5) -> dict[str, Named]:
    """`ids` and `p` (time, rank): the k likeliest next words after each row, likeliest first.

    Of a model that labels rows, its likeliest labels. Rows of a source that has a target have a p of NaN.
    """
    logits = trace["logits"].astype(np.float64)
    k = min(k, logits.shape[-1])
    p = np.exp(log_softmax(logits))
    ids = np.argsort(-p, axis=-1, kind="stable")[:, :k]
    return {
        "ids": Named(ids, ("time", "rank")),
        "p": Named(np.take_along_axis(p, ids, -1), ("time", "rank"), "probability"),
    }


def probability(trace: Trace, row: int, word: str) -> float:
    """p(word at row | the tokens before it), between 0 and 1; row len(trace) is the next word.

    Of a model that labels rows, p(label of row | the tokens that it read).
    """
    return float(np.exp(_log_p(trace, row, word)))


def log_odds(trace: Trace, row: int, word: str, other: str) -> float:
    """log2 p(word) / p(other) at a row, in bits: above 0 where the model prefers `word`."""
    return float((_log_p(trace, row, word) - _log_p(trace, row, other)) / np.log(2))


def _log_p(trace: Trace, row: int, word: str) -> float:
    decides = deciding(trace, row)
    (word_id,) = Vocabulary(trace.header.vocabulary).encode([word])
    return float(log_softmax(trace["logits"][decides].astype(np.float64))[word_id])
