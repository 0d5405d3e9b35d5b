"""A film as a terminal's output: asciicast version 3, with the beats as chapters.

https://docs.asciinema.org/manual/asciicast/v3/: a header, then events of (seconds since the event before,
code, data); "o" is output, "m" a marker, "x" the exit. As the app itself would, a frame sends the rows that
are not as they were.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from tui.record.frame import Frame, Ink, Row
from tui.themes import Look

TERM = "xterm-256color"
BEGIN = "\x1b[?25l\x1b[2J"  # no cursor, an empty screen
OVER = "\x1b[0m\x1b[?25h"


def cast(frames: Sequence[Frame], title: str, look: Look) -> str:
    """The lines of the file; `frames` are timed.

    A chapter begins before its first frame, so that a player that goes to it shows that frame.
    """
    first = frames[0]
    header = {
        "version": 3,
        "term": {
            "cols": first.columns,
            "rows": len(first.rows),
            "type": TERM,
            "theme": {"fg": look.text, "bg": look.background, "palette": _palette(look)},
        },
        "title": title,
    }
    lines = [json.dumps(header, ensure_ascii=False)]
    wait: float = 0.0
    before: Frame | None = None
    for number, frame in enumerate(frames):
        if number == 0 or frame.beat != frames[number - 1].beat:
            name = f"{frame.beat}. {frame.title}" if frame.title else f"{frame.beat}"
            lines.append(_event(wait, "m", name))
            wait = 0.0
        data = ("" if before else BEGIN) + changed(frame, before)
        lines.append(_event(wait, "o", data))
        wait, before = frame.hold, frame
    lines.append(_event(wait, "o", OVER))
    lines.append(_event(0.0, "x", "0"))
    return "\n".join(lines) + "\n"


def changed(frame: Frame, before: Frame | None) -> str:
    """What a terminal has to be sent so that it shows `frame` where it has shown `before`."""
    if before is None:
        before = Frame(((),) * len(frame.rows), 0, 0, "", 0)
    pairs = zip(frame.rows, before.rows, strict=True)
    return "".join(_row(y, row, was) for y, (row, was) in enumerate(pairs, 1) if row != was)


def _row(y: int, row: Row, was: Row) -> str:
    """What of a row is not as it was, without what is the same at its left and right end."""
    begin, end = _same(row, was), _same(row[::-1], was[::-1])
    new = row[begin : max(begin, len(row) - end)]
    x = sum(run.width for run in row[:begin])
    return f"\x1b[{y};{x + 1}H{''.join(_runs(new))}"


def _same(row: Row, was: Row) -> int:
    """How many runs are the same from the beginning on."""
    pairs = enumerate(zip(row, was, strict=False))
    return next((i for i, (run, old) in pairs if run != old), min(len(row), len(was)))


def _runs(row: Row) -> Iterator[str]:
    """Runs with what changes of the look from one to the next; the first has all of it."""
    before: Ink | None = None
    for run in row:
        codes = _sgr(run.ink, before)
        yield f"\x1b[{codes}m{run.text}" if codes else run.text
        before = run.ink


def _sgr(ink: Ink, before: Ink | None) -> str:
    codes = []
    if before is None or _marks(ink) != _marks(before):
        codes, before = ["0", *_marks(ink)], None
    for ground, colour, old in (
        (38, ink.fg, before and before.fg),
        (48, ink.bg, before and before.bg),
    ):
        if colour != old:
            red, green, blue = bytes.fromhex(colour)
            codes.append(f"{ground};2;{red};{green};{blue}")
    return ";".join(codes)


def _marks(ink: Ink) -> list[str]:
    marks = ((ink.bold, "1"), (ink.italic, "3"), (ink.underline, "4"), (ink.strike, "9"))
    return [code for on, code in marks if on]


def _palette(look: Look) -> str:
    """Sixteen colours, which a cast must name; nothing here is drawn with them."""
    eight = (look.background, look.bad, look.good, look.accent,
             look.primary, look.attention, look.word, look.text)  # fmt: skip
    return ":".join(eight * 2)


def _event(wait: float, code: str, data: str) -> str:
    return json.dumps([round(wait, 3), code, data], ensure_ascii=False)
