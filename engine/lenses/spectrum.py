"""The spectrum of each step's Jacobian: its singular values and its eigenvalues in the complex plane.

A singular value is the factor by which the step stretches one direction; the largest is the spectral
norm. An eigenvalue λ is what a direction that stays itself is multiplied by in each step, if the step
were repeated: inside the unit circle it dies out, outside it grows, at an angle it turns. The spectral
radius ρ = max |λ| rules what many equal steps do, the norm bounds what one step does: ρ <= σ_max, far
below it for matrices that are not normal. Hochreiter 1991; Bengio, Simard & Frasconi 1994; Pascanu,
Mikolov & Bengio 2013, section 2.
"""

from __future__ import annotations

import numpy as np

from engine.errors import PeepholeError
from engine.lenses.jacobian import WHOLE, recurrent, singular_values, step_jacobians
from engine.models import LanguageModel
from engine.trace import Named, Trace

KEPT = 8  # singular values


def spectrum(
    model: LanguageModel,
    trace: Trace,
    row: int | None = None,
    of: str = WHOLE,
    k: int = KEPT,
) -> dict[str, Named]:
    """Of every row's ds_t/ds_(t-1), or of one row's alone; (time, layer, ...) or (layer, ...), no unit.

    `norm` (time, layer): the largest singular value, σ_max. `radius` (time, layer): the spectral
    radius, the largest |λ|. `singular` (time, layer, rank): the k largest singular values. `real` and
    `imag` (time, layer, rank): all eigenvalues, the largest |λ| first. `of` as in
    `engine.lenses.jacobian`: s (all that is carried), h or c. Float64. Row 0 is the step out of the
    zero state. NaN where a run has left the finite numbers.

    Raises:
        PeepholeError: no recurrent model, no such state or no such row.
    """
    if row is not None and not 0 <= row < len(trace):
        raise PeepholeError(f"no row {row}", do=f"Rows 0 to {len(trace) - 1} were read")
    rows = None if row is None else (row,)
    layers = [
        _of_steps(step_jacobians(model, trace, layer, rows, of), k)
        for layer in range(recurrent(model).layers)
    ]
    named = {}
    for name in layers[0]:
        array = np.stack([layer[name] for layer in layers], 1)  # (R, layers, ...)
        axes = ("layer", "rank")[: array.ndim - 1]
        named[name] = Named(array, ("time", *axes)) if row is None else Named(array[0], axes)
    return named


def _of_steps(steps: np.ndarray, k: int) -> dict[str, np.ndarray]:
    """The results for one layer, from its Jacobians (R, S, S)."""
    singular = singular_values(steps)
    finite = np.isfinite(steps).all((1, 2))[:, None]
    values = np.linalg.eigvals(np.where(finite[..., None], steps, 0.0)).astype(complex)
    values = np.where(finite, values, np.nan)
    order = np.argsort(-np.abs(values), axis=-1, kind="stable")
    values = np.take_along_axis(values, order, -1)
    return {
        "norm": singular[:, 0],
        "radius": np.abs(values[:, 0]),
        "singular": singular[:, :k],
        "real": values.real.copy(),
        "imag": values.imag.copy(),
    }
