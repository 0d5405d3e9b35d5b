"""How the lanes on a screen came about, and reading them again elsewhere (`tui.place.Reader`)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from engine import LanguageModel, PeepholeError
from engine.decoding import Decoding
from engine.interventions import from_record
from tui.given import Given
from tui.lane import Lane
from tui.place import Reader

if TYPE_CHECKING:
    from scenarios.lanes import Lane as ScriptLane

_NAME = re.compile(r"([a-z0-9-]+)(?:\+\d{1,6})?(?:@\d{1,9})?")  # lstm, lstm@600, copy-gru+1


def described(lanes: Sequence[Lane], scripted: Mapping[int, str]) -> tuple[Reader, ...]:
    """Lanes in words, each after the one that it was forked from.

    Args:
        lanes: those on the screen, in their order.
        scripted: by the `id` of a model the scenario's lane that it is of: only there it can be had.
    """
    found: list[Reader] = []
    known: dict[int, int] = {}

    def add(lane: Lane) -> int:
        if id(lane) not in known:
            parent = add(lane.parent) if lane.parent is not None else -1
            at = next((n for n, one in enumerate(lanes) if one is lane), -1)
            known[id(lane)] = len(found)
            found.append(_described(lane, scripted.get(id(lane.model), ""), parent, at))
        return known[id(lane)]

    for lane in lanes:
        add(lane)
    return tuple(found)


def _described(lane: Lane, scripted: str, parent: int, at: int) -> Reader:
    header, given = lane.trace.header, Given.of(lane)
    return Reader(
        lane.label, lane.note, "" if scripted else header.model, header.digest, scripted,
        tuple(given.text), given.target, dict(header.decoding) or None, given.most,
        tuple(json.loads(json.dumps(record)) for record in map(dict, header.interventions)),
        bool(scripted) and lane.run is not None, parent, at,
    )  # fmt: skip


def read(
    readers: Sequence[Reader], scripted: Callable[[str], ScriptLane] | None = None
) -> list[Lane]:
    """The lanes, read again; long, for a thread.

    Args:
        readers: as `described` has them.
        scripted: a lane of the scenario, by its label.

    Raises:
        PeepholeError: a model is not to be had here, or reads something else than it says.
    """
    made: list[Lane] = []
    for reader in readers:
        model = _model(reader, scripted)
        decoding = Decoding.from_record(reader.decoding) if reader.decoding else None
        given = Given(reader.text, reader.target, decoding, reader.most or 1)
        parent = made[reader.parent] if reader.parent >= 0 else None
        items = [from_record(record) for record in reader.interventions]
        trace = given.read(model, items, parent.trace.id if parent is not None else "")
        lane = Lane(reader.label, trace, model, parent=parent, note=reader.note)
        if reader.recorded and scripted is not None and reader.lane:
            lane.run, lane.update = scripted(reader.lane).run, model.card.get("updates")
        made.append(lane)
    shown = [(r.at, lane) for r, lane in zip(readers, made, strict=True) if r.at >= 0]
    if not shown:
        raise PeepholeError("no lane is on the screen")
    return [lane for _, lane in sorted(shown, key=lambda pair: pair[0])]


def _model(reader: Reader, scripted: Callable[[str], ScriptLane] | None) -> LanguageModel:
    """A model that is bundled, or of the scenario; nothing that somebody sends is opened as a file."""
    from scenarios import zoo

    if reader.lane:
        if scripted is None:
            raise PeepholeError(f"{reader.lane} is a lane of a scenario")
        model = scripted(reader.lane).model
    else:
        named = _NAME.fullmatch(reader.model)
        here = named is not None and named[1] in zoo.names() and zoo.size(reader.model)
        if not here and reader.model not in zoo.FOREIGN:
            raise PeepholeError(f"the model {reader.model} is not here")
        model = zoo.model(reader.model)
    if model.digest != reader.digest:
        raise PeepholeError(f"the model {reader.model or reader.lane} is another one here")
    return model
