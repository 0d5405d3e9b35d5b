"""Conditions on a row of a trace, as people say them: where playback breaks and a beat stops.

    f[17] < 0.1                     forget gate of unit 17 below 0.1
    h[3] of layer 2 > 0.5           hidden state of unit 3 of layer 2 above 0.5
    f < 0.2                         forget gate below 0.2                (mean over the units)
    bits > 8                        surprisal above 8
    p(were) > 0.5                   probability of were above 0.5        (of being the next word)
    |dL/dh_1| < 1e-3                gradient at row 1 below 1e-3         (of the loss at this row)
    weight[3] > 0.5                 attention to row 3 above 0.5         (mean over the heads)
    token is were                   token were

Rows, units, layers and heads are counted from 0, as everywhere; without a layer the last one is meant.
A quantity that has no value at a row (bits at row 0, the gradient by a row that is not past) does not hold.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.errors import PeepholeError, did_you_mean
from engine.lenses.prediction import probability
from engine.trace import Named, Trace

Lookup = Callable[..., Mapping[str, Named]]  # lookup("gradient_flow", row=t) -> the lens's results

LONGEST = 400  # characters
EXAMPLES = "E.g. f[17] < 0.1, bits > 8, p(were) > 0.5, |dL/dh_1| < 1e-3, token is were"
NAMES = {
    "input gate": "i",
    "forget gate": "f",
    "candidate": "g",
    "output gate": "o",
    "reset gate": "r",
    "update gate": "z",
    "cell state": "c",
    "cell": "c",
    "hidden state": "h",
    "hidden": "h",
}
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_WORDS = (  # the longest first: "is at least" must not be read as "is"
    (r"(?:is|falls|goes|drops|stays)?\s*(?:below|under|less than|smaller than)", "<"),
    (r"(?:is|rises|goes|stays)?\s*(?:above|over|more than|greater than)", ">"),
    (r"(?:is\s+)?at least|≥", ">="),
    (r"(?:is\s+)?at most|≤", "<="),
)
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"
_SHAPE = re.compile(rf"(?P<left>.+?)\s*(?P<op><=|>=|<|>)\s*(?P<number>{_NUMBER})")
_OF = r"(?:\s+of\s+unit\s+(?P<unit>\d+)|\s*\[\s*(?P<index>\d+)\s*\])?"
_LAYER = r"(?:\s+(?:of|in|at)\s+layer\s+(?P<layer>\d+))?"
_UNIT = re.compile(rf"(?P<name>[^\W\d]+(?: [^\W\d]+)?){_OF}{_LAYER}")
_GRADIENT = re.compile(
    r"(?:\|?\s*[d∂]L\w*\s*/\s*[d∂](?P<name>[hcx])_?\{?(?P<row>\d+)\}?\s*\|?"
    r"|gradient(?: of (?P<of>[hcx]))? (?:at|of|to) row (?P<at>\d+))" + _LAYER
)
_WEIGHT = re.compile(
    r"(?:weight\s*\[\s*(?P<row>\d+)\s*\]|attention (?:to|on) row (?P<at>\d+))"
    r"(?:\s+(?:of|in) head (?P<head>\d+))?" + _LAYER
)
_P = re.compile(r"p\s*\(\s*['\"]?(?P<word>[^'\"\s()]+)['\"]?\s*\)|probability of (?P<of>\S+)")
_TOKEN = re.compile(r"(?:token|word)\s*(?:is|==?)?\s*['\"]?(?P<word>[^'\"\s]+)['\"]?")


@dataclass(frozen=True)
class Condition:
    """A condition on one row.

    Attributes:
        text: as the user wrote it.
        kind: bits, unit, gradient, weight, p or token.
        op, number: what the quantity is compared with (not of a token).
        name: of the value (unit, gradient), or the word (p, token).
        index: unit (None is the mean over units) or row.
        layer, head: None is the last layer, the mean over heads.
    """

    text: str
    kind: str
    op: str = ""
    number: float = math.nan
    name: str = ""
    index: int | None = None
    layer: int | None = None
    head: int | None = None

    def __str__(self) -> str:
        """The short form."""
        return f"{self.quantity} {self.op} {self.number:g}" if self.op else self.quantity

    @property
    def quantity(self) -> str:
        """What is compared, in the short form."""
        layer = "" if self.layer is None else f" of layer {self.layer}"
        head = "" if self.head is None else f" of head {self.head}"
        match self.kind:
            case "unit":
                unit = "" if self.index is None else f"[{self.index}]"
                return f"{self.name}{unit}{layer}"
            case "gradient":
                return f"|dL/d{self.name}_{self.index}|{layer}"
            case "weight":
                return f"weight[{self.index}]{head}{layer}"
            case "p":
                return f"p({self.name})"
            case "token":
                return f"token is {self.name}"
        return self.kind

    def check(self, trace: Trace) -> None:
        """Refuse what a trace does not have.

        Raises:
            PeepholeError: no such value, unit, layer, head or word; the message names what there is.
        """
        model = trace.header.model
        if self.kind == "unit":
            _, _, layers, width = self._units(trace)
            _within(self.index, width, f"{self.name} has units")
            _within(self.layer, layers, f"{model} has layers")
        if self.kind == "weight":
            if "weights" not in trace:
                raise PeepholeError(f"{model} has no attention", do="Open a Transformer")
            _, layers, heads, _ = trace.array("weights", "time", "layer", "head", "key").shape
            _within(self.layer, layers, f"{model} has layers")
            _within(self.head, heads, f"{model} has heads")
        if self.kind == "gradient" and self.name == "c" and "c" not in trace:
            raise PeepholeError(f"{model} has no cell state c", do="Ask for |dL/dh_k|")
        if self.kind in ("p", "token") and self.name not in trace.header.vocabulary:
            do = did_you_mean(self.name, trace.header.vocabulary)
            raise PeepholeError(f"{model} does not know the word {self.name!r}", do=do)

    def holds(self, trace: Trace, row: int, lookup: Lookup | None = None) -> bool:
        """Whether it holds at a row; `lookup` finds lens results (needed for gradients only)."""
        if self.kind == "token":
            return trace.tokens[row] == self.name
        value = self.value(trace, row, lookup)
        return not math.isnan(value) and _COMPARE[self.op](value, self.number)

    def value(self, trace: Trace, row: int, lookup: Lookup | None = None) -> float:
        """The quantity at a row; NaN where it has none."""
        match self.kind:
            case "bits":
                p = probability(trace, row, trace.tokens[row]) if row else math.nan
                return -math.log2(p) if p > 0 else math.nan if row == 0 else math.inf
            case "p":
                return probability(trace, row + 1, self.name)
            case "unit":
                array, last, *_ = self._units(trace)
                units = array[row, last if self.layer is None else self.layer]
                return float(units.mean() if self.index is None else units[self.index])
            case "weight":
                weights = trace.array("weights", "time", "layer", "head", "key")
                if self.index is None or self.index > row:
                    return math.nan
                of = weights[row, -1 if self.layer is None else self.layer, :, self.index]
                return float(of.mean() if self.head is None else of[self.head])
            case "gradient":
                return self._gradient(row, lookup)
        raise PeepholeError(f"{self.text!r} has no value to compare")

    def measured(self, trace: Trace, row: int, lookup: Lookup | None = None) -> str:
        """What was measured, e.g. `f[17] = 0.0832 < 0.1 at row 11 'was'`."""
        where = f"at row {row} {trace.tokens[row]!r}"
        if self.kind == "token":
            return where
        value = self.value(trace, row, lookup)
        return f"{self.quantity} = {value:.4g} {self.op} {self.number:g} {where}"

    def _units(self, trace: Trace) -> tuple[np.ndarray, int, int, int]:
        """The value over (time, layer, unit), the last layer, how many layers and units."""
        names = [n for n in trace.names if trace.axes(n) == ("time", "layer", "unit")]
        if self.name not in names:
            do = f"It has: {', '.join([*names, 'bits'])}"
            raise PeepholeError(f"{trace.header.model} has no value {self.name!r}", do=do)
        array = trace[self.name]
        return array, array.shape[1] - 1, array.shape[1], array.shape[2]

    def _gradient(self, row: int, lookup: Lookup | None) -> float:
        if self.index is None or self.index >= row:
            return math.nan
        if lookup is None:
            raise PeepholeError(f"{self.text!r} needs a gradient", do="Open the model, not a trace")
        named: Any = lookup("gradient_flow", row=row)[self.name]
        values = named.array[self.index]
        if "layer" not in named.axes:
            return float(values)
        return float(values[-1 if self.layer is None else self.layer])


def parse(text: str) -> Condition:
    """A condition from what a person wrote.

    Raises:
        PeepholeError: it cannot be read; the message says which part, and what can be written.
    """
    short = " ".join(text.split())
    if not short:
        raise PeepholeError("no condition", do=EXAMPLES)
    if len(short) > LONGEST:  # also keeps row numbers to what Python reads
        raise PeepholeError(f"longer than {LONGEST} characters", where=short[:20], do=EXAMPLES)
    if found := _TOKEN.fullmatch(short):
        return Condition(text, "token", name=found["word"].lower())
    for words, op in _WORDS:
        short = re.sub(rf"\s+(?:{words})\s+|\s*(?:{words})\s+(?={_NUMBER}$)", f" {op} ", short)
    shape = _SHAPE.fullmatch(short)
    if shape is None:
        raise PeepholeError(f"{text!r} compares nothing with a number", do=EXAMPLES)
    left, op, number = shape["left"].strip(), shape["op"], float(shape["number"])
    left = re.sub(r"^(?:the|mean|surprisal in)\s+", "", left, flags=re.IGNORECASE)
    if left.lower() in ("bits", "surprisal"):
        return Condition(text, "bits", op, number)
    if found := _P.fullmatch(left):
        return Condition(text, "p", op, number, (found["word"] or found["of"]).lower())
    if found := _GRADIENT.fullmatch(left):
        name, row = found["name"] or found["of"] or "h", found["row"] or found["at"]
        return Condition(text, "gradient", op, number, name, int(row), _int(found["layer"]))
    if found := _WEIGHT.fullmatch(left):
        row = found["row"] or found["at"]
        layer, head = _int(found["layer"]), _int(found["head"])
        return Condition(text, "weight", op, number, "weight", int(row), layer, head)
    if found := _UNIT.fullmatch(left):
        name = NAMES.get(found["name"].lower(), found["name"])
        if " " in name or len(name) > 2:
            known = [*NAMES, "bits", "surprisal", "token", "probability"]
            raise PeepholeError(f"no quantity {name!r}", do=did_you_mean(name, known) or EXAMPLES)
        index = _int(found["unit"] or found["index"])
        return Condition(text, "unit", op, number, name, index, _int(found["layer"]))
    raise PeepholeError(f"{left!r} is no quantity", do=EXAMPLES)


def _int(text: str | None) -> int | None:
    return None if text is None else int(text)


def _within(index: int | None, size: int, has: str) -> None:
    if index is not None and index >= size:
        raise PeepholeError(f"{has} 0 to {size - 1}, not {index}")
