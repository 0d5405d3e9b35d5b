"""The formats of a recording, by name; each writer knows frames and nothing of the app."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import PeepholeError
from tui.record.frame import Frame

if TYPE_CHECKING:
    from tui.record.what import Subject


def write(kind: str, frames: Sequence[Frame], subject: Subject, path: Path) -> None:
    """Write timed frames to a file."""
    if kind in ("gif", "mp4"):
        from tui.record import video

        video.write(kind, frames, subject.title, path)
    else:
        path.write_text(text(kind, frames, subject), encoding="utf-8", newline="\n")


def at_hand(kind: str, stdout: bool) -> None:
    """See that a format can be written, before the work begins.

    Raises:
        PeepholeError: what it needs is not installed, or it is not for stdout.
    """
    if kind in ("gif", "mp4"):
        from tui.record import video

        if stdout:
            raise PeepholeError(f"{kind} is not text", do="Name a file: -o FILE")
        video.needs(kind)


def said(kind: str, frames: Sequence[Frame], path: Path) -> str:
    """A file in words: how much of what."""
    size = f"{path.stat().st_size / 1000:,.0f} kB"
    if kind == "svg":
        return size
    seconds = sum(frame.hold for frame in frames)
    length = "" if kind == "text" else f"{int(seconds // 60)}:{int(seconds % 60):02}, "
    return f"{len(frames)} frames, {length}{size}"


def text(kind: str, frames: Sequence[Frame], subject: Subject) -> str:
    """Timed frames as one of the formats that are text."""
    look = subject.app.palette.look
    if kind == "cast":
        from tui.record.cast import cast

        return cast(frames, subject.title, look)
    if kind == "text":
        from tui.record import text as plain

        return plain.text(frames)
    if kind == "svg":
        from tui.record.svg import still

        return still(frames[-1], subject.title)
    from tui.record.film import film

    return film(frames, subject.title)
