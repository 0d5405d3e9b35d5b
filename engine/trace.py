"""A trace: every value of a run, stacked over its rows, with named axes.

Appending a tick writes one row into buffers that double when they are full, so it costs O(1) amortised
and reading an array copies nothing. Values with a `key` axis (attention over rows) are padded: a score
that does not exist is -inf, a weight that does not exist is 0. Any other value that a row does not have
(a row of the source predicts nothing) is NaN.

A model that reads a source and writes a target has both in one trace: the rows of the source, then those
of the target.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import numpy as np

from engine.arrays import to_numpy
from engine.errors import PeepholeError, did_you_mean
from engine.interventions import Intervention, to_record


class Named(NamedTuple):
    """An array that knows what its axes are and what its numbers mean.

    Attributes:
        array: the numbers.
        axes: one name per axis, e.g. ("time", "layer", "unit").
        unit: of the numbers, e.g. "bits"; "" where there is none.
    """

    array: np.ndarray
    axes: tuple[str, ...]
    unit: str = ""


@dataclass(frozen=True)
class Header:
    """What a trace says about where it comes from.

    Attributes:
        model, digest: the model's name and its weights' digest.
        architecture: its registry kind and sizes, e.g. {"kind": "recurrent", "cell": "lstm", ...}.
        vocabulary: its words; the `word` axis of `logits`.
        axes: value name -> axes, each with `time` (the row) first.
        gates, states: which values are gates, and which are carried states.
        seed: of the run, where anything in it was drawn.
        backend: library, precision and device it ran on.
        versions: of the libraries, at the time.
        parent: id of the trace that this one was forked from, or "".
        interventions: what was held, cut or replaced, as records.
        truncation: (k1, k2) of the truncated backpropagation that the model was trained with, or ().
        source: how many rows are of a source that was read as a whole before the others; all rows of
            a model that only reads, 0 of a language model.
        ahead: the logits of row t speak of row t + ahead: 1 is the next token, 0 a label of the row.
        decoding: how the target's tokens were chosen, as a record; {} where they were given.
    """

    model: str
    digest: str
    architecture: Mapping[str, Any]
    vocabulary: tuple[str, ...]
    axes: Mapping[str, tuple[str, ...]]
    gates: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    seed: int | None = None
    backend: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    parent: str = ""
    interventions: tuple[Mapping[str, Any], ...] = ()
    truncation: tuple[int, ...] = ()
    source: int = 0
    ahead: int = 1
    decoding: Mapping[str, Any] = field(default_factory=dict)


def _padding(name: str, ragged: bool) -> float:
    """What stands where a row has no such value, or no such key."""
    return -np.inf if name.endswith("scores") else 0.0 if ragged else np.nan


class Trace:
    """The rows of a run so far. `trace["h"]` is the array of a value, rows first.

    Attributes:
        header: where it comes from.
        tokens: the token read at each row; row 0 is the start token.
        lenses: what lenses returned, by lens name and then by result name.
    """

    def __init__(self, header: Header) -> None:
        self.header = header
        self.tokens: list[str] = []
        self.lenses: dict[str, dict[str, Named]] = {}
        self._buffers: dict[str, np.ndarray] = {}
        self._rows = 0  # that the buffers have room for
        self._ragged = {name for name, axes in header.axes.items() if "key" in axes}

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, name: object) -> bool:
        return name in self._buffers

    @property
    def names(self) -> tuple[str, ...]:
        """The values recorded, in the order in which they are computed."""
        return tuple(self._buffers)

    @property
    def source(self) -> int:
        """How many rows are of the source; the target's, if there is one, come after them."""
        return self.header.source

    @property
    def id(self) -> str:
        """12 hex digits of model, tokens and interventions: the same run has the same id."""
        content: list[Any] = [
            self.header.digest,
            self.tokens,
            list(map(dict, self.header.interventions)),
        ]
        content += [self.source] * bool(self.source)
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:12]

    def __getitem__(self, name: str) -> np.ndarray:
        """A view of one value over all rows, axes as in `axes(name)`; no copy."""
        if name not in self._buffers:
            known = self.names
            raise PeepholeError(
                f"{self.header.model} has no value {name!r}", do=did_you_mean(name, known)
            )
        rows, buffer = len(self.tokens), self._buffers[name]
        return buffer[:rows, ..., :rows] if name in self._ragged else buffer[:rows]

    def axes(self, name: str) -> tuple[str, ...]:
        """The names of a value's axes, `time` first."""
        return tuple(self.header.axes[name])

    def array(self, name: str, *axes: str) -> np.ndarray:
        """One value with its axes in the order asked for, e.g. ("layer", "head", "time", "key")."""
        own = self.axes(name)
        if sorted(axes) != sorted(own):
            raise PeepholeError(f"{name} has the axes {', '.join(own)}, not {', '.join(axes)}")
        return self[name].transpose([own.index(axis) for axis in axes])

    def append(self, token: str, values: Mapping[str, Any], first: int = 0) -> int:
        """Record one tick's values (arrays, or one array per layer); returns its row.

        `first` is the row that the keys of self-attention count from; those of cross-attention, named
        `cross_`, are the rows of the source.
        """
        row = len(self.tokens)
        if type(_first(next(iter(values.values())))) is not np.ndarray:
            values = {name: _host(value) for name, value in values.items()}
        if row == self._rows or not values.keys() <= self._buffers.keys():
            self._grow(values, row + 1)
        for name, value in values.items():
            buffer = self._buffers[name]
            if type(value) is not tuple:
                buffer[row] = value
            elif name in self._ragged:
                start = 0 if name.startswith("cross_") else first
                for layer, part in enumerate(value):
                    buffer[row, layer, ..., start : start + part.shape[-1]] = part
            else:
                for layer, part in enumerate(value):
                    buffer[row, layer] = part
        self.tokens.append(token)
        return row

    def extend(self, tokens: Sequence[str], values: Mapping[str, Any]) -> None:
        """Record rows that were computed together: time is axis -2 of every array."""
        rows = [
            {name: _row(value, t) for name, value in values.items()} for t in range(len(tokens))
        ]
        if rows:
            self._grow({name: _host(v) for name, v in rows[0].items()}, len(self) + len(rows))
        for token, row in zip(tokens, rows, strict=True):
            self.append(token, row)

    def _grow(self, values: Mapping[str, Any], rows: int) -> None:
        """Room for so many rows (and keys), or twice as many as now, in every buffer known so far."""
        if rows > self._rows:
            self._rows = max(16, 2 * self._rows, rows)
        buffers = {}
        for name in self.header.axes:
            old, value = self._buffers.get(name), values.get(name)
            if old is None and value is None:
                continue
            if old is not None:
                inner, dtype = old.shape[1:], old.dtype
            else:
                first = _first(value)
                inner = (len(value), *first.shape) if type(value) is tuple else first.shape
                dtype = first.dtype
            if name in self._ragged:
                inner = (*inner[:-1], self._rows)
            padding = _padding(name, name in self._ragged)
            grown = np.full((self._rows, *inner), padding, dtype)
            if old is not None:
                grown[: old.shape[0], ..., : old.shape[-1]] = old
            buffers[name] = grown
        self._buffers = buffers

    @classmethod
    def from_arrays(
        cls, header: Header, tokens: Sequence[str], arrays: Mapping[str, np.ndarray]
    ) -> Trace:
        """A trace from whole arrays, rows first, e.g. as read from a file."""
        trace = cls(header)
        trace.tokens = list(tokens)
        trace._buffers = {name: arrays[name] for name in header.axes if name in arrays}
        trace._rows = len(tokens)
        return trace

    def as_header(self) -> dict[str, Any]:
        """The header as JSON-ready data."""
        return asdict(self.header)


def _first(value: Any) -> Any:
    """An array that stands for a value of any number of layers."""
    return value[0] if type(value) is tuple else value


def _row(value: Any, t: int) -> Any:
    """Row t of a value over several rows."""
    return tuple(v[..., t, :] for v in value) if type(value) is tuple else value[..., t, :]


def _host(value: Any) -> Any:
    """A value's arrays as NumPy's."""
    return tuple(map(to_numpy, value)) if type(value) is tuple else to_numpy(value)


def records(items: Sequence[Intervention]) -> tuple[dict[str, Any], ...]:
    """Interventions as the records that a header holds."""
    return tuple(json.loads(json.dumps(to_record(item))) for item in items)
