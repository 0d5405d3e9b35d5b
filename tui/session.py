"""What is on the screen, without a screen: lanes on one cursor, playback, breaks and forks.

A clock counts the sequential steps (ticks) that were taken; each lane has read the rows that its model
can have read by then. The cursor is one of them. Playing moves the cursor down a row a step, and the clock
on where it meets the end of what has been read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine import LanguageModel, PeepholeError, fork, run
from engine.decoding import GREEDY
from engine.interventions import Intervention, from_record
from tui.lane import Lane
from tui.reading import CROSS

if TYPE_CHECKING:
    from engine.conditions import Condition

SPEEDS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)  # rows a second
MOST = 3  # lanes side by side


class Session:
    """One to three lanes that share rows, a cursor and what is selected.

    Attributes:
        title: the scenario's, or `free text`.
        lanes: the first one leads: its tokens are the shared token column.
        cursor: the row that everything looks at.
        clock: how many ticks have been taken; at least 1. Of a language model that is a row each.
        playing, speed, loop: playback; speed in rows a second.
        breaks: conditions that stop playback.
        unit, layer, head: what is selected; layer None is the last one, head None the mean.
        which: what attention is shown of a target's rows: `cross` (the source) or `self`.
        right: the right target of what is read, where it is known: what teacher forcing gives.
        decoding: how words are chosen where models write.
    """

    def __init__(self, lanes: Sequence[Lane], title: str = "free text") -> None:
        self.title = title
        self.lanes: list[Lane] = list(lanes)
        self.cursor, self.clock = 0, 1
        self.playing, self.speed, self.loop = False, 4.0, False
        self.breaks: list[Condition] = []
        self.unit = 0
        self.layer: int | None = None
        self.head: int | None = None
        self.which = CROSS
        self.right: tuple[str, ...] = ()
        self.decoding = GREEDY
        self._undo: list[list[Lane]] = []
        self.cursor = self.frontier

    @classmethod
    def read(
        cls, models: Sequence[LanguageModel], text: str | Sequence[str], title: str = "free text"
    ) -> Session:
        """A session of models that read a text.

        Raises:
            UnknownWords: naming all words that a model does not know.
        """
        return cls([Lane(model.name, run(model, text), model) for model in models], title)

    # Rows -------------------------------------------------------------------------------------

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

    def faster(self, by: int) -> None:
        """The next speed, up (1) or down (-1)."""
        at = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - self.speed))
        self.speed = SPEEDS[max(0, min(len(SPEEDS) - 1, at + by))]

    # Breaks -----------------------------------------------------------------------------------

    def add_break(self, condition: Condition) -> None:
        """Stop where a condition holds.

        Raises:
            PeepholeError: no lane has what it speaks of; the message is about the first lane.
        """
        errors = []
        for lane in self.lanes:
            try:
                condition.check(lane.trace)
            except PeepholeError as error:
                errors.append(error)
        if len(errors) == len(self.lanes):
            raise errors[0]
        self.breaks.append(condition)

    def broken(self) -> str:
        """What holds at the cursor, as it was measured; "" where no break does."""
        for condition in self.breaks:
            for lane in self.lanes:
                try:
                    condition.check(lane.trace)
                    if self.cursor < len(lane) and condition.holds(
                        lane.trace, self.cursor, lane.lens
                    ):
                        measured = condition.measured(lane.trace, self.cursor, lane.lens)
                        return f"{lane.label}: {measured}" if len(self.lanes) > 1 else measured
                except PeepholeError:  # this lane has no such value, or no model to compute it with
                    continue
        return ""

    # Forks ------------------------------------------------------------------------------------

    def forked(self, index: int, *interventions: Intervention) -> Lane:
        """The lane at an index with more done to it, without putting it on the screen.

        Raises:
            PeepholeError: its model is not at hand, or has nothing of that kind.
        """
        lane = self.lanes[index]
        if lane.model is None:
            raise PeepholeError(
                "this trace has no model to run again",
                do="Open the model: peephole open MODEL TEXT",
            )
        trace = fork(lane.model, lane.trace, *interventions)
        root = lane.parent or lane
        return Lane(lane.label, trace, lane.model, parent=root, note=lane.note)

    def put_fork(self, made: Lane) -> int:
        """Put a fork beside the lane that it came from; returns its index.

        A fork of the same name is replaced, where it stands; where there is no room, a lane at the
        end gives way.
        """
        self._undo.append(list(self.lanes))
        lanes = list(self.lanes)
        same = [x for x in lanes if x.parent is made.parent and x.label == made.label]
        if same:
            lanes[lanes.index(same[0])] = made
        else:
            lanes.insert(lanes.index(made.parent) + 1 if made.parent in lanes else len(lanes), made)
        if len(lanes) > MOST:
            other = [lane for lane in lanes if lane not in (made, made.parent)]
            lanes.remove(other[-1])
        self._change(lanes)
        return lanes.index(made)

    def set_lanes(self, lanes: Sequence[Lane]) -> None:
        """Other lanes on the same cursor; `undo` brings the present ones back."""
        self._undo.append(list(self.lanes))
        self._change(list(lanes)[:MOST])
        self.move(self.cursor)

    def _change(self, lanes: list[Lane]) -> None:
        """Other lanes; what had all been read is read to the end in them too."""
        over, fed = self.clock >= self.ticks, all(lane.fed for lane in self.lanes)
        self.lanes = lanes
        for lane in lanes:
            lane.fed = fed
        self.clock = self.ticks if over else min(self.clock, self.ticks)

    @property
    def changed(self) -> bool:
        """Whether there is something to take back."""
        return bool(self._undo)

    def undo(self) -> bool:
        """The lanes as they were before the last fork or change of models; whether there was one."""
        if not self._undo:
            return False
        self._change(self._undo.pop())
        self.cursor = min(self.cursor, self.shown - 1)
        return True

    def interventions(self, index: int) -> list[Intervention]:
        """What has been done to a lane."""
        return [from_record(r) for r in self.lanes[index].trace.header.interventions]
