"""What a run writes down while it learns: a line of JSON for every update, probe and event.

A number that is not finite is written as null and read as NaN. The lines are foreign input when they are
read: whatever is wrong with one is a ValueError that says so in a few words.
"""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

LONGEST = 1 << 22  # bytes of one line: a probe of a hundred layers over a thousand rows
MOST = 1 << 53  # of anything that is counted


class Gate(NamedTuple):
    """Mean openness of a gate (0 shut, 1 open), and the shares of values below 0.1 and above 0.9."""

    mean: float
    shut: float
    open: float


class Param(NamedTuple):
    """Euclidean norms of one parameter: of its gradient, of itself, and of its last change."""

    grad: float
    weight: float
    update: float


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer on the probe.

    Attributes:
        name, kind: e.g. `layers.0`, `lstm`.
        time: state name -> |dL/dstate_t| of each row (rows,), the mean over the probe's items.
        gates: gate name -> how open.
        saturated: share of values of h beyond ±0.9, where 1 - h² is below 0.19.
        radius: name of a block of W_hh -> its spectral radius.
        jacobian: norm of the Jacobian of each step (rows,), or None.
    """

    name: str
    kind: str
    time: Mapping[str, np.ndarray] = field(default_factory=dict)
    gates: Mapping[str, Gate] = field(default_factory=dict)
    saturated: float = math.nan
    radius: Mapping[str, float] = field(default_factory=dict)
    jacobian: np.ndarray | None = None


@dataclass(frozen=True)
class Attention:
    """One layer's attention on the probe: entropy of each head in nats, the mean over queries."""

    name: str
    entropy: tuple[float, ...]
    keys: int


@dataclass(frozen=True)
class Update:
    """One update: its number (from 1), loss, accuracy, gradient norm before clipping, learning rate,
    seconds since the run began."""

    update: int
    loss: float
    accuracy: float
    norm: float
    lr: float
    seconds: float


@dataclass(frozen=True, eq=False)
class Probe:
    """What was measured on the probe after update number `update`, 0 being before any.

    Attributes:
        rows: T, the probe's length.
        params: parameter name -> norms.
    """

    update: int
    rows: int
    loss: float = math.nan
    accuracy: float = math.nan
    layers: tuple[Layer, ...] = ()
    params: Mapping[str, Param] = field(default_factory=dict)
    attention: tuple[Attention, ...] = ()


@dataclass(frozen=True)
class Event:
    """Something that happened after update number `update`: set, resumed, branched, diverged, done
    or stopped. `message` is plain English; `details` are the event's own."""

    update: int
    event: str
    message: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


Record = Update | Probe | Event
COLUMNS = ("update", "loss", "accuracy", "norm", "lr", "seconds")


class Metrics:
    """All records of a run: updates as columns, and the lists of probes and of events.

    `metrics.loss` and its like are new float64 arrays (updates,); `metrics.update` is of int64.
    """

    def __init__(self) -> None:
        self.probes: list[Probe] = []
        self.events: list[Event] = []
        self._columns = {name: array("q" if name == "update" else "d") for name in COLUMNS}

    def __len__(self) -> int:
        return len(self._columns["update"])

    def __getattr__(self, name: str) -> np.ndarray:
        if name not in COLUMNS:
            raise AttributeError(name)
        return np.array(self._columns[name])

    @property
    def last(self) -> int:
        """Number of the newest update, 0 before any."""
        return self._columns["update"][-1] if len(self) else 0

    def until(self, update: int) -> list[Record]:
        """The records up to that update, in the order in which a run writes them."""
        rows = zip(*self._columns.values(), strict=True)
        found: list[Record] = [Update(*row) for row in rows if row[0] <= update]
        found += [each for each in self.probes if each.update <= update]
        found += [each for each in self.events if each.update <= update]
        return sorted(found, key=lambda record: record.update)  # stable: update, probe, events

    def add(self, record: Record) -> None:
        """Take in the next record.

        Raises:
            ValueError: an update or a probe that is not after the one before it.
        """
        if isinstance(record, Event):
            self.events.append(record)
        elif isinstance(record, Probe):
            if self.probes and record.update <= self.probes[-1].update:
                raise ValueError(f"probe {record.update} after probe {self.probes[-1].update}")
            self.probes.append(record)
        else:
            if record.update <= self.last:
                raise ValueError(f"update {record.update} after update {self.last}")
            for name, column in self._columns.items():
                column.append(getattr(record, name))


def to_line(record: Record) -> str:
    """A record as one line of JSON, without its end."""
    if isinstance(record, Update):
        said: dict[str, Any] = {name: _null(getattr(record, name)) for name in COLUMNS}
    elif isinstance(record, Event):
        head = {"update": record.update, "event": record.event}
        said = {**head, **plain(dict(record.details)), "message": record.message}
    else:
        said = {"update": record.update, "probe": _said(record)}
    return json.dumps(said, ensure_ascii=False, allow_nan=False)


def _said(probe: Probe) -> dict[str, Any]:
    layers = []
    for layer in probe.layers:
        said = {
            "name": layer.name,
            "kind": layer.kind,
            "time": plain(layer.time),
            "gates": {name: plain(gate._asdict()) for name, gate in layer.gates.items()},
            "saturated": _null(layer.saturated),
            "radius": plain(layer.radius),
        }
        layers.append(
            said | ({} if layer.jacobian is None else {"jacobian": plain(layer.jacobian)})
        )
    return {
        "layers": layers,
        "params": {name: plain(param._asdict()) for name, param in probe.params.items()},
        "attention": [
            {"name": a.name, "entropy": plain(a.entropy), "keys": a.keys} for a in probe.attention
        ],
        "loss": _null(probe.loss),
        "accuracy": _null(probe.accuracy),
        "rows": probe.rows,
    }


def plain(value: Any) -> Any:
    """Numbers of NumPy, arrays and tuples as JSON has them."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return _null(value) if isinstance(value, float) else value


def _null(value: float) -> float | None:
    value = value.item() if isinstance(value, np.generic) else value
    return value if math.isfinite(value) else None
