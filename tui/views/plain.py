"""Texts in ASCII, for terminals that can show nothing else."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Span, Text

from tui.palette import Palette

ASCII = {
    "σ": "sigma", "⊙": "*", "·": "*", "…": "..", "√": "sqrt ", "ᵀ": "^T", "±": "+-", "→": "->",
    "≤": "<=", "¼": "1/4", "✗": "!", "▶": ">", "▲": "^", "│": "|", "─": "-", "┤": "+", "├": "+",
    "−": "-", "×": "x", "∂": "d", "←": "<-", "↑": "^", "↓": "v", "✓": "ok", "Δ": "d", "–": "-",
    "≠": "/=", "∞": "inf", "÷": "/", "’": "'", "²": "^2", "ρ": "rho", "λ": "lambda", "δ": "delta",
    "┌": "+", "┐": "+", "└": "+", "┘": "+", "┬": "+", "┴": "+", "┼": "+",
}  # fmt: skip


def plain(text: str) -> str:
    """The text in ASCII; a dot between spaced words becomes a dash, one between factors a star."""
    if text.isascii():
        return text
    for symbol, instead in ASCII.items():
        text = text.replace(symbol, instead)
    text = text.replace("sqrt  ", "sqrt ")
    return text.encode("ascii", "replace").decode()


def shown(palette: Palette, what: RenderableType) -> RenderableType:
    """A text as this palette can show it, styles kept."""
    if not palette.ascii:
        return what
    if isinstance(what, Group):
        return Group(*(shown(palette, part) for part in what.renderables))
    if isinstance(what, str):
        return plain(what)
    if not isinstance(what, Text) or what.plain.isascii():
        return what
    offsets = sorted({at for span in what.spans for at in (span.start, span.end)})
    result = Text(style=what.style, no_wrap=what.no_wrap, overflow=what.overflow)
    for part in what.divide(offsets):
        spans, words = part.spans, plain(part.plain)
        result.append_text(Text(words, spans=[Span(0, len(words), s.style) for s in spans]))
    return result
