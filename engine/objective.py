"""What is minimised: cross-entropy of the next word, or squared error of a value; means over a batch.

Each is one function on the array seam, and its derivative by the logits in closed form for NumPy.
"""

from __future__ import annotations

import numpy as np

from engine.arrays import Array, log_softmax, namespace

CLOSE = 0.04  # a value within it counts as right (Hochreiter & Schmidhuber 1997, experiment 4)


def objective(kind: str, logits: Array, targets: np.ndarray, share: Array) -> Array:
    """The loss: `logits` (B, T, V), `targets` (B, T), `share` (B, T) the weights, which sum to 1.

    `words`: nats a token, targets are ids. `value`: squared error, V = 1 and targets are floats in
    the library of `logits`.
    """
    xp = namespace(logits)
    if kind == "value":
        return xp.sum((logits[..., 0] - targets) ** 2 * share)
    rows, columns = np.indices(targets.shape)
    return -xp.sum(log_softmax(logits)[rows, columns, targets] * share)


def slope(
    kind: str, logits: np.ndarray, targets: np.ndarray, share: np.ndarray
) -> tuple[float, np.ndarray]:
    """The loss over n rows and its derivative by their logits: (n, V), (n,), (n,) -> (n, V)."""
    if kind == "value":
        error = logits[:, 0] - targets
        return float((error**2 * share).sum()), (2 * error * share)[:, None]
    log_p, rows = log_softmax(logits), np.arange(len(targets))
    p = np.exp(log_p)
    p[rows, targets] -= 1.0  # softmax - onehot
    return -float((log_p[rows, targets] * share).sum()), p * share[:, None]


def accuracy(kind: str, logits: np.ndarray, targets: np.ndarray) -> float:
    """The share of n rows whose likeliest word is right, or whose value is within CLOSE: (n, V), (n,)."""
    if kind == "value":
        return float((abs(logits[:, 0] - targets) < CLOSE).mean())
    return float((logits.argmax(-1) == targets).mean())
