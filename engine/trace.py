"""A trace: every value of a run, stacked over its rows, with named axes.

Appending a tick writes one row into buffers that double when they are full, so it costs O(1) amortised
and reading an array copies nothing. Values with a `key` axis (attention over the rows so far) are padded:
a score that does not exist is -inf, a weight that does not exist is 0.
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


_PADDING = {"scores": -np.inf}


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

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, name: object) -> bool:
        return name in self._buffers

    @property
    def names(self) -> tuple[str, ...]:
        """The values recorded, in the order in which they are computed."""
        return tuple(name for name in self.header.axes if name in self._buffers)

    @property
    def id(self) -> str:
        """12 hex digits of model, tokens and interventions: the same run has the same id."""
        content = [self.header.digest, self.tokens, list(map(dict, self.header.interventions))]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:12]

    def __getitem__(self, name: str) -> np.ndarray:
        """A view of one value over all rows, axes as in `axes(name)`; no copy."""
        if name not in self._buffers:
            known = self.names
            raise PeepholeError(
                f"{self.header.model} has no value {name!r}", do=did_you_mean(name, known)
            )
        rows, buffer = len(self.tokens), self._buffers[name]
        return buffer[:rows, ..., :rows] if "key" in self.header.axes[name] else buffer[:rows]

    def axes(self, name: str) -> tuple[str, ...]:
        """The names of a value's axes, `time` first."""
        return tuple(self.header.axes[name])

    def array(self, name: str, *axes: str) -> np.ndarray:
        """One value with its axes in the order asked for, e.g. ("layer", "head", "time", "key")."""
        own = self.axes(name)
        if sorted(axes) != sorted(own):
            raise PeepholeError(f"{name} has the axes {', '.join(own)}, not {', '.join(axes)}")
        return self[name].transpose([own.index(axis) for axis in axes])

    def append(self, token: str, values: Mapping[str, Any]) -> int:
        """Record one tick's values (arrays, or one array per layer); returns its row."""
        row = len(self.tokens)
        for name, axes in self.header.axes.items():
            value = values[name]
            layered = isinstance(value, tuple)
            first = value[0] if layered else value
            buffer = self._room(name, row, first, len(value) if layered else 0, "key" in axes)
            if not layered:
                buffer[row] = first if type(first) is np.ndarray else to_numpy(first)
                continue
            for layer, part in enumerate(value):
                part = part if type(part) is np.ndarray else to_numpy(part)
                buffer[row, layer, ..., : part.shape[-1]] = part
        self.tokens.append(token)
        return row

    def _room(self, name: str, row: int, first: Any, layers: int, ragged: bool) -> np.ndarray:
        """The buffer of a value, with room for this row (and its keys)."""
        buffer = self._buffers.get(name)
        if buffer is not None and row < buffer.shape[0]:
            return buffer
        size = 16 if buffer is None else 2 * buffer.shape[0]
        inner = (layers, *first.shape) if layers else tuple(first.shape)
        shape = (size, *inner[:-1], size) if ragged else (size, *inner)
        dtype = first.dtype if isinstance(first, np.ndarray) else to_numpy(first).dtype
        grown = np.full(shape, _PADDING.get(name, 0.0), dtype)
        if buffer is not None:
            grown[: buffer.shape[0], ..., : buffer.shape[-1]] = buffer
        self._buffers[name] = grown
        return grown

    @classmethod
    def from_arrays(
        cls, header: Header, tokens: Sequence[str], arrays: Mapping[str, np.ndarray]
    ) -> Trace:
        """A trace from whole arrays, rows first, e.g. as read from a file."""
        trace = cls(header)
        trace.tokens = list(tokens)
        trace._buffers = dict(arrays)
        return trace

    def as_header(self) -> dict[str, Any]:
        """The header as JSON-ready data."""
        return asdict(self.header)


def records(items: Sequence[Intervention]) -> tuple[dict[str, Any], ...]:
    """Interventions as the records that a header holds."""
    return tuple(json.loads(json.dumps(to_record(item))) for item in items)
