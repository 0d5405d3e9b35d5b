"""When the rows of a reading are there: its sequential steps (ticks), as the screen plays them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from engine import Trace


@dataclass(frozen=True)
class Pace:
    """The ticks of one reading. Ticks count from 1.

    Attributes:
        begins: for each row the tick in which it is begun.
        ends: for each row the tick after which it is all there; later rows never end earlier.
        per: what a tick is, in words, e.g. `a row`.
        both: how many of the rows, the first, a recurrent net reads in both directions at once.
    """

    begins: Sequence[int]
    ends: Sequence[int]
    per: str = "a row"
    both: int = 0

    @property
    def total(self) -> int:
        """How many ticks it takes."""
        return self.ends[-1] if self.ends else 0

    def begun(self, clock: int) -> int:
        """How many rows are begun by a tick."""
        return bisect_right(self.begins, clock)

    def done(self, clock: int) -> int:
        """How many rows are all there by a tick."""
        return bisect_right(self.ends, clock)

    def depth(self, row: int, clock: int, layers: int) -> int:
        """How many of a row's layers are computed: one a tick where its rows are read together."""
        if self.ends[row] <= clock:
            return layers
        if row < self.both:
            return sum(any(self.halves(row, clock, layer)) for layer in range(layers))
        return max(0, min(layers - 1, clock - self.begins[row] + 1))

    def halves(self, row: int, clock: int, layer: int) -> tuple[bool, bool]:
        """Whether a row's forward and backward units of a layer are computed.

        One direction comes down from the first row, the other up from the last, a row a tick each.
        """
        if row >= self.both or self.ends[row] <= clock:
            return True, True
        taken = clock - layer * self.both
        return row < taken, row >= self.both - taken


def pace(trace: Trace, fed: bool = True) -> Pace:
    """The ticks of a trace; of a language model that is `fed` word by word, one a row."""
    if fed and not trace.source:
        rows = range(1, len(trace) + 1)
        return Pace(rows, rows)
    from engine.ticks import ticks

    ends, _, per = ticks(trace)
    begins: list[int] = []
    for row, end in enumerate(ends):
        if row and end == ends[row - 1]:
            begins.append(begins[-1])
        else:
            begins.append(ends[row - 1] + 1 if row else 1)
    said = trace.header.architecture
    both = said.get("bidirectional") or said.get("kind") == "bidirectional"
    return Pace(begins, ends, per, trace.source if both else 0)
