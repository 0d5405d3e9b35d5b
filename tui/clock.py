"""What of the lanes is read: a clock of sequential steps, and a cursor on the rows.

A clock counts the sequential steps (ticks) that were taken; each lane has read the rows that its model
can have read by then. The cursor is one of them. Playing moves the cursor down a row a step, and the clock
on where it meets the end of what has been read.
"""

from __future__ import annotations

from collections.abc import Sequence

from tui.lane import Lane


class Clock:
    """One to three lanes that share rows, a cursor and a clock.

    Attributes:
        lanes: the first one leads: its tokens are the shared token column.
        cursor: the row that everything looks at.
        clock: how many ticks have been taken; at least 1. Of a language model that is a row each.
        loop: whether the last row is followed by the first.
    """

    def __init__(self, lanes: Sequence[Lane]) -> None:
        self.lanes: list[Lane] = list(lanes)
        self.cursor, self.clock, self.loop = 0, 1, False
        self.cursor = self.frontier

    @property
    def rows(self) -> int:
        """How many rows there are to read."""
        return max((len(lane) for lane in self.lanes), default=0)

    @property
    def tokens(self) -> list[str]:
        """The tokens of the first lane."""
        return self.lanes[0].trace.tokens

    @property
    def shown(self) -> int:
        """How many rows have been begun so far, of the lane that is the furthest; at least 1."""
        return max((self.begun(lane) for lane in self.lanes), default=1)

    def begun(self, lane: Lane) -> int:
        """How many rows of a lane have been begun so far."""
        return lane.pace.begun(self.clock)

    def depth(self, lane: Lane, row: int) -> int:
        """How many layers of a lane's row are computed so far: all but where rows are read together."""
        return lane.pace.depth(row, self.clock, lane.layers)

    def has(self, lane: Lane, row: int) -> bool:
        """Whether a lane has a row, and has computed all of it."""
        return row < lane.pace.done(self.clock)

    @property
    def ticks(self) -> int:
        """How many ticks it takes until every lane has read all."""
        return max((lane.pace.total for lane in self.lanes), default=0)

    def steps(self, lane: Lane) -> str:
        """How many of a lane's sequential steps have been taken, e.g. `9 of 14 steps`."""
        return f"{min(self.clock, lane.pace.total)} of {lane.pace.total} steps"

    @property
    def frontier(self) -> int:
        """The last row that is begun in every lane that has more to read; at the end the last one."""
        busy = [lane for lane in self.lanes if lane.pace.total > self.clock]
        return max(0, min((self.begun(lane) - 1 for lane in busy), default=self.rows - 1))

    def move(self, row: int) -> bool:
        """Put the cursor on a row, reading on until every lane has it; whether anything changed."""
        row = max(0, min(row, self.rows - 1))
        before = (self.cursor, self.clock)
        self.cursor, self.clock = row, max(self.clock, self._ticks_to(row))
        return (self.cursor, self.clock) != before

    def _ticks_to(self, row: int) -> int:
        """How many ticks it takes until every lane has a row, or all of the fewer rows that it has."""
        return max((lane.pace.ends[min(row, len(lane) - 1)] for lane in self.lanes), default=1)

    def show(self, rows: int) -> None:
        """Have so many rows read, the cursor on the last of them; 1 is the first tick."""
        rows = max(1, min(rows, self.rows))
        if rows == 1:
            self.clock, self.cursor = 1, 0
            self.cursor = self.frontier
        else:
            self.clock, self.cursor = self._ticks_to(rows - 1), rows - 1

    @property
    def counted(self) -> bool:
        """Whether sequential steps are counted: where a source is read, or language models are not fed."""
        return any(lane.source or not lane.fed for lane in self.lanes)

    def feed(self, fed: bool) -> None:
        """Have language models fed word by word, or read what is given in as few steps as they can."""
        if all(lane.fed == fed for lane in self.lanes):
            return
        for lane in self.lanes:
            lane.fed = fed
        self.clock = max(1, min(self.clock, self.ticks))
        self.move(self.cursor)

    @property
    def over(self) -> bool:
        """Whether all is read and the cursor at its end."""
        return self.clock >= self.ticks and self.cursor + 1 >= self.rows

    def step(self) -> bool:
        """One row on, or where all that is read has been seen one tick; at the end to the first if looping.

        Whether there was one.
        """
        if self.cursor < self.frontier:
            self.cursor += 1
            return True
        if self.clock < self.ticks:
            self.clock += 1
            self.cursor = max(self.cursor, self.frontier)
            return True
        if self.loop and self.rows > 1:
            self.show(1)
            return True
        return False
