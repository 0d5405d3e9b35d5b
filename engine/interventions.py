"""Interventions: quantities of a model held, cut or replaced by hand, as plain records.

Holding a value is Pearl's do-operator: everything that is computed from it afterwards sees the held
value, and what would have set it no longer matters. A record says only *what* is held; the cells and
the attention call `do(name, value)` at each quantity that they compute, and `Interventions.at` gives
them that function.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from engine.arrays import Array, constant, detach, to_numpy
from engine.cells import Do, leave
from engine.checks import numbers, whole, word
from engine.edits import CutEdge, CutHead, EditAttention, Rows, Seen, within
from engine.errors import PeepholeError, did_you_mean, shown

__all__ = [
    "NOTHING",
    "CutEdge",
    "CutHead",
    "EditAttention",
    "Hold",
    "Intervention",
    "Interventions",
    "Replace",
    "Rows",
    "from_record",
    "to_record",
]


@dataclass(frozen=True)
class Hold:
    """Hold a gate, a state or some of its units at a value.

    Attributes:
        name: the quantity, e.g. `f`, `c` or `h`.
        value: one number, or one per held unit (a state transplanted from elsewhere; an array is
            kept as a tuple of its numbers).
        layer: which layer, counted from 0; None is all of them.
        units: which units; empty is all of them.
        start, stop: the rows [start, stop) at which it is held; stop None is to the end.
    """

    name: str
    value: float | tuple[float, ...] = 0.0
    layer: int | None = None
    units: tuple[int, ...] = ()
    start: int = 0
    stop: int | None = None

    def __post_init__(self) -> None:
        word(self, "name")
        whole(self, "layer", "start", "stop")
        if self.stop is not None and self.stop <= self.start:
            raise PeepholeError(
                f"no row from {self.start} to {self.stop - 1} to hold {self.name} at"
            )
        value, units = numbers(self.value), numbers(self.units or ())
        if value is None or value.ndim > 1 or not value.size:
            raise PeepholeError(
                f"{self.name} cannot be held at {shown(self.value)}", do="Give a finite number"
            )
        if units is None or units.ndim != 1 or (units % 1).any() or (units < 0).any():
            raise PeepholeError(
                f"{shown(self.units)} are not units", do="Give whole numbers from 0 up"
            )
        if value.ndim and units.size and len(value) != len(units):
            raise PeepholeError(f"{len(value)} values for {len(units)} units of {self.name}")
        object.__setattr__(self, "value", tuple(value.tolist()) if value.ndim else float(value))
        object.__setattr__(self, "units", tuple(map(int, units)))

    def apply(self, name: str, value: Array, layer: int, rows: Rows, seen: Seen) -> Array:
        if name != self.name or self.layer not in (None, layer):
            return value
        held = within(rows, self.start, self.stop)
        if not held.any():
            return value
        units = list(self.units) or slice(None)
        put = np.zeros(value.shape[-1])
        put[units] = self.value
        mask = np.zeros(value.shape[-1])
        mask[units] = 1.0
        if isinstance(rows, slice):
            mask = held[:, None] * mask  # (T, H)
        return value * constant(1 - mask, value) + constant(mask * put, value)

    def __str__(self) -> str:
        layer = "" if self.layer is None else f" of layer {self.layer}"
        units = f"[{','.join(map(str, self.units))}]" if self.units else ""
        value = f"{self.value:g}" if isinstance(self.value, (int, float)) else "given values"
        until = "" if self.stop is None else f" to {self.stop - 1}"
        rows = f" from row {self.start}{until}" if self.start or until else ""
        return f"{self.name}{units}{layer} = {value}{rows}"


@dataclass(frozen=True)
class Replace:
    """Read another token at one row (row 0 is the start token)."""

    row: int
    token: str

    def __post_init__(self) -> None:
        word(self, "token")
        whole(self, "row")

    def apply(self, name: str, value: Array, layer: int, rows: Rows, seen: Seen) -> Array:
        return value

    def __str__(self) -> str:
        return f"row {self.row} reads {self.token!r}"


Intervention = Hold | CutHead | CutEdge | EditAttention | Replace
_KINDS: dict[str, type] = {
    "hold": Hold,
    "cut_head": CutHead,
    "cut_edge": CutEdge,
    "edit_attention": EditAttention,
    "replace": Replace,
}


class Interventions:
    """Several interventions as the one `do` that a model steps with; they act in their order."""

    def __init__(self, items: Iterable[Intervention] = ()) -> None:
        self.items: tuple[Intervention, ...] = tuple(items)
        self._acting = [item for item in self.items if not isinstance(item, Replace)]
        self._edits = any(isinstance(item, EditAttention) for item in self._acting)

    def at(self, layer: int, rows: Rows) -> Do:
        """The `do(name, value)` for one layer and the row(s) being computed."""
        if not self._acting:
            return leave

        seen: Seen = {}  # what a row may look at, which its weights alone do not say

        def do(name: str, value: Array) -> Array:
            for item in self._acting:
                value = item.apply(name, value, layer, rows, seen)
            if self._edits and name.endswith("scores"):
                seen[name] = to_numpy(detach(value))
            return value

        return do

    def tokens(self, tokens: Sequence[str], start: int = 0) -> list[str]:
        """The tokens of the rows from `start` on, with every `Replace` done that falls within them."""
        replaced = list(tokens)
        for item in self.items:
            if isinstance(item, Replace) and 0 <= item.row - start < len(replaced):
                replaced[item.row - start] = item.token
        return replaced


NOTHING = Interventions()


def to_record(item: Intervention) -> dict[str, Any]:
    """A JSON-ready record; `from_record` reads it back."""
    kind = next(name for name, cls in _KINDS.items() if cls is type(item))
    return {"kind": kind, **asdict(item)}


def from_record(record: Any) -> Intervention:
    """An intervention from its record.

    Raises:
        PeepholeError: the record is not one that `to_record` wrote.
    """
    kind = record.get("kind") if isinstance(record, dict) else None
    if not isinstance(kind, str) or kind not in _KINDS:
        raise PeepholeError(f"not an intervention: {shown(record)}", do=did_you_mean("", _KINDS))
    cls = _KINDS[kind]
    known = {field.name for field in fields(cls)}
    given = {k: tuple(v) if isinstance(v, list) else v for k, v in record.items() if k != "kind"}
    for key in given:
        if key not in known:
            raise PeepholeError(f"{kind} has no {key!r}", do=did_you_mean(key, known))
    try:
        return cls(**given)
    except TypeError as error:
        raise PeepholeError(f"{kind}: {error}") from None
