"""The numbers of a decoding as knobs: which there are, what they can be turned to, and how they are shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rich.text import Text

from engine import Decoding
from tui.palette import Palette

KNOBS: dict[str, dict[str, tuple[float, ...]]] = {
    "greedy": {},
    "sample": {
        "top_p": (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0),
        "top_k": (0, 1, 2, 3, 5, 10, 20, 50, 100),
        "temperature": (0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 1.0, 1.2, 1.5, 2.0, 3.0, 5.0),
        "seed": tuple(range(100)),
    },
    "beam": {
        "beam": (1, 2, 3, 4, 5, 6, 8, 10, 16, 32, 64),
        "length": (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0),
    },
}
_BEGIN = {
    "greedy": Decoding(),
    "sample": Decoding("sample", top_p=0.9),
    "beam": Decoding("beam", 4),
}


def another(decoding: Decoding) -> Decoding:
    """The next way: greedy, sampling, a beam."""
    hows = list(_BEGIN)
    return _BEGIN[hows[(hows.index(decoding.how) + 1) % len(hows)]]


def turned(decoding: Decoding, knob: int, by: int) -> Decoding:
    """With one number more or less; as it is where it has none."""
    knobs = list(KNOBS[decoding.how].items())
    if not knobs:
        return decoding
    name, values = knobs[knob % len(knobs)]
    now = getattr(decoding, name)
    at = min(range(len(values)), key=lambda n: abs(values[n] - now))
    value: Any = values[max(0, min(len(values) - 1, at + by))]
    return replace(decoding, **{name: type(now)(value)})


def line(palette: Palette, decoding: Decoding, knob: int) -> Text:
    """The numbers in one line, that which is turned marked, and the keys."""
    text = Text(no_wrap=True)
    text.append(decoding.how, palette.style("accent"))
    knobs = list(KNOBS[decoding.how])
    for at, name in enumerate(knobs):
        value = getattr(decoding, name)
        off = (name == "top_k" and not value) or (name == "top_p" and value == 1)
        chosen = at == knob % len(knobs)
        mark = palette.glyph("▸", ">") if chosen else " "
        said = f"  {mark}{name.replace('_', '-')} {'off' if off else f'{value:g}'}"
        text.append(said, palette.style("primary" if chosen else "text"))
    text.append("   h how" + " · o ← → number" * bool(knobs), palette.style("muted"))
    return text
