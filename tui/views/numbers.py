"""Numbers in formulas: how they are printed, and sums recovered from what was squashed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np

_HOLE = re.compile(r"\{(\w+'?)\}")


def num(value: float, digits: int = 3) -> str:
    """`0.769`, `-0.412`; never a false zero: what would round to 0 is printed as `4e-05`."""
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if value and abs(value) < 0.5 * 10**-digits:
        return f"{value:.0e}"
    return f"{value:.{digits}f}" if abs(value) < 1e4 else f"{value:.2e}"


def factor(value: float, prime: str = "") -> str:
    """A number as it stands in a product or a sum: in brackets when it is negative."""
    text = num(value) + prime
    return f"({text})" if value < 0 else text


def fill(template: str, value: Callable[[str], str]) -> str:
    """A formula's template with every `{name}` replaced by `value(name)`."""
    return _HOLE.sub(lambda hole: value(hole[1]), template)


def unsquash(value: np.floating, squash: str) -> str:
    """The sum a with squash(a) = value, as text: `+1.203`, or `> 7` where it cannot be told.

    Close to its ends a squashed float holds ever fewer digits of the sum (and a σ that is computed
    from tanh holds as few near 0 as near 1). Where its rounding could move the sum by more than 0.1,
    only the bound is given; digits beyond the precision are not printed.
    """
    v, rounding = float(value), 0.5 * float(np.spacing(np.ones((), np.asarray(value).dtype)))
    tanh = squash == "tanh"
    slope = 1.0 - v * v if tanh else v * (1.0 - v)
    if slope > 0 and (error := rounding / slope) <= 0.1:
        a = math.atanh(v) if tanh else math.log(v) - math.log1p(-v)
        return f"{a:+.{max(1, min(3, int(-math.log10(error))))}f}"
    bound = math.log(0.1 / rounding) if not tanh else 0.5 * math.log(0.4 / rounding)
    high = v > (0.0 if tanh else 0.5)
    return f"> {math.floor(bound)}" if high else f"< -{math.floor(bound)}"
