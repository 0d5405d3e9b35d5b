"""Playing a scenario beat by beat, without a screen: the one core of `peephole check` and of the app.

play = Play(read("agreement.toml"))
stage = play.stage(0)      # lanes, row and view: quick
play.narration(0)          # the text with what was measured
play.verdicts(0)           # every claim with its measured values
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import PeepholeError
from engine.phrases import intervention
from engine.refusals import check
from engine.text import UnknownWords
from scenarios import readers, shown, stops, zoo
from scenarios.expressions import Expression, WordError, evaluate, measured
from scenarios.lanes import Lane
from scenarios.measures import MEASURES
from scenarios.narration import Narration, read_narration
from scenarios.script import HERE, Beat, Claim, LaneSpec, Reading, Scenario
from scenarios.source import Path_, ScriptError

if TYPE_CHECKING:
    from scenarios.tasks import Task


@dataclass(frozen=True)
class Stage:
    """What the screen shows at a beat.

    Attributes:
        lanes: side by side, the first one leads.
        row: where the cursor stops; every lane of the beat has it.
        view, of, unit, layer, head: what is on the screen (None: as it stands).
    """

    beat: Beat
    lanes: tuple[Lane, ...]
    row: int
    view: str
    of: str | None
    unit: int | None
    layer: int | None
    head: int | None


@dataclass(frozen=True)
class Verdict:
    """A claim, checked: `measured` is what it came to, e.g. "0.973 > 0.9"."""

    text: str
    measured: str
    passed: bool
    seconds: float


class Play:
    """A scenario with its lanes, which are run when they are first needed and kept."""

    def __init__(self, scenario: Scenario, models: readers.Models = zoo.model) -> None:
        self.scenario = scenario
        self._models = models
        self._lanes: dict[tuple[str, Reading], Lane] = {}
        self._values: dict[tuple[int | None, str], Any] = {}
        self._building: list[str] = []

    def __len__(self) -> int:
        return len(self.scenario.beats)

    def stage(self, i: int) -> Stage:
        """What beat `i` shows.

        Raises:
            ScriptError: a model, a word, an intervention or the stop is not there, or what is to be shown.
        """
        beat = self.scenario.beats[i]
        lanes = tuple(self.lane(label, i) for label in beat.lanes)
        row = self._row(i, lanes)
        unit = None if beat.unit is None else self._unit(beat.unit, i, lanes[0])
        try:
            shown.check(beat, lanes)
        except shown.Unseen as error:
            raise self.error(error.what, ("beats", i, error.key), error.word, error.do) from None
        return Stage(beat, lanes, row, beat.view, beat.of, unit, beat.layer, beat.head)

    def narration(self, i: int) -> str:
        """What beat `i` says, with every measure filled in."""
        return self._fill(self.scenario.beats[i].say, i, ("beats", i, "say"))

    def notes(self, i: int) -> str:
        """What beat `i` tells its speaker, with every measure filled in; "" where it says nothing.

        It may name numbers that nobody measured, unlike the narration: "wait for 10 seconds".
        """
        text = self.scenario.beats[i].notes
        own = self.scenario.beats[i].measures
        notes = read_narration(text, {**self.scenario.measures, **own}, digits=True)
        return self._fill(notes, i, ("beats", i, "notes"))

    def verdicts(self, i: int) -> list[Verdict]:
        """The claims of beat `i`, measured."""
        return [self.verdict(i, claim) for claim in self.scenario.beats[i].claims]

    def verdict(self, i: int, claim: Claim, key: str = "expect") -> Verdict:
        """A claim of beat `i`, measured; `key` is where the beat has it."""
        started = time.perf_counter()
        try:
            passed, values = measured(claim.expression, MEASURES, partial(self.value, i))
        except WordError as error:
            raise self._word(error, ("beats", i, key), claim.text) from None
        return Verdict(claim.text, values, passed, time.perf_counter() - started)

    def lane(self, label: str, i: int | None = None) -> Lane:
        """A lane as beat `i` (None: the scenario) reads it, whether it is on the screen or not."""
        spec = self.scenario.lanes[label]
        reading = self._reading(spec, i)
        if (label, reading) not in self._lanes:
            if label in self._building:
                circle = " needs ".join([*self._building, label])
                raise self.error(f"a lane needs itself: {circle}", ("lanes", label, "hand-set"))
            self._building.append(label)
            try:
                self._lanes[label, reading] = self._build(spec, reading)
            finally:
                self._building.pop()
        return self._lanes[label, reading]

    def take_over(self, other: Play) -> None:
        """Keep the lanes that another version of the scenario has run, where they are the same here."""
        mine, theirs = (
            {name: of.text for name, of in scenario.measures.items()}
            for scenario in (self.scenario, other.scenario)
        )
        for (label, reading), lane in other._lanes.items():
            spec = self.scenario.lanes.get(label)
            if spec == other.scenario.lanes[label] and (mine == theirs or not spec.hand_set):
                self._lanes[label, reading] = lane

    def value(self, i: int | None, name: str) -> Any:
        """What a name means in beat `i` (None: in the scenario's own measures)."""
        if name in self.scenario.lanes:
            return self.lane(name, i)
        own = {} if i is None else self.scenario.beats[i].measures
        if name not in own and name != HERE:
            i, own = None, self.scenario.measures
        if (i, name) not in self._values:
            if i is not None and name == HERE:
                lanes = tuple(self.lane(label, i) for label in self.scenario.beats[i].lanes)
                self._values[i, name] = self._row(i, lanes)
            else:
                at: Path_ = ("measure", name) if i is None else ("beats", i, "measure", name)
                self._values[i, name] = self._evaluate(own[name], i, at)
        return self._values[i, name]

    # Lanes ---------------------------------------------------------------------------------------

    def _reading(self, spec: LaneSpec, i: int | None) -> Reading:
        """What a lane reads."""
        around = self.scenario if i is None else self.scenario.beats[i]
        return spec.reading.within(around.reading)

    def _build(self, spec: LaneSpec, reading: Reading) -> Lane:
        lane = ("lanes", spec.label)
        task = self._task(reading)
        try:
            found = readers.find(
                spec.reader, reading, self.scenario.source.path.parent, self._models
            )
        except readers.Wrong as error:
            raise self.error(error.what, (*lane, error.key), error.word, error.do) from None
        model = found.model
        try:
            readers.able(model, reading)
        except readers.Wrong as error:
            raise self.error(error.what, reading.at[error.key], error.word, error.do) from None
        items = []
        for phrase in spec.hand_set:
            try:
                pieces = read_narration(phrase, self.scenario.measures, digits=True)
                items.append(intervention(self._fill(pieces, None, (*lane, "hand-set"))))
                check(model, items[-1:])
            except WordError as error:
                raise self._word(error, (*lane, "hand-set")) from None
            except ScriptError:
                raise
            except PeepholeError as error:
                raise self.error(error.what, (*lane, "hand-set"), phrase, error.do) from None
        text = reading.at["text" if task is None else "task"]
        try:
            trace = readers.read(model, reading, task, items)
        except UnknownWords as error:
            word = next(iter(error.nearest))
            in_target = word in (reading.target or "").split()
            at = reading.at["target"] if in_target else text
            raise self.error(error.what, at, word, error.do) from None
        except PeepholeError as error:
            raise self.error(error.what, text, do=error.do) from None
        return Lane(spec.label, model, trace, tuple(items), found.note, found.run)

    def _task(self, reading: Reading) -> Task | None:
        """The task whose probe is read; None where a text is."""
        if not reading.task:
            return None
        try:
            return readers.task(reading.task)
        except PeepholeError as error:
            raise self.error(error.what, reading.at["task"], reading.task, error.do) from None

    # Rows and units ------------------------------------------------------------------------------

    def _row(self, i: int, lanes: tuple[Lane, ...]) -> int:
        """The row at which a beat stops."""
        stop = self.scenario.beats[i].stop
        try:
            return stops.row(lanes, stop)
        except PeepholeError as error:
            raise self.error(error.what, ("beats", i, "stop"), str(stop), error.do) from None

    def _unit(self, expression: Expression, i: int, lane: Lane) -> int:
        at = ("beats", i, "unit")
        value, width = self._evaluate(expression, i, at), lane.model.architecture.width
        value = value[0] if np.ndim(value) else value
        if isinstance(value, str | bool) or value != int(value) or not 0 <= value < width:
            raise self.error(f"{lane.label} has units 0 to {width - 1}, not {value}", at)
        return int(value)

    # Measures and mistakes -----------------------------------------------------------------------

    def _evaluate(self, expression: Expression, i: int | None, at: Path_) -> Any:
        try:
            return evaluate(expression, MEASURES, partial(self.value, i))
        except WordError as error:
            raise self._word(error, at) from None

    def _fill(self, narration: Narration, i: int | None, at: Path_) -> str:
        values = {name: self.value(i, name) for _, name, _ in narration.pieces if name}
        try:
            return narration.fill(values)
        except WordError as error:
            raise self._word(error, at) from None

    def _word(self, error: WordError, at: Path_, within: str = "") -> ScriptError:
        return self.error(error.what, at, error.word, error.do, within)

    def error(
        self, what: str, at: Path_, word: str = "", do: str = "", within: str = ""
    ) -> ScriptError:
        """A mistake at a place of the scenario's file, in the words `within` there."""
        return self.scenario.source.error(what, at, word, do, within)
