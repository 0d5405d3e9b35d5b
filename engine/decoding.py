"""Decoding: how the next word is chosen from what a model expects.

    before = softmax(z)                       what the model says, z its logits
    p      = softmax(z / T)                   T is the temperature (Ackley, Hinton & Sejnowski 1985)
    kept   = the k likeliest words            top-k (Fan, Lewis & Dauphin 2018, section 5.4)
    kept   = the smallest set of the likeliest words that holds at least the mass p
                                              top-p, the nucleus (Holtzman et al. 2020, section 3.1)
    after  = p over the kept words, divided by their sum

Temperature acts first, then top-k, then top-p on what is left of it. Greedy decoding keeps the likeliest
word alone; beam search (`engine.beam`) keeps several whole sentences.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engine.arrays import log_softmax
from engine.errors import PeepholeError, did_you_mean, shown

if TYPE_CHECKING:
    from engine.models import LanguageModel
    from engine.trace import Trace

MOST = 40  # words that a run goes on for, unless told
WIDEST = 64  # hypotheses of a beam
_SEEDS = 2**32


@dataclass(frozen=True)
class Decoding:
    """A way to choose words.

    Attributes:
        how: `greedy` (the likeliest), `beam` or `sample` (a draw).
        beam: how many hypotheses a beam keeps, 1 to 64.
        length: α of the length penalty (Wu et al. 2016, eq. 14); 0 compares bare log p.
        temperature: T above 0; below 1 the likely become likelier.
        top_k: how many words are kept; 0 is all of them.
        top_p: mass that the kept words hold at least, above 0 and at most 1.
        seed: of the draws. Each row has its own draw, so a change at one row leaves the others' draws.
    """

    how: str = "greedy"
    beam: int = 1
    length: float = 0.0
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.how not in _OWN:
            raise PeepholeError(
                f"no decoding {shown(self.how)}", do=did_you_mean(str(self.how), _OWN)
            )
        for name, (kind, fits, say) in _BOUNDS.items():
            value = getattr(self, name)
            if isinstance(value, bool | np.bool_) or not isinstance(
                value, (int, np.integer) if kind is int else (int, float, np.number)
            ):
                raise PeepholeError(f"{_said(name)} = {shown(value)} is not {say}")
            if not fits(value):
                raise PeepholeError(f"{_said(name)} = {value} is not {say}")
            object.__setattr__(self, name, kind(value))
        for name, default in _DEFAULTS.items():
            if name != "how" and name not in _OWN[self.how] and getattr(self, name) != default:
                raise PeepholeError(
                    f"{self.how} decoding has no {_said(name)}",
                    do="Beam takes length; sampling takes temperature, top-k, top-p and seed",
                )

    @classmethod
    def parse(cls, text: str) -> Decoding:
        """`greedy`, `beam 4 length 0.6`, `top-p 0.9 seed 1`, `temperature 0.7 top-k 5`, `sample`.

        Raises:
            PeepholeError: it is none of these; the message says what is wrong.
        """
        words = text.replace(",", " ").replace("=", " ").split()
        given: dict[str, Any] = {}
        if words[:1] in (["greedy"], ["sample"]):
            given["how"] = words.pop(0)
        while words:
            said = words.pop(0)
            name = said.replace("-", "_")
            if name not in _BOUNDS:
                known = ["greedy", "sample", *map(_said, _BOUNDS)]
                raise PeepholeError(
                    f"{said!r} is no part of a decoding", where=text, do=did_you_mean(said, known)
                )
            if name in given:
                raise PeepholeError(f"{said} is given twice", where=text)
            if not words:
                raise PeepholeError(f"{said} needs a number", where=text, do=_E_G)
            given[name] = _number(words.pop(0), name, text)
            if (
                name == "top_k" and not given[name]
            ):  # in a record 0 is "all", which nobody asks for so
                raise PeepholeError("top-k = 0 is not a whole number from 1 up")
        if not given:
            raise PeepholeError("no decoding is named", do=_E_G)
        if "how" not in given:
            given["how"] = "beam" if given.keys() & {"beam", "length"} else "sample"
        return cls(**given)

    def __str__(self) -> str:
        """As `parse` reads it."""
        own = [name for name in _OWN[self.how] if getattr(self, name) != _DEFAULTS[name]]
        if self.how == "beam" and "beam" not in own:
            own.insert(0, "beam")
        parts = [f"{_said(name)} {_shortest(getattr(self, name))}" for name in own]
        needs_name = self.how == "greedy" or (self.how == "sample" and not set(own) - {"seed"})
        return " ".join([self.how, *parts] if needs_name else parts)

    def record(self) -> dict[str, Any]:
        """As a trace's header holds it; `from_record` reads it back."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Decoding:
        """A decoding from a record; what else a header says of how a text was made is passed over.

        Raises:
            PeepholeError: the record is not one that `record` wrote.
        """
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in record.items() if name in known})


