"""The tables of keys in docs/scenarios.md, made from `scenarios.keys`.

`python -m scenarios.reference` writes them there anew; a test says when they are out of date.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from scenarios.keys import BEAT, CHOICE, LANE, READING, SCENARIO
from scenarios.script import YEARS
from scenarios.tables import NUMBER, Key
from scenarios.toml import written

DOCS = Path(__file__).parents[1] / "docs" / "scenarios.md"
BEGIN, END = "<!-- keys: made by python -m scenarios.reference -->", "<!-- end of keys -->"
_TYPES = {str: "text", int: "whole number", bool: "true or false", NUMBER: "number"}


def markdown() -> str:
    """Every key: what it holds, what it means, an example."""
    own = {key: of for key, of in LANE.keys.items() if key not in READING}
    groups: list[tuple[str, Mapping[str, Key]]] = [
        ("A scenario", {k: of for k, of in SCENARIO.keys.items() if k not in READING}),
        ("What is read (in a scenario, a lane or a beat; the innermost counts)", READING),
        *((f"A lane with `{kind}`", keys) for kind, keys in LANE.kinds.items()),
        ("Any lane", own),
        ("A beat", {k: of for k, of in BEAT.keys.items() if k not in READING}),
        ("One of a beat's `choices`", CHOICE.keys),
    ]
    return "\n\n".join("\n".join(_section(title, keys)) for title, keys in groups)


def current(text: str) -> str:
    """A text with the tables between its marks made anew."""
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    return pattern.sub(lambda _: f"{BEGIN}\n\n{markdown()}\n\n{END}", text)


def _section(title: str, keys: Mapping[str, Key]) -> Iterator[str]:
    yield f"### {title}"
    yield ""
    yield "| key | holds | what it says | example |"
    yield "|---|---|---|---|"
    for name, key in keys.items():
        needed = " (needed)" if key.needed else ""
        cells = (f"`{name}`{needed}", _holds(key), key.about, f"`{written(key.example)}`")
        yield "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _holds(key: Key) -> str:
    if key.known:
        kind = ", ".join(f"`{word}`" for word in key.known)
    elif key.holds in (list, dict):
        inside = "texts" if key.items is None else "tables"
        kind = f"a list of {inside}" if key.holds is list else f"{inside} with names"
    else:
        kinds = key.holds if isinstance(key.holds, tuple) and key.holds != NUMBER else (key.holds,)
        kind = " or ".join(_TYPES[of] for of in kinds)
    if key.high < math.inf:
        years = "," if (key.low, key.high) != YEARS else ""
        kind += f", {key.low:{years}.0f} to {key.high:{years}.0f}"
    elif key.low > -math.inf:
        kind += f", {key.low:,.0f} or more"
    default = f"; else {written(key.default)}" if key.default not in (None, "") else ""
    return kind + default


if __name__ == "__main__":
    DOCS.write_text(current(DOCS.read_text(encoding="utf-8")), encoding="utf-8")
