"""Products of Jacobians: ds_end/ds_start, what is left of a small change after many steps.

    ds_t/ds_k = J_t J_(t-1) ... J_(k+1)        with J_j = ds_j/ds_(j-1)

Its norm bounds how much of any gradient can travel from row t back to row k; it shrinks or grows about
geometrically (Hochreiter 1991; Bengio, Simard & Frasconi 1994; Pascanu, Mikolov & Bengio 2013, eq. 5).

Accuracy: float64, and each partial product is brought to the size of 1 by a power of two, which rounds
nothing and keeps the exponent apart. So `log10` is right at any lag; a norm becomes 0 only below 1e-308
(or where the derivative is 0: dead ReLU units) and inf only above 1e308. Rounding moves a product by at
most about S · 1e-16 of its largest singular value a step, so the norm is good to ten digits or more; the
singular values far below it are not, and those that cannot be told from rounding are NaN.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.errors import PeepholeError
from engine.lenses.jacobian import WHOLE, recurrent, singular_values, step_jacobians
from engine.lenses.spectrum import KEPT
from engine.models import LanguageModel
from engine.trace import Named, Trace

_CHUNK = 32  # Jacobians and products that are in memory together


def jacobian_product(
    model: LanguageModel,
    trace: Trace,
    start: int,
    end: int,
    of: str = WHOLE,
    k: int = KEPT,
) -> dict[str, Named]:
    """Of ds_end/ds_start for each layer: `norm` and `log10` (layer,), `singular` (layer, rank).

    `norm` is the spectral norm, `log10` its logarithm at any size, `singular` the k largest singular
    values. `of` as in `engine.lenses.jacobian`; for c alone it is the product of the forget gates.

    Raises:
        PeepholeError: not 0 <= start <= end < rows, no recurrent model, or no such state.
    """
    if not 0 <= start <= end < len(trace):
        raise PeepholeError(
            f"no way back from row {end} to row {start}",
            do=f"Rows 0 to {len(trace) - 1} were read, the earlier one comes first",
        )
    found = []
    for layer in range(recurrent(model).layers):
        for product, power in _back(model, trace, end, start, layer, of):
            last = singular_values(product[None])[0], power
        found.append(last)
    exponents = np.array([power for _, power in found], dtype=float)
    scaled = np.stack([sizes for sizes, _ in found])  # (layer, S), the largest about 1
    rounding = scaled.shape[-1] * (end - start + 1) * np.finfo(float).eps
    known = (scaled >= rounding * scaled[:, :1]) & (scaled > 0)
    with np.errstate(divide="ignore", over="ignore"):  # above 1e308: inf
        sizes = np.ldexp(scaled, exponents.astype(int)[:, None])
        log10 = np.log10(scaled[:, 0]) + exponents * np.log10(2)
    return {
        "norm": Named(sizes[:, 0], ("layer",)),
        "log10": Named(log10, ("layer",)),
        "singular": Named(np.where(known, sizes, np.nan)[:, :k], ("layer", "rank")),
    }


def product_norms(
    model: LanguageModel,
    trace: Trace,
    end: int,
    of: str = WHOLE,
    rows: int | None = None,
) -> dict[str, Named]:
    """How much of a change at each row k is left at row `end`: (source, layer) each, no unit.

    `norm` is |ds_end/ds_k|_2 and `frobenius` the root of the sum of its squares; `log10` is that of
    `norm`. `factor` is norm^(1/lag), the mean factor a step over the lag end - k. At k = end the norm
    is 1 and there is no factor (NaN). Later rows are 0 by construction. With `rows`, only so many
    rows before `end` are computed; NaN for those before them.

    Raises:
        PeepholeError: no such row, no recurrent model, or no such state.
    """
    n = len(trace)
    if not 0 <= end < n:
        raise PeepholeError(f"no row {end}", do=f"Rows 0 to {n - 1} were read")
    layers = recurrent(model).layers
    start = 0 if rows is None else max(0, end - rows)
    log2, frobenius = np.full((2, n, layers), np.nan)
    for layer in range(layers):
        products = _back(model, trace, end, start, layer, of)
        for k, (product, power) in zip(range(end, start - 1, -1), products, strict=True):
            with np.errstate(divide="ignore"):
                log2[k, layer] = np.log2(singular_values(product[None])[0, 0]) + power
                frobenius[k, layer] = np.log2(np.linalg.norm(product)) + power
    log2[end + 1 :] = frobenius[end + 1 :] = -np.inf
    lag = (end - np.arange(n, dtype=float))[:, None]
    lag[end:] = np.nan
    axes = ("source", "layer")
    with np.errstate(over="ignore"):  # above 1e308: inf
        return {
            "norm": Named(np.exp2(log2), axes),
            "frobenius": Named(np.exp2(frobenius), axes),
            "log10": Named(log2 * np.log10(2), axes),
            "factor": Named(np.exp2(log2 / lag), axes),
        }


def _back(
    model: LanguageModel, trace: Trace, end: int, start: int, layer: int, of: str
) -> Iterator[tuple[np.ndarray, int]]:
    """ds_end/ds_k for k = end, end - 1, ..., start, each as (S, S) times two to a power."""
    size = step_jacobians(model, trace, layer, (), of).shape[-1]
    product, power = np.eye(size), 0
    yield product, power
    for last in range(end, start, -_CHUNK):
        rows = range(last, max(start, last - _CHUNK), -1)
        for jacobian in step_jacobians(model, trace, layer, rows, of):
            with np.errstate(invalid="ignore", over="ignore"):  # of a run that has exploded
                product = product @ jacobian
            largest = np.abs(product).max()
            exponent = np.frexp(largest)[1] if np.isfinite(largest) else 0
            product, power = np.ldexp(product, -exponent), power + int(exponent)
            yield product, power
