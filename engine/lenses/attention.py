"""What attention's weights look like as a whole: entropy, and rollout through the layers.

Neither is an explanation of the output; compare with gradient and ablation on the same tokens.
"""

from __future__ import annotations

import numpy as np

from engine.errors import PeepholeError
from engine.trace import Named, Trace


def _weights(trace: Trace) -> np.ndarray:
    """(layer, head, query, key)"""
    if "weights" not in trace:
        raise PeepholeError(f"{trace.header.model} has no attention", do="Open a Transformer")
    return trace.array("weights", "layer", "head", "time", "key").astype(np.float64)


def attention_entropy(trace: Trace) -> dict[str, Named]:
    """`bits` (layer, head, time): -sum w log2 w of each row of weights.

    0 bits is one row looked at alone, log2(t + 1) all rows looked at alike.
    """
    w = _weights(trace)
    bits = -np.sum(w * np.log2(np.where(w > 0, w, 1.0)), axis=-1)
    return {"bits": Named(np.maximum(bits, 0.0), ("layer", "head", "time"), "bits")}


def rollout(trace: Trace) -> dict[str, Named]:
    """`weights` (layer, time, key): attention rolled out to the input; each row sums to 1.

    R_l = (A_l + I)/2 R_(l-1), with A_l the mean over heads and I for the residual stream:
    Abnar & Zuidema 2020, equation 1.
    """
    mean = _weights(trace).mean(1)  # (layer, time, key)
    rolled, result = np.eye(mean.shape[-1]), []
    for a in mean:
        rolled = 0.5 * (a + np.eye(len(a))) @ rolled
        result.append(rolled)
    return {"weights": Named(np.stack(result), ("layer", "time", "key"), "share")}
