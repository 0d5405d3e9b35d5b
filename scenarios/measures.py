"""What a scenario can measure, in one table: `peephole list measures` prints it.

Every measure of a run takes a lane first. A row (`at`, `to`) is its number or a word of the text:
'were' is the first row that reads it, 'that#2' the second 'that', `here` the row that the beat stops
at. A prediction of row t is made when row t - 1 has been read. A measure whose row is left out gives
the list over all rows, for max, min, mean and argmax.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from engine import lenses
from engine.errors import PeepholeError
from engine.interventions import Interventions
from scenarios.lanes import At, Lane

MEASURES: dict[str, Callable[..., Any]] = {}
UNITS: dict[str, str] = {}  # measure -> unit of its value


class Listed(NamedTuple):
    """A line of `peephole list measures`."""

    name: str
    unit: str
    about: str


def listed() -> list[Listed]:
    """All measures in the order of this file."""
    return [
        Listed(name, UNITS[name], " ".join((function.__doc__ or "").split()))
        for name, function in MEASURES.items()
    ]


def measure(unit: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put a function into the table."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__.rstrip("_")
        MEASURES[name], UNITS[name] = function, unit
        return function

    return register


# What a model expects ---------------------------------------------------------------------------


@measure("bits")
def surprisal(lane: Lane, at: At | None = None) -> Any:
    """-log2 of the probability that the word at a row had before it was read."""
    bits = _of_trace(lenses.surprisal, lane)["bits"].array
    return _pick(lane, bits, at)


@measure("probability")
def probability(lane: Lane, at: At, word: str) -> float:
    """Of any word at a row, given the words before it."""
    return lenses.probability(_lane(lane).trace, lane.row(at), word)


@measure("bits")
def log_odds(lane: Lane, at: At, word: str, other: str) -> float:
    """log2 p(word) / p(other) at a row: above 0 where the model prefers the first."""
    return lenses.log_odds(_lane(lane).trace, lane.row(at), word, other)


@measure("word")
def guess(lane: Lane, at: At, rank: int = 1) -> str:
    """The likeliest word at a row, given the words before it; rank 2 is the second likeliest."""
    row = _lane(lane).row(at)
    if row < 1:
        raise PeepholeError("nothing predicts row 0")
    logits = lane.trace["logits"][row - 1]
    order = np.argsort(-logits, kind="stable")
    return lane.model.vocabulary.words[order[_whole(rank, 1, len(order)) - 1]]


@measure("share right")
def accuracy(lane: Lane, split: str, n: int = 200, seed: int = 1) -> float:
    """How often a lane's model prefers the right word, over n sentences of a split of the corpus (see
    the model cards); what the lane has set by hand stays so. Chance is 0.5."""
    return _accuracy(_lane(lane), split, _whole(n, 1, 5000), _whole(seed, 0, 10**9))


# Inside ------------------------------------------------------------------------------------------


@measure("as the value")
def value(lane: Lane, name: str, unit: int, at: At | None = None, layer: int = -1) -> Any:
    """One unit of a named value (h, c, f ...) at a row; the last layer if no other is named."""
    array = _units(lane, name)[:, layer]
    return _pick(lane, array[:, _whole(unit, 0, array.shape[-1] - 1)], at)


@measure("as the value")
def largest(lane: Lane, name: str) -> float:
    """The largest size of a named value over all rows, layers and units, whatever its sign."""
    return float(np.abs(_units(lane, name)).max())


@measure("gate value, 0 shut to 1 open")
def gate(lane: Lane, name: str, at: At | None = None, layer: int = -1) -> Any:
    """Mean openness of a gate over its units."""
    return _gate(lane, name, "mean", at, layer)


@measure("fraction of units")
def gate_shut(lane: Lane, name: str, at: At | None = None, layer: int = -1) -> Any:
    """Share of a gate's units below 0.1."""
    return _gate(lane, name, "shut", at, layer)


@measure("fraction of units")
def gate_open(lane: Lane, name: str, at: At | None = None, layer: int = -1) -> Any:
    """Share of a gate's units above 0.9."""
    return _gate(lane, name, "open", at, layer)


@measure("no unit")
def jacobian(lane: Lane, at: At | None = None, layer: int = -1) -> Any:
    """Largest factor by which one step can stretch a small change of the state (spectral norm)."""
    norms = of_model(lenses.jacobian_norms, lane)["state"].array
    return _pick(lane, norms[:, layer], at)


# What a prediction depends on --------------------------------------------------------------------


