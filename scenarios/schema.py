"""The JSON Schema (draft 2020-12) of a scenario, by which an editor completes its keys and explains them.

It says what a table may hold; that a lane or a measure of some name is there, and whether a claim is true,
`peephole check` knows. Python's finer points it leaves open: 3.0 passes for a whole number, NaN for any.
"""

from __future__ import annotations

import json
import keyword
import math
from typing import Any

from scenarios.keys import SCENARIO
from scenarios.tables import NUMBER, Key, Table

DRAFT = "https://json-schema.org/draft/2020-12/schema"
NAME = r"^[^\W\d]\w*$"  # what `str.isidentifier` takes
_TYPES = {str: "string", int: "integer", bool: "boolean", NUMBER: "number"}


def schema() -> dict[str, Any]:
    """The schema as data."""
    head = {
        "$schema": DRAFT,
        "title": "A scenario of peephole",
        "description": "Lanes (who reads a text) and beats (where to stop, what to show, say and claim).",
    }
    return head | _table(SCENARIO)


def text() -> str:
    """The schema as the file says it."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _table(table: Table) -> dict[str, Any]:
    rules: list[dict[str, Any]] = [{"not": {"required": list(pair)}} for pair in table.apart]
    if table.needs:
        rules.append(_any_of(table.needs))
    rules += [{"if": {"required": [key]}, "then": _any_of(beside)} for key, beside in table.along]
    rules += [{"oneOf": [{"required": [kind]} for kind in table.kinds]}] if table.kinds else []
    for kind in table.kinds:
        foreign = table.all.keys() - table.of_kind(kind).keys.keys() - table.kinds.keys()
        never = {key: False for key in table.all if key in foreign}
        rules.append({"if": {"required": [kind]}, "then": {"properties": never}})
    said = {
        "type": "object",
        "properties": {key: _key(of) for key, of in table.all.items()},
        "required": [key for key, of in table.keys.items() if of.needed],
        "additionalProperties": False,
    }
    return said | ({"allOf": rules} if rules else {})


def _any_of(keys: tuple[str, ...]) -> dict[str, Any]:
    return {"anyOf": [{"required": [key]} for key in keys]}


def _key(key: Key) -> dict[str, Any]:
    said: dict[str, Any] = {"description": key.about}
    items = _table(key.items) if key.items is not None else {"type": "string"}
    if key.holds is dict:
        taken = [*keyword.kwlist, *key.taken]
        names = {"pattern": NAME, "not": {"enum": taken}}
        said |= {"type": "object", "additionalProperties": items, "propertyNames": names}
        said |= {"minProperties": key.least} if key.least else {}
    elif key.holds is list:
        said |= {"type": "array", "items": items}
        said |= {"minItems": key.least} if key.least else {}
        said |= {"maxItems": key.most} if key.most < math.inf else {}
    elif key.holds in _TYPES:
        said["type"] = _TYPES[key.holds]
        said |= {"pattern": r"\S"} if key.holds is str and key.least else {}
    else:
        said["type"] = [_TYPES[kind] for kind in key.holds]
    said |= {"enum": list(key.known)} if key.known else {}
    said |= {"minimum": key.low} if key.low > -math.inf else {}
    said |= {"maximum": key.high} if key.high < math.inf else {}
    said |= {"default": key.default} if key.default is not None else {}
    return said | {"examples": [key.example]}
