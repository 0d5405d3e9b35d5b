"""Reading a scenario from TOML: every mistake that can be seen without running a model is found here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import did_you_mean
from scenarios import who
from scenarios.expressions import Expression, WordError, parse
from scenarios.keys import BEAT, SCENARIO
from scenarios.measures import MEASURES
from scenarios.narration import Narration, read_narration
from scenarios.questions import Question
from scenarios.script import HERE, Beat, Claim, LaneSpec, Reading, Scenario, Trained
from scenarios.source import Path_, ScriptError, Source, parsed, read_toml
from scenarios.tables import Mistakes, Tables

_NONE = parse("0", {})  # stands for a measure that is wrong, which was said where it is


def read(path: str | Path, called: str = "") -> Scenario:
    """Read a scenario; its mistakes are said to stand in the file `called` so, else in its path.

    Raises:
        PeepholeError: the file cannot be read.
        ScriptError: the first mistake in it, with line, column and the word underlined; all others that
            could be found are its `more`.
    """
    source, data = read_toml(path, called)
    return _Reader(source).scenario(data)


def read_text(text: str, path: Path) -> Scenario:
    """A scenario that is to stand in a file; what it names lies beside that.

    Raises:
        ScriptError: as `read`.
    """
    source = Source(path, text)
    return _Reader(source).scenario(parsed(source))


def further_beat(source: Source, table: Any, at: Path_, scenario: Scenario) -> Beat:
    """One more beat of a scenario, from another file, at `at` there.

    Raises:
        ScriptError: a mistake in it.
    """
    reader = _Reader(source)
    reader.tables.check(table, BEAT, at)
    first = tuple(scenario.lanes)[:1]
    beat = reader.beat(table, at, scenario.reading, first, scenario.lanes, scenario.measures)
    reader.mistakes.end()
    return beat


class _Reader:
    """Reads tables that hold what they may hold, and keeps the mistakes in what they say."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.tables = Tables(source)
        self.mistakes = Mistakes()

    def scenario(self, data: dict[str, Any]) -> Scenario:
        self.tables.check(data, SCENARIO, ())
        reading = Reading()
        with self.mistakes:
            reading = who.reading(self.tables, data, ())
        lanes = {label: LaneSpec(label, Trained("")) for label in data["lanes"]}
        for label, table in data["lanes"].items():
            with self.mistakes:
                lanes[label] = who.lane(self.tables, label, table)
        shared = self._measures(data.get("measure", {}), ("measure",), lanes, {})
        beats: list[Beat] = []
        titles: dict[str, int] = {}
        for i, table in enumerate(data["beats"]):
            before = beats[-1].lanes if beats else tuple(lanes)[:1]
            with self.mistakes:
                self._own_title(table["title"], i, titles)
            beats.append(self.beat(table, ("beats", i), reading, before, lanes, shared))
        self.mistakes.end()
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

    def _own_title(self, title: str, i: int, titles: dict[str, int]) -> None:
        """Beats are told apart by their titles: in lists, and when the file is read again."""
        if (number := titles.setdefault(title, i + 1)) <= i:
            what = f"beat {number} has the title {title!r} already"
            raise self.source.error(what, ("beats", i, "title"), title, "Choose another")

    def beat(
        self,
        table: Any,
        at: Path_,
        reading: Reading,
        before: tuple[str, ...],
        lanes: Mapping[str, LaneSpec],
        shared: Mapping[str, Expression],
    ) -> Beat:
        """A beat, with its mistakes in `mistakes`."""
        shown = self.tables.texts(table, "lanes") or before
        for label in shown:
            if label not in lanes:
                with self.mistakes:
                    do = did_you_mean(label, lanes)
                    raise self.source.error(f"no lane {label!r}", (*at, "lanes"), label, do)
        shown = tuple(
            label for label in shown if label in lanes
        )  # said once, not of every beat after
        with self.mistakes:
            reading = who.reading(self.tables, table, at).within(reading)
        measures = self._measures(table.get("measure", {}), (*at, "measure"), lanes, shared)
        known = {**shared, **measures}
        literal, notes = self.tables.texts(table, "literal"), table.get("notes", "")
        say = self._narration(table["say"], (*at, "say"), known, literal)
        self._narration(notes, (*at, "notes"), known, digits=True)  # a speaker may count
        unit = None
        if "unit" in table:
            with self.mistakes:
                unit = self._parse(str(table["unit"]), (*at, "unit"), lanes, known)
        claims = []
        for text in self.tables.texts(table, "expect"):
            with self.mistakes:
                claims.append(self._claim(text, (*at, "expect"), lanes, known))
        return Beat(
            title=table["title"],
            lanes=shown,
            reading=reading,
            stop=table.get("stop"),
            view=table.get("view", "score"),
            say=say,
            measures=measures,
            claims=tuple(claims),
            of=table.get("of"),
            unit=unit,
            layer=table.get("layer"),
            head=table.get("head"),
            notes=notes,
            question=self._question(table, at, lanes, known) if "ask" in table else None,
        )

    def _question(
        self,
        table: Mapping[str, Any],
        at: Path_,
        lanes: Mapping[str, Any],
        known: Mapping[str, Expression],
    ) -> Question:
        """What is asked at a beat: without numbers, since nothing is measured before it is answered."""
        self._narration(table["ask"], (*at, "ask"), {}, self.tables.texts(table, "literal"))
        claims = []
        for choice in table.get("choices", ()):
            with self.mistakes:
                claims.append(self._claim(choice["if"], (*at, "choices"), lanes, known))
        guess = table.get("guess", "")
        if guess and guess not in known:
            with self.mistakes:
                do = did_you_mean(guess, known)
                raise self.source.error(f"no measure {guess!r}", (*at, "guess"), guess, do)
        return Question(
            ask=table["ask"],
            choices=tuple(choice["text"] for choice in table.get("choices", ())),
            claims=tuple(claims),
            guess=guess,
            unit=table.get("in", ""),
            near=float(table.get("near", 0)),
            factor=float(table.get("factor", 0)),
        )

    def _narration(
        self,
        text: str,
        at: Path_,
        known: Mapping[str, Expression],
        literals: tuple[str, ...] = (),
        digits: bool = False,
    ) -> Narration:
        with self.mistakes:
            try:
                return read_narration(text, known, literals, digits)
            except WordError as error:
                first, *more = (self._word(one, at) for one in (error, *error.more))
                first.more = tuple(more)
                raise first from None
        return Narration("", ())

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
            measures[name], before = _NONE, {**known, **measures}
            with self.mistakes:
                if name in lanes:
                    raise self.source.error(f"{name!r} is a lane already", (*at, name))
                parsed = self._parse(text, (*at, name), lanes, before)
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
            raise self._word(error, at, text) from None
        names = {*lanes, *known} | ({HERE} if {"beats", "questions"} & set(at) else set())
        for name in sorted(expression.names - names):
            raise self.source.error(
                f"no lane or measure {name!r}", at, name, did_you_mean(name, names), text
            )
        return expression

    def _word(self, error: WordError, at: Path_, within: str = "") -> ScriptError:
        return self.source.error(error.what, at, error.word, error.do, within)
