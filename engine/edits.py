"""Attention changed by hand: a head removed, an edge cut, the weights of a row put in by hand.

Scores and weights are (..., heads, queries, keys) where `rows` is a slice, and have no queries where it
is one row. Keys are counted in rows of the run: those of a decoder's own attention begin at its first
row, all others at row 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.arrays import Array, constant, detach, to_numpy
from engine.checks import whole, word
from engine.errors import PeepholeError, shown

Rows = int | slice  # the row(s) of the run that a value covers; a slice means axis -2 is time
Seen = dict[str, np.ndarray]  # scores of the attention being computed, by name

SELF, CROSS = "weights", "cross_weights"
SAID = {SELF: "self-attention", CROSS: "cross-attention"}
HOWS = ("uniform", "permuted", "argmax", "only")


def within(rows: Rows, start: int, stop: int | None) -> np.ndarray:
    """Which of the rows lie in [start, stop)."""
    at = np.arange(rows.start, rows.stop) if isinstance(rows, slice) else np.array([rows])
    return (at >= start) & (at < (np.inf if stop is None else stop))


def first_key(name: str, rows: Rows, keys: int) -> int:
    """The row of the run that the first of `keys` keys stands for.

    A decoder's own keys (and those of a causal model) end at the last row that looks; the keys of an
    encoder are all its rows, and so are those of cross-attention.
    """
    if name.startswith("cross_"):
        return 0
    return max(0, (rows.stop if isinstance(rows, slice) else rows + 1) - keys)


@dataclass(frozen=True)
class CutHead:
    """Remove one attention head: its context is zero, so it adds nothing to what follows.

    `of` is `context`, or `cross_context` for the heads that look from the target at the source.
    """

    layer: int
    head: int
    of: str = "context"

    def __post_init__(self) -> None:
        whole(self, "layer", "head")
        word(self, "of")
        if self.of not in ("context", "cross_context"):
            raise PeepholeError(f"a head's {shown(self.of)} cannot be cut")

    def apply(self, name: str, value: Array, layer: int, rows: Rows, seen: Seen) -> Array:
        if name != self.of or layer != self.layer:
            return value
        if not isinstance(rows, slice):
            return value * constant(np.zeros(1), value)
        keep = np.ones((value.shape[-3], 1, 1))
        keep[self.head] = 0.0
        return value * constant(keep, value)

    def __str__(self) -> str:
        cross = "cross " if self.of == "cross_context" else ""
        return f"{cross}head {self.head} of layer {self.layer} cut"


@dataclass(frozen=True)
class CutEdge:
    """Forbid one row to look at another: that score is -inf, the other weights share its part.

    Attributes:
        query, key: the row that looks and the row that it may no longer look at. From a row of the
            target to one of the source it is an edge of cross-attention.
        layer, head: where; None is everywhere.
    """

    query: int
    key: int
    layer: int | None = None
    head: int | None = None

    def __post_init__(self) -> None:
        whole(self, "query", "key", "layer", "head")
        if self.key == self.query:
            raise PeepholeError(
                f"row {self.query} cannot be cut from itself",
                do="Only an edge to another row can be cut: a row always sees itself",
            )

    def apply(self, name: str, value: Array, layer: int, rows: Rows, seen: Seen) -> Array:
        if name not in ("scores", "cross_scores") or self.layer not in (None, layer):
            return value
        hit = within(rows, self.query, self.query + 1)
        key = self.key - first_key(name, rows, value.shape[-1])
        if not hit.any() or not 0 <= key < value.shape[-1]:
            return value
        bias = _where(value, hit, self.head, rows)
        bias[..., np.arange(bias.shape[-1]) != key] = 0.0
        cut = value + constant(np.where(bias > 0, -np.inf, 0.0), value)
        sees = np.isfinite(to_numpy(detach(cut))).any(-1)
        if not (sees[..., hit] if isinstance(rows, slice) else sees).all():
            raise PeepholeError(f"row {self.query} has nothing left to look at", where=str(self))
        return cut

    def __str__(self) -> str:
        where = "" if self.layer is None else f" in layer {self.layer}"
        where += "" if self.head is None else f" head {self.head}"
        return f"edge {self.query}→{self.key} cut{where}"


@dataclass(frozen=True)
class EditAttention:
    """Put the weights of attention in by hand, after their softmax; each row still sums to 1.

    As Jain & Wallace 2019 (section 4) and Wiegreffe & Pinter 2019 (section 3) do to a trained model.

    Attributes:
        how: `uniform` (the same weight on all that the row sees), `permuted` (its own weights, on
            other keys), `argmax` (all on the key of the largest weight) or `only` (all on one key).
        key: the row that `only` looks at. Rows that cannot see it keep their weights.
        layer, head: where; None is everywhere.
        of: `cross_weights`, from the target to the source, or `weights`, self-attention.
        seed: of the permutations; each row and layer has its own.
        start, stop: the rows [start, stop) that look so; stop None is to the end.
    """

    how: str
    key: int | None = None
    layer: int | None = None
    head: int | None = None
    of: str = CROSS
    seed: int = 0
    start: int = 0
    stop: int | None = None

    def __post_init__(self) -> None:
        word(self, "how")
        word(self, "of")
        whole(self, "key", "layer", "head", "seed", "start", "stop")
        if self.how not in HOWS:
            raise PeepholeError(
                f"attention cannot be {shown(self.how)}", do=f"Known: {', '.join(HOWS)}"
            )
        if self.of not in SAID:
            raise PeepholeError(f"{shown(self.of)} are no weights of attention")
        if (self.key is None) == (self.how == "only"):
            needs = "needs a row to look at" if self.how == "only" else "takes no row"
            raise PeepholeError(f"attention {self.how} {needs}", do="E.g. 'attention only 3'")
        if self.seed and self.how != "permuted":
            raise PeepholeError(f"attention {self.how} draws nothing, so it has no seed")
        if self.stop is not None and self.stop <= self.start:
            raise PeepholeError(f"no row from {self.start} to {self.stop - 1} to change")

    def apply(self, name: str, value: Array, layer: int, rows: Rows, seen: Seen) -> Array:
        if name != self.of or self.layer not in (None, layer):
            return value
        hit = within(rows, self.start, self.stop)
        if not hit.any():
            return value
        scores = seen.get(name.replace("weights", "scores"))
        visible = to_numpy(detach(value)) > 0 if scores is None else np.isfinite(scores)
        mask = _where(value, hit, self.head, rows)
        new: Array
        if self.how == "permuted":
            new = self._permuted(value, visible, layer, rows)
        elif self.how == "uniform":
            new = constant(visible / np.maximum(visible.sum(-1, keepdims=True), 1), value)
        else:
            keys = value.shape[-1]
            at = np.argmax(to_numpy(detach(value)), -1)  # (..., heads, queries)
            if self.key is not None:
                key = self.key - first_key(name, rows, keys)
                sees = visible[..., key : key + 1] if 0 <= key < keys else visible[..., :1] & False
                if not sees.any() and hit.sum() == 1 and self.stop == self.start + 1:
                    raise PeepholeError(
                        f"row {self.start} cannot look at row {self.key}", where=str(self)
                    )
                mask, at = mask * sees, np.full_like(at, key)
            new = constant((np.arange(keys) == at[..., None]) * 1.0, value)
        return value * constant(1 - mask, value) + constant(mask, value) * new

    def _permuted(self, value: Array, visible: np.ndarray, layer: int, rows: Rows) -> Array:
        """Each row's weights on other keys that it sees; the same change of places in all heads."""
        rng = [
            np.random.default_rng([self.seed, row, layer]).random(value.shape[-1])
            for row in (range(rows.start, rows.stop) if isinstance(rows, slice) else (rows,))
        ]
        drawn = np.stack(rng) if isinstance(rows, slice) else rng[0]
        shuffled = np.argsort(np.where(visible, drawn, np.inf), -1, kind="stable")
        places = np.argsort(~visible, -1, kind="stable")
        order = np.empty_like(shuffled)
        np.put_along_axis(order, places, shuffled, -1)
        others: Any = np.indices(order.shape[:-1])
        at = tuple(index[..., None] for index in others)
        return value[(*at, order)]

    def __str__(self) -> str:
        what = self.how if self.key is None else f"{self.how} {self.key}"
        seed = f" seed {self.seed}" if self.seed else ""
        where = "" if self.layer is None else f" in layer {self.layer}"
        where += "" if self.head is None else f" head {self.head}"
        if self.stop == self.start + 1:
            rows = f" at row {self.start}"
        else:
            until = "" if self.stop is None else f" to {self.stop - 1}"
            rows = f" from row {self.start}{until}" if self.start or until else ""
        return f"{SAID[self.of]} {what}{seed}{where}{rows}"


def _where(value: Array, hit: np.ndarray, head: int | None, rows: Rows) -> np.ndarray:
    """1 on the rows and the head that are meant, else 0; shape of `value` without its batch axes."""
    if not isinstance(rows, slice):
        return np.ones(value.shape[-1])  # one row; cells that attend have one head
    mask = np.zeros(value.shape[-3:])  # (heads, queries, keys)
    mask[slice(None) if head is None else head, hit] = 1.0
    return mask
