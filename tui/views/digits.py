"""Numbers that are three lines high, for those who sit far away."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.renderables.digits import Digits

HIGH = 3  # lines


def digits(number: str) -> list[str]:
    """The lines of a number, all as wide as the others; for box-drawing characters, never for ASCII."""
    found = Digits(number).render(Style(bold=True))
    return [s.text for s in found if isinstance(s, Segment) and s.text != "\n"]
