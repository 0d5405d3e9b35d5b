"""Reading a scenario from TOML: every mistake that can be seen without running a model is found here."""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import did_you_mean
from scenarios.expressions import Expression, WordError, parse
from scenarios.measures import MEASURES
from scenarios.narration import read_narration
from scenarios.script import HERE, MOST, VIEWS, Beat, Claim, LaneSpec, Scenario
from scenarios.source import Path_, Source, read_toml

# key -> (types, required)
_SCENARIO = {
    "title": (str, True),
    "about": (str, False),
    "text": (str, True),
    "lanes": (dict, True),
    "measure": (dict, False),
    "beats": (list, True),
}
_LANE = {
    "model": (str, True),
    "steps": (int, False),
    "text": (str, False),
    "hand-set": (list, False),
}
_BEAT = {
    "title": (str, True),
    "say": (str, True),
    "lanes": (list, False),
    "text": (str, False),
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
_NAMES = {str: "text", int: "a whole number", list: "a list of texts", dict: "a table"}


def read(path: str | Path) -> Scenario:
    """Read a scenario.

    Raises:
        PeepholeError: the file cannot be read.
        ScriptError: the first mistake in it, with line, column and the word underlined.
    """
    source, data = read_toml(path)
    return _Reader(source).scenario(data)


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source = source

    def scenario(self, data: dict[str, Any]) -> Scenario:
        self._table(data, _SCENARIO, (), "a scenario")
        lanes = {}
        for label, table in data["lanes"].items():
            at: Path_ = ("lanes", label)
            self._name(label, at)
            self._table(table, _LANE, at, "a lane")
            steps = table.get("steps")
            if steps is not None and steps < 0:
                raise self.source.error(f"{steps} steps cannot be", (*at, "steps"), str(steps))
            lanes[label] = LaneSpec(
                label, table["model"], steps, table.get("text"), self._texts(table, "hand-set", at)
            )
        if not lanes:
            raise self.source.error("no lanes", ("lanes",), do="Name a model that reads the text")
        shared = self._measures(data.get("measure", {}), ("measure",), lanes, {})
        if not data["beats"]:
            raise self.source.error("no beats", ("beats",), do="Add a [[beats]] table")
        beats: list[Beat] = []
        for i, table in enumerate(data["beats"]):
            before = beats[-1].lanes if beats else tuple(lanes)[:1]
            beats.append(self._beat(table, ("beats", i), data["text"], before, lanes, shared))
        return Scenario(
            name=self.source.path.stem,
            title=data["title"],
            about=data.get("about", ""),
            text=data["text"],
            lanes=lanes,
            measures=shared,
            beats=tuple(beats),
            source=self.source,
        )

    def _beat(
        self,
        table: Any,
        at: Path_,
        text: str,
        before: tuple[str, ...],
        lanes: Mapping[str, LaneSpec],
        shared: Mapping[str, Expression],
    ) -> Beat:
        self._table(table, _BEAT, at, "a beat")
        shown = self._texts(table, "lanes", at) or before
        for label in shown:
            if label not in lanes:
                raise self.source.error(
                    f"no lane {label!r}", (*at, "lanes"), label, did_you_mean(label, lanes)
                )
        if len(shown) > MOST:
            raise self.source.error(f"{len(shown)} lanes; {MOST} fit on a screen", (*at, "lanes"))
        view = table.get("view", "score")
        if view not in VIEWS:
            raise self.source.error(
                f"no view {view!r}", (*at, "view"), view, did_you_mean(view, VIEWS)
            )
        measures = self._measures(table.get("measure", {}), (*at, "measure"), lanes, shared)
        known = {**shared, **measures}
        try:
            say = read_narration(table["say"], known, self._texts(table, "literal", at))
        except WordError as error:
            raise self._word(error, (*at, "say")) from None
        unit = table.get("unit")
        return Beat(
            title=table["title"],
            lanes=shown,
            text=table.get("text", text),
            stop=table.get("stop"),
            view=view,
            say=say,
            measures=measures,
            claims=tuple(
                self._claim(claim, (*at, "expect"), lanes, known)
                for claim in self._texts(table, "expect", at)
            ),
            of=table.get("of"),
            unit=None if unit is None else self._parse(str(unit), (*at, "unit"), lanes, known),
            layer=table.get("layer"),
            head=table.get("head"),
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
                raise self._type(text, str, (*at, name))
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
        names = {*lanes, *known} | ({HERE} if "beats" in at else set())
        for name in sorted(expression.names - names):
            raise self.source.error(
                f"no lane or measure {name!r}", at, name, did_you_mean(name, names)
            )
        return expression

    def _name(self, name: str, at: Path_) -> None:
        if not name.isidentifier() or keyword.iskeyword(name) or name == HERE:
            taken = "taken" if name.isidentifier() else "not a name (letters, digits, _)"
            raise self.source.error(f"{name!r} is {taken}", at, do="Choose another name")

    def _table(self, table: Any, schema: Mapping[str, Any], at: Path_, what: str) -> None:
        """Refuse unknown keys, missing keys and values of a wrong type."""
        if not isinstance(table, dict):
            raise self._type(table, dict, at)
        for key, value in table.items():
            if key not in schema:
                raise self.source.error(
                    f"{what} has no key {key!r}", (*at, key), do=did_you_mean(key, schema)
                )
            types = schema[key][0]
            if not isinstance(value, types) or isinstance(value, bool):
                raise self._type(value, types, (*at, key))
        for key, (_, required) in schema.items():
            if required and key not in table:
                raise self.source.error(f"{what} needs the key {key!r}", at)

    def _texts(self, table: Mapping[str, Any], key: str, at: Path_) -> tuple[str, ...]:
        for value in table.get(key, ()):
            if not isinstance(value, str):
                raise self._type(value, str, (*at, key))
        return tuple(table.get(key, ()))

    def _type(self, value: Any, types: Any, at: Path_) -> Exception:
        wanted = types if isinstance(types, tuple) else (types,)
        names = " or ".join(_NAMES[t] for t in wanted)
        return self.source.error(f"{at[-1]!r} must be {names}, not {value!r:.40}", at)

    def _word(self, error: WordError, at: Path_) -> Exception:
        return self.source.error(error.what, at, error.word, error.do)
