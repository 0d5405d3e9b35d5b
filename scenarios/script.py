"""A scenario: lanes (a model reading a text) and beats (where to stop, what to show, say and claim).

    title = "Long-distance agreement"
    about = "One line for the list."
    text = "the cats on the mat were happy ."

    [lanes]
    lstm = { model = "lstm" }
    early = { model = "lstm", steps = 600 }
    shut = { model = "lstm", hand-set = ["f = 0 from 3"] }
    fresh = { cell = "lstm", forget-bias = 2 }    # untrained, as training would begin
    later = { run = "recall-lstm", update = 200 } # a recorded training run, as it then was

    [measure]                                     # known to every beat
    cell = "strongest(lstm, 'were', 'were', 'was')"

    [[beats]]
    title = "A surprise"
    lanes = ["lstm", "shut"]                      # else those of the beat before
    stop = "were"                                 # a word, "that#2", a row, or "f[17] < 0.1"
    view = "score"
    say = "It gives {p:.0%} to 'were'."
    measure.p = "probability(lstm, here, 'were')"
    expect = ["p > 0.9"]
    notes = "Ask first: who would write 'was'?"   # for the speaker alone (`peephole notes`)
    ask = "Which of the two?"                     # waits for a guess first (`scenarios.questions`)
    choices = [{ text = "were", if = "p > 0.5" }, { text = "was", if = "p <= 0.5" }]

Instead of a text, a lane, a beat or the scenario may have `task = "recall 100"`: the probe sequence of
that task (`scenarios.tasks`). A model of pairs reads the text as its source; then it reads a `target`,
word by word, or writes one itself, greedily or as `decode = "beam 4"` says (`engine.decoding`), `most`
tokens at most. Each of these may stand on a lane, a beat or the scenario; the innermost counts.

The scenario's `year` and `wing` say where it belongs in history and among the others.

`scenarios.reader` checks all that can be known without running a model; `scenarios.play` does the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scenarios.expressions import Expression
from scenarios.narration import Narration
from scenarios.questions import Question
from scenarios.source import Path_, Source

VIEWS = (
    "score", "attention", "gradient", "equation", "unit", "jacobian", "training", "alignment",
    "residual", "decoding", "patching",
)  # fmt: skip
WINGS = (
    "Words", "Recurrence", "Training", "Task shapes", "Transduction", "Attention", "Memory",
    "Convolution", "Transformer", "Pretrained kinds", "Efficient and other",
)  # fmt: skip
YEARS = (1900, 2100)  # that a scenario may be of
MOST = 3  # lanes side by side
HERE = "here"  # in a measure: the row that the beat stops at


@dataclass(frozen=True)
class Reading:
    """What a lane reads: a text, or the probe sequence of a task such as "recall 100".

    Attributes:
        text, task: one of them; neither where only the target is another one than around it.
        target: what a model of pairs reads as its output, words with spaces between; None: it writes.
        decode: how it writes, e.g. "beam 4"; "" is greedily.
        most: tokens that it writes at most; 0 is the usual number.
        at: where each of these is written in the file, by its key.
    """

    text: str | None = None
    task: str = ""
    target: str | None = None
    decode: str = ""
    most: int = 0
    at: Mapping[str, Path_] = field(default_factory=dict, compare=False)

    def within(self, outer: Reading) -> Reading:
        """What is read where this is said inside of what `outer` says.

        Another text has another target; to say how to write one is to read none.
        """
        new = self.text is not None or bool(self.task)
        given, told = self.target is not None, bool(self.decode)
        return Reading(
            self.text if new else outer.text,
            self.task if new else outer.task,
            self.target if new or given or told else outer.target,
            self.decode if given or told else outer.decode,
            self.most or outer.most,
            {**outer.at, **self.at},
        )


@dataclass(frozen=True)
class Trained:
    """A bundled model, or that of a file; `steps` is an earlier checkpoint."""

    model: str
    steps: int | None = None


@dataclass(frozen=True)
class Untrained:
    """A cell with weights that are drawn and not learned (`engine.inits`)."""

    cell: str
    init: str = "torch"
    gain: float = 1.0
    forget_bias: float = 0.0
    width: int = 64
    layers: int = 1
    seed: int = 0


@dataclass(frozen=True)
class Recorded:
    """A checkpoint of a recorded training run; None is the last one that was kept."""

    run: str
    update: int | None = None


@dataclass(frozen=True)
class LaneSpec:
    """A model that reads; what `reading` leaves open is the beat's. `hand_set` are interventions."""

    label: str
    reader: Trained | Untrained | Recorded
    reading: Reading = Reading()
    hand_set: tuple[str, ...] = ()

    @property
    def called(self) -> str:
        """What reads, in a word: the model, the cell or the run."""
        reader = self.reader
        return (
            reader.model
            if isinstance(reader, Trained)
            else (reader.cell if isinstance(reader, Untrained) else reader.run)
        )


@dataclass(frozen=True)
class Claim:
    """Something that must be measured as true."""

    expression: Expression

    @property
    def text(self) -> str:
        return self.expression.text


@dataclass(frozen=True)
class Beat:
    """One stop of a scenario.

    Attributes:
        lanes: labels of the lanes on the screen, the first one leads.
        reading: what the lanes read where they say nothing else.
        stop: a row, a word ("that#2" is its second occurrence) or a condition; None is the last row.
        view: one of `VIEWS`; `of`, `unit`, `layer`, `head` say what of it (None: as it stands).
        say: the narration; `measures` its numbers, by name; `claims` what is expected.
        notes: what only the speaker sees, as the file has it; `Play.notes` fills in its measures.
        question: asked before anything is told; `scenarios.questions` measures its answer.
    """

    title: str
    lanes: tuple[str, ...]
    reading: Reading
    stop: int | str | None
    view: str
    say: Narration
    measures: Mapping[str, Expression] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    of: str | None = None
    unit: Expression | None = None
    layer: int | None = None
    head: int | None = None
    notes: str = ""
    question: Question | None = None


@dataclass(frozen=True)
class Scenario:
    """A whole script. `name` is the file's name without `.toml`; `year` 0 and `wing` "" are not said."""

    name: str
    title: str
    about: str
    reading: Reading
    lanes: Mapping[str, LaneSpec]
    measures: Mapping[str, Expression]
    beats: tuple[Beat, ...]
    source: Source
    year: int = 0
    wing: str = ""
