"""The tracks that can be exported: every value of a trace, and every result of a lens, by name.

A value has the name that its equation gives it (`h`, `f`, `weights`); a result of a lens is `LENS.RESULT`
(`surprisal.bits`, `gradient_map.h`). A lens's name alone stands for all its results, and so do the words
that the screen uses (`gradient`, `prediction`, `gates`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine import LanguageModel, Named, PeepholeError, Trace, lenses
from engine.arrays import log_softmax
from engine.errors import did_you_mean
from engine.lenses.prediction import predicted
from engine.lenses.record import LONGEST, WHOLE

ALONE = frozenset(
    ("surprisal", "top_k", "gate_statistics", "attention_entropy", "rollout", "saturation")
)  # lenses that need no model
SPOKEN = {
    "prediction": "top_k",
    "gradient": "gradient_map",
    "entropy": "attention_entropy",
    "jacobian": "jacobian_norms",
    "shares": "lag_shares",
}  # as the screen calls it -> lens
MOST_ROWS = 2048  # of what grows with the square of the rows and is asked for by name
OF_LOSSES = frozenset(("gradient_map", "lag_shares"))  # their time is that of a loss
PROBABILITIES = "probabilities"
WORDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "top_k": ("ids", ("ids", "p")),
    "logit_lens": ("ids", ("ids", "top")),
    "decoding": ("chosen", ("chosen",)),
    "search": ("token", ("token", "parent", "p", "log_p", "score", "fate", "chosen")),
}
"""Lens -> the result whose numbers are places in the vocabulary, and the results about these words."""


@dataclass(frozen=True)
class Track:
    """One array of the export.

    Attributes:
        name: of its column, key or member.
        array: the numbers in their own precision; rows first where there are rows.
        axes: their names, `time` first where it has rows.
        unit: of the numbers; "" where there is none.
        words: of the same shape, where the numbers are about words: which; "" where there is none.
    """

    name: str
    array: np.ndarray
    axes: tuple[str, ...]
    unit: str = ""
    words: np.ndarray | None = None

    @property
    def rows(self) -> bool:
        """Whether it has a number, or some, for each row of the trace."""
        return self.axes[:1] == ("time",)

    @property
    def shape(self) -> str:
        """Its axes with their sizes, e.g. `time 11, layer 1, unit 64`."""
        sizes = zip(self.axes, self.array.shape, strict=True)
        return ", ".join(f"{axis} {size}" for axis, size in sizes)


class Catalogue:
    """What can be had of one reading; a lens is computed when one of its results is asked for."""

    def __init__(self, trace: Trace, model: LanguageModel | None) -> None:
        self.trace, self._model = trace, model
        self._found: dict[str, Mapping[str, Named]] = dict(trace.lenses)

    def of(self, names: Sequence[str]) -> list[Track]:
        """The tracks of these names, each once, in this order; all of them without any.

        Raises:
            PeepholeError: there is no such track here; the message names the nearest.
        """
        found = [track for name in names for track in self._named(name)] if names else self._all()
        return list({track.name: track for track in found}.values())

    def _all(self) -> Iterator[Track]:
        for name in self.trace.names:
            yield self._value(name)
        if self._predicts:
            yield self._probabilities()
        for name in dict.fromkeys((*WHOLE, *self.trace.lenses)):
            if name not in self._found and len(self.trace) > LONGEST.get(name, len(self.trace)):
                continue
            try:
                yield from self._results(name)
            except PeepholeError:  # not of this kind of model, or its model is not at hand
                continue

    def _named(self, name: str) -> list[Track]:
        header = self.trace.header
        if name in self.trace:
            return [self._value(name)]
        if name == PROBABILITIES and self._predicts:
            return [self._probabilities()]
        groups = {
            "gates": header.gates,
            "states": header.states or ("h",),
            "attention": [n for n in ("weights", "cross_weights") if n in self.trace],
        }
        if inside := [n for n in groups.get(name, ()) if n in self.trace]:
            return [self._value(n) for n in inside]
        lens, _, result = SPOKEN.get(name, name).partition(".")
        lens = SPOKEN.get(lens, lens)
        if lens not in {*WHOLE, *self._found, "lag_shares"}:
            known = {*self.trace.names, *WHOLE, *self._found, *SPOKEN, *groups}
            known |= {PROBABILITIES} if self._predicts else set()
            raise PeepholeError(
                f"no track {name!r}",
                do=did_you_mean(name, known) or "--list names those that there are",
            )
        results = list(self._results(lens))
        if not result:
            return results
        same = [track for track in results if track.name == f"{lens}.{result}"]
        if not same:
            known = {track.name for track in results}
            raise PeepholeError(f"no track {name!r}", do=did_you_mean(f"{lens}.{result}", known))
        return same

    @property
    def _predicts(self) -> bool:
        """Whether the logits are of words; a model that adds numbers answers with a value instead."""
        if "logits" not in self.trace:
            return False
        return self.trace["logits"].shape[-1] == len(self.trace.header.vocabulary)

    def _value(self, name: str) -> Track:
        return Track(name, self.trace[name], self.trace.axes(name))

    def _probabilities(self) -> Track:
        p = np.exp(log_softmax(self.trace["logits"].astype(np.float64)))
        return Track(PROBABILITIES, p, self.trace.axes("logits"), "probability")

    def _results(self, lens: str) -> Iterator[Track]:
        found = self._lens(lens)
        words, (by, named) = None, WORDS.get(lens, ("", ()))
        if by in found:
            known, ids = np.array((*self.trace.header.vocabulary, "")), found[by].array
            real = (ids >= 0) & (ids < len(known))
            for other in (found[name].array for name in named if name in found):
                if other.shape == ids.shape:  # NaN of anything about a word: there is none
                    real = real & ~np.isnan(other)
            words = known[np.where(real, ids, -1).astype(int)]
        for result, (array, axes, unit) in found.items():
            axes = tuple(axes)
            if "time" in axes:
                at = axes.index("time")
                array, axes = np.moveaxis(array, at, 0), ("time", *axes[:at], *axes[at + 1 :])
            if lens in OF_LOSSES:  # rows that nothing foretells have no loss, so no gradient of one
                array = array.astype(np.float64)
                array[: predicted(self.trace).start] = np.nan
            about = words if result in named else None
            if about is not None and about.shape != array.shape:  # of a trace from elsewhere
                about = None
            yield Track(f"{lens}.{result}", array, axes, unit, about)

    def _lens(self, name: str) -> Mapping[str, Named]:
        if name not in self._found:
            if self._model is None and name not in ALONE:
                raise PeepholeError(
                    f"{name.replace('_', ' ')} is not recorded in this trace",
                    do="Export the model itself with its text",
                )
            if name in ("surprisal", "top_k") and not self._predicts:
                raise PeepholeError(f"{self.trace.header.model} answers with a number, not a word")
            if name in (*LONGEST, "lag_shares") and len(self.trace) > MOST_ROWS:
                raise PeepholeError(
                    f"{name} of {len(self.trace)} rows is too much",
                    do=f"It is computed for {MOST_ROWS} rows at most",
                )
            if name == "lag_shares":
                self._found[name] = self._shares()
            else:
                self._found[name] = WHOLE[name](self._model, self.trace)  # type: ignore[arg-type]
            if not self._found[name]:
                raise PeepholeError(f"{self.trace.header.model} has no {name.replace('_', ' ')}")
        return self._found[name]

    def _shares(self) -> Mapping[str, Named]:
        """`lag_shares` of every row that has a loss, (time, source, layer)."""
        assert self._model is not None
        named: dict[str, Named] = {}
        for row in range(1, len(self.trace)):
            for name, (array, axes, unit) in lenses.lag_shares(
                self._model, self.trace, row
            ).items():
                if name not in named:
                    none = np.full((len(self.trace), *array.shape), np.nan)
                    named[name] = Named(none, ("time", *axes), unit)
                named[name].array[row] = array
        return named
