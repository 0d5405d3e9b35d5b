"""The residual stream of a Transformer: what each block adds to it, and what could be read off it there.

Every block reads the stream of a row and adds to it: a (self-attention), in a decoder b (attention to the
source), and m (feed-forward). `depth` counts where the stream is looked at: 0 is x, before the first block,
l is h after the l-th (layer l - 1). Elhage et al. 2021 call it so; post-LN (2017) also normalises it after
every sum, so there the stream is not the plain sum of what was added.
"""

from __future__ import annotations

import numpy as np

from engine.arrays import log_softmax, to_numpy
from engine.errors import PeepholeError
from engine.models import LanguageModel, layer_params, reads
from engine.trace import Named, Trace
from engine.transformer import layer_norm

ADDED = {"a": "ln_1", "b": "ln_x", "m": "ln_2"}  # in the order of adding, and the LN of each
DEPTH, LAYER = ("time", "depth"), ("time", "layer")


def residual_norms(model: LanguageModel, trace: Trace) -> dict[str, Named]:
    """Euclidean norms by row, and the cosine of what is added with what is there.

    `stream` (time, depth): |x|, then |h| after each block. `a`, `b`, `m` (time, layer): of what is
    added; `a.cosine`, `b.cosine`, `m.cosine` (time, layer): of it with the stream that it is added to,
    1 where it only makes it longer, 0 where it brings something new, below 0 where it takes away.
    `b` only of a decoder, and NaN on the rows of a source.

    Raises:
        PeepholeError: the model has no residual stream.
    """
    _needs(trace)
    streams = _streams(trace)
    results = {"stream": Named(np.linalg.norm(streams, axis=-1), DEPTH)}
    there = _before_each(model, trace, streams)
    for name in (name for name in ADDED if name in trace):
        added = trace[name].astype(np.float64)  # (time, layer, unit)
        sizes = np.linalg.norm(added, axis=-1)
        product = sizes * np.linalg.norm(there[name], axis=-1)
        inner = (added * there[name]).sum(-1)
        # what adds nothing has no direction: NaN on rows without it stays, and 0 is not divided
        cosine = np.divide(
            inner, product, out=np.where(np.isnan(inner), np.nan, 0.0), where=product > 0
        )
        results[name] = Named(sizes, LAYER)
        results[f"{name}.cosine"] = Named(cosine, LAYER, "cosine")
    return results


def logit_lens(model: LanguageModel, trace: Trace) -> dict[str, Named]:
    """What each depth would predict, had it the last word: the readout applied to the stream there.

    For pre-LN the last LN is applied first. `p` and `rank` (time, depth): probability and rank, from 1,
    of the word that the model ends up with as its likeliest; `ids` and `top` (time, depth): the
    likeliest word at that depth and its probability. The last depth is the model's own prediction.
    Rows of a source predict nothing: NaN, rank 0 and id -1. nostalgebraist 2020, "interpreting GPT: the
    logit lens".

    Raises:
        PeepholeError: the model has no residual stream.
    """
    _needs(trace)
    first = predicting(model, trace)
    n, depths = len(trace), trace["h"].shape[1] + 1
    p, top = np.full((n, depths), np.nan), np.full((n, depths), np.nan)
    rank, ids = np.zeros((n, depths), dtype=int), np.full((n, depths), -1)
    answer = np.argmax(trace["logits"][first:], -1)[:, None] if n > first else np.zeros((0, 1), int)
    for depth in range(depths):
        log_p = log_softmax(layer_logits(model, trace, depth))
        own = np.take_along_axis(log_p, answer, -1)
        p[first:, depth] = np.exp(own[:, 0])
        rank[first:, depth] = 1 + (log_p > own).sum(-1)
        ids[first:, depth] = np.argmax(log_p, -1)
        top[first:, depth] = np.exp(log_p.max(-1))
    return {
        "p": Named(p, DEPTH, "probability"),
        "rank": Named(rank, DEPTH),
        "ids": Named(ids, DEPTH),
        "top": Named(top, DEPTH, "probability"),
    }


def layer_logits(model: LanguageModel, trace: Trace, depth: int) -> np.ndarray:
    """(rows that predict, word): logits read off the stream at a depth; float64."""
    stream = _streams(trace)[predicting(model, trace) :, depth]
    side = "decoder." if "decoder.0.W_q" in model.params else ""
    gain, bias = (f"{side}ln.{part}" for part in ("gain", "bias"))
    if gain in model.params:
        stream = layer_norm(stream, _array(model, gain), _array(model, bias))
    return stream @ _array(model, "W_hy") + _array(model, "b_y")


def predicting(model: LanguageModel, trace: Trace) -> int:
    """The first row that predicts: that after the source, if the model writes a target to it."""
    return trace.source if reads(model.architecture) == "source" else 0


def _needs(trace: Trace) -> None:
    if not {"a", "m", "h"} <= set(trace.names):
        raise PeepholeError(
            f"{trace.header.model} has no residual stream: each row's state is made from the one before",
            do="Open a Transformer",
        )


def _array(model: LanguageModel, name: str) -> np.ndarray:
    return to_numpy(model.params[name]).astype(np.float64)


def _streams(trace: Trace) -> np.ndarray:
    """(time, depth, unit): x, then h after each block; float64."""
    return np.concatenate((trace["x"][:, None], trace["h"]), 1).astype(np.float64)


def _before_each(model: LanguageModel, trace: Trace, streams: np.ndarray) -> dict[str, np.ndarray]:
    """The stream as each addition finds it, (time, layer, unit) of `a`, `b` and `m`."""
    names = [name for name in ADDED if name in trace]
    there = {name: np.empty_like(streams[:, 1:]) for name in names}
    parts = [("layers", slice(None))]
    if "decoder.0.W_q" in model.params:
        parts = [("encoder", slice(0, trace.source)), ("decoder", slice(trace.source, None))]
    post = getattr(model.architecture, "norm", "pre") == "post"
    for part, rows in parts:
        for layer in range(model.architecture.layers):
            s, params = streams[rows, layer], layer_params(model.params, layer, part)
            for name in names:
                there[name][rows, layer] = s
                if name == "b" and part == "encoder":
                    continue
                s = s + trace[name][rows, layer]
                if post:
                    gain, bias = (
                        to_numpy(params[f"{ADDED[name]}.{of}"]).astype(np.float64)
                        for of in ("gain", "bias")
                    )
                    s = layer_norm(s, gain, bias)
    return there