@measure("nats per unit of the state")
def gradient(
    lane: Lane, at: At, to: At | None = None, of: str = "h", word: str = "", layer: int = -1
) -> Any:
    """|dL_at/dh_to|: how much the loss at one row depends on the state (h, c) or input (x) of an
    earlier one; the loss of `word` where one is given."""
    row = _lane(lane).row(at)
    flow = of_model(lenses.gradient_flow, lane, row, word or None)
    if of not in flow:
        raise PeepholeError(f"no gradient of {of!r}", do=f"There are: {', '.join(flow)}")
    array = flow[of].array
    return _pick(lane, array if array.ndim == 1 else array[:, layer], to)


@measure("bits")
def occlusion(lane: Lane, at: At, word: str, other: str, to: At | None = None) -> Any:
    """How much log2 p(word)/p(other) at a row loses when the input at another row is erased."""
    row = _lane(lane).row(at)
    return _pick(lane, of_model(lenses.occlusion, lane, row, word, other)["drop"].array, to)


@measure("bits")
def ablation(
    lane: Lane, at: At, word: str, other: str, unit: int, of: str = "h", layer: int = -1
) -> float:
    """How much log2 p(word)/p(other) at a row loses when a unit is held at 0 throughout."""
    drop = _ablation(lane, at, word, other, of)[layer]
    return float(drop[_whole(unit, 0, len(drop) - 1)])


@measure("list of units")
def strongest(
    lane: Lane, at: At, word: str, other: str, n: int = 1, of: str = "h", layer: int = -1
) -> np.ndarray:
    """The n units whose ablation costs log2 p(word)/p(other) the most, the costliest first."""
    drop = _ablation(lane, at, word, other, of)[layer]
    return np.argsort(-drop, kind="stable")[: _whole(n, 1, len(drop))]


@measure("list of units")
def weakest(
    lane: Lane, at: At, word: str, other: str, n: int = 1, of: str = "h", layer: int = -1
) -> np.ndarray:
    """The n units whose ablation changes log2 p(word)/p(other) the least: the control of `strongest`."""
    drop = np.abs(_ablation(lane, at, word, other, of)[layer])
    return np.argsort(drop, kind="stable")[: _whole(n, 1, len(drop))]


@measure("weight, each row sums to 1")
def attention(
    lane: Lane, at: At, to: At | None = None, layer: int = -1, head: int | None = None
) -> Any:
    """Attention weight of the tick at one row on an earlier one; the mean over heads if none is named."""
    if "weights" not in _lane(lane).trace:
        raise PeepholeError(f"{lane.label} has no attention", do="Name a Transformer")
    weights = lane.trace.array("weights", "time", "layer", "head", "key")
    row = weights[_existing(lane, at), layer]  # (head, key)
    return _pick(lane, row.mean(0) if head is None else row[head], to)


@measure("bits")
def attention_entropy(lane: Lane, at: At, layer: int = -1, head: int | None = None) -> float:
    """How spread the weights of a row are: 0 bits on one row, log2(n) evenly on n."""
    bits = _of_trace(lenses.attention_entropy, lane)["bits"].array
    row = bits[layer, :, _existing(lane, at)]
    return float(row.mean() if head is None else row[head])


@measure("share, each row sums to 1")
def rollout(lane: Lane, at: At, to: At | None = None, layer: int = -1) -> Any:
    """Attention rolled out through the layers to the input (Abnar & Zuidema 2020)."""
    weights = _of_trace(lenses.rollout, lane)["weights"].array
    return _pick(lane, weights[layer, _existing(lane, at)], to)


# Sizes, rows and arithmetic ----------------------------------------------------------------------


@measure("row")
def row(lane: Lane, at: At) -> int:
    """The number of a row."""
    return _lane(lane).row(at)


@measure("rows")
def rows(lane: Lane) -> int:
    """How many rows were read, the start included."""
    return len(_lane(lane).trace)


@measure("word")
def token(lane: Lane, at: At) -> str:
    """The word that a row reads."""
    return _lane(lane).trace.tokens[_existing(lane, at)]


@measure("parameters")
def size(lane: Lane) -> int:
    """How many numbers a model has learned."""
    return _lane(lane).model.size


@measure("units")
def width(lane: Lane) -> int:
    """How many units a layer has."""
    return _lane(lane).model.architecture.width


@measure("words")
def vocabulary(lane: Lane) -> int:
    """How many words a model knows."""
    return len(_lane(lane).model.vocabulary)


@measure("updates")
def updates(lane: Lane) -> int:
    """How many training steps a model took, as its card says."""
    card = _lane(lane).model.card
    if "updates" not in card:
        raise PeepholeError(f"the card of {lane.label} says no number of updates")
    return int(card["updates"])


@measure("as the values")
def max_(*values: Any) -> Any:
    """The largest of a list or of several values."""
    return _reduce(np.max, values)


