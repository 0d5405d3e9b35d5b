"""What a table of a TOML file may hold, said once: from this come the checks, the JSON Schema and the docs.

`Tables` finds all that a file does against its `Table`; `scenarios.keys` says what a scenario has.
"""

from __future__ import annotations

import difflib
import keyword
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from engine.errors import did_you_mean
from scenarios.source import Path_, ScriptError, Source

NUMBER = (int, float)
MANY = 50  # mistakes after which a file is not looked at any further
_NAMES = {
    str: "text",
    int: "a whole number",
    bool: "true or false",
    list: "a list of texts",
    dict: "a table",
}


@dataclass(frozen=True)
class Key:
    """A key of a table.

    Attributes:
        holds: its type, or types: str, int, bool, NUMBER, list or dict.
        about: what it says, for the writer of a file.
        example: a value, as the file has it.
        needed: whether the table must have it.
        known: the only words that it may be.
        low, high: the bounds of a number.
        most: entries that a list may have; `least` that it must have. A text with a `least` is not blank.
        items: what the entries of a list, or the named entries of a table, hold; None: texts.
        taken: names that the entries of a table may not have; each is a name as Python has them.
        default: what holds where the key is not there, as the file would say it; None: not one value.
    """

    holds: Any
    about: str
    example: Any
    needed: bool = False
    known: tuple[str, ...] = ()
    low: float = -math.inf
    high: float = math.inf
    least: int = 0
    most: float = math.inf
    items: Table | None = None
    taken: tuple[str, ...] = ()
    default: Any = None


@dataclass(frozen=True)
class Table:
    """What a table may hold.

    Attributes:
        what: its name in a message, "a beat".
        keys: every key that it may have.
        kinds: keys of which it must have exactly one, each with the further keys that only go with it.
        needs: it must have one of these.
        apart: two keys of which it may have one.
        along: a key, and others of which one must stand beside it.
    """

    what: str
    keys: Mapping[str, Key]
    kinds: Mapping[str, Mapping[str, Key]] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    apart: tuple[tuple[str, str], ...] = ()
    along: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def all(self) -> dict[str, Key]:
        """Its keys, those of every kind among them."""
        return {key: of for kind in self.kinds.values() for key, of in kind.items()} | {**self.keys}

    def of_kind(self, kind: str) -> Table:
        """A table that is of this kind already."""
        keys = {**self.kinds[kind], **self.keys}
        return Table(f"{self.what} with {kind!r}", keys, {}, self.needs, self.apart, self.along)


