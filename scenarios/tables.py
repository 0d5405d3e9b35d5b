"""Tables of a TOML file against a schema: unknown keys, missing keys, values of a wrong type."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import did_you_mean
from scenarios.source import Path_, Source

Schema = Mapping[str, tuple[Any, bool]]  # key -> (types, required)
NUMBER = (int, float)
_NAMES = {
    str: "text",
    int: "a whole number",
    list: "a list of texts",
    dict: "a table",
}


@dataclass(frozen=True)
class Tables:
    """Checks what was read from one file; each mistake is a ScriptError that points into it."""

    source: Source

    def check(self, table: Any, schema: Schema, at: Path_, what: str) -> None:
        """Refuse unknown keys, missing keys and values of a wrong type."""
        if not isinstance(table, dict):
            raise self.wrong(table, dict, at)
        for key, value in table.items():
            if key not in schema:
                raise self.source.error(
                    f"{what} has no key {key!r}", (*at, key), do=did_you_mean(key, schema)
                )
            types = schema[key][0]
            if not isinstance(value, types) or isinstance(value, bool):
                raise self.wrong(value, types, (*at, key))
        for key, (_, required) in schema.items():
            if required and key not in table:
                raise self.source.error(f"{what} needs the key {key!r}", at)

    def texts(self, table: Mapping[str, Any], key: str, at: Path_) -> tuple[str, ...]:
        """A list of texts, empty where the key is not there."""
        for value in table.get(key, ()):
            if not isinstance(value, str):
                raise self.wrong(value, str, (*at, key))
        return tuple(table.get(key, ()))

    def one_of(self, table: Mapping[str, Any], keys: tuple[str, ...], at: Path_) -> str:
        """The one of several keys that a table has, "" for none.

        Raises:
            ScriptError: it has two of them.
        """
        here = [key for key in keys if key in table]
        if len(here) > 1:
            what = f"either {here[0]!r} or {here[1]!r}, not both"
            raise self.source.error(what, (*at, here[1]), do="Take one of them out")
        return here[0] if here else ""

    def number(self, table: Mapping[str, Any], key: str, low: float, high: float, at: Path_) -> Any:
        """A number within bounds."""
        value = table[key]
        if not low <= value <= high:
            bounds = f"from {low:g} to {high:g}" if high < math.inf else f"at least {low:g}"
            raise self.source.error(f"{key!r} is {bounds}, not {value}", (*at, key), str(value))
        return value

    def wrong(self, value: Any, types: Any, at: Path_) -> Exception:
        """The mistake of a value that has another type."""
        wanted = types if isinstance(types, tuple) else (types,)
        names = "a number" if types == NUMBER else " or ".join(_NAMES[t] for t in wanted)
        return self.source.error(f"{at[-1]!r} must be {names}, not {value!r:.40}", at)
