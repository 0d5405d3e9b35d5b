"""A film as plain text: frame after frame, made to be compared line by line."""

from __future__ import annotations

from collections.abc import Sequence

from tui.record.frame import Frame


def text(frames: Sequence[Frame]) -> str:
    """The frames with a line above each that says where it stands; blanks at the ends are cut."""
    parts = []
    for frame in frames:
        parts.append(f"--- beat {frame.beat}/{frame.beats} · tick {frame.tick} ---")
        lines = ["".join(run.text for run in row).rstrip() for row in frame.rows]
        parts += lines
    return "\n".join(parts) + "\n"
