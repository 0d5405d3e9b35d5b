"""Who reads in a lane, as a scenario's file says it, and what: checked before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import PeepholeError
from scenarios.keys import LANE, READING
from scenarios.script import LaneSpec, Reading, Recorded, Trained, Untrained
from scenarios.source import Path_
from scenarios.tables import Tables


def lane(tables: Tables, label: str, table: Any) -> LaneSpec:
    """A lane of a scenario, of a table that holds what a lane may hold (`scenarios.keys`).

    Raises:
        ScriptError: a mistake in what it says, with the word underlined.
    """
    at: Path_ = ("lanes", label)
    return LaneSpec(
        label, _who(tables, table, at), reading(tables, table, at), tables.texts(table, "hand-set")
    )


def reading(tables: Tables, table: Mapping[str, Any], at: Path_) -> Reading:
    """What a table says is read, and how an answer is made; what it leaves out is said around it.

    Raises:
        ScriptError: no way to decode.
    """
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


def _who(tables: Tables, table: Mapping[str, Any], at: Path_) -> Trained | Untrained | Recorded:
    if "model" in table:
        return Trained(table["model"], table.get("steps"))
    if "run" in table:
        return Recorded(table["run"], table.get("update"))
    if "forget-bias" in table and table["cell"] != "lstm":
        what = f"the cell {table['cell']!r} has no forget gate"
        raise tables.source.error(what, (*at, "forget-bias"), do="An LSTM has one")
    settings = {key.replace("-", "_"): table[key] for key in LANE.kinds["cell"] if key in table}
    return Untrained(**settings)
