"""Gradient maps for the screen: gathered from what a lane has, one row for another word, and reach."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine import Named, Trace, lenses
from engine.lenses.prediction import predicted
from tui.lane import Lane
from tui.views.grid import causal
from tui.views.grid import whole as everywhere

SHARE = 1e-3  # of a row's largest gradient: what is below hardly moves a weight
Maps = Mapping[str, Named]  # h, c and x -> (time, source, layer), x without layer


def frozen(trace: Trace) -> Trace:
    """The trace as it is now: a thread can read it while the trace grows.

    Without its values; only a model that labels rows needs its logits, to know its likeliest labels.
    """
    tokens = trace.tokens[:]
    arrays = {} if trace.header.ahead else {"logits": trace["logits"][: len(tokens)]}
    return Trace.from_arrays(trace.header, tokens, arrays)


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


def of_word(lane: Lane, trace: Trace, maps: Maps, row: int, word: str) -> Maps:
    """The maps with one row taken of another word's loss there; "" is the word that was read."""
    assert lane.model is not None
    flow = lenses.gradient_flow(lane.model, trace, row, word or None)
    changed = {}
    for name, named in maps.items():
        array = named.array.copy()
        array[row] = flow[name].array
        changed[name] = Named(array, named.axes, named.unit)
    return changed


def reaches(values: np.ndarray, share: float = SHARE) -> np.ndarray:
    """How many rows back from t the farthest entry above `share` of row t's largest lies, (rows,).

    `values` (rows, T) are norms |dL_t/dh_k|; a row without any gradient reaches 0 rows.
    """
    largest = values.max(axis=1, keepdims=True, initial=0.0)
    above = (values >= share * largest) & (values > 0)
    first = np.argmax(above, axis=1)  # the earliest k above the share
    return np.where(above.any(axis=1), np.maximum(np.arange(len(values)) - first, 0), 0)


def reaches_on(values: np.ndarray) -> np.ndarray:
    """As `reaches`, but forward: to rows that are later than the loss, of a whole map (T, T)."""
    return reaches(values[::-1, ::-1])[::-1]
