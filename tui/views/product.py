"""What the Jacobian view knows of one row: the spectrum of its step, and what came through since."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine import LanguageModel, Named, PeepholeError, Trace, lenses
from tui.views.numbers import num

BELTS = {"lstm": "f", "gru": "z"}  # cell -> the gate that its straight road through time is made of
FARTHEST = 512  # rows that the product goes back


@dataclass(frozen=True)
class Found:
    """Results of one row of a trace.

    Attributes:
        of: whose step: s, h or c, as in `engine.lenses.jacobian`.
        spectrum: what the lens of that name says of the row.
        norms: what `product_norms` says of it; None where it is not recorded.
    """

    trace: Trace
    row: int
    of: str
    spectrum: Mapping[str, Named]
    norms: Mapping[str, Named] | None

    @property
    def belt(self) -> str:
        """The gate whose products make the straight road through time; "" where there is none."""
        gate = BELTS.get(str(self.trace.header.architecture.get("cell", "")), "")
        return gate if gate in self.trace else ""

    def eigenvalues(self, layer: int) -> np.ndarray:
        """(rank,) complex, without those that are not finite."""
        values = np.array(self.spectrum["real"].array[layer], dtype=complex)
        values += 1j * self.spectrum["imag"].array[layer]
        return values[np.isfinite(values)]

    def within(self, lag: int | None) -> int:
        """A lag that there is: the longest one where none was chosen."""
        longest = min(self.row, FARTHEST)
        return longest if lag is None else max(min(1, longest), min(lag, longest))

    def log_norms(self, layer: int) -> np.ndarray:
        """(lag,): log10 |ds_t/ds_(t-n)| for n = 0, 1, ... as far as it goes back."""
        assert self.norms is not None
        return self.norms["log10"].array[: self.row + 1, layer][::-1][: FARTHEST + 1]

    def log_belts(self, layer: int) -> np.ndarray:
        """(lag, unit): log10 of the products of each unit's gates, 0 at lag 0."""
        gates = self.trace[self.belt][1 : self.row + 1, layer][::-1][:FARTHEST]
        with np.errstate(divide="ignore"):
            steps = np.log10(gates.astype(np.float64))
        return np.concatenate((np.zeros((1, gates.shape[-1])), np.cumsum(steps, 0)))

    def radius(self, layer: int) -> float:
        """The largest |λ| of this row's step."""
        return float(self.spectrum["radius"].array[layer])

    # In words ---------------------------------------------------------------------------------

    def of_step(self, layer: int) -> list[str]:
        """The numbers of this row's step, in two lines."""
        norm, radius = float(self.spectrum["norm"].array[layer]), self.radius(layer)
        values = self.eigenvalues(layer)
        inside = f"{(np.abs(values) <= 1).sum()} of {len(values)} inside"
        largest = "  ".join(f"{v:.3g}" for v in self.spectrum["singular"].array[layer, :6])
        return [
            f"ρ = {num(radius)} (largest |λ|) · σ_max = {num(norm)} (norm) · {inside}",
            f"largest singular values σ: {largest}",
        ]

    def of_product(self, layer: int, lag: int) -> str:
        """How much of a change is left after so many steps."""
        log10, k = float(self.log_norms(layer)[lag]), self.row - lag
        steps = "1 step" if lag == 1 else f"{lag} steps"
        what = f"J: |d{self.of}_{self.row}/d{self.of}_{k}| = {power(log10)}{_mean(log10, lag)}"
        return f"{what} · {steps}, from {self.trace.tokens[k]!r}"

    def of_belt(self, layer: int, unit: int, lag: int) -> str:
        """What one unit's gates multiply to over so many steps, and which unit's to the most."""
        logs = self.log_belts(layer)[lag]
        rows = f"{self.row - lag + 1}…{self.row}" if lag > 1 else f"{self.row}"
        best = int(np.argmax(logs))
        own = f"{self.belt}: belt of unit {unit}, rows {rows}: {power(float(logs[unit]))}"
        return (
            f"{own}{_mean(float(logs[unit]), lag)} · best: unit {best}, {power(float(logs[best]))}"
        )


def find(trace: Trace, model: LanguageModel | None, row: int, of: str) -> Found:
    """The results for one row: computed, or as they were recorded where there is no model.

    Raises:
        PeepholeError: there is no model and nothing was recorded, or it carries no state.
    """
    if model is not None:
        norms = lenses.product_norms(model, trace, row, of, FARTHEST)
        return Found(trace, row, of, lenses.spectrum(model, trace, row, of), norms)
    stored = trace.lenses.get("spectrum")
    if not stored or of != "s" or row >= len(stored["norm"].array):
        raise PeepholeError(
            f"the Jacobian of d{of}_t/d{of}_(t-1) is not recorded in this trace",
            do="Open the model itself to compute it",
        )
    spectrum = {n: Named(v.array[row], v.axes[1:], v.unit) for n, v in stored.items()}
    kept = trace.lenses.get("product_norms")
    last = kept is not None and row == len(kept["log10"].array) - 1  # the row that they end at
    return Found(trace, row, of, spectrum, kept if last else None)


def power(log10: float) -> str:
    """10 to a power as a number that is never a false zero."""
    if not math.isfinite(log10):
        return "0" if log10 < 0 else "not finite"
    if -300 < log10 < 300:
        return f"{10**log10:.3g}"
    return f"{10 ** (log10 - math.floor(log10)):.2f}e{math.floor(log10)}"


def _mean(log10: float, lag: int) -> str:
    """`, ×0.562 a step`."""
    return f", ×{10 ** (log10 / lag):.3g} a step" if math.isfinite(log10) and lag else ""
