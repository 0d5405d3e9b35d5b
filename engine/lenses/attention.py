"""What attention's weights look like as a whole: entropy, and rollout through the layers.

Neither is an explanation of the output; compare with gradient and ablation on the same tokens.
"""

from __future__ import annotations

import numpy as np

from engine.errors import PeepholeError
from engine.trace import Named, Trace


def attention_entropy(trace: Trace) -> dict[str, Named]:
    """-sum w log2 w of each row of weights, (layer, head, time): `bits` and `cross_bits`.

    `bits` is of self-attention, `cross_bits` of a target's attention to its source; each only where
    the model has it. 0 bits is one row looked at alone, log2(n) all n rows alike. A row that looks at
    nothing (a source's, in `cross_bits`) has 0 as well.
    """
    names = [n for n in ("weights", "cross_weights") if n in trace] or ["weights"]
    axes = ("layer", "head", "time")
    return {
        name.replace("weights", "bits"): Named(_bits(_weights(trace, name)), axes, "bits")
        for name in names
    }


def rollout(trace: Trace) -> dict[str, Named]:
    """`weights` (layer, time, key): self-attention rolled out to the input; each row sums to 1.

    R_l = (A_l + I)/2 R_(l-1), with A_l the mean over heads and I for the residual stream:
    Abnar & Zuidema 2020, equation 1. The halves of a trace of a source and its target do not see each
    other here: what crosses is cross-attention's.
    """
    mean = _weights(trace).mean(1)  # (layer, time, key)
    own = np.eye(mean.shape[-1])
    rolled, result = own, []
    for a in mean:
        looks = a.sum(-1, keepdims=True) > 0  # a row without self-attention is what it was below
        rolled = 0.5 * (np.where(looks, a, own) + own) @ rolled
        result.append(rolled)
    return {"weights": Named(np.stack(result), ("layer", "time", "key"), "share")}


def _weights(trace: Trace, name: str = "weights") -> np.ndarray:
    """(layer, head, query, key)"""
    if name not in trace:
        has = "self-attention" if "cross_weights" in trace else "attention"
        raise PeepholeError(f"{trace.header.model} has no {has}", do="Open a Transformer")
    return trace.array(name, "layer", "head", "time", "key").astype(np.float64)


def _bits(w: np.ndarray) -> np.ndarray:
    return np.maximum(-np.sum(w * np.log2(np.where(w > 0, w, 1.0)), axis=-1), 0.0)
