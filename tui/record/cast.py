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
    wait, before = 0.0, None
    for number, frame in enumerate(frames):
        if number == 0 or frame.beat != frames[number - 1].beat:
            name = f"{frame.beat}. {frame.title}" if frame.title else f"{frame.beat}"
            lines.append(_event(wait, "m", name))
            wait = 0.0
        data = (BEGIN if before is None else "") + changed(frame, before)
        lines.append(_event(wait, "o", data))
        wait, before = frame.hold, frame
    lines.append(_event(wait, "o", OVER))
    lines.append(_event(0.0, "x", "0"))
    return "\n".join(lines) + "\n"


def changed(frame: Frame, before: Frame | None) -> str:
    """What a terminal has to be sent so that it shows `frame` where it has shown `before`."""
    return "".join(
        f"\x1b[{y};1H{''.join(_runs(row))}"
        for y, row in enumerate(frame.rows, 1)
        if before is None or row != before.rows[y - 1]
    )


def _runs(row: Row) -> Iterator[str]:
    """A row's runs, each with all of its look: what stands beside it does not matter."""
    for run in row:
        yield f"\x1b[0;{_sgr(run.ink)}m{run.text}"


def _sgr(ink: Ink) -> str:
    marks = ((ink.bold, "1"), (ink.italic, "3"), (ink.underline, "4"), (ink.strike, "9"))
    codes = [code for on, code in marks if on]
    for ground, colour in ((38, ink.fg), (48, ink.bg)):
        red, green, blue = bytes.fromhex(colour)
        codes.append(f"{ground};2;{red};{green};{blue}")
    return ";".join(codes)


def _palette(look: Look) -> str:
    """Sixteen colours, which a cast must name; nothing here is drawn with them."""
    eight = (look.background, look.bad, look.good, look.accent,
             look.primary, look.attention, look.word, look.text)  # fmt: skip
    return ":".join(eight * 2)


def _event(wait: float, code: str, data: str) -> str:
    return json.dumps([round(wait, 3), code, data], ensure_ascii=False)
