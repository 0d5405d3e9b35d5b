"""Who reads in a lane, as a scenario's file says it, and what: checked before anything runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from engine.errors import did_you_mean
from engine.recipe import CHOICES
from engine.registry import NETWORKS
from scenarios.script import LaneSpec, Reading, Recorded, Trained, Untrained
from scenarios.source import Path_
from scenarios.tables import NUMBER, Tables

_ANY: dict[str, tuple[Any, bool]] = {
    "text": (str, False),
    "task": (str, False),
    "hand-set": (list, False),
}
KINDS: dict[str, dict[str, tuple[Any, bool]]] = {
    "model": {"model": (str, True), "steps": (int, False)},
    "cell": {
        "cell": (str, True),
        "init": (str, False),
        "gain": (NUMBER, False),
        "forget-bias": (NUMBER, False),
        "width": (int, False),
        "layers": (int, False),
        "seed": (int, False),
    },
    "run": {"run": (str, True), "update": (int, False)},
}
_BOUNDS: dict[str, tuple[float, float]] = {
    "steps": (0, math.inf),
    "update": (0, math.inf),
    "gain": (0, 100),
    "forget-bias": (-100, 100),
    "width": (1, 1024),
    "layers": (1, 16),
    "seed": (0, 2**31 - 1),
}


def lane(tables: Tables, label: str, table: Any) -> LaneSpec:
    """A lane of a scenario.

    Raises:
        ScriptError: a mistake in it, with the word underlined.
    """
    at: Path_ = ("lanes", label)
    every = {key: rule for schema in KINDS.values() for key, rule in schema.items()} | _ANY
    tables.check(table, {key: (types, False) for key, (types, _) in every.items()}, at, "a lane")
    kind = tables.one_of(table, tuple(KINDS), at)
    if not kind:
        raise tables.source.error("a lane needs the key 'model', 'cell' or 'run'", at)
    tables.check(table, KINDS[kind] | _ANY, at, f"a lane with {kind!r}")
    for key in table.keys() & _BOUNDS.keys():
        tables.number(table, key, *_BOUNDS[key], at)
    return LaneSpec(
        label, _who(tables, kind, table, at), reading(tables, table, at),
        tables.texts(table, "hand-set", at),
    )  # fmt: skip


def reading(tables: Tables, table: Mapping[str, Any], at: Path_) -> Reading | None:
    """What a table says is read; None where it says nothing of it."""
    key = tables.one_of(table, ("text", "task"), at)
    return Reading(**{key: table[key]}, at=(*at, key)) if key else None


def _who(
    tables: Tables, kind: str, table: Mapping[str, Any], at: Path_
) -> Trained | Untrained | Recorded:
    if kind == "model":
        return Trained(table["model"], table.get("steps"))
    if kind == "run":
        return Recorded(table["run"], table.get("update"))
    for key, known in (("cell", NETWORKS), ("init", CHOICES["init"])):
        if key in table and table[key] not in known:
            do = did_you_mean(table[key], known)
            raise tables.source.error(f"no {key} {table[key]!r}", (*at, key), table[key], do)
    if "forget-bias" in table and table["cell"] != "lstm":
        what = f"the cell {table['cell']!r} has no forget gate"
        raise tables.source.error(what, (*at, "forget-bias"), do="An LSTM has one")
    settings = {key.replace("-", "_"): table[key] for key in KINDS["cell"] if key in table}
    return Untrained(**settings)
