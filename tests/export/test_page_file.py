"""What the file of an exported page holds, read by an HTML parser."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from engine import PeepholeError
from tests.export.readers import Parsed
from tui.export import page as pages
from tui.lane import Lane


def test_too_many_numbers_are_refused(traces, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = traces["lstm"][0]
    monkeypatch.setattr(pages, "MOST", 1000)
    with pytest.raises(PeepholeError, match="too many for a page") as error:
        pages.page([Lane("lstm", trace)])
    assert "--track" in error.value.do
    assert pages.page([Lane("lstm", trace)], ["surprisal"])


def test_its_size_is_said(cli, traces, tmp_path: Path) -> None:
    said = cli("export", traces["lstm"][1], "--track", "f", "-o", tmp_path / "t.html").stderr
    assert "1 tracks" not in said
    assert re.search(r"t.html: 1 track, \d+ kB of numbers \(float32\), \d+ kB", said)


def test_readings_have_what_they_have_of_the_tracks_that_are_named(traces) -> None:
    lanes = [Lane(name, traces[name][0]) for name in ("lstm", "transformer")]
    text = pages.page(lanes, ["f", "h", "attention", "jacobian"]).text
    data = json.loads(Parsed(text).all("script")[0])
    found = [[track["name"] for track in lane["tracks"]] for lane in data["lanes"]]
    assert found == [["f", "h", "jacobian_norms.state"], ["h", "attention"]]
    with pytest.raises(PeepholeError, match="no track 'z'"):
        pages.page(lanes, ["z"])
