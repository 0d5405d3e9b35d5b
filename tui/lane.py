"""A lane: one model's reading of a text, and what lenses say about it.

Everything a track draws of a row costs the same for row 10 and row 10,000: surprisal and predictions are
computed for 64 rows when one of them is first drawn, and gradients for all rows at once up to 512 rows;
in a longer text for one row when it is asked for, and only by the 512 rows before it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engine import LanguageModel, Named, PeepholeError, Trace, lenses
from engine.errors import did_you_mean
from engine.interventions import from_record
from engine.lenses.record import LONGEST_MAP
from tui.shares import Shares
from tui.steps import Steps

Results = Mapping[str, Named]
CHUNK = 64  # rows of surprisal and predictions that are computed together
OF_TRACE = ("surprisal", "top_k", "gate_statistics", "attention_entropy", "rollout")
TOP = 5  # predictions kept for a row
KEPT = 32  # gradients kept of a long trace


class Lane:
    """One model reading one text.

    Attributes:
        label: its name above its tracks.
        trace: every value of the reading so far.
        model: who reads; None where the trace was opened without its model.
        parent: the lane that this one was forked from.
        steps: the norms of its step Jacobians, as far as they are known.
        shares: which rows taught W_hh, as far as it is known.
        note: what else must be said of it, e.g. `hand-set`.
        answers: where only some rows are asked, as in the tasks of training: those rows, each with the
            right answer; None where every row predicts the next word.
        run, update: the folder of the recorded run that the model is a checkpoint of, and which.
    """

    def __init__(
        self,
        label: str,
        trace: Trace,
        model: LanguageModel | None = None,
        *,
        parent: Lane | None = None,
        note: str = "",
    ) -> None:
        self.label, self.model, self.parent, self.note = label, model, parent, note
        self.answers: Mapping[int, str] | None = None
        self.run: Path | None = None
        self.update: int | None = None
        self.trace = trace

    @property
    def trace(self) -> Trace:
        return self._trace

    @trace.setter
    def trace(self, trace: Trace) -> None:
        self._trace = trace
        self._lenses: dict[tuple, Results] = {}
        self._chunks: dict[tuple[str, int], tuple[int, Results]] = {}
        self._flows: dict[int, Results] = {}
        self._scales: dict[str, tuple[int, float]] = {}
        self._decades: dict[str, tuple[int, tuple[int, int] | None]] = {}
        self._largest = (0, 0.0)
        self.steps, self.shares = Steps(trace, self.model), Shares(trace, self.model)

    def __len__(self) -> int:
        return len(self.trace)

    @property
    def cut(self) -> str:
        """What was held, cut or replaced in it, in words; "" for an untouched reading."""
        return " · ".join(str(from_record(r)) for r in self.trace.header.interventions)

    @property
    def name(self) -> str:
        """Its label with what must be said of it, e.g. `lstm · hand-set · f = 1`."""
        return " · ".join(part for part in (self.label, self.note, self.cut) if part)

    @property
    def held(self) -> tuple[str, ...]:
        """The values that are held in it."""
        return tuple(r["name"] for r in self.trace.header.interventions if "name" in r)

    @property
    def layers(self) -> int:
        """How many layers its model has."""
        return int(self.trace.header.architecture.get("layers", 1))

    @property
    def heads(self) -> int:
        """How many attention heads a layer has; 0 for a recurrent net."""
        return int(self.trace.header.architecture.get("heads", 0))

    @property
    def units(self) -> tuple[str, ...]:
        """The values with one number a unit, in the order in which they are computed."""
        return tuple(
            name for name in self.trace.names if self.trace.axes(name) == ("time", "layer", "unit")
        )

    # One row ----------------------------------------------------------------------------------

    @property
    def predicts(self) -> bool:
        """Whether it predicts words; a model that adds numbers answers with a value instead."""
        words = self.trace["logits"].shape[-1] if "logits" in self.trace else 0
        return words in (0, len(self.trace.header.vocabulary))

    def asked(self, row: int) -> bool:
        """Whether what the model expects after a row counts."""
        return self.answers is None or row in self.answers

    def bits(self, row: int) -> float:
        """Surprisal of the token at a row in bits; NaN where nothing predicts it, as at row 0."""
        if not row or not self.predicts or not self.asked(row - 1):
            return math.nan
        stored = self.trace.lenses.get("surprisal")
        if stored:
            return float(stored["bits"].array[row])
        start, result = self._chunk("surprisal", row)
        return float(result["bits"].array[row - start])

    def top(self, row: int, k: int = 1) -> list[tuple[str, float]]:
        """The k likeliest next words after a row with their probabilities, the likeliest first.

        Of a model that answers with a value: that value, and NaN for a probability.
        """
        if not self.predicts:
            return [(f"{float(self.trace['logits'][row, 0]):.2f}", math.nan)]
        stored = self.trace.lenses.get("top_k")
        start, result = (0, stored) if stored else self._chunk("top_k", row)
        ids, p = (result[name].array[row - start, :k].tolist() for name in ("ids", "p"))
        return [(self.trace.header.vocabulary[i], q) for i, q in zip(ids, p, strict=True)]

    def attention(self, row: int, layer: int, head: int | None) -> np.ndarray:
        """(key,): weights of a row on rows 0..row, of one head or the mean over heads."""
        weights = self.trace.array("weights", "time", "layer", "head", "key")[row, layer]
        return (weights.mean(0) if head is None else weights[head])[: row + 1]

    def change(self, row: int) -> tuple[float, float]:
        """Against the parent lane: bits of surprisal more, and |h' - h| of the last layer.

        (NaN, 0.0) where there is nothing to compare: no parent, or a row that it does not have.
        """
        parent = self.parent
        if parent is None or row >= len(parent):
            return math.nan, 0.0
        moved = self.trace["h"][row, -1] - parent.trace["h"][row, -1]
        return self.bits(row) - parent.bits(row), float(np.linalg.norm(moved))

    def largest_change(self) -> float:
        """The largest |h' - h| of any row; computed once a length."""
        n = len(self.trace)
        if self._largest[0] != n:
            self._largest = (n, max((self.change(row)[1] for row in range(n)), default=0.0))
        return self._largest[1]

    def _chunk(self, name: str, row: int) -> tuple[int, Results]:
        """A lens over the 64 rows around a row, and the row that it begins with."""
        number = row // CHUNK
        stop = min(len(self.trace), (number + 1) * CHUNK)
        start = max(0, number * CHUNK - 1)  # surprisal needs the row before
        known = self._chunks.get((name, number))
        if known is None or known[0] != stop:
            part = _part(self.trace, start, stop, "logits")
            known = (stop, lenses.top_k(part, TOP) if name == "top_k" else lenses.surprisal(part))
            self._chunks[name, number] = known
        return start, known[1]

    # Lenses -----------------------------------------------------------------------------------

    def lens(self, name: str, **args: Any) -> Results:
        """What a lens says of this reading; kept until the trace grows.

        Raises:
            PeepholeError: it is not recorded in the trace and the model is not at hand, or there is
                no such lens of this kind of model.
        """
        if name == "gradient_flow" and set(args) == {"row"}:
            return self.gradient(args["row"])
        if not args and name in self.trace.lenses:
            return self.trace.lenses[name]
        key = (name, len(self.trace), *sorted(args.items()))
        if key not in self._lenses:
            function = getattr(lenses, name, None)
            if function is None or name not in lenses.__all__:
                raise PeepholeError(f"no lens {name!r}", do=did_you_mean(name, lenses.__all__))
            if name in OF_TRACE:
                self._lenses[key] = function(self.trace, **args)
            else:
                self._lenses[key] = function(self._model(name), self.trace, **args)
        return self._lenses[key]

    def gradient(self, row: int) -> Results:
        """|dL_row/dh_k| and, of c and x, (source, layer) each; x (source,). Keeps what it finds.

        Raises:
            PeepholeError: row 0 has no loss; or not recorded, and no model at hand.
        """
        if row not in self._flows:
            stored = self.trace.lenses.get("gradient_map")
            if stored and 0 < row < len(next(iter(stored.values())).array):
                self._keep(stored, [row])
            else:
                model = self._model("gradient")
                if self.long:
                    self._flows.pop(next(iter(self._flows)) if len(self._flows) > KEPT else 0, None)
                    self._flows[row] = self._window(model, row)
                else:
                    self._flows[row] = lenses.gradient_flow(model, self.trace, row)
        return self._flows[row]

    @property
    def long(self) -> bool:
        """Whether the trace is so long that a gradient is computed for its last rows only."""
        return len(self.trace) > LONGEST_MAP

    def _window(self, model: LanguageModel, row: int) -> Results:
        """Nothing where the gradient of so many rows cannot be had: a hold in a long text."""
        from engine.lenses.window import gradient_window

        try:
            return gradient_window(model, self.trace, row)
        except PeepholeError:
            return {}

    def has_gradient(self, row: int) -> bool:
        """Whether `gradient(row)` costs nothing."""
        return row in self._flows or (row > 0 and "gradient_map" in self.trace.lenses)

    def prepare(self) -> None:
        """Compute the gradients of all rows that have none yet, together; one batch for a thread.

        Rows that are read later need their own: L_t depends on the rows up to t only, so what is
        known stays true while a trace grows. Beyond 512 rows nothing is prepared.
        """
        trace, n = self.trace, len(self.trace)
        missing = [] if self.long else [r for r in range(1, n) if not self.has_gradient(r)]
        if self.model is None or not missing:
            return
        frozen = _part(trace, 0, n)
        if len(missing) == 1:
            flow = lenses.gradient_flow(self.model, frozen, missing[0])
            if self.trace is trace:  # nobody has opened another one meanwhile
                self._flows[missing[0]] = flow
        else:
            whole = lenses.gradient_map(self.model, frozen)
            if self.trace is trace:
                self._keep(whole, missing)

    def _keep(self, whole: Results, rows: Any) -> None:
        """Rows of a gradient map as one-row results."""
        for row in rows:
            parts = {n: Named(v.array[row], v.axes[1:], v.unit) for n, v in whole.items()}
            self._flows[row] = parts

    def cut_before(self, row: int) -> int:
        """The first row that truncated backpropagation took L_row back to; 0 where nothing is cut."""
        if not self.trace.header.truncation or row < 1:
            return 0
        from engine.truncation import windows

        return windows(row, *self.trace.header.truncation)[-1].first

    def decades(self, name: str) -> tuple[int, int] | None:
        """The powers of ten that hold the gradients of h, c or x known so far.

        From 9 in 10 of them up to the largest, 12 decades at most; smaller ones are off the scale.
        """
        known = len(self._flows)
        if self._decades.get(name, (0, None))[0] != known:
            flows = [f[name].array.ravel() for f in list(self._flows.values()) if name in f]
            sizes = np.concatenate(flows) if flows else np.zeros(0)
            sizes = sizes[sizes > 0]  # without the NaN of rows that were left out
            found = None
            if sizes.size:
                top = math.ceil(math.log10(sizes.max()))
                found = max(math.floor(math.log10(np.percentile(sizes, 10))), top - 12), top
            self._decades[name] = (known, found)
        return self._decades.get(name, (0, None))[1]

    def _model(self, what: str) -> LanguageModel:
        if self.model is None:
            raise PeepholeError(
                f"{what.replace('_', ' ')} is not recorded in this trace",
                do="Open the model itself to compute it",
            )
        return self.model

    # Scales -----------------------------------------------------------------------------------

    def scale(self, name: str) -> float | None:
        """What the strongest colour of a value stands for, ±; None for a gate, which is 0..1.

        1 for what tanh bounds; else the next of 1, 2, 5 x 10^n above 95 of 100 sizes. A fork has the
        scale of the reading that it was forked from, so that their colours compare.
        """
        if name in self.trace.header.gates:
            return None
        if self.parent is not None and name in self.parent.trace:
            return self.parent.scale(name)
        if name in ("h", "g", "n") and self.trace.header.gates + self.trace.header.states:
            return 1.0
        rows, scale = self._scales.get(name, (0, 1.0))
        if rows != len(self.trace):
            values = self.trace[name]
            sample = np.abs(values[:: max(1, len(values) // 1000)])
            scale = nice_scale(float(np.percentile(sample, 95))) if sample.size else 1.0
            self._scales[name] = (len(values), scale)
        return scale


def _part(trace: Trace, start: int, stop: int, *names: str) -> Trace:
    """Some rows of some values of a trace, without copying them."""
    header = replace(trace.header, axes={name: trace.header.axes[name] for name in names})
    arrays = {name: trace[name][start:stop] for name in names}
    return Trace.from_arrays(header, trace.tokens[start:stop], arrays)


def nice_scale(largest: float) -> float:
    """The next of 1, 2, 5 x 10^n that holds a size, so that scales are round and seldom change."""
    if not largest > 0 or math.isinf(largest):
        return 1.0
    power = 10.0 ** math.floor(math.log10(largest))
    return next((m * power for m in (1, 2, 5) if largest <= m * power * 1.0001), 10 * power)
