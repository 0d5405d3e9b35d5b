"""Who reads in a lane, as a scenario's file says it, and what: checked before anything runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from engine.errors import PeepholeError, did_you_mean
from engine.recipe import CHOICES
from engine.registry import NETWORKS
from scenarios.script import LaneSpec, Reading, Recorded, Trained, Untrained
from scenarios.source import Path_
from scenarios.tables import NUMBER, Tables

READING: dict[str, tuple[Any, bool]] = {
    "text": (str, False),
    "task": (str, False),
    "target": (str, False),
    "decode": (str, False),
    "most": (int, False),
}
_ANY: dict[str, tuple[Any, bool]] = READING | {"hand-set": (list, False)}
LONGEST = 200  # tokens that a model may write
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


def reading(tables: Tables, table: Mapping[str, Any], at: Path_) -> Reading:
    """What a table says is read, and how an answer is made; what it leaves out is said around it.

    Raises:
        ScriptError: keys that exclude each other, or no way to decode.
    """
    tables.one_of(table, ("text", "task"), at)
    tables.one_of(table, ("target", "decode"), at)
    tables.one_of(table, ("target", "most"), at)
    tables.one_of(table, ("target", "task"), at)
    if "most" in table:
        tables.number(table, "most", 1, LONGEST, at)
    if "decode" in table:
        _check_decoding(tables, table["decode"], (*at, "decode"))
    here = [key for key in READING if key in table]
    return Reading(**{key: table[key] for key in here}, at={key: (*at, key) for key in here})


def _check_decoding(tables: Tables, text: str, at: Path_) -> None:
    from engine.decoding import Decoding

    try:
        Decoding.parse(text)
    except PeepholeError as error:
        raise tables.source.error(error.what, at, text, error.do) from None


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
