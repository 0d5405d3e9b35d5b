"""How long each frame of a film is shown: ticks and words are counted, no clock is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tui.record.frame import Frame

TICK = 0.25  # seconds of a row on the way to where a beat stops, unless it is said otherwise
WORD = 0.3  # seconds to read a word: 200 words a minute, as for a text that one has not seen before
LEAST = 2.0  # seconds at the end of a beat, for the picture itself
THINK = 5.0  # seconds more for a guess, before what was asked is answered
END = 3.0  # seconds more after the last beat, before a film begins again


def timed(frames: Sequence[Frame], tick: float = TICK) -> list[Frame]:
    """The frames with how long each is shown.

    A row is shown for a tick, and where the screen rests it rests for as long as it takes to read the
    words, less the time that the rows before took: the words stand there from the first row on.
    """
    held: list[Frame] = []
    took = 0.0
    for frame in frames:
        if frame.still:
            reading = WORD * len(frame.said.split()) - took
            hold = round(max(LEAST, reading) + (THINK if frame.asks else 0.0), 3)
            took = 0.0
        else:
            hold = tick
            took += tick
        held.append(replace(frame, hold=hold))
    held[-1] = replace(held[-1], hold=held[-1].hold + END)
    return held


def by_beat(frames: Sequence[Frame]) -> Iterator[list[Frame]]:
    """The frames of each beat."""
    beat: list[Frame] = []
    for frame in frames:
        if beat and frame.beat != beat[0].beat:
            yield beat
            beat = []
        beat.append(frame)
    if beat:
        yield beat
