"""What is on the screen, without a screen: lanes on one cursor, playback, breaks and forks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine import LanguageModel, PeepholeError, fork, run
from engine.decoding import GREEDY
from engine.interventions import Intervention, from_record
from tui.clock import Clock
from tui.lane import Lane
from tui.reading import CROSS

if TYPE_CHECKING:
    from engine.conditions import Condition

SPEEDS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)  # rows a second
MOST = 3  # lanes side by side


class Session(Clock):
    """One to three lanes that share rows, a cursor and what is selected.

    Attributes:
        title: the scenario's, or `free text`.
        playing, speed: playback; speed in rows a second.
        breaks: conditions that stop playback.
        unit, layer, head: what is selected; layer None is the last one, head None the mean.
        which: what attention is shown of a target's rows: `cross` (the source) or `self`.
        right: the right target of what is read, where it is known: what teacher forcing gives.
        decoding: how words are chosen where models write.
    """

    def __init__(self, lanes: Sequence[Lane], title: str = "free text") -> None:
        super().__init__(lanes)
        self.title = title
        self.playing, self.speed = False, 4.0
        self.breaks: list[Condition] = []
        self.unit = 0
        self.layer: int | None = None
        self.head: int | None = None
        self.which = CROSS
        self.right: tuple[str, ...] = ()
        self.decoding = GREEDY
        self._undo: list[list[Lane]] = []

    @classmethod
    def read(
        cls, models: Sequence[LanguageModel], text: str | Sequence[str], title: str = "free text"
    ) -> Session:
        """A session of models that read a text.

        Raises:
            UnknownWords: naming all words that a model does not know.
        """
        return cls([Lane(model.name, run(model, text), model) for model in models], title)

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

    def halt(self, since: int) -> str:
        """After a step from row `since`: stay at the first row since then where a break holds.

        One tick can bring many rows, where they are read together.

        Returns:
            What holds there, as it was measured; "" where no break does.
        """
        reached = self.cursor
        rows = range(since + 1 if since <= reached else 0, reached + 1)  # 0: looped to the start
        for self.cursor in rows:
            if broken := self.broken():
                return broken
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
