"""Lines of a run's metrics, which anybody may have written, as records."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from engine.errors import shown
from engine.learning.metrics import (
    COLUMNS,
    LONGEST,
    MOST,
    Attention,
    Event,
    Gate,
    Layer,
    Param,
    Probe,
    Record,
    Update,
)

NAME = 200  # characters of a name
MESSAGE = 4000  # characters of an event's message
_DEPTH = 8  # of the JSON in an event


def load(text: bytes | str, longest: int = LONGEST) -> dict[str, Any]:
    """A JSON object, of bounded length.

    Raises:
        ValueError: it is none; the text says why in a few words.
    """
    if len(text) > longest:
        raise ValueError(f"longer than {longest} bytes")
    try:
        said = json.loads(text, parse_constant=_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except UnicodeDecodeError:
        raise ValueError("not UTF-8") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON ({error.msg} at character {error.pos + 1})") from None
    return mapping(said, "it")


def parse_line(line: bytes | str) -> Record:
    """One line as a record.

    Raises:
        ValueError: it is none; the text says why in a few words.
    """
    said = load(line)
    update = count(said.get("update"), "update")
    if "probe" in said:
        return _probe(update, mapping(said["probe"], "probe"))
    if "event" in said:
        event, message = said.pop("event"), said.pop("message", "")
        del said["update"]
        bounded(said)
        return Event(update, name(event), text(message, "message", MESSAGE), said)
    if update < 1:
        raise ValueError("updates are counted from 1")
    return Update(update, *(number(said.get(key), key) for key in COLUMNS[1:]))


def _probe(update: int, said: dict[str, Any]) -> Probe:
    params = {
        name(key): Param(*(number(mapping(norms, key).get(f), f) for f in Param._fields))
        for key, norms in mapping(said.get("params", {}), "params").items()
    }
    attention = tuple(
        Attention(
            name(mapping(each, "attention").get("name")),
            tuple(numbers(each.get("entropy"), "entropy").tolist()),
            count(each.get("keys"), "keys"),
        )
        for each in sequence(said.get("attention", []), "attention")
    )
    layers = tuple(
        _layer(mapping(each, "layer")) for each in sequence(said.get("layers", []), "layers")
    )
    rows = count(said.get("rows"), "rows")
    loss, accuracy = (number(said.get(key), key) for key in ("loss", "accuracy"))
    return Probe(update, rows, loss, accuracy, layers, params, attention)


def _layer(said: dict[str, Any]) -> Layer:
    def table(key: str) -> dict[str, Any]:
        return {name(k): v for k, v in mapping(said.get(key, {}), key).items()}

    jacobian = said.get("jacobian")
    return Layer(
        name=name(said.get("name")),
        kind=name(said.get("kind", "")),
        time={key: numbers(norms, key) for key, norms in table("time").items()},
        gates={
            key: Gate(*(number(mapping(gate, key).get(f), f) for f in Gate._fields))
            for key, gate in table("gates").items()
        },
        saturated=number(said.get("saturated"), "saturated"),
        radius={key: number(value, key) for key, value in table("radius").items()},
        jacobian=None if jacobian is None else numbers(jacobian, "jacobian"),
    )


def mapping(value: Any, what: str) -> dict[str, Any]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise ValueError(f"{what} should be a table, not {shown(value)}")
    return value


def sequence(value: Any, what: str) -> list[Any]:
    """A JSON array."""
    if not isinstance(value, list):
        raise ValueError(f"{what} should be a list, not {shown(value)}")
    return value


def count(value: Any, what: str) -> int:
    """A whole number from 0."""
    if type(value) is not int or not 0 <= value < MOST:
        raise ValueError(f"{what} should be a whole number, not {shown(value)}")
    return value


def number(value: Any, what: str) -> float:
    """A number; null, and what is too large to be one, as NaN."""
    if value is None:
        return math.nan
    if type(value) not in (int, float):
        raise ValueError(f"{what} should be a number, not {shown(value)}")
    try:
        value = float(value)
    except OverflowError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def numbers(value: Any, what: str) -> np.ndarray:
    """A list of numbers, as float64."""
    return np.array([number(item, what) for item in sequence(value, what)], np.float64)


def text(value: Any, what: str, longest: int) -> str:
    """Text that can be printed."""
    if not isinstance(value, str) or len(value) > longest:
        raise ValueError(f"{what} should be a text of at most {longest} characters")
    if not value.replace("\n", "").isprintable():
        raise ValueError(f"{what} cannot be printed")
    return value


def name(value: Any) -> str:
    """One line that can be printed."""
    if "\n" in text(value, "a name", NAME):
        raise ValueError("a name of several lines")
    return value


def bounded(value: Any, depth: int = _DEPTH) -> None:
    """Refuse JSON that is nested too deeply, or text that would command a terminal."""
    if not depth:
        raise ValueError("nested too deeply")
    if isinstance(value, str):
        text(value, "a text", MESSAGE)
    elif isinstance(value, dict):
        for key, item in value.items():
            name(key)
            bounded(item, depth - 1)
    elif isinstance(value, list):
        for item in value:
            bounded(item, depth - 1)


def _constant(said: str) -> float:
    raise ValueError(f"{said} is not JSON")
