"""Damaged and foreign trace files: what loads is exported in every format, or there is one message."""

from __future__ import annotations

import io
import json
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import PeepholeError, Trace, load_trace
from tests.engine.hostile import damaged
from tests.export.readers import Parsed
from tui.export import npz, page, table
from tui.export.lines import lines
from tui.export.tracks import Catalogue
from tui.lane import Lane


def export(trace: Trace, step: int = 7) -> None:
    """Every format, whole, and some tracks of their own on a page."""
    tracks = Catalogue(trace, None).of(())
    with suppress(PeepholeError):
        out = io.BytesIO()
        npz.write(trace, tracks, out)
        out.seek(0)
        with np.load(out, allow_pickle=False) as read:
            assert read["tokens"].tolist() == trace.tokens
    by_row = [track for track in tracks if track.rows]
    for line, token in zip(lines(trace, by_row), trace.tokens, strict=True):
        assert json.loads(line)["token"] == token
    assert sum(1 for _ in table.long(trace, tracks))
    assert sum(text.count("\r\n") for text in table.wide(trace, by_row)) > len(trace)
    for names in ((), *((track.name,) for track in tracks[::step])):
        with suppress(PeepholeError):
            parsed = Parsed(page.page([Lane("x", trace)], names).text)
            assert json.loads(parsed.all("script")[0])["lanes"][0]["tokens"] == trace.tokens


@pytest.mark.parametrize("kind", ["lstm", "seq2seq"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_trace_is_exported_or_refused(traces, tmp_path: Path, kind, data) -> None:
    path = tmp_path / "hostile"
    path.write_bytes(data.draw(damaged(Path(traces[kind][1]).read_bytes())))
    try:
        trace = load_trace(path)
    except PeepholeError:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # numbers that flipped bits have made
        export(trace)
