"""A place: what a screen shows, as plain data that another process can show as well.

`peephole notes`, and those who follow a presenter, are sent places (`tui.post`); what comes over a socket
is checked before anything is done with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from engine.errors import PeepholeError
from tui.sent import COUNT, Check, flag, held, made, many, number, one, perhaps, some, text, whole

LARGEST = 60_000  # characters of a place as JSON
LANES = 8  # lanes of a place, those that others were forked from included
TOKENS = 4_000  # words of a reading
PARAGRAPH, PARAGRAPHS = 4_000, 40  # characters, and how many, of a page
STEPS = 50  # interventions of a lane
NAME = 16  # letters of a presenter's name

Plain = None | bool | int | str | tuple[str, ...]  # what the state of a view is made of


@dataclass(frozen=True)
class Reader:
    """How a lane came about, so that it can be read again.

    Attributes:
        label, note: what it is called, and what else is said of it.
        model, digest: a bundled model's name, and the digest of its weights.
        lane: instead of a model's name: the lane of the scenario whose model it is.
        text, target, decoding, most: what it was given (`tui.given.Given`); no decoding is {}.
        interventions: what is done to it, as records.
        recorded: whether it is of the recorded run that the scenario's lane is of.
        parent: the place in the list of the one that it was forked from; -1 without.
        at: which lane of the screen it is; -1: none, it is only the parent of one.
    """

    label: str = ""
    note: str = ""
    model: str = ""
    digest: str = ""
    lane: str = ""
    text: tuple[str, ...] = ()
    target: tuple[str, ...] = ()
    decoding: Mapping[str, Any] | None = None
    most: int = 0
    interventions: tuple[Mapping[str, Any], ...] = ()
    recorded: bool = False
    parent: int = -1
    at: int = 0


@dataclass(frozen=True)
class Place:
    """What is on a screen.

    Attributes:
        kind: `score`; or `page`, which is text.
        title, text: of the session, or of the page with its paragraphs.
        scenario, source: the name of a scenario, and the digest of its text; "" in free reading.
        beat: which, from 0; `revealed`: whether its question has been answered.
        lanes: how they came about; () where they are those of the beat.
        cursor, clock, playing, speed, loop, fed: how far it is read, and how it goes on.
        unit, layer, head, which: what is selected (`tui.session.Session`).
        right: the right target, where it is known.
        view, state: what stands in front, and what of it: its attributes with their values.
        partly: whether something was chosen in the view that is too long to be told.
        lane, track: which lane, and which of its tracks where no view stands in front, has the focus.
        probe: the row that is marked in that track; None leaves it to the track.
        by: of each lane, what the gradient beside its rows is of: h, c or x.
        wanted, preferred: the track (its lane and its name), and the names, that are given room first.
        top: the first row in sight.
        blank: whether the screen shows nothing.
    """

    kind: str = "page"
    title: str = ""
    text: tuple[str, ...] = ()
    scenario: str = ""
    source: str = ""
    beat: int = 0
    revealed: bool = False
    lanes: tuple[Reader, ...] = ()
    cursor: int = 0
    clock: int = 1
    playing: bool = False
    speed: float = 4.0
    loop: bool = False
    fed: bool = True
    unit: int = 0
    layer: int | None = None
    head: int | None = None
    which: str = "cross"
    right: tuple[str, ...] = ()
    view: str = "score"
    state: tuple[tuple[str, Plain], ...] = ()
    partly: bool = False
    lane: int = 0
    track: str = ""
    probe: int | None = None
    by: tuple[str, ...] = ()
    wanted: tuple[int, str] | None = None
    preferred: tuple[str, ...] = ()
    top: int = 0
    blank: bool = False

    def to_json(self) -> str:
        """One line of JSON; what is as usual is left out.

        Raises:
            PeepholeError: it would be larger than anybody reads.
        """
        said = json.dumps(_said(self), ensure_ascii=False, separators=(",", ":"))
        if len(said) > LARGEST:
            raise PeepholeError("too much is on the screen to be followed")
        return said

    @classmethod
    def from_json(cls, line: str) -> Place:
        """A place from what another process sent.

        Raises:
            PeepholeError: it is none; whatever the line holds.
        """
        if len(line) > LARGEST:
            raise PeepholeError("not what was expected: too long")
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            raise PeepholeError("not what was expected: not JSON") from None
        return cls.from_record(found)

    @classmethod
    def from_record(cls, found: Any) -> Place:
        """A place from parsed JSON.

        Raises:
            PeepholeError: it is none.
        """
        return made(cls, found, _PLACE)

    def as_record(self) -> dict[str, Any]:
        """Ready for JSON; `from_record` reads it back."""
        return _said(self)


def _said(item: Place | Reader) -> dict[str, Any]:
    """What differs from the usual."""
    usual = asdict(type(item)())
    said = {name: value for name, value in asdict(item).items() if value != usual[name]}
    if isinstance(item, Place) and item.lanes:
        said["lanes"] = [_said(lane) for lane in item.lanes]
    return said


# Reading what was sent ----------------------------------------------------------------------------


def _plain(value: Any) -> Plain:
    checks: dict[type, Check] = {list: many(text(), STEPS), str: text(), int: whole(-COUNT)}
    held(value is None or isinstance(value, bool) or type(value) in checks)
    return checks.get(type(value), lambda same: same)(value)


def _intervention(value: Any) -> Any:
    from engine.interventions import from_record

    try:
        from_record(value)
    except (PeepholeError, TypeError, AttributeError):
        raise ValueError from None
    return value


def _decoding(value: Any) -> Any:
    from engine.decoding import Decoding

    held(isinstance(value, dict) and len(value) <= STEPS)
    try:
        Decoding.from_record(value)
    except (PeepholeError, TypeError):
        raise ValueError from None
    return value


def _readers(value: Any) -> tuple[Reader, ...]:
    lanes = many(lambda lane: made(Reader, lane, _READER), LANES)(value)
    for at, lane in enumerate(lanes):
        held(lane.parent < at)  # a parent comes first, so that no two are each other's
    return lanes


_WORDS = many(text(), TOKENS)
_READER: dict[str, Check] = {
    "label": text(), "note": text(), "model": text(), "digest": text(), "lane": text(),
    "text": _WORDS, "target": _WORDS, "decoding": perhaps(_decoding), "most": whole(),
    "interventions": many(_intervention, STEPS), "recorded": flag,
    "parent": whole(-1, LANES), "at": whole(-1, LANES),
}  # fmt: skip
_PLACE: dict[str, Check] = {
    "kind": one("page", "score"), "title": text(), "text": many(text(PARAGRAPH, True), PARAGRAPHS),
    "scenario": text(), "source": text(), "beat": whole(), "revealed": flag, "lanes": _readers,
    "cursor": whole(), "clock": whole(), "playing": flag, "speed": number(0.01, 1000), "loop": flag,
    "fed": flag, "unit": whole(), "layer": perhaps(whole()), "head": perhaps(whole()),
    "which": one("cross", "self"), "right": _WORDS, "view": text(),
    "state": many(some(text(), _plain), STEPS), "partly": flag, "lane": whole(0, LANES),
    "track": text(), "probe": perhaps(whole()), "by": many(one("", "h", "c", "x"), LANES),
    "wanted": perhaps(some(whole(0, LANES), text())), "preferred": many(text(), STEPS),
    "top": whole(), "blank": flag,
}  # fmt: skip
assert set(_PLACE) == {field.name for field in fields(Place)}
assert set(_READER) == {field.name for field in fields(Reader)}
