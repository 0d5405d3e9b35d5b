"""How open the gates stand, and how many of them are stuck."""

from __future__ import annotations

import numpy as np

from engine.trace import Named, Trace

SHUT, OPEN = 0.1, 0.9  # Karpathy, Johnson & Fei-Fei 2015, section 4.2


def gate_statistics(trace: Trace) -> dict[str, Named]:
    """For every gate, (time, layer): mean openness, and the shares of units that are shut and open.

    `f.mean` is the mean gate value (0 shut, 1 open); `f.shut` and `f.open` are the fractions of units
    below 0.1 and above 0.9, left- and right-saturated in Karpathy, Johnson & Fei-Fei 2015. Empty for
    a model without gates.
    """
    named: dict[str, Named] = {}
    axes = ("time", "layer")
    for gate in trace.header.gates:
        values = trace[gate].astype(np.float64)  # (time, layer, unit)
        named[f"{gate}.mean"] = Named(values.mean(-1), axes, "gate value")
        named[f"{gate}.shut"] = Named((values < SHUT).mean(-1), axes, "fraction of units")
        named[f"{gate}.open"] = Named((values > OPEN).mean(-1), axes, "fraction of units")
    return named
