"""Which rows of a trace look at which: the part of the attention that a view shows at once.

A language model has one: every row looks at itself and at what is before it. A model of pairs has three:
the encoder's (every row of the source at every other), the decoder's (as a language model's, from the
target's first row on), and the one across, from the target's rows to the source's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine import Trace
from tui.views.grid import causal, whole
from tui.views.multiples import Panel

SELF, CROSS = "self", "cross"
MEAN, ROLLOUT = "mean", "rollout"
WEIGHTS = {SELF: "weights", CROSS: "cross_weights"}


@dataclass(frozen=True)
class Sight:
    """One block of attention.

    Attributes:
        which: `self` or `cross`.
        called: what it is, in words.
        rows, columns: the rows of the trace that look, and those that can be looked at.
        spans: as in a `Grid` over them.
    """

    which: str
    called: str
    rows: range
    columns: range
    spans: np.ndarray

    @property
    def prefix(self) -> str:
        """Of the names of its values: `cross_` or nothing."""
        return "cross_" if self.which == CROSS else ""

    def seen(self, row: int) -> range:
        """The rows of the trace that a row of the trace can look at; none where it does not look."""
        if row not in self.rows:
            return range(0)
        first, stop = self.spans[row - self.rows.start].tolist()
        return range(self.columns.start + first, self.columns.start + stop)


def kinds(trace: Trace) -> list[str]:
    """Which attention there is: `self`, `cross`, both or none."""
    return [which for which, name in WEIGHTS.items() if name in trace]


def sight(trace: Trace, which: str, row: int, shown: int) -> Sight:
    """The attention of one kind that a row takes part in; `shown` rows of the trace have been read."""
    n, source = len(trace), trace.source
    read, late = min(shown, source), max(0, shown - source)
    if which == CROSS:
        spans = whole(n - source, source, late)
        return Sight(CROSS, "cross-attention", range(source, n), range(source), spans)
    if row < source:
        called = "encoder self-attention"
        return Sight(SELF, called, range(source), range(source), whole(source, source, read))
    called = "decoder self-attention" if source else "attention"
    rows = range(source, n)
    return Sight(SELF, called, rows, rows, causal(len(rows), late))


def layers(trace: Trace, which: str) -> list[int]:
    """The layers that have attention of a kind: in a recurrent decoder only one of them has."""
    if WEIGHTS[which] not in trace:
        return []
    weights = trace[WEIGHTS[which]]
    if "q" in trace:
        return list(range(weights.shape[1]))
    return [layer for layer in range(weights.shape[1]) if weights[:, layer].any()] or [0]


def panels(
    trace: Trace, seen: Sight, layer: int, row: int, bits: np.ndarray, rolled: np.ndarray | None
) -> list[Panel]:
    """All heads of a layer, their mean and the rollout, each with its map of shares.

    `bits` (layer, head, time) is the entropy of this kind of attention, `rolled` (layer, time, key)
    the rollout, which only self-attention has; each head says the entropy of `row`.
    """
    rows, columns = as_slice(seen.rows), as_slice(seen.columns)
    weights = trace[WEIGHTS[seen.which]][rows, layer, :, columns]  # (rows, heads, columns)
    heads, looks = weights.shape[1], bool(seen.seen(row))
    found = [
        Panel(f"head {head}", weights[:, head], f"{bits[layer, head, row]:.2f} bits" * looks)
        for head in range(heads)
    ]
    if heads > 1 or seen.which == SELF:
        found.append(Panel(MEAN, weights.mean(1)))
    if rolled is not None:
        found.append(Panel(ROLLOUT, rolled[layer, rows, columns]))
    return found


class Spot(NamedTuple):
    """The cell under the cursor, as rows of the trace.

    Attributes:
        row, key: the row that looks and the row that is looked at.
        best: the heaviest of those that could be chosen instead.
        across: the cursor stands on the key, a row of the source: what can be chosen is who looks.
    """

    row: int
    key: int
    best: int
    across: bool

    @property
    def chosen(self) -> int:
        """The one of the two that is not the cursor's."""
        return self.row if self.across else self.key


def spot(seen: Sight, values: np.ndarray, cursor: int, chosen: int | None) -> Spot | None:
    """What stands under the cursor in a map of shares: what was chosen, else the heaviest.

    None where the cursor's row neither looks nor is looked at yet.
    """
    across = seen.which == CROSS and cursor in seen.columns
    if across:
        choice = [row for row in seen.rows if cursor in seen.seen(row)]
        line, first = values[:, cursor - seen.columns.start], seen.rows.start
    else:
        choice = list(seen.seen(cursor))
        line, first = values[cursor - seen.rows.start], seen.columns.start
    if not choice:
        return None
    best = choice[0] + int(np.argmax(line[choice[0] - first : choice[-1] + 1 - first]))
    other = best if chosen is None else max(choice[0], min(chosen, choice[-1]))
    return Spot(other, cursor, best, True) if across else Spot(cursor, other, best, False)


def share(seen: Sight, values: np.ndarray, row: int, key: int) -> float:
    """The number of two rows of the trace in a map over them."""
    return float(values[row - seen.rows.start, key - seen.columns.start])


def as_slice(rows: range) -> slice:
    """The same rows as an index."""
    return slice(rows.start, rows.stop)