class Mistakes:
    """Mistakes as they are found, so that somebody who mends a file is told all of them at once."""

    def __init__(self) -> None:
        self.found: list[ScriptError] = []

    def __enter__(self) -> None:
        """`with mistakes:` what ends in a mistake is kept here, and what follows goes on."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, ScriptError):
            self.found += (error, *error.more)
            if len(self.found) >= MANY:
                self.end()
        return isinstance(error, ScriptError)

    def end(self) -> None:
        """Raise the first mistake, whose `more` are the others; nothing where there is none."""
        if self.found:
            first, *others = self.found[:MANY]
            first.more = tuple(others)
            raise first


@dataclass(frozen=True)
class Tables:
    """Checks what was read from one file; each mistake is a ScriptError that points into it."""

    source: Source

    def check(self, table: Any, schema: Table, at: Path_) -> None:
        """Refuse unknown and missing keys, wrong types, unknown words, numbers out of bounds.

        Raises:
            ScriptError: the first of them; the others are its `more`.
        """
        mistakes = Mistakes()
        mistakes.found += islice(self._mistakes(table, schema, at), MANY)
        mistakes.end()

    def texts(self, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        """A list of texts, empty where the key is not there."""
        return tuple(table.get(key, ()))

    def _mistakes(self, table: Any, schema: Table, at: Path_) -> Iterator[ScriptError]:
        """All that is wrong with a table, and with the tables in it."""
        if not isinstance(table, dict):
            yield self.source.error(f"{schema.what} must be a table, not {table!r:.40}", at)
            return
        kinds = [kind for kind in schema.kinds if kind in table]
        yield from self._unknown(table, schema, at)
        yield from self._apart(table, tuple(schema.kinds), at)
        if len(kinds) == 1:
            known, schema = schema.all, schema.of_kind(kinds[0])
            yield from self._unknown({k: v for k, v in table.items() if k in known}, schema, at)
        yield from self._missing(table, schema, at)
        for pair in schema.apart:
            yield from self._apart(table, pair, at)
        for key, value in table.items():
            if key in schema.all:
                yield from self._value(value, schema.all[key], key, at)

    def _unknown(self, table: Mapping[str, Any], schema: Table, at: Path_) -> Iterator[ScriptError]:
        for key in table:
            if key not in schema.all:
                what = f"{schema.what} has no key {key!r}"
                yield self.source.error(what, (*at, key), do=did_you_mean(key, schema.all))

    def _missing(self, table: Mapping[str, Any], schema: Table, at: Path_) -> Iterator[ScriptError]:
        misspelt = {
            near
            for key in table.keys() - schema.all.keys()
            for near in difflib.get_close_matches(key, schema.all, cutoff=0.5)
        }  # of these it was said already

        here = table.keys() | misspelt
        needed: list[tuple[tuple[str, ...], str, str]]
        needed = [((key,), schema.what, "the key ") for key, of in schema.keys.items() if of.needed]
        needed += [(keys, schema.what, "the key ") for keys in (tuple(schema.kinds), schema.needs)]
        needed += [(beside, repr(key), "") for key, beside in schema.along if key in table]
        for keys, what, the in needed:
            if keys and not here & set(keys):
                *others, last = map(repr, keys)
                names = f"{', '.join(others)} or {last}" if others else last
                yield self.source.error(f"{what} needs {the}{names}", at)

    def _apart(
        self, table: Mapping[str, Any], keys: tuple[str, ...], at: Path_
    ) -> Iterator[ScriptError]:
        here = [key for key in keys if key in table]
        if len(here) > 1:
            what = f"either {here[0]!r} or {here[1]!r}, not both"
            yield self.source.error(what, (*at, here[1]), do="Take one of them out")

    def _value(self, value: Any, of: Key, key: str, at: Path_) -> Iterator[ScriptError]:
        at = (*at, key)
        if not isinstance(value, of.holds) or (isinstance(value, bool) and of.holds is not bool):
            yield self.wrong(value, of.holds, at)
        elif isinstance(value, str) and of.known and value not in of.known:
            yield self.source.error(f"no {key} {value!r}", at, value, did_you_mean(value, of.known))
        elif isinstance(value, str) and of.least and not value.strip():
            yield self.source.error(f"{key!r} is empty", at)
        elif isinstance(value, NUMBER) and not of.low <= value <= of.high:
            low, high = f"{of.low:g}", f"{of.high:g}"
            bounds = f"at least {low}" if math.isinf(of.high) else f"from {low} to {high}"
            yield self.source.error(f"{key!r} is {bounds}, not {value}", at, str(value))
        elif isinstance(value, list):
            if not of.least <= len(value) <= of.most:
                bound = f"{of.least} or more" if len(value) < of.least else f"{of.most} at most"
                yield self.source.error(f"{key!r} has {bound}, not {len(value)}", at)
            for n, item in enumerate(value):
                yield from self._item(item, of.items, at, (*at, n))
        elif isinstance(value, dict):
            if len(value) < of.least:
                yield self.source.error(f"{key!r} has {of.least} or more, not {len(value)}", at)
            for name, item in value.items():
                if not name.isidentifier() or keyword.iskeyword(name) or name in of.taken:
                    is_ = "taken" if name.isidentifier() else "not a name (letters, digits, _)"
                    what = f"{name!r} is {is_}"
                    yield self.source.error(what, (*at, name), do="Choose another name")
                yield from self._item(item, of.items, (*at, name), (*at, name))

    def _item(
        self, item: Any, schema: Table | None, at: Path_, inside: Path_
    ) -> Iterator[ScriptError]:
        if schema is not None:
            yield from self._mistakes(item, schema, inside)
        elif not isinstance(item, str):
            yield self.wrong(item, str, at)

    def wrong(self, value: Any, types: Any, at: Path_) -> ScriptError:
        """The mistake of a value that has another type."""
        wanted = types if isinstance(types, tuple) else (types,)
        names = "a number" if types == NUMBER else " or ".join(_NAMES[t] for t in wanted)
        return self.source.error(f"{at[-1]!r} must be {names}, not {value!r:.40}", at)
