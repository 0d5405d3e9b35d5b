"""What is exported: a saved trace, what models do with a text, or the probe of a run; each as a lane."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine import LanguageModel, PeepholeError, fork, load_trace, run
from engine.errors import did_you_mean
from engine.interventions import Intervention
from engine.learning.folder import is_run
from engine.storage import content_of
from scenarios import readers, shelf, sides, zoo
from tui import start
from tui.headless import reading
from tui.lane import Lane
from tui.session import MOST


@dataclass(frozen=True)
class Asked:
    """What was asked for.

    Attributes:
        what: a saved trace, a model, or the folder of a run of training (`runs/mine@600`: after 600 updates).
        text: what the model reads.
        beside: further models that read it too, or further traces.
        target, decode, most, go_on: as in `peephole run`.
        interventions: what is done to the first model.
        lane, beat: which reading of a scenario, and at which of its beats, from 1.
    """

    what: str
    text: str | None = None
    beside: tuple[str, ...] = ()
    target: str | None = None
    decode: str | None = None
    most: int | None = None
    go_on: int | None = None
    interventions: Sequence[Intervention] = ()
    lane: str | None = None
    beat: int | None = None


def lanes(asked: Asked, apart: bool) -> list[Lane]:
    """The readings; with interventions the reading without them comes first, if they are to be `apart`.

    Raises:
        PeepholeError: there is no such trace or model, it does not know the text, or too many of them.
    """
    if is_scenario(asked.what):
        return _scenario(asked, apart)
    if asked.lane is not None or asked.beat is not None:
        said = "--lane" if asked.lane is not None else "--beat"
        if asked.text is None and not _is_there(asked.what):
            return _scenario(asked, apart)  # of another package, or one that is misspelt
        raise PeepholeError("only a scenario has lanes and beats", where=said)
    first = _lane(asked, asked.what)
    found = [first]
    if asked.interventions:
        if first.model is None:
            raise PeepholeError("this trace has no model to run again", where=asked.what)
        held = fork(first.model, first.trace, *asked.interventions)
        reading.acted(held)
        parent = first if apart else None
        found = [*found[: int(apart)], Lane(first.label, held, first.model, parent=parent)]
    found += [_lane(asked, what) for what in asked.beside]
    if len(found) > MOST:
        raise PeepholeError(f"{len(found)} readings do not fit side by side", do=f"{MOST} do")
    return found


def _is_there(what: str) -> bool:
    """Whether it is a model, a saved trace or a run."""
    folder, _, _ = what.partition("@")
    return folder in zoo.names() or any(
        os.path.exists(readers.run_folder(x)) for x in (what, folder)
    )


def is_scenario(what: str) -> bool:
    """Whether it is the name or the file of a scenario, and of no model."""
    return what not in zoo.names() and (what in shelf.bundled() or Path(what).suffix == ".toml")


def _scenario(asked: Asked, apart: bool) -> list[Lane]:
    """The lanes of a beat, with what it does to them; one of them where one was named or fits.

    Raises:
        PeepholeError: no lane or beat is said, or there is none of that name or number.
    """
    from scenarios.play import Play

    script = shelf.find(asked.what)
    given = (asked.text, asked.target, asked.decode, asked.most, asked.go_on)
    if any(x is not None for x in given) or asked.beside or asked.interventions:
        raise PeepholeError(
            "a scenario says itself what is read and done",
            where=asked.what,
            do="Leave out the rest",
        )
    labels = list(dict.fromkeys(label for beat in script.beats for label in beat.lanes))
    if asked.lane is None and asked.beat is None:
        raise PeepholeError(
            f"a scenario has several readings: {', '.join(labels)}",
            where=asked.what,
            do=f"Say which one: --lane {shlex.quote(labels[0])}, and --beat 1 to {len(script.beats)}",
        )
    if asked.lane is not None and asked.lane not in labels:
        raise PeepholeError(
            f"no lane {asked.lane!r}", where="--lane", do=did_you_mean(asked.lane, labels)
        )
    number = asked.beat
    if number is None:
        number = 1 + next(i for i, beat in enumerate(script.beats) if asked.lane in beat.lanes)
    if not 1 <= number <= len(script.beats):
        raise PeepholeError(f"there are beats 1 to {len(script.beats)}", where="--beat")
    lanes = Play(script).stage(number - 1).lanes
    chosen = [lane for lane in lanes if asked.lane in (None, lane.label)]
    if not chosen:
        shown = [lane.label for lane in lanes]
        raise PeepholeError(
            f"beat {number} does not show {asked.lane!r}",
            where="--lane",
            do=f"It has {', '.join(shown)}",
        )
    return [Lane(lane.label, lane.trace, lane.model) for lane in (chosen if apart else chosen[:1])]


def _lane(asked: Asked, what: str) -> Lane:
    folder, _, update = what.rpartition("@") if "@" in what else (what, "", "")
    run_of = update.isdecimal() and is_run(readers.run_folder(folder))
    saved = Path(what).is_file() and content_of(what) == "trace"
    if run_of or saved or is_run(readers.run_folder(what)):
        said = (asked.text, asked.target, asked.decode, asked.most, asked.go_on)
        if not asked.beside and any(x is not None for x in said):
            kind = "trace has its text already" if saved else "run has its own probe to read"
            raise PeepholeError(f"a {kind}", where=what, do="Leave out what you gave it")
        if saved:
            return start.of_trace(load_trace(what)).lanes[0]
        path, at = (folder, int(update)) if run_of else (what, None)
        return start.of_run(readers.run_folder(path), at).lanes[0]
    model = _model(what)
    if asked.text is None:
        raise PeepholeError(
            f"{what} is a model, and reads nothing here",
            do=f'Give it a text: peephole export {what} "the cats were happy ."',
        )
    writes = reading.writes(model, asked.target, asked.decode, asked.most, asked.go_on)
    if not asked.interventions:  # what is not known may be what is replaced
        sides.check(model, asked.text, asked.target, what)
    trace = run(model, asked.text, target=asked.target, **writes)
    return Lane(model.name, trace, model)


def _model(what: str) -> LanguageModel:
    try:
        return zoo.model(what)
    except PeepholeError as error:
        if Path(what).exists() or "no model" not in error.what:
            raise
        nearest = did_you_mean(what, [*zoo.names(), *readers.bundled_runs()]) or error.do
        raise PeepholeError(f"no saved trace and no model {what!r}", do=nearest) from None
