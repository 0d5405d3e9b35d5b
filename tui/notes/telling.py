"""A card in words: (text, style) pairs for each part of the screen of `peephole notes`."""

from __future__ import annotations

import re

from tui.lines import Parts
from tui.narrator import emphasised, flowing, short
from tui.notes.card import Card
from tui.notes.timing import clock, left
from tui.palette import Palette

NOTHING = "This beat has no notes. A scenario's file gives them: notes in a beat."


def number(card: Card, palette: Palette) -> Parts:
    """Which beat of what, and whether the curtain is down."""
    look = palette.look
    state = " · curtain: the screen is dark" if card.blank else ""
    return [
        (f"beat {card.beat + 1}/{card.beats}", f"bold {look.accent}"),
        (f"  {card.title}", look.text),
        (state, f"bold {look.bad}"),
    ]


def times(card: Card, zero: tuple[float, float], now: float, palette: Palette) -> Parts:
    """The time since the start, of this beat, and what is left.

    Args:
        zero: when the speaker set the clocks to zero: the whole one, and the beat's.
        now: seconds since 1970.
    """
    look = palette.look
    began, since = max(card.began, zero[0]), max(card.since, zero[1])
    parts = [
        (clock(now - began), "bold"), (" since the start   ", look.muted),
        (clock(now - since), "bold"), (" in this beat", look.muted),
    ]  # fmt: skip
    if remains := left(began, card.minutes, now):
        over = remains.endswith("over")
        parts.append((f"   {remains}", f"bold {look.bad if over else look.good}"))
    return parts


def notes(card: Card, palette: Palette) -> Parts:
    """The notes of its author."""
    look = palette.look
    if not card.notes:
        return [(NOTHING, look.muted)]
    return [
        (part, f"{style} {look.text}".strip()) for part, style in emphasised(paragraphs(card.notes))
    ]


def told(card: Card, palette: Palette, most: int = 0, low: bool = False) -> Parts:
    """What the audience reads, and what was measured.

    Args:
        most: letters of the narration; then claims that hold are only counted. 0 is all of it.
        low: choices share a line.
    """
    look = palette.look
    if card.asks:
        return asked(card, palette, low)
    said = "".join(part for part, _ in emphasised(flowing(card.said)))
    said = begins(said, most) if most else said
    parts: Parts = [("They read: ", look.muted), (said or "measuring …", look.muted)]
    if card.problem:
        parts.append((f"\n{card.problem}", look.bad))
    good, bad = palette.glyph("✓", "ok"), palette.glyph("✗", "FAILED")
    for claim, measured, passed in card.claims:
        if not passed:
            parts += [(f"\n{bad} ", f"bold {look.bad}"), (f"{claim} ({measured})", look.muted)]
        elif not most:
            shown = f"{claim} ({short(measured)})"
            parts += [(f"\n{good} ", f"bold {look.good}"), (shown, look.muted)]
    holds = sum(passed for *_, passed in card.claims)
    if holds and most:
        many = "1 claim is" if holds == 1 else f"{holds} claims are"
        parts += [(f"\n{good} ", f"bold {look.good}"), (f"{many} measured, and true", look.muted)]
    return parts


def asked(card: Card, palette: Palette, low: bool) -> Parts:
    """The question, its choices with the right one marked, or the right number; nobody else sees these.

    Where there is little room the answer comes first: the question can be read on the projector.
    """
    look, good = palette.look, palette.glyph("✓", "ok")
    question: Parts = [
        ("They are asked: ", f"bold {look.accent}"), (" ".join(card.asks.split()), look.text)
    ]  # fmt: skip
    true, false = f"bold {look.good}", look.text
    choices = [
        (f"{good if right else ' ' * len(good)} {chr(ord('a') + n)} {choice}", right)
        for n, (choice, right) in enumerate(card.choices)
    ]
    if card.answer:
        choices.append((f"{good} {card.answer}", True))
    rows: Parts = [(f"\n{shown}", true if right else false) for shown, right in choices]
    if not card.known:
        rows.append(("\nmeasuring the answer …", look.muted))
    elif card.problem:
        rows.append((f"\n{card.problem}", look.bad))
    keys = ("\nn, Page Down: show them the answer", look.muted)
    if not low:
        return [*question, *rows, keys]
    first = [(text.lstrip("\n"), style) for text, style in rows if style != false]
    others: Parts = [(f"  {shown.strip()}", false) for shown, right in choices if not right]
    return [*first, keys, ("\n", ""), *question, *others]


def following(card: Card, palette: Palette) -> Parts:
    """What comes next, and where nothing does, that no key changes that."""
    end = "nothing, this is the last beat"
    nothing = f"{end}: n does no more" if card.ended else end
    return [("Next: ", palette.look.muted), (card.following or nothing, "bold")]


def paragraphs(text: str) -> str:
    """Paragraphs that wrap where the screen ends; what begins with a dash has a line of its own."""
    parts = (re.split(r"\n(?=\s*[-*] )", part) for part in text.strip().split("\n\n"))
    return "\n\n".join("\n".join(map(flowing, part)) for part in parts)


def begins(text: str, most: int) -> str:
    """The first sentences of a text, as many as there is room for."""
    if len(text) <= most:
        return text
    cut = text[:most].rpartition(". ")[0]
    return f"{cut}. …" if cut else f"{text[: most - 2]} …"
