"""A reader of asciicast version 3, written from its specification and strict about every word of it.

https://docs.asciinema.org/manual/asciicast/v3/
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

COLOUR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True)
class Cast:
    """What a file says: its header, and events as (seconds from the beginning, code, data)."""

    header: dict[str, Any]
    events: list[tuple[float, str, str]]

    def of(self, code: str) -> list[tuple[float, str]]:
        return [(at, data) for at, kind, data in self.events if kind == code]


def read(text: str) -> Cast:
    """A cast; an assertion fails where it is not as the specification says."""
    assert text.endswith("\n")
    first, *rest = text[:-1].split("\n")
    header = json.loads(first)
    assert header["version"] == 3
    assert set(header) <= {
        "version", "term", "timestamp", "idle_time_limit", "command", "title", "env", "tags",
    }  # fmt: skip
    assert isinstance(header["title"], str)
    term = header["term"]
    assert set(term) <= {"cols", "rows", "type", "version", "theme"}
    assert all(type(term[key]) is int and term[key] > 0 for key in ("cols", "rows"))
    theme = term["theme"]
    assert set(theme) == {"fg", "bg", "palette"}
    palette = theme["palette"].split(":")
    assert len(palette) in (8, 16)
    assert all(COLOUR.fullmatch(colour) for colour in (theme["fg"], theme["bg"], *palette))
    now, events = 0.0, []
    for line in rest:
        if line.startswith("#"):
            continue
        event = json.loads(line)
        assert isinstance(event, list)
        assert len(event) == 3
        wait, code, data = event
        assert type(wait) in (int, float)
        assert wait >= 0
        assert code in ("o", "i", "m", "r", "x")
        assert isinstance(data, str)
        assert not events or events[-1][1] != "x", "nothing comes after the exit"
        now += wait
        events.append((now, code, data))
    assert [data for _, code, data in events if code == "x"] in ([], ["0"])
    return Cast(header, events)
