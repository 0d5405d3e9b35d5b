"""NPZ: every track as the array that it is, for NumPy; without pickle, and the same bytes each time."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from typing import IO, Any

import numpy as np

from engine import PeepholeError, Trace
from tui.export.meanings import meaning
from tui.export.tracks import Track

FORMAT = 1
OWN = ("about", "tokens", "vocabulary")
EPOCH = (1980, 1, 1, 0, 0, 0)  # of all members: nothing of when or where it was made


def write(trace: Trace, tracks: Sequence[Track], out: IO[bytes]) -> None:
    """Write a zip of .npy members: the tracks by name, `tokens`, `vocabulary`, and `about`, a JSON text.

    Raises:
        PeepholeError: a track of a foreign trace has a name that is no member's.
    """
    for track in tracks:
        if track.name in OWN or not track.name.replace(".", "_").isidentifier():
            raise PeepholeError(
                f"a track called {track.name!r} has no place in an archive", do="Try --format jsonl"
            )
    arrays: dict[str, np.ndarray] = {
        "about": np.array(json.dumps(about(trace, tracks), ensure_ascii=False)),
        "tokens": np.array(trace.tokens),
        "vocabulary": np.array(trace.header.vocabulary),
        **{track.name: track.array for track in tracks},
    }
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            info = zipfile.ZipInfo(f"{name}.npy", EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def about(trace: Trace, tracks: Sequence[Track]) -> dict[str, Any]:
    """What the arrays are: axes, unit and meaning of each, and where the trace comes from."""
    header = trace.as_header()
    kept = {name: value for name, value in header.items() if name not in ("vocabulary", "axes")}
    said = {
        track.name: {"axes": track.axes, "unit": track.unit, "what": meaning(track.name)}
        for track in tracks
    }
    return {"format": FORMAT, "trace": trace.id, **kept, "tracks": said}
