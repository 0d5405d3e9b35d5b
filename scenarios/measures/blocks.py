"""Inside a Transformer's block: queries, keys and values, heads, the residual stream, the feed-forward."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import numpy as np

from engine import lenses
from engine.arrays import NUMPY, Params, log_softmax, namespace, softmax, to_numpy
from engine.errors import PeepholeError
from engine.interventions import NOTHING
from engine.models import layer_params
from engine.stacks import Stack, init
from engine.transformer import layer_norm
from scenarios.lanes import At, Lane
from scenarios.measures.table import a_lane, a_list, existing, measure, of_model, whole


@measure("dot product")
def dot(lane: Lane, at: At, to: At, layer: int = -1, head: int = 0) -> float:
    """q · k: the query of one row with the key of another, before anything is done to it."""
    q, k = (_of_head(lane, name, row, layer, head) for name, row in (("q", at), ("k", to)))
    return float(q @ k)


@measure("score")
def score(lane: Lane, at: At, to: At, layer: int = -1, head: int = 0) -> float:
    """q · k / sqrt(d_h) as it goes into the softmax; -inf where a row may not look."""
    return float(_of_head(lane, "scores", at, layer, head)[existing(lane, to)])


@measure("units")
def head_width(lane: Lane) -> int:
    """How many units a head has: d_h, the width of a layer divided by its heads."""
    return int(_value(lane, "q").shape[-1])


@measure("as the value")
def mixing_error(lane: Lane) -> float:
    """The largest difference, over all layers, heads and rows, between what a head brings (context) and
    its weights times its values, recomputed in float64."""
    weights = a_lane(lane).trace.array("weights", "layer", "head", "time", "key").astype(np.float64)
    v = lane.trace.array("v", "layer", "head", "time", "dim").astype(np.float64)
    found = lane.trace.array("context", "layer", "head", "time", "dim")
    return float(np.abs(weights @ v - found).max())


@measure("length of a vector")
def head_adds(lane: Lane, at: At, head: int, layer: int = -1) -> float:
    """How much one head adds to the residual stream of a row: |context_h W_o|, with its part of W_o."""
    return float(np.linalg.norm(_head_parts(lane, existing(lane, at), layer)[head]))


@measure("word")
def top_key(lane: Lane, at: At, layer: int = -1, head: int = 0) -> str:
    """The word that a head gives the most weight at a row."""
    return lane.trace.tokens[int(np.argmax(_of_head(lane, "weights", at, layer, head)))]


@measure("parameters")
def size_with(lane: Lane, heads: int) -> int:
    """How many numbers a lane's model would have to learn if its layers had so many heads."""
    other: Any = replace(a_lane(lane).model.architecture, heads=whole(heads, 1, 10**4))  # type: ignore[type-var]
    return sum(int(np.prod(shape)) for shape in other.shapes().values())


@measure("as the value")
def heads_error(lane: Lane, at: At, layer: int = -1) -> float:
    """The largest difference between what attention adds to a row and the sum of its heads' parts."""
    row = existing(lane, at)
    b_o = _params(lane, layer)["b_o"]
    return float(
        np.abs(_head_parts(lane, row, layer).sum(0) + b_o - _value(lane, "a")[row, layer]).max()
    )


@measure("length of a vector")
def length(lane: Lane, name: str, at: At, layer: int = -1) -> float:
    """Euclidean length of a named vector at a row: x, a, b, m or h."""
    vector = _value(lane, name)[existing(lane, at)]
    return float(np.linalg.norm(vector if vector.ndim == 1 else vector[layer]))


@measure("as the value")
def stream_error(lane: Lane) -> float:
    """The largest difference between the residual stream after a block and the sum of what was there and
    what the block added (a and m), over all rows and layers."""
    x, a, m, h = (_value(lane, name).astype(np.float64) for name in "xamh")
    before = np.concatenate((x[:, None], h[:, :-1]), 1)
    return float(np.abs(before + a + m - h).max())


@measure("fraction of units")
def silent(lane: Lane, at: At | None = None, layer: int = -1) -> float:
    """Share of the feed-forward's hidden units that are 0 after the ReLU, at a row or over all rows."""
    p, x, h = _params(lane, layer), _value(lane, "x"), _value(lane, "h")
    layer %= h.shape[1]
    stream = (h[:, layer - 1] if layer else x) + _value(lane, "a")[:, layer]
    hidden = layer_norm(stream, p["ln_2.gain"], p["ln_2.bias"]) @ p["W_1"] + p["b_1"]
    off = (hidden <= 0).mean(-1)
    return float(off.mean() if at is None else off[existing(lane, at)])


@measure("word")
def guess_at_depth(lane: Lane, at: At, depth: int) -> str:
    """The likeliest word at a row if the readout is put on the residual stream after so many blocks (0 is
    before the first): the logit lens (nostalgebraist 2020)."""
    ids = of_model(lenses.logit_lens, lane)["ids"].array
    return lane.model.vocabulary.words[int(_decides(lane, at, depth, ids))]


@measure("probability")
def p_at_depth(lane: Lane, at: At, depth: int) -> float:
    """The probability, by the same lens, of the word that the model ends up with at a row."""
    return float(_decides(lane, at, depth, of_model(lenses.logit_lens, lane)["p"].array))


