"""A place: what a screen shows, as plain data that another process can show as well.

`peephole notes`, and those who follow a presenter, are sent places (`tui.post`); what comes over a socket
is checked before anything is done with it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from engine.errors import PeepholeError, shown

LARGEST = 60_000  # characters of a place as JSON
COUNT = 1_000_000  # rows, units and ticks are below it
LANES = 8  # lanes of a place, those that others were forked from included
TOKENS = 4_000  # words of a reading
LETTERS = 200  # of a word or a name
PARAGRAPH, PARAGRAPHS = 4_000, 40  # characters, and how many, of a page
STEPS = 50  # interventions of a lane

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
        lane, track: which lane, and which of its tracks, has the focus.
        big, blank: larger cells; and a screen that shows nothing.
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
    lane: int = 0
    track: str = ""
    big: bool = False
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
            raise PeepholeError("no place: too long")
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            raise PeepholeError("no place: not JSON") from None
        return cls.from_record(found)

    @classmethod
    def from_record(cls, found: Any) -> Place:
        """A place from parsed JSON.

        Raises:
            PeepholeError: it is none.
        """
        return _made(cls, found, _PLACE)

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

_Check = Callable[[Any], Any]  # the value as it is kept; raises ValueError


def _made(kind: Any, found: Any, checks: Mapping[str, _Check]) -> Any:
    if not isinstance(found, dict):
        raise PeepholeError(f"no place: {shown(found)}")
    made = {}
    for name, value in found.items():
        if name not in checks:
            raise PeepholeError(f"no place: it has {shown(name)}")
        try:
            made[name] = checks[name](value)
        except (ValueError, OverflowError):
            raise PeepholeError(f"no place: {name} = {shown(value)}") from None
    return kind(**made)


def _is(ok: bool, value: Any) -> Any:
    if not ok:
        raise ValueError
    return value


def _text(most: int = LETTERS, breaks: bool = False) -> _Check:
    """Printable text: a terminal obeys what it is sent."""

    def check(value: Any) -> Any:
        _is(isinstance(value, str) and len(value) <= most, value)
        return _is((value.replace("\n", "") if breaks else value).isprintable(), value)

    return check


def _flag(value: Any) -> Any:
    return _is(isinstance(value, bool), value)


def _whole(low: int = 0, high: int = COUNT) -> _Check:
    return lambda value: _is(type(value) is int and low <= value <= high, value)


def _perhaps(check: _Check) -> _Check:
    return lambda value: None if value is None else check(value)


def _one(*known: str) -> _Check:
    return lambda value: _is(isinstance(value, str) and value in known, value)


def _many(check: _Check, most: int) -> _Check:
    def several(value: Any) -> Any:
        _is(isinstance(value, list) and len(value) <= most, value)
        return tuple(check(item) for item in value)

    return several


def _speed(value: Any) -> Any:
    number = type(value) in (int, float) and math.isfinite(value)
    return _is(number and 0.01 <= value <= 1000, value)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return _many(_text(), STEPS)(value)
    if isinstance(value, str):
        return _text()(value)
    return value if value is None or isinstance(value, bool) else _whole(-COUNT)(value)


def _pair(value: Any) -> Any:
    _is(isinstance(value, list) and len(value) == 2, value)
    return _text()(value[0]), _plain(value[1])


def _intervention(value: Any) -> Any:
    from engine.interventions import from_record

    try:
        from_record(value)
    except (PeepholeError, TypeError, AttributeError):
        raise ValueError from None
    return value


def _decoding(value: Any) -> Any:
    from engine.decoding import Decoding

    try:
        Decoding.from_record(_is(isinstance(value, dict) and len(value) <= STEPS, value))
    except (PeepholeError, TypeError):
        raise ValueError from None
    return value


def _readers(value: Any) -> Any:
    lanes = _many(lambda lane: _made(Reader, lane, _READER), LANES)(value)
    for at, lane in enumerate(lanes):  # a parent comes first, so that no two are each other's
        _is(lane.parent < at, value)
    return lanes


_WORDS = _many(_text(), TOKENS)
_READER: dict[str, _Check] = {
    "label": _text(), "note": _text(), "model": _text(), "digest": _text(), "lane": _text(),
    "text": _WORDS, "target": _WORDS, "decoding": _perhaps(_decoding), "most": _whole(),
    "interventions": _many(_intervention, STEPS), "parent": _whole(-1, LANES), "at": _whole(-1, LANES),
}  # fmt: skip
_PLACE: dict[str, _Check] = {
    "kind": _one("page", "score"), "title": _text(), "text": _many(_text(PARAGRAPH, True), PARAGRAPHS),
    "scenario": _text(), "source": _text(), "beat": _whole(), "revealed": _flag, "lanes": _readers,
    "cursor": _whole(), "clock": _whole(), "playing": _flag, "speed": _speed, "loop": _flag,
    "fed": _flag, "unit": _whole(), "layer": _perhaps(_whole()), "head": _perhaps(_whole()),
    "which": _one("cross", "self"), "right": _WORDS, "view": _text(),
    "state": _many(_pair, STEPS), "lane": _whole(0, LANES), "track": _text(), "big": _flag,
    "blank": _flag,
}  # fmt: skip
assert set(_PLACE) == {field.name for field in fields(Place)}
assert set(_READER) == {field.name for field in fields(Reader)}
