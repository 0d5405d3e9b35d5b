"""Which rows teach W_hh: the parts of dL_t/dW_hh, computed for the rows t that are looked at."""

from __future__ import annotations

from collections.abc import Mapping

from engine import LanguageModel, Named, PeepholeError, Trace, lenses
from engine.lenses.record import LONGEST_MAP
from engine.models.recurrent import RecurrentLM


class Shares:
    """`lenses.lag_shares` by the row t whose loss it is, as far as it is known."""

    def __init__(self, trace: Trace, model: LanguageModel | None) -> None:
        self._trace, self._model = trace, model
        self._known: dict[int, Mapping[str, Named]] = {}
        self._busy = False  # one row at a time: a held arrow key must not pile them up

    @property
    def possible(self) -> bool:
        """Whether they can be had: a recurrent model is there, and the text is not too long."""
        architecture = self._model.architecture if self._model is not None else None
        return isinstance(architecture, RecurrentLM) and len(self._trace) <= LONGEST_MAP

    def of(self, row: int) -> Mapping[str, Named] | None:
        """The parts of a row's gradient; None where they are not known (yet)."""
        return self._known.get(row)

    def missing(self, row: int) -> bool:
        """Whether `compute` must be asked for a row now: it is not known, and none is on its way."""
        wanted = self.possible and 0 < row < len(self._trace) and row not in self._known
        if not wanted or self._busy:
            return False
        self._busy = True
        return True

    def compute(self, row: int) -> None:
        """Find the parts of a row's gradient; for a thread."""
        assert self._model is not None
        try:
            self._known[row] = lenses.lag_shares(self._model, self._trace, row)
        except PeepholeError:  # what the model reads has no loss in words
            self._known[row] = {}
        finally:
            self._busy = False
