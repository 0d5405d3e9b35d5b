"""A lane: one model reading one text, perhaps with something set by hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.errors import PeepholeError
from engine.interventions import Intervention
from engine.models import LanguageModel
from engine.trace import Trace

At = int | float | str  # a row: its number, or a word; "that#2" is its second occurrence


@dataclass(frozen=True, eq=False)
class Lane:
    """What a beat shows and measures.

    Attributes:
        label: its name in the scenario.
        model, trace: who reads, and every value of the reading.
        hand_set: what was held, cut or replaced by hand; the screen says *hand-set* where any is.
        who: what else must be said of the model: `untrained`, or which run at which update.
        run: the folder of the training run that it is a checkpoint of.
    """

    label: str
    model: LanguageModel
    trace: Trace
    hand_set: tuple[Intervention, ...] = ()
    who: str = ""
    run: Path | None = None

    @property
    def note(self) -> str:
        """What the screen says beside the label."""
        return " · ".join(part for part in (self.who, "hand-set" * bool(self.hand_set)) if part)

    def row(self, at: At) -> int:
        """The number of a row; `len(trace)` stands for the word that would come next.

        Raises:
            PeepholeError: there is no such row.
        """
        tokens = self.trace.tokens
        if isinstance(at, str):
            word, _, which = at.partition("#")
            rows = [row for row, token in enumerate(tokens) if token == word]
            n = int(which) if which.isdecimal() else 1 if not which else 0
            if not 1 <= n <= len(rows):
                count = f"{len(rows)} time{'s' * (len(rows) != 1)}"
                raise PeepholeError(
                    f"no row {at!r} in {self.label} ({word!r} is read {count})",
                    do=f"The text is: {' '.join(tokens if self.trace.source else tokens[1:])}",
                )
            return rows[n - 1]
        if isinstance(at, bool | np.bool_) or at != int(at) or not 0 <= at <= len(tokens):
            raise PeepholeError(f"{self.label} has rows 0 to {len(tokens) - 1}, not {at}")
        return int(at)
