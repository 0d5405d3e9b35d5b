"""Order and time: positions, sequential steps, the work that is done in them."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from engine.arrays import to_numpy
from engine.errors import PeepholeError
from engine.interventions import Interventions
from engine.lenses.batch import ids_of
from engine.models import reads
from engine.ticks import ticks, work
from engine.transformer import sinusoidal
from scenarios.lanes import Lane
from scenarios.measures.table import a_lane, measure, whole


class Untimed(float):
    """A number of seconds, or a ratio of them, that nobody has measured."""

    def __new__(cls) -> Untimed:
        return super().__new__(cls, math.nan)

    def __format__(self, spec: str) -> str:
        return "(untimed)"


class _Clock:
    """Whether measures may ask how long something takes."""

    asked = True


@contextmanager
def untimed() -> Iterator[None]:
    """Take no times meanwhile: what is said of them would be another number at every reading."""
    _Clock.asked = False
    try:
        yield
    finally:
        _Clock.asked = True


@measure("sequential steps")
def ticks_(lane: Lane) -> int:
    """Ticks of a reading: steps that cannot start before the one before has ended. One a row for a
    recurrent net, one a layer for all rows that a Transformer is given, one a token that it writes."""
    return ticks(a_lane(lane).trace).total


@measure("multiply-adds")
def multiply_adds(lane: Lane, rows: int) -> int:
    """Of all matrix products when a lane's model reads so many rows at once."""
    return work(a_lane(lane).model.architecture, whole(rows, 1, 10**6))


@measure("ratio of times")
def slower(lane: Lane, rows: int, than: int) -> float:
    """How many times as long reading so many rows takes here and now as reading fewer, in one shot: time
    of the processor, the best of three."""
    if not _Clock.asked:
        return Untimed()
    return _seconds(a_lane(lane), whole(rows, 1, 2000)) / _seconds(lane, whole(than, 1, 2000))


@measure("logits, relative")
def unordered(lane: Lane, positions: str = "") -> float:
    """What shuffling a text does to an encoder: the largest difference between the logits of a row before
    and after, each row followed to its new place, divided by the largest logit. `positions` 'none' takes
    the model's own away first."""
    return _unordered(a_lane(lane), positions)


@measure("logits, relative")
def swap_effect(lane: Lane, first: int, second: int) -> float:
    """What two earlier tokens that change places do to what is expected after the last row: the largest
    difference of the logits, divided by the largest logit. What the lane has set by hand stays so."""
    model, ids = a_lane(lane).model, ids_of(lane.model, lane.trace)
    one, two = (whole(at, 1, len(ids) - 2) for at in (first, second))
    swapped = ids.copy()
    swapped[[one, two]] = ids[[two, one]]
    do = Interventions(lane.hand_set)
    found = [model.architecture.logits(model.params, each, do)[-1] for each in (ids, swapped)]
    return float(np.abs(found[0] - found[1]).max() / np.abs(found[0]).max())


@measure("share of copies")
def copies(lane: Lane, letters: int, n: int = 200) -> float:
    """How many of n held-out sequences of so many letters a causal model says again without a fault,
    writing on by itself after the `=`; what the lane has set by hand stays so."""
    return _copies(a_lane(lane), whole(letters, 1, 40), whole(n, 1, 1000))


@measure("cosine")
def sines_alike(d: int, distance: int, at: int = 0) -> float:
    """The cosine of two sinusoidal positions of d units that lie so far apart, from row `at` on."""
    first = whole(at, 0, 10**6)
    rows = sinusoidal(first, first + whole(distance, 0, 10**4) + 1, whole(d, 2, 4096))
    return float(rows[0] @ rows[-1] / (np.linalg.norm(rows[0]) * np.linalg.norm(rows[-1])))


@measure("number, -1 to 1")
def sine(d: int, row: int, unit: int) -> float:
    """One number of a sinusoidal position: sin(row / 10000^(unit/d)) where the unit is even, cos of the
    same angle where it is odd (Vaswani et al. 2017, section 3.5)."""
    place = whole(row, 0, 10**6)
    return float(sinusoidal(place, place + 1, whole(d, 2, 4096))[0, whole(unit, 0, d - 1)])


@measure("rows")
def positions_known(lane: Lane) -> int:
    """How many rows a learned table of positions has."""
    return len(_table(lane))


@measure("ratio")
def unused_positions(lane: Lane, first: int) -> float:
    """How long the vectors of a learned table are from a row on, on average, against those before it."""
    lengths = np.linalg.norm(_table(lane), axis=-1)
    start = whole(first, 1, len(lengths) - 1)
    return float(lengths[start:].mean() / lengths[:start].mean())


def _table(lane: Lane) -> np.ndarray:
    params = a_lane(lane).model.params
    if "P" not in params:
        raise PeepholeError(f"{lane.label} has no table of positions", do="Name `transformer`")
    return to_numpy(params["P"])


@lru_cache(maxsize=64)
def _seconds(lane: Lane, rows: int) -> float:
    """Of one shot over random tokens; positions, which are added and nothing more, are left out."""
    model = lane.model
    if reads(model.architecture) != "tokens":
        raise PeepholeError(f"{lane.label} reads a source first", do="Name a language model")
    a: Any = model.architecture
    architecture = replace(a, positions="none") if hasattr(a, "positions") else a
    ids = np.random.default_rng(0).integers(0, len(model.vocabulary), rows)
    found = []
    for _ in range(3):
        began = time.thread_time()  # not the clock on the wall: others may use this machine as well
        architecture.logits(model.params, ids)
        found.append(time.thread_time() - began)
    return max(min(found), 1e-6)


@lru_cache(maxsize=64)
def _unordered(lane: Lane, positions: str) -> float:
    model, a = lane.model, lane.model.architecture
    if reads(a) != "whole" or not hasattr(a, "positions"):
        raise PeepholeError(f"{lane.label} is no Transformer encoder", do="Name `bank-encoder`")
    architecture: Any = replace(a, positions=positions) if positions else a  # type: ignore[type-var]
    ids = ids_of(model, lane.trace)
    order = np.random.default_rng(0).permutation(len(ids))
    before = architecture.logits(model.params, ids)
    after = architecture.logits(model.params, ids[order])
    return float(np.abs(after - before[order]).max() / np.abs(before).max())


@lru_cache(maxsize=256)
def _copies(lane: Lane, letters: int, n: int) -> float:
    from scenarios.positions import WORDS, copied

    if lane.model.vocabulary.words != WORDS:
        raise PeepholeError(
            f"{lane.label} says no letters again", do="Name a model such as positions-none"
        )
    right = copied(lane.model, letters, n, Interventions(lane.hand_set))
    return float(right.all(-1).mean())