@measure("logits")
def apart(lane: Lane, other: Lane, at: At) -> float:
    """The largest difference between what two lanes expect after the same row, over all words."""
    found = [_value(each, "logits")[existing(each, at)] for each in (lane, other)]
    return float(np.abs(found[0] - found[1]).max())


@measure("list of probabilities")
def shares(*scores: float) -> np.ndarray:
    """softmax: scores as shares of 1, each e to its score divided by the sum of these."""
    return softmax(a_list(scores).astype(np.float64))


@measure("weight, mean over 500 draws")
def peak(d: int, keys: int = 10, divide: int = 1) -> float:
    """How sharp attention is before anything is learned: the largest of the weights that a random query
    gives to so many random keys of d normal numbers each; divided by sqrt(d) first, or (0) not."""
    scores = _random_scores(whole(d, 1, 4096), whole(keys, 2, 100))
    return float(softmax(scores * d**-0.5 if divide else scores).max(-1).mean())


@measure("dot product, standard deviation")
def dot_spread(d: int) -> float:
    """How far q · k of random vectors of d normal numbers lies from 0: about sqrt(d)."""
    return float(_random_scores(whole(d, 1, 4096), 10).std())


@measure("gradient norm")
def last_gradient(norm: str, layers: int = 6) -> float:
    """Untrained blocks, `post`-LN (2017) or `pre`-LN, drawn as Glorot & Bengio say: the norm of the loss's
    gradient by W_2 of the last block, the mean of ten draws. Xiong et al. 2020, theorem 1."""
    return _last_gradient(norm, whole(layers, 1, 24))


def _value(lane: Lane, name: str) -> np.ndarray:
    if name not in a_lane(lane).trace:
        raise PeepholeError(f"{lane.label} has no {name!r}", do="Name a Transformer")
    return lane.trace[name]


def _of_head(lane: Lane, name: str, at: At, layer: int, head: int) -> np.ndarray:
    values = _value(lane, name)
    layers, heads = values.shape[1:3]
    if not -layers <= layer < layers or not 0 <= head < heads:
        raise PeepholeError(f"{lane.label} has {layers} layers of {heads} heads")
    return values[existing(lane, at), layer, whole(head, 0, heads - 1)].astype(np.float64)


def _params(lane: Lane, layer: int) -> dict[str, np.ndarray]:
    """Of one block of a language model or an encoder, which reads pre-LN."""
    model = a_lane(lane).model
    stack = getattr(model.architecture, "stack", None)
    if stack is None or stack.norm != "pre":
        raise PeepholeError(f"{lane.label} is no stack of pre-LN blocks", do="Name `transformer`")
    return {
        name: to_numpy(array)
        for name, array in layer_params(model.params, layer % stack.layers).items()
    }


def _head_parts(lane: Lane, row: int, layer: int) -> np.ndarray:
    """What each head adds to a row, (heads, d)."""
    context = _value(lane, "context")[row, layer]  # (heads, d_h)
    heads, d_h = context.shape
    return np.einsum("hi,hij->hj", context, _params(lane, layer)["W_o"].reshape(heads, d_h, -1))


def _decides(lane: Lane, at: At, depth: int, found: np.ndarray) -> Any:
    """What (time, depth) says of the prediction of a row."""
    row = lenses.prediction.deciding(a_lane(lane).trace, lane.row(at))
    return found[row, whole(depth, 0, found.shape[1] - 1)]


@lru_cache(maxsize=16)
def _random_scores(d: int, keys: int) -> np.ndarray:
    """q · k of 500 queries, each with so many keys of its own, (500, keys)."""
    rng = np.random.default_rng(0)
    found = [rng.normal(size=(keys, d)) @ rng.normal(size=d) for _ in range(500)]
    return np.stack(found)


@lru_cache(maxsize=16)
def _last_gradient(norm: str, layers: int) -> float:
    d, words = 16, 32
    stack, last = Stack(layers, d, 2, 2 * d, "none", 1, norm=norm), f"layers.{layers - 1}.W_2"
    norms = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        drawn = init({**stack.shapes(), "W_hy": (d, words)}, rng)
        params = {name: _glorot(rng, array) for name, array in drawn.items()}
        x, targets = rng.normal(size=(4, 8, d)), rng.integers(0, words, (4, 8))
        loss = partial(_loss, stack, params, x, targets)
        _, grads = NUMPY.value_and_grad(loss, {last: params[last]})
        norms.append(float(np.linalg.norm(grads[last])))
    return float(np.mean(norms))


def _glorot(rng: np.random.Generator, like: np.ndarray) -> np.ndarray:
    """Weights as Glorot & Bengio 2010 draw them; biases 0, gains 1."""
    if like.ndim == 1:
        return np.full(like.shape, float(like.all()))
    return rng.uniform(-1, 1, like.shape) * (6 / sum(like.shape)) ** 0.5


def _loss(stack: Stack, params: Params, x: np.ndarray, targets: np.ndarray, at: Params) -> Any:
    """Mean cross-entropy of what a stack expects after vectors x (B, T, d); `at` stands for some `params`."""
    weights, (rows, columns) = {**params, **at}, np.indices(targets.shape)
    top, _, _ = stack.run(weights, x, stack.start(), NOTHING, slice(0, x.shape[-2]))
    log_p = log_softmax(top @ weights["W_hy"])
    return -namespace(log_p).mean(log_p[rows, columns, targets])
