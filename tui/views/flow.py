"""Gradient maps for the screen: gathered from what a lane has, and with a row for another word's loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from engine import Named, Trace, lenses
from engine.lenses.prediction import predicted
from tui.lane import Lane
from tui.views.grid import causal
from tui.views.grid import whole as everywhere

Maps = Mapping[str, Named]  # h, c and x -> (time, source, layer), x without layer


@dataclass(frozen=True)
class Flows:
    """The maps of a trace.

    Attributes:
        maps: h, c and x.
        words: the rows whose loss is that of another word than the one that was read.
    """

    maps: Maps
    words: Mapping[int, str] = field(default_factory=dict)


def spans(trace: Trace, shown: int) -> np.ndarray:
    """Where a gradient can be, (T, 2) as in `Grid`: nowhere in rows that nothing predicts.

    The loss of row t is decided by the row before it, by row t itself where rows are labelled, and
    by every row where the model reads the whole text at once.
    """
    n = len(trace)
    labels = trace.header.ahead == 0
    found = everywhere(n, n, shown) if trace.source == n else causal(n, shown, own=labels)
    found[: predicted(trace).start] = 0
    return found


def whole(lane: Lane, trace: Trace) -> Maps:
    """The T x T map of a frozen trace of this lane; put together where all rows are known already.

    Raises:
        PeepholeError: it is not recorded, and there is no model to compute it with.
    """
    if lane.model is None or "gradient_map" in lane.trace.lenses:
        return lane.lens("gradient_map")
    rows = predicted(trace)
    if not all(map(lane.has_gradient, rows)):
        return lenses.gradient_map(lane.model, trace)
    found = [lane.gradient(row) for row in rows]
    return {
        name: Named(
            _stack([flow[name].array for flow in found], rows.start, len(trace)),
            ("time", *named.axes),
            named.unit,
        )
        for name, named in (found[0] if found else {}).items()
    }


def _stack(parts: list[np.ndarray], start: int, n: int) -> np.ndarray:
    """Rows start..n-1 of a map, (source, ...) each of any length, as (n, n, ...); those before are 0."""
    fitted = [_fit(part, n) for part in parts]
    return np.stack([*[np.zeros_like(fitted[0])] * start, *fitted])


def _fit(part: np.ndarray, n: int) -> np.ndarray:
    """The first `n` sources; those that are missing are later than the loss, so 0."""
    full = np.zeros((n, *part.shape[1:]))
    full[: min(n, len(part))] = part[:n]
    return full


def unlike(flows: Flows, asked: Mapping[int, str]) -> tuple[int, str] | None:
    """The first row whose loss is of another word than is asked, and that word; None where there is none."""
    has = flows.words
    rows = sorted({*has, *asked})
    found = ((row, asked.get(row, "")) for row in rows if has.get(row, "") != asked.get(row, ""))
    return next(found, None)


def of_word(lane: Lane, trace: Trace, flows: Flows, row: int, word: str) -> Flows:
    """The maps with one row taken of another word's loss there; "" is the word that was read."""
    assert lane.model is not None
    flow = lenses.gradient_flow(lane.model, trace, row, word or None)
    changed = {}
    for name, named in flows.maps.items():
        array = named.array.copy()
        array[row] = flow[name].array
        changed[name] = Named(array, named.axes, named.unit)
    return Flows(changed, {**flows.words, row: word})
