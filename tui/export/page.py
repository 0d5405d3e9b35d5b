"""A page for a browser: one file with the score of one or more readings, which asks no server for anything.

What comes from a trace is escaped wherever it stands, and the policy in the page's head lets nothing run but
the script whose hash it names: https://www.w3.org/TR/CSP3/.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from string import Template
from typing import Any

import numpy as np

from engine import PeepholeError
from tui import themes
from tui.export.parts import decades, lane_data
from tui.export.tracks import Catalogue
from tui.lane import Lane

MOST = 24_000_000  # bytes of numbers, before base64 makes a third more of them
SCRIPTS = ("reading.js", "drawing.js", "moving.js")
PRECISION = (
    "Numbers are float32, as models compute them; those of lenses (float64) are rounded to it."
)


@dataclass(frozen=True)
class Page:
    """A page, and what is to be said of it."""

    text: str
    said: str


def page(lanes: Sequence[Lane], names: Sequence[str] = ()) -> Page:
    """The page of these readings, side by side; with the tracks of these names, or those of the score.

    Raises:
        PeepholeError: no such track, one that no page shows, or more numbers than a page can hold.
    """
    catalogues = [Catalogue(lane.trace, lane.model) for lane in lanes]
    data: dict[str, Any] = {
        "looks": {"dark": _look(themes.DARK), "light": _look(themes.LIGHT)},
        "lanes": [
            lane_data(lane, catalogue, own, lanes[0])
            for lane, catalogue, own in zip(lanes, catalogues, _had(catalogues, names), strict=True)
        ],
    }
    data["decades"] = decades(data["lanes"])
    size = sum(array.size * 4 for array in _arrays(data))
    if size > MOST:
        raise PeepholeError(
            f"{size / 1e6:.0f} MB of numbers are too many for a page (at most {MOST / 1e6:.0f})",
            do="Name fewer with --track, or give it a shorter text",
        )
    title = " + ".join(lane.label for lane in lanes) + ": " + _words(lanes[0])
    style = _variables() + _read("page.css")
    script = "".join(map(_read, SCRIPTS))
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "base-uri 'none'; form-action 'none'"
    )
    text = Template(_read("page.html")).substitute(
        policy=policy,
        title=html.escape(title),
        about=html.escape(" | ".join(map(_about, lanes))),
        style=style,
        script=script,
        tables="\n".join(map(_table, lanes)),
        data=_inside_a_script(json.dumps(data, default=_encoded, separators=(",", ":"))),
        precision=PRECISION,
    )
    shown = sum(len(lane["tracks"]) for lane in data["lanes"])
    return Page(
        text, f"{shown} track{'s' * (shown != 1)}, {size / 1000:,.0f} kB of numbers (float32)"
    )


def _had(catalogues: Sequence[Catalogue], names: Sequence[str]) -> Sequence[list[str] | None]:
    """Of each reading, those of the names that it has (one of them has each); None for all without names."""
    if not names:
        return [None] * len(catalogues)
    had: list[list[str]] = [[] for _ in catalogues]
    for name in names:
        errors = []
        for catalogue, own in zip(catalogues, had, strict=True):
            try:
                catalogue.of([name])
                own.append(name)
            except PeepholeError as error:
                errors.append(error)
        if len(errors) == len(catalogues):
            raise errors[0]
    return had


def _read(name: str) -> str:
    return (files("tui.export") / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """A source of a policy: what an element must hold, byte for byte, to be obeyed."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _inside_a_script(text: str) -> str:
    """JSON that ends no script element, and begins no comment in one."""
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _encoded(value: Any) -> str:
    assert isinstance(value, np.ndarray)
    return base64.b64encode(np.ascontiguousarray(value, dtype="<f4").tobytes()).decode()


def _arrays(data: Any) -> Iterator[np.ndarray]:
    """All arrays in it."""
    if isinstance(data, np.ndarray):
        yield data
    elif isinstance(data, dict | list):
        for item in data.values() if isinstance(data, dict) else data:
            yield from _arrays(item)


def _look(look: themes.Look) -> dict[str, Any]:
    """A look's colours, its maps as lists of anchors."""
    found: dict[str, Any] = asdict(look)
    for kind in ("signed", "unit"):
        found[kind] = [f"#{colour}" for colour in themes.MAPS[found[kind]].split()]
    return found


def _variables() -> str:
    """The looks as variables of the style sheet."""
    names = ("background", "surface", "primary", "text", "muted", "accent", "cursor")

    def rule(look: themes.Look) -> str:
        return ":root { " + " ".join(f"--{n}: {getattr(look, n)};" for n in names) + " }"

    return f"\n{rule(themes.LIGHT)}\n@media (prefers-color-scheme: dark) {{ {rule(themes.DARK)} }}"


def _words(lane: Lane) -> str:
    """What was read, short enough for a title."""
    tokens = lane.trace.tokens[: lane.source or len(lane)]
    words = " ".join(token for token in tokens if token not in ("<s>", "</s>"))
    return words if len(words) <= 80 else f"{words[:79]}…"


def _about(lane: Lane) -> str:
    """Where a reading comes from."""
    parts = [lane.name, *lane.mode[:1], f"{len(lane)} rows", f"trace {lane.trace.id}"]
    return " · ".join(parts)


def _table(lane: Lane) -> str:
    """The rows as a table, for those who run no scripts and for those who see no pictures."""
    foretold = "Label" if lane.labels else "Likeliest next"
    lines = [
        f"<table><caption>{html.escape(lane.name)}</caption>",
        f"<tr><th>Row</th><th>Token</th><th>Surprisal, bits</th><th>{foretold}</th></tr>",
    ]
    for row, token in enumerate(lane.trace.tokens):
        bits, top = lane.bits(row), lane.top(row)
        begins = ' class="target-begins"' if row and row == lane.source else ""
        likeliest = f"{html.escape(top[0][0])} ({top[0][1]:.3f})" if top else ""
        surprise = "" if bits != bits else f"{bits:.3f}"
        lines.append(
            f'<tr{begins}><td class="number">{row}</td><td>{html.escape(token)}</td>'
            f'<td class="number">{surprise}</td><td>{likeliest}</td></tr>'
        )
    return "\n".join([*lines, "</table>"])
