"""The tracks of the score, one file each. Adding a track is one file here and one line in `TRACKS`.

A line says where the class is and, for a lane, the arguments of each track of that class: one empty
tuple is one track, nothing is none.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tui.lane import Lane
    from tui.tracks.base import Track
    from tui.tracks.stage import Stage

Each = Callable[["Lane"], list[tuple[Any, ...]]]


def _units(lane: Lane) -> list[tuple[Any, ...]]:
    """States, then gates, then the rest: left to right as they are worth looking at."""
    header = lane.trace.header
    first = [*(header.states or ("h",)), *header.gates]
    names = [name for name in first if name in lane.units]
    return [(name,) for name in [*names, *(n for n in lane.units if n not in names)]]


def _once(lane: Lane) -> list[tuple[Any, ...]]:
    return [()]


def _fork(lane: Lane) -> list[tuple[Any, ...]]:
    return [()] if lane.parent is not None else []


def _attention(lane: Lane) -> list[tuple[Any, ...]]:
    return [()] if lane.looks else []


def _heads(lane: Lane) -> list[tuple[Any, ...]]:
    return [()] if lane.heads * lane.layers > 1 else []


def _surprise(lane: Lane) -> list[tuple[Any, ...]]:
    return [] if lane.labels else [()]


def _steps(lane: Lane) -> list[tuple[Any, ...]]:
    return [()] if lane.states else []


def _saturation(lane: Lane) -> list[tuple[Any, ...]]:
    from engine.lenses.saturation import slopes_of

    return [(value,) for value in slopes_of(lane.trace)]


TRACKS: tuple[tuple[str, Each], ...] = (  # left to right
    ("tui.tracks.bits:BitsTrack", _surprise),
    ("tui.tracks.change:ChangeTrack", _fork),
    ("tui.tracks.units:UnitsTrack", _units),
    ("tui.tracks.gradient:GradientTrack", _once),
    ("tui.tracks.shares:SharesTrack", _steps),
    ("tui.tracks.jacobian:JacobianTrack", _steps),
    ("tui.tracks.saturation:SaturationTrack", _saturation),
    ("tui.tracks.attention:AttentionTrack", _attention),
    ("tui.tracks.heads:HeadsTrack", _heads),
    ("tui.tracks.prediction:PredictionTrack", _once),
)


def build(stage: Stage, lane: Lane) -> list[Track]:
    """The tracks of a lane, left to right; the token column is not among them."""
    tracks = []
    for path, each in TRACKS:
        arguments = each(lane)
        if arguments:
            module, _, name = path.partition(":")
            track = getattr(importlib.import_module(module), name)
            tracks += [track(stage, lane, *args) for args in arguments]
    return tracks
