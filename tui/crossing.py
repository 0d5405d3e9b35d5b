"""What crosses from a source to its target, in words: one vector, or every row."""

from __future__ import annotations

from tui.lane import Lane
from tui.reading import CROSS


def vector(lane: Lane) -> str:
    """The state that the decoder starts from, e.g. `h and c, 2 × 64 numbers`; "" where none does."""
    states = [name for name in lane.trace.header.states if name in lane.trace]
    if not states:
        return ""
    units = lane.trace[states[0]].shape[-1]
    parts = len(states) * lane.layers
    layers = f" of {lane.layers} layers" if lane.layers > 1 else ""
    many = f"{parts} × {units}" if parts > 1 else str(units)
    return f"{' and '.join(states)}{layers}, {many} numbers"


def both_ways(lane: Lane) -> bool:
    """Whether the source was read in both directions, so that the vector is of two rows."""
    return bool(lane.trace.header.architecture.get("bidirectional"))


def words(lane: Lane) -> tuple[str, ...]:
    """What stands between a source and its target, the longest form first."""
    if CROSS not in lane.looks:
        what = vector(lane)
        only = "only this row crosses"
        if both_ways(lane):
            only = f"only the ends cross, row {lane.source - 1} forwards and row 0 backwards"
        name, _, many = what.partition(", ")
        verb = "cross" if " and " in name else "crosses"
        return f"▼ {only}: {what}", f"▼ only {name} {verb}: {many}", f"▼ only {what}"
    units, layers = lane.trace["h"].shape[-1], lane.layers
    every, size = "every source row can be looked at", f"{lane.source} × {units} numbers"
    short = f"▲ {every}", f"▲ all {lane.source} rows can be looked at", f"▲ all {lane.source} rows"
    start = vector(lane).split(",")[0]
    longer: tuple[str, ...] = (f"▲ {every}: {size}",)
    if start:
        longer = (f"▲ {every}: {size} · ▼ and {start} of the last row starts the target", *longer)
    elif layers > 1:
        longer = (f"▲ {every}: {size}, in each of {layers} layers", *longer)
    return (*longer, *short)