@measure("as the values")
def min_(*values: Any) -> Any:
    """The smallest of a list or of several values."""
    return _reduce(np.min, values)


@measure("as the values")
def mean(*values: Any) -> Any:
    """The mean of a list or of several values."""
    return _reduce(np.mean, values)


@measure("as the values")
def sum_(*values: Any) -> Any:
    """The sum of a list or of several values."""
    return _reduce(np.sum, values)


@measure("row or place in the list, from 0")
def argmax(values: Any, first: int = 0, last: int = -1) -> int:
    """Where a list is largest, between two places (both included)."""
    array = _list(values)
    last = len(array) - 1 if last == -1 else last
    first = _whole(first, 0, len(array) - 1)
    return first + int(np.nanargmax(array[first : _whole(last, first, len(array) - 1) + 1]))


@measure("as the list")
def item(values: Any, place: int) -> Any:
    """One element of a list, from 0."""
    array = _list(values)
    return array[_whole(place, 0, len(array) - 1)].item()


@measure("as the value")
def abs_(value: Any) -> Any:
    """Without its sign."""
    return np.abs(value)


@measure("as the value")
def round_(value: float, digits: int = 0) -> float:
    """Rounded to so many digits."""
    return float(np.round(value, _whole(digits, 0, 12)))


@measure("bits")
def log2(value: float) -> float:
    """Logarithm to base 2."""
    if not value > 0:
        raise PeepholeError(f"no logarithm of {value}")
    return float(np.log2(value))


# Helpers -----------------------------------------------------------------------------------------


def _lane(lane: Any) -> Lane:
    if not isinstance(lane, Lane):
        raise PeepholeError(f"{lane!r} is not a lane", do="Name one of the scenario's lanes first")
    return lane


def _existing(lane: Lane, at: At) -> int:
    """A row that was read."""
    found = _lane(lane).row(at)
    if found >= len(lane.trace):
        raise PeepholeError(f"{lane.label} has rows 0 to {len(lane.trace) - 1}, not {found}")
    return found


def _pick(lane: Lane, array: np.ndarray, at: At | None) -> Any:
    return array if at is None else float(array[_existing(lane, at)])


def _whole(number: Any, low: int, high: int) -> int:
    number = np.asarray(number)
    number = number.item() if number.size == 1 else None
    if not isinstance(number, int | float) or number != int(number) or not low <= number <= high:
        raise PeepholeError(f"{number} is not a whole number from {low} to {high}")
    return int(number)


def _units(lane: Lane, name: str) -> np.ndarray:
    """(time, layer, unit)"""
    array = _lane(lane).trace[name]
    if lane.trace.axes(name) != ("time", "layer", "unit"):
        raise PeepholeError(f"{name!r} has no units", do="Name one of h, c or a gate")
    return array


def _gate(lane: Lane, name: str, what: str, at: At | None, layer: int) -> Any:
    named = _of_trace(lenses.gate_statistics, lane)
    if f"{name}.{what}" not in named:
        gates = ", ".join(lane.trace.header.gates)
        has = f"It has: {gates}" if gates else "It has none"
        raise PeepholeError(f"{lane.label} has no gate {name!r}", do=has)
    return _pick(lane, named[f"{name}.{what}"].array[:, layer], at)


def _ablation(lane: Lane, at: At, word: str, other: str, of: str) -> np.ndarray:
    """(layer, unit)"""
    found = _lane(lane).row(at)
    return of_model(lenses.unit_ablation, lane, found, word, other, of)["drop"].array


def _list(values: Any) -> np.ndarray:
    array = np.asarray(values)
    if array.ndim != 1 or array.dtype.kind not in "fiu" or not len(array):
        raise PeepholeError("not a list of numbers", do="Leave the row of a measure out")
    return array


def _reduce(function: Callable[..., Any], values: tuple[Any, ...]) -> Any:
    array = _list(values[0] if len(values) == 1 and np.ndim(values[0]) else list(values))
    array = array[~np.isnan(array.astype(float))]
    return function(array).item()


@lru_cache(maxsize=512)
def _of_trace(lens: Callable[..., Any], lane: Lane) -> Any:
    """What a lens says of a trace, kept: lanes are compared by identity and never change."""
    return lens(_lane(lane).trace)


@lru_cache(maxsize=512)
def of_model(lens: Callable[..., Any], lane: Lane, *args: Any) -> Any:
    """What a lens says of a trace and its model, kept."""
    return lens(_lane(lane).model, lane.trace, *args)


@lru_cache(maxsize=512)
def _accuracy(lane: Lane, split: str, n: int, seed: int) -> float:
    from scenarios.evaluate import accuracy

    return accuracy(lane.model, split, n, seed, Interventions(lane.hand_set))