_Fits = Callable[[Any], bool]
_BOUNDS: dict[str, tuple[type, _Fits, str]] = {
    "beam": (int, lambda n: 1 <= n <= WIDEST, f"a whole number from 1 to {WIDEST}"),
    "length": (float, lambda a: 0 <= a <= 10, "a number from 0 to 10"),
    "temperature": (float, lambda t: 1e-4 <= t <= 1e4, "a number above 0 (greedy is the limit at 0)"),
    "top_k": (int, lambda k: 0 <= k < _SEEDS, "a whole number from 0 up"),
    "top_p": (float, lambda p: 0 < p <= 1, "a number above 0 and at most 1"),
    "seed": (int, lambda s: 0 <= s < _SEEDS, "a whole number from 0 up"),
}  # fmt: skip
_OWN = {
    "greedy": (),
    "beam": ("beam", "length"),
    "sample": ("temperature", "top_k", "top_p", "seed"),
}
_DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(Decoding)}
_E_G = "E.g. 'greedy', 'beam 4 length 0.6', 'top-p 0.9 seed 1', 'temperature 0.7'"
GREEDY = Decoding()


class Cut(NamedTuple):
    """A distribution that is cut; each array (..., V).

    Attributes:
        before: what the model says, at temperature 1.
        after: what a word is drawn from; sums to 1, and is 0 on words that are cut off.
        kept: whether a word is kept.
    """

    before: np.ndarray
    after: np.ndarray
    kept: np.ndarray


def cut(logits: np.ndarray, decoding: Decoding = GREEDY) -> Cut:
    """What a decoding makes of logits (..., V), in float64. Of equals the lower id comes first.

    A beam cuts nothing off here: it prunes whole hypotheses, so `after` is `before`.
    """
    z = np.asarray(logits, dtype=np.float64)
    before = np.exp(log_softmax(z))
    if decoding.how == "beam":
        return Cut(before, before, np.ones(z.shape, bool))
    p = np.exp(log_softmax(z / decoding.temperature))
    order = np.argsort(-z, axis=-1, kind="stable")
    rank = np.argsort(order, axis=-1, kind="stable")  # of each word, the likeliest 0
    most = 1 if decoding.how == "greedy" else decoding.top_k or z.shape[-1]
    kept = rank < most
    p = np.where(kept, p, 0.0)
    p /= p.sum(axis=-1, keepdims=True)
    if decoding.top_p < 1.0:
        likeliest = np.take_along_axis(p, order, -1)
        above = np.cumsum(likeliest, axis=-1) - likeliest  # mass of the likelier words
        kept &= np.take_along_axis(above, rank, -1) < decoding.top_p
        p = np.where(kept, p, 0.0)
        p /= p.sum(axis=-1, keepdims=True)
    return Cut(before, p, kept)


def draw(seed: int, row: int) -> float:
    """The draw of a row, uniform over [0, 1): the same whatever happens at other rows."""
    return float(np.random.default_rng([seed, row]).random())


def pick(after: np.ndarray, at: float) -> int:
    """The word (V,) that a draw in [0, 1) falls on, the likeliest words lying first."""
    order = np.argsort(-after, kind="stable")
    reached = int(np.searchsorted(np.cumsum(after[order]), at, side="right"))
    return int(order[min(reached, int(np.count_nonzero(after)) - 1)])  # sums that round to below 1


def choose(cut: Cut, decoding: Decoding, row: int) -> int:
    """The word id that is chosen at a row from a cut distribution (V,)."""
    at = draw(decoding.seed, row) if decoding.how == "sample" else 0.0
    return pick(cut.after, at)


def generate(
    model: LanguageModel, text: str | Sequence[str], decoding: Decoding = GREEDY, most: int = MOST
) -> Trace:
    """A language model goes on with a text, or a pair model answers a source, word by word."""
    from engine.runner import run

    return run(model, text, decoding=decoding, most=most)


def _said(name: str) -> str:
    return name.replace("_", "-")


def _shortest(value: float) -> str:
    short = str(value) if isinstance(value, int) else f"{value:g}"
    return short if float(short) == value else repr(value)


def _number(said: str, name: str, text: str) -> float:
    kind = _BOUNDS[name][0]
    value: float
    try:
        value = kind(said)
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise PeepholeError(f"{_said(name)} {said!r} is not {_BOUNDS[name][2]}", where=text)
    return value
