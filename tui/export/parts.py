"""What a page knows of a reading: its rows, and each of its tracks as numbers with what is said of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from engine import PeepholeError
from engine.lenses.record import LONGEST_MAP
from tui import crossing
from tui.export.tracks import Catalogue, Track
from tui.lane import Lane
from tui.scales import nice_scale, percentile
from tui.tracks.bits import MOST as MOST_BITS
from tui.tracks.units import LONG

RANKS = {"h": 3, "c": 6, "f": 5, "z": 5}  # low ones have room first, as on the screen
GATE, OTHER, ASKED = 7, 25, 2
TOP = 3  # likeliest words of a row
ATTENTION = {"weights": "self", "cross_weights": "cross"}
COLUMNS = ("unit", "input", "depth", "rank", "head")  # axes that a heatmap can have across
Part = dict[str, Any]


def lane_data(lane: Lane, catalogue: Catalogue, names: Sequence[str] | None, first: Lane) -> Part:
    """One reading; the tracks that were named, or (None) those of the score."""
    trace = lane.trace
    tracks = _usual(lane, catalogue) if names is None else _asked(lane, catalogue, names)
    return {
        "name": lane.name,
        "tokens": trace.tokens,
        "own": trace.tokens != first.trace.tokens,  # whether it needs a column of its tokens
        "source": lane.source if lane.source < len(lane) else 0,
        "labels": lane.labels,
        "layers": lane.layers,
        "heads": lane.heads,
        "crosses": crossing.words(lane) if 0 < lane.source < len(lane) else (),
        "tracks": tracks,
    }


def decades(lanes: Sequence[Part]) -> dict[str, tuple[int, int]]:
    """Of each gradient the powers of ten that hold it, in all lanes: three at least, twelve at most."""
    found: dict[str, tuple[int, int]] = {}
    parts = [t["parts"] for lane in lanes for t in lane["tracks"] if t["kind"] == "gradient"]
    for name in {name for part in parts for name in part}:
        sizes = np.concatenate([part[name]["data"].ravel() for part in parts if name in part])
        sizes = sizes[sizes > 0]
        if not sizes.size:
            found[name] = (-3, 0)
            continue
        high = math.ceil(math.log10(sizes.max()))
        low = max(math.floor(math.log10(percentile(sizes, 10))), high - 12)
        found[name] = min(low, high - 3), high
    return found


def _usual(lane: Lane, catalogue: Catalogue) -> list[Part]:
    """The tracks of the score, left to right."""
    header, found = lane.trace.header, []
    if not lane.labels and lane.predicts:
        found.append(_bits(lane, catalogue))
    if lane.parent is not None:
        found.append(_change(lane))
    first = [*(header.states or ("h",)), *header.gates]
    values = [name for name in first if name in lane.units]
    values += [name for name in lane.units if name not in values]
    found += [_heat(lane, track) for track in catalogue.of(values)] if values else []
    if len(lane) <= LONGEST_MAP or "gradient_map" in lane.trace.lenses:
        with suppress(PeepholeError):  # neither recorded nor a model to compute it with
            found.append(_gradient(lane, catalogue.of(["gradient"])))
    if lane.looks:
        found.append(_attention(catalogue.of(["attention"])))
    if lane.predicts:
        found.append(_prediction(lane, catalogue))
    return found


def _asked(lane: Lane, catalogue: Catalogue, names: Sequence[str]) -> list[Part]:
    """The tracks of these names, in this order."""
    found: list[Part] = []
    parts: dict[str, list[Track]] = {"gradient": [], "attention": []}
    for track in catalogue.of(names):
        group = "gradient" if track.name.startswith("gradient_map.") else ""
        group = "attention" if track.name in ATTENTION else group
        if group:
            parts[group].append(track)
        elif track.name == "surprisal.bits":
            found.append(_bits(lane, catalogue))
        elif track.name.startswith("top_k."):
            if all(part["kind"] != "prediction" for part in found):
                found.append(_prediction(lane, catalogue))
        else:
            found.append(_shown(lane, track))
    found += [_gradient(lane, parts["gradient"])] if parts["gradient"] else []
    found += [_attention(parts["attention"])] if parts["attention"] else []
    return [part | {"rank": ASKED + i / 100} for i, part in enumerate(found)]


def _shown(lane: Lane, track: Track) -> Part:
    """A track that has one number a row, or several beside each other.

    Raises:
        PeepholeError: it has more axes than that.
    """
    inner = tuple(axis for axis in track.axes if axis not in ("time", "layer"))
    if track.rows and track.axes[1:] in ((), ("layer",)):
        return _bars(track)
    if track.rows and len(inner) == 1 and inner[0] in COLUMNS and track.axes[-1] == inner[0]:
        return _heat(lane, track)
    raise PeepholeError(
        f"no page shows {track.name} ({', '.join(track.axes)})",
        do="Export it as npz, jsonl or csv; a page shows values by unit, gradients, attention "
        "weights, predictions and lenses with one number a row",
    )


def _heat(lane: Lane, track: Track) -> Part:
    """(time, layer, unit) or (time, unit): a column a unit."""
    header, array = lane.trace.header, track.array
    if track.name in lane.trace:
        scale = lane.scale(track.name)
    else:
        within = not track.unit or np.nanmin(array) < 0 or np.nanmax(array) > 1
        sizes = np.abs(array[np.isfinite(array)])
        scale = nice_scale(percentile(sizes, 95)) if within and sizes.size else None
    gate = track.name in header.gates
    return {
        "kind": "heat",
        "name": track.name,
        "long": LONG.get(track.name, "") or track.unit,
        "scale": scale,
        "layers": array.shape[1] if array.ndim == 3 else 1,
        "units": array.shape[-1],
        "data": array,
        "rank": RANKS.get(track.name, GATE if gate else OTHER),
    }


def _bars(track: Track) -> Part:
    """(time,) or (time, layer): a number and a bar a row."""
    sizes = track.array[np.isfinite(track.array)]
    return {
        "kind": "bars",
        "name": track.name,
        "unit": track.unit,
        "none": f"no {track.name} here",
        "most": nice_scale(float(sizes.max())) if sizes.size else 1.0,
        "layers": track.array.shape[1] if track.array.ndim == 2 else 1,
        "data": track.array,
        "rank": ASKED,
    }


def _bits(lane: Lane, catalogue: Catalogue) -> Part:
    """Surprisal, where something was to be foretold."""
    (track,) = catalogue.of(["surprisal.bits"])
    track = replace(track, array=np.array([lane.bits(row) for row in range(len(lane))]))
    none = "no surprisal, nothing predicts it"
    return _bars(track) | {"name": "surprisal", "none": none, "most": MOST_BITS, "rank": 1}


def _change(lane: Lane) -> Part:
    """What an intervention changed, against the lane that it was forked from."""
    pairs = np.array([lane.change(row) for row in range(len(lane))])
    return {
        "kind": "change",
        "name": "Δbits",
        "data": pairs[:, 0],
        "parts": {"moved": {"data": pairs[:, 1]}},
        "most": lane.largest_change(),
        "rank": 1.5,
    }


def _gradient(lane: Lane, tracks: Sequence[Track]) -> Part:
    """|dL_t/dh_k| and, of c and x, as (time, source, layer); the state that the screen shows first."""
    states = lane.trace.header.states
    order = (*states, "x") if states else ("x", "h")
    by_name = {track.name.partition(".")[2]: track for track in tracks}
    names = [name for name in order if name in by_name]
    parts: Mapping[str, Part] = {
        name: {
            "layers": by_name[name].array.shape[2] if by_name[name].array.ndim == 3 else 1,
            "data": by_name[name].array,
        }
        for name in names
    }
    return {
        "kind": "gradient",
        "name": "gradient",
        "unit": tracks[0].unit.partition(", ")[2],
        "parts": parts,
        "first": lane.gradients.first,
        "rank": 4,
    }


def _attention(tracks: Sequence[Track]) -> Part:
    """Weights (time, layer, head, key), of cross-attention first."""
    parts = {
        ATTENTION[track.name]: {
            "layers": track.array.shape[1],
            "heads": track.array.shape[2],
            "data": track.array,
        }
        for track in sorted(tracks, key=lambda track: track.name)
    }
    return {"kind": "attention", "name": "attention", "parts": parts, "rank": 2.5}


def _prediction(lane: Lane, catalogue: Catalogue) -> Part:
    """The likeliest words of each row with their probabilities."""
    ids, p = catalogue.of(["top_k.ids", "top_k.p"])
    assert ids.words is not None
    record = lane.trace.header.decoding
    return {
        "kind": "prediction",
        "name": "label" if lane.labels else "next word",
        "words": [
            said[:TOP] if lane.asked(row) else [""] * len(said[:TOP])
            for row, said in enumerate(ids.words.tolist())
        ],
        "came": [lane.came(row) for row in range(len(lane))],
        "free": int(record.get("first", 0)) if record else 0,
        "units": min(TOP, p.array.shape[1]),
        "data": p.array[:, :TOP],
        "rank": 2,
    }
