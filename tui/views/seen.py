"""What a recurrent decoder's attention found at one row, in words; drawn from a trace alone."""

from __future__ import annotations

import numpy as np

from engine import Trace
from tui.views.axis import label
from tui.views.numbers import num

TOP = 3  # rows of the source that are named


def seen(trace: Trace, name: str, row: int, layer: int, unit: int) -> str:
    """`= 0.86 at 3 o, 0.10 at 4 u, 0.04 elsewhere`; "" where this row or layer does not look."""
    values = trace[name][row, layer, 0]
    if name == "cross_position":
        return "" if np.isnan(values) else f"= {num(float(values))}, counted in rows of the source"
    if name == "cross_context":
        value = float(values[unit])
        return "" if np.isnan(value) else f"= {num(value)} of unit {unit}"
    found = values[: trace.source]
    exists = np.flatnonzero(found > (0 if name == "cross_weights" else -np.inf))
    if row < trace.source or not len(exists):
        return ""
    best = exists[np.argsort(-found[exists], kind="stable")]
    parts = [f"{num(float(found[at]))} at {label(int(at), trace.tokens)}" for at in best[:TOP]]
    if name == "cross_weights" and len(best) > TOP:
        parts.append(f"{num(float(found[best[TOP:]].sum()))} elsewhere")
    return "= " + ", ".join(parts)
