"""Reading a scenario from TOML: every mistake that can be seen without running a model is found here."""

from __future__ import annotations

import keyword
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from engine.errors import did_you_mean
from scenarios import who
from scenarios.expressions import Expression, WordError, parse
from scenarios.measures import MEASURES
from scenarios.narration import read_narration
from scenarios.script import (
    HERE,
    MOST,
    VIEWS,
    WINGS,
    YEARS,
    Beat,
    Claim,
    LaneSpec,
    Reading,
    Scenario,
)
from scenarios.source import Path_, Source, read_toml
from scenarios.tables import Schema, Tables

_SCENARIO: Schema = {
    "title": (str, True),
    "about": (str, False),
    "year": (int, False),
    "wing": (str, False),
    **who.READING,
    "lanes": (dict, True),
    "measure": (dict, False),
    "beats": (list, True),
}
_BEAT: Schema = {
    "title": (str, True),
    "say": (str, True),
    "notes": (str, False),
    "lanes": (list, False),
    **who.READING,
    "stop": ((int, str), False),
    "view": (str, False),
    "of": (str, False),
    "unit": ((int, str), False),
    "layer": (int, False),
    "head": (int, False),
    "measure": (dict, False),
    "expect": (list, False),
    "literal": (list, False),
}


def read(path: str | Path, called: str = "") -> Scenario:
    """Read a scenario; its mistakes are said to stand in the file `called` so, else in its path.

    Raises:
        PeepholeError: the file cannot be read.
        ScriptError: the first mistake in it, with line, column and the word underlined.
    """
    source, data = read_toml(path, called)
    return _Reader(source).scenario(data)


def further_beat(source: Source, table: Any, at: Path_, scenario: Scenario) -> Beat:
    """One more beat of a scenario, from another file, at `at` there.

    Raises:
        ScriptError: a mistake in it.
    """
    first = tuple(scenario.lanes)[:1]
    reader = _Reader(source)
    return reader._beat(table, at, scenario.reading, first, scenario.lanes, scenario.measures)


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.tables = Tables(source)

    def scenario(self, data: dict[str, Any]) -> Scenario:
        self.tables.check(data, _SCENARIO, (), "a scenario")
        reading = who.reading(self.tables, data, ())
        if reading.text is None and not reading.task:
            raise self.source.error("a scenario needs the key 'text' or 'task'")
        if "year" in data:
            self.tables.number(data, "year", *YEARS, ())
        if "wing" in data:
            self._known("wing", data["wing"], WINGS, ("wing",))
        lanes = {}
        for label, table in data["lanes"].items():
            self._name(label, ("lanes", label))
            lanes[label] = who.lane(self.tables, label, table)
        if not lanes:
            raise self.source.error("no lanes", ("lanes",), do="Name a model that reads the text")
        shared = self._measures(data.get("measure", {}), ("measure",), lanes, {})
        if not data["beats"]:
            raise self.source.error("no beats", ("beats",), do="Add a [[beats]] table")
        beats: list[Beat] = []
        for i, table in enumerate(data["beats"]):
            before = beats[-1].lanes if beats else tuple(lanes)[:1]
            beats.append(self._beat(table, ("beats", i), reading, before, lanes, shared))
        return Scenario(
            name=self.source.path.stem,
            title=data["title"],
            about=data.get("about", ""),
            reading=reading,
            lanes=lanes,
            measures=shared,
            beats=tuple(beats),
            source=self.source,
            year=data.get("year", 0),
            wing=data.get("wing", ""),
        )

    def _beat(
        self,
        table: Any,
        at: Path_,
        reading: Reading,
        before: tuple[str, ...],
        lanes: Mapping[str, LaneSpec],
        shared: Mapping[str, Expression],
    ) -> Beat:
        self.tables.check(table, _BEAT, at, "a beat")
        shown = self.tables.texts(table, "lanes", at) or before
        for label in shown:
            if label not in lanes:
                raise self.source.error(
                    f"no lane {label!r}", (*at, "lanes"), label, did_you_mean(label, lanes)
                )
        if len(shown) > MOST:
            raise self.source.error(f"{len(shown)} lanes; {MOST} fit on a screen", (*at, "lanes"))
        view = self._known("view", table.get("view", "score"), VIEWS, (*at, "view"))
        measures = self._measures(table.get("measure", {}), (*at, "measure"), lanes, shared)
        known = {**shared, **measures}
        try:
            say = read_narration(table["say"], known, self.tables.texts(table, "literal", at))
        except WordError as error:
            raise self._word(error, (*at, "say")) from None
        notes = table.get("notes", "")
        try:  # a speaker may count without measuring
            read_narration(notes, known, digits=True)
        except WordError as error:
            raise self._word(error, (*at, "notes")) from None
        unit = table.get("unit")
        return Beat(
            title=table["title"],
            lanes=shown,
            reading=who.reading(self.tables, table, at).within(reading),
            stop=table.get("stop"),
            view=view,
            say=say,
            measures=measures,
            claims=tuple(
                self._claim(claim, (*at, "expect"), lanes, known)
                for claim in self.tables.texts(table, "expect", at)
            ),
            of=table.get("of"),
            unit=None if unit is None else self._parse(str(unit), (*at, "unit"), lanes, known),
            layer=table.get("layer"),
            head=table.get("head"),
            notes=notes,
        )

    def _claim(
        self, text: str, at: Path_, lanes: Mapping[str, Any], known: Mapping[str, Expression]
    ) -> Claim:
        expression = self._parse(text, at, lanes, known)
        if not expression.claims:
            raise self.source.error(
                f"{text!r} claims nothing", at, text, "Compare a measure with something"
            )
        if not expression.calls and not expression.names & known.keys():
            raise self.source.error(f"{text!r} measures nothing", at, text, "Name a measure")
        return Claim(expression)

    def _measures(
        self, table: Any, at: Path_, lanes: Mapping[str, Any], known: Mapping[str, Expression]
    ) -> dict[str, Expression]:
        """Measures by name; each may use those before it."""
        measures: dict[str, Expression] = {}
        for name, text in table.items():
            self._name(name, (*at, name))
            if name in lanes:
                raise self.source.error(f"{name!r} is a lane already", (*at, name))
            if not isinstance(text, str):
                raise self.tables.wrong(text, str, (*at, name))
            parsed = self._parse(text, (*at, name), lanes, {**known, **measures})
            if not parsed.calls and not parsed.names:
                raise self.source.error(f"{text!r} measures nothing", (*at, name), text)
            measures[name] = parsed
        return measures

    def _parse(
        self, text: str, at: Path_, lanes: Mapping[str, Any], known: Mapping[str, Expression]
    ) -> Expression:
        try:
            expression = parse(text, MEASURES)
        except WordError as error:
            raise self._word(error, at) from None
        names = {*lanes, *known} | ({HERE} if {"beats", "questions"} & set(at) else set())
        for name in sorted(expression.names - names):
            raise self.source.error(
                f"no lane or measure {name!r}", at, name, did_you_mean(name, names)
            )
        return expression

    def _known(self, what: str, word: str, known: Collection[str], at: Path_) -> str:
        if word not in known:
            raise self.source.error(f"no {what} {word!r}", at, word, did_you_mean(word, known))
        return word

    def _name(self, name: str, at: Path_) -> None:
        if not name.isidentifier() or keyword.iskeyword(name) or name == HERE:
            taken = "taken" if name.isidentifier() else "not a name (letters, digits, _)"
            raise self.source.error(f"{name!r} is {taken}", at, do="Choose another name")

    def _word(self, error: WordError, at: Path_) -> Exception:
        return self.source.error(error.what, at, error.word, error.do)
