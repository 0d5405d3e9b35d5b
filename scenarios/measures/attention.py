"""Attention: its weights, and what a head is worth."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from engine import CutHead, fork, lenses
from engine.errors import PeepholeError
from scenarios.lanes import At, Lane
from scenarios.measures.table import a_lane, existing, measure, of_trace, pick


@measure("weight, each row sums to 1")
def attention(
    lane: Lane, at: At, to: At | None = None, layer: int = -1, head: int | None = None
) -> Any:
    """Attention weight of the tick at one row on an earlier one; the mean over heads if none is named."""
    if "weights" not in a_lane(lane).trace:
        raise PeepholeError(f"{lane.label} has no attention", do="Name a Transformer")
    weights = lane.trace.array("weights", "time", "layer", "head", "key")
    row = weights[existing(lane, at), layer]  # (head, key)
    return pick(lane, row.mean(0) if head is None else row[head], to)


@measure("list of weights")
def heads(lane: Lane, at: At, to: At, layer: int = -1) -> np.ndarray:
    """The weight of each head of a layer, at one row on an earlier one."""
    count = getattr(a_lane(lane).model.architecture, "heads", 0)
    return np.array([attention(lane, at, to, layer, head) for head in range(max(count, 1))])


@measure("list of bits")
def head_ablation(lane: Lane, at: At, word: str, other: str, layer: int = -1) -> np.ndarray:
    """How much log2 p(word)/p(other) at a row loses without each head of a layer in turn."""
    return _head_ablation(a_lane(lane), lane.row(at), word, other, layer)


@measure("bits")
def attention_entropy(lane: Lane, at: At, layer: int = -1, head: int | None = None) -> float:
    """How spread the weights of a row are: 0 bits on one row, log2(n) evenly on n."""
    found = of_trace(lenses.attention_entropy, lane)
    bits = next(iter(found.values())).array  # of self-attention; where there is none, to the source
    row = bits[layer, :, existing(lane, at)]
    return float(row.mean() if head is None else row[head])


@measure("share, each row sums to 1")
def rollout(lane: Lane, at: At, to: At | None = None, layer: int = -1) -> Any:
    """Attention rolled out through the layers to the input (Abnar & Zuidema 2020)."""
    weights = of_trace(lenses.rollout, lane)["weights"].array
    return pick(lane, weights[layer, existing(lane, at)], to)


@lru_cache(maxsize=512)
def _head_ablation(lane: Lane, at: int, word: str, other: str, layer: int) -> np.ndarray:
    layer = layer % lane.model.architecture.layers
    count = getattr(lane.model.architecture, "heads", 0)
    cut = [fork(lane.model, lane.trace, CutHead(layer, head)) for head in range(max(count, 1))]
    whole = lenses.log_odds(lane.trace, at, word, other)
    return np.array([whole - lenses.log_odds(trace, at, word, other) for trace in cut])
