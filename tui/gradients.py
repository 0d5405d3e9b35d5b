"""The gradients of a reading: recorded, or computed for all rows at once up to 512 rows.

In a longer text they are computed for one row when it is asked for, and only by the 512 rows before it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np

from engine import LanguageModel, Named, PeepholeError, Trace, lenses
from engine.lenses.prediction import predicted
from engine.lenses.record import LONGEST_MAP

Results = Mapping[str, Named]
KEPT = 32  # gradients kept of a long trace


class Gradients:
    """|dL_t/dh_k| by the row t whose loss it is, as far as it is known."""

    def __init__(self, trace: Trace, model: LanguageModel | None) -> None:
        self._trace, self._model = trace, model
        self._flows: dict[int, Results] = {}
        self._decades: dict[str, tuple[int, tuple[int, int] | None]] = {}

    @property
    def first(self) -> int:
        """The first row that something predicts: row 1, or of a target the one after `<s>`."""
        return predicted(self._trace).start

    @property
    def long(self) -> bool:
        """Whether the trace is so long that a gradient is computed for its last rows only."""
        return len(self._trace) > LONGEST_MAP

    def of(self, row: int) -> Results:
        """|dL_row/dh_k| and, of c and x, (source, layer) each; x (source,). Keeps what it finds.

        Raises:
            PeepholeError: nothing predicts the row; or not recorded, and no model at hand.
        """
        if row not in self._flows:
            stored = self._stored
            if stored and self.first <= row < len(next(iter(stored.values())).array):
                self._keep(stored, [row])
            elif self._model is None:
                raise PeepholeError(
                    "gradient is not recorded in this trace",
                    do="Open the model itself to compute it",
                )
            elif self.long:
                self._flows.pop(next(iter(self._flows)) if len(self._flows) > KEPT else 0, None)
                self._flows[row] = self._window(self._model, row)
            else:
                self._flows[row] = lenses.gradient_flow(self._model, self._trace, row)
        return self._flows[row]

    def has(self, row: int) -> bool:
        """Whether `of(row)` costs nothing."""
        return row in self._flows or (row >= self.first and self._stored is not None)

    @property
    def _stored(self) -> Results | None:
        return self._trace.lenses.get("gradient_map")

    def _window(self, model: LanguageModel, row: int) -> Results:
        """Nothing where the gradient of so many rows cannot be had: a hold in a long text."""
        from engine.lenses.window import gradient_window

        try:
            return gradient_window(model, self._trace, row)
        except PeepholeError:
            return {}

    def prepare(self, frozen: Trace) -> None:
        """Compute the gradients of all rows that have none yet, together; one batch for a thread.

        `frozen` is the trace as far as it is read now. Rows that are read later need their own: L_t
        depends on the rows up to t only, so what is known stays true while a trace grows. Beyond 512
        rows nothing is prepared.
        """
        missing = [] if self.long else [row for row in predicted(frozen) if not self.has(row)]
        if self._model is None or not missing:
            return
        if len(missing) == 1:
            self._flows[missing[0]] = lenses.gradient_flow(self._model, frozen, missing[0])
        else:
            self._keep(lenses.gradient_map(self._model, frozen), missing)

    def _keep(self, whole: Results, rows: Iterable[int]) -> None:
        """Rows of a gradient map as one-row results."""
        for row in rows:
            parts = {n: Named(v.array[row], v.axes[1:], v.unit) for n, v in whole.items()}
            self._flows[row] = parts

    def cut_before(self, row: int) -> int:
        """The first row that truncated backpropagation took L_row back to; 0 where nothing is cut."""
        if not self._trace.header.truncation or row < 1:
            return 0
        from engine.truncation import windows

        return windows(row, *self._trace.header.truncation)[-1].first

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
