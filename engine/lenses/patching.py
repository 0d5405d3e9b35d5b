"""Activation patching: what one reading computed, put into another one at a single place.

Two texts of the same length differ in a word or two, and the model answers them differently. Where a
state of the one, put into the reading of the other, carries the answer over, there the answer is.
Vig et al. 2020 (section 3, causal mediation); Meng et al. 2022 (section 2.1, causal tracing).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.arrays import Array, constant, log_softmax, to_numpy
from engine.errors import PeepholeError
from engine.interventions import Hold, Rows
from engine.lenses.batch import Acting, ids_of
from engine.lenses.prediction import deciding, log_odds
from engine.models import LanguageModel, reads
from engine.trace import Named, Trace


def patching(
    model: LanguageModel,
    trace: Trace,
    other: Trace,
    row: int,
    word: str,
    other_word: str,
    of: Sequence[int] | None = None,
) -> dict[str, Named]:
    """What the states of another reading carry over of its answer, one layer and row at a time.

    The answer is log2 p(word)/p(other_word) at `row`. Each result is (layer, source): at layer l and row
    k the states of the other reading replace those of this one (the residual stream of a Transformer;
    h of a cell, with c where it has one), and everything after them is computed anew. `of` are the
    layers that are asked for, by default all: together they are one batch of layers x rows readings.

    Returns:
        `effect`: the part of the way from this reading's answer to the other's: 0 nothing, 1 all of it;
            below 0 the other way. `bits`: the same change in bits. Rows that come too late are 0.

    Raises:
        PeepholeError: the readings do not fit each other, or answer the same.
    """
    _alike(trace, other)
    own, their = (log_odds(reading, row, word, other_word) for reading in (trace, other))
    if abs(their - own) < 1e-6:
        raise PeepholeError(
            f"both readings say the same of {word!r} against {other_word!r} at row {row}",
            do="Choose words on which they differ",
        )
    asked = list(range(model.architecture.layers) if of is None else of)
    layers, names = len(asked), _carried(trace)
    decides = deciding(trace, row)
    n = len(trace) if reads(model.architecture) == "whole" else decides + 1  # rows that it sees

    def put(name: str, computed: Array, layer: int, at: Rows) -> Array:
        if name not in names or layer not in asked:
            return computed
        rows = np.arange(at.start, at.stop) if isinstance(at, slice) else np.array([at])
        item = (
            asked.index(layer) * n + np.arange(n)[:, None]
        )  # of each row that is patched in this layer
        mask = np.zeros((layers * n, len(rows), 1))
        mask[item, np.arange(len(rows)), 0] = np.arange(n)[:, None] == rows
        theirs = other[name][rows, layer]  # (rows, H)
        if not isinstance(at, slice):
            mask, theirs = mask[:, 0], theirs[0]
        return computed * constant(1 - mask, computed) + constant(mask * theirs, computed)

    ids = np.repeat(ids_of(model, trace)[None, :n], layers * n, axis=0)
    logits = model.architecture.logits(model.params, ids, Acting(trace, put))[:, decides]
    log_p = to_numpy(log_softmax(logits)).astype(np.float64)
    a, b = model.vocabulary.encode([word, other_word])
    bits = np.zeros((layers, len(trace)))
    bits[:, :n] = ((log_p[:, a] - log_p[:, b]) / np.log(2) - own).reshape(layers, n)
    return {
        "effect": Named(bits / (their - own), ("layer", "source")),
        "bits": Named(bits, ("layer", "source"), "bits"),
    }


def transplant(
    trace: Trace, other: Trace, row: int | None = None, layer: int | None = None
) -> tuple[Hold, ...]:
    """What holds the states of another reading at one row; `engine.fork(model, trace, *these)` does it.

    Without a row: all that the encoder of a pair model hands over at the end of its source (of one that
    reads both ways, each half where its direction ends). `layer` None is every layer.

    Raises:
        PeepholeError: the other reading has no such row, or other units.
    """
    names = _carried(trace)
    if other.header.architecture != trace.header.architecture:
        raise PeepholeError(f"{other.header.model} and {trace.header.model} are of different kinds")
    if row is None and not trace.source:
        raise PeepholeError(f"{trace.header.model} has no encoder", do="Give a row")
    layers, width = trace[names[0]].shape[1:]
    places: list[tuple[int, int, range]] = []  # row here, row there, units
    if row is not None:
        places = [(row, row, range(width))]
    elif trace.header.architecture.get("bidirectional"):
        last, theirs = trace.source - 1, other.source - 1
        places = [(last, theirs, range(width // 2)), (0, 0, range(width // 2, width))]
    else:
        places = [(trace.source - 1, other.source - 1, range(width))]
    if any(not 0 <= there < len(other) for _, there, _ in places):
        raise PeepholeError(f"the other reading has rows 0 to {len(other) - 1}, not {row}")
    return tuple(
        Hold(
            name,
            tuple(other[name][there, at, list(units)].tolist()),
            at,
            () if len(units) == width else tuple(units),
            here,
            here + 1,
        )
        for name in names
        for at in (range(layers) if layer is None else (layer,))
        for here, there, units in places
    )


def _carried(trace: Trace) -> tuple[str, ...]:
    """The values that carry everything on from a row: a cell's states, or the residual stream."""
    return trace.header.states or ("h",)


def _alike(trace: Trace, other: Trace) -> None:
    """Refuse readings that cannot be laid on each other.

    Raises:
        PeepholeError: another model, or another number of rows.
    """
    if other.header.digest != trace.header.digest:
        raise PeepholeError("the two readings are of different models", do="Read with the same one")
    if (len(other), other.source) != (len(trace), trace.source):
        sizes = f"{len(trace)} rows ({trace.source} of a source) and {len(other)} ({other.source})"
        raise PeepholeError(f"the readings do not fit: {sizes}", do="Take texts of the same length")
