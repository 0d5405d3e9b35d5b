"""Numbers that are read off a run's records: reach, decades, smoothed and thinned curves, shares.

Pure functions on NumPy arrays. The screen, the printed form and the diagnosis all take them from here,
so that they say the same of the same run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from engine.learning.metrics import Attention

SHARE = 1e-3  # of the largest norm: what is smaller counts as not having arrived
LEAST = 1e-30  # what the records keep in place of 0
ROUND = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)  # what an axis may end at, times a power of ten
Norms = Sequence[float] | np.ndarray


def figure(value: float, digits: int = 2) -> str:
    """A norm in words, the same everywhere: "0.012", "57", "3.2e-9", "< 1e-30" at the records' floor.

    `digits` are those that count; "-" stands for what was not measured.
    """
    size = abs(value)
    if value != value:
        return "-"
    if 0 <= value <= LEAST * 1.001:
        return f"< {LEAST:.0e}" if value else "0"
    if size == float("inf"):
        return "infinite"
    if not 9.995e-4 <= size < 9999.5:
        mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")
        return f"{mantissa}e{int(power)}"
    return f"{value:.0f}" if size >= 10 ** (digits - 1) else f"{value:.{digits}g}"


class Reach(NamedTuple):
    """How far back a gradient goes.

    Attributes:
        steps: from the last row that has a gradient back to the earliest whose norm is at least
            `SHARE` of the largest.
        of: how many steps back there are at all.
    """

    steps: int
    of: int


def reach(norms: Norms) -> Reach:
    """The reach of |dL/dh_t|, one norm a row (T,); (0, 0) where no row has a gradient.

    The same share of the largest as in the gradient map of a reading.
    """
    sizes = np.nan_to_num(np.asarray(norms, float), nan=0.0, posinf=np.finfo(float).max)
    there = np.flatnonzero(sizes > LEAST * 10)
    if not there.size:
        return Reach(0, 0)
    last = int(there[-1])
    first = int(np.argmax(sizes >= SHARE * sizes.max()))
    return Reach(max(0, last - first), last)


def log10(values: Norms) -> np.ndarray:
    """log10 in float64; NaN where a value is no positive number, so that nothing is drawn there."""
    sizes = np.asarray(values, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(
            np.isfinite(sizes) & (sizes > 0), np.log10(np.maximum(sizes, LEAST)), np.nan
        )


def relative(values: Norms) -> np.ndarray:
    """Each norm as a share of the largest one, (T,); zeros where there is no largest."""
    sizes = np.nan_to_num(np.asarray(values, float), nan=0.0, posinf=0.0, neginf=0.0)
    sizes = np.maximum(sizes, 0.0)
    largest = sizes.max(initial=0.0)
    return sizes / largest if largest > 0 else np.zeros_like(sizes)


def thin(x: Norms, y: Norms, points: int, until: float) -> tuple[np.ndarray, np.ndarray]:
    """A curve as the means of at most `points` equal stretches of 0..until; NaN values are left out.

    Returns x and y of the stretches in which something was measured, in order.
    """
    xs, ys = np.asarray(x, float), np.asarray(y, float)
    good = np.isfinite(xs) & np.isfinite(ys)
    xs, ys = xs[good], ys[good]
    if len(xs) <= points or points < 1 or until <= 0:
        return xs, ys
    bins = np.clip((xs / until * points).astype(int), 0, points - 1)
    count = np.bincount(bins, minlength=points)
    used = count > 0
    return tuple(np.bincount(bins, part, points)[used] / count[used] for part in (xs, ys))  # type: ignore[return-value]


def smooth(values: Norms, span: int = 20) -> np.ndarray:
    """Exponential moving average with weight 2 / (span + 1), corrected for its start; skips NaN.

    The correction is that of Adam's moments (Kingma & Ba 2015, section 3): no pull towards 0.
    """
    keep, total, weight = 1 - 2 / (span + 1), 0.0, 0.0
    out = np.full(len(values), np.nan)
    for i, value in enumerate(np.asarray(values, float).tolist()):
        if np.isfinite(value):
            total, weight = keep * total + value, keep * weight + 1
        out[i] = total / weight if weight else np.nan
    return out


def pace(updates: Norms, seconds: Norms, last: int = 50) -> float | None:
    """Updates a second over the last few records; None before there are two of them.

    A pause or a resumed run leaves no trace in it: only spells in which both grow count.
    """
    n, t = np.asarray(updates, float)[-last:], np.asarray(seconds, float)[-last:]
    steps, spells = np.diff(n), np.diff(t)
    good = (steps > 0) & (spells > 0) & np.isfinite(spells)
    if not good.any():
        return None
    typical = np.median(spells[good])
    good &= spells <= 20 * typical
    return float(steps[good].sum() / spells[good].sum())


def moved(update: float, weight: float) -> float:
    """How much of a weight matrix its last change was: |change| / |weights|; NaN without weights."""
    return update / weight if weight > 0 and np.isfinite(update) else float("nan")


def decades(values: Norms, most: int = 12) -> tuple[int, int]:
    """The powers of ten (low, high) that hold the sizes, at most `most` of them below the largest."""
    powers = log10(values)
    powers = powers[np.isfinite(powers) & (powers > np.log10(LEAST) + 1)]
    if not powers.size:
        return -1, 0
    high = int(np.ceil(powers.max()))
    low = int(np.floor(powers.min()))
    return max(min(low, high - 1), high - most), high


def ceiling(value: float) -> float:
    """The next round number at or above a size, for the end of an axis; 1 for none."""
    if not np.isfinite(value) or value <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(m * power for m in ROUND if value <= m * power * 1.0001))


def moving_mean(values: Norms, span: int) -> np.ndarray:
    """Mean of the last `span` values at each place, NaN before there are so many; NaN values pass on."""
    numbers = np.asarray(values, float)
    out = np.full(len(numbers), np.nan)
    if len(numbers) >= span:
        out[span - 1 :] = np.lib.stride_tricks.sliding_window_view(numbers, span).mean(-1)
    return out


def learned_at(
    updates: Norms, scores: Norms, threshold: float, below: bool = False, span: int = 20
) -> int | None:
    """The first update at which the mean score of the last `span` met the threshold; None while none.

    `below` is for errors, which are to fall below it. One lucky batch is not taken for learning.
    """
    means = moving_mean(scores, span)
    met = means < threshold if below else means >= threshold
    return int(np.asarray(updates)[np.argmax(met)]) if met.any() else None


def span(values: Norms, share: float = 0.01) -> tuple[float, float] | None:
    """The smallest and the largest size of a curve, without the outermost `share`; None for none.

    Only positive numbers count: both ends can be put on a logarithmic axis.
    """
    sizes = np.asarray(values, float)
    sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
    if not sizes.size:
        return None
    low, high = np.quantile(sizes, [share, 1 - share])
    return float(low), float(high)


def entropies(attention: Sequence[Attention]) -> tuple[float, float]:
    """Mean entropy of attention heads, and the mean of the highest that they could have, in nats."""
    pairs = [
        (entropy, np.log(layer.keys))
        for layer in attention
        if layer.keys > 1
        for entropy in layer.entropy
        if np.isfinite(entropy)
    ]
    nats, most = np.mean(pairs or [(np.nan, np.nan)], axis=0)
    return float(nats), float(most)


def evenness(attention: Sequence[Attention]) -> float | None:
    """Mean entropy of attention heads as a share of ln(keys), the highest; None without attention."""
    shares = [
        entropy / np.log(layer.keys)
        for layer in attention
        if layer.keys > 1
        for entropy in layer.entropy
        if np.isfinite(entropy)
    ]
    return float(np.mean(shares)) if shares else None
