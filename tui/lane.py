"""A lane: one model's reading of a text, and what lenses say about it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from engine import LanguageModel, PeepholeError, Trace, lenses
from engine.errors import did_you_mean
from engine.interventions import from_record
from tui.gradients import Gradients
from tui.reading import Reading, Results, part_of
from tui.scales import Scales
from tui.shares import Shares
from tui.steps import Steps

OF_TRACE = ("surprisal", "top_k", "gate_statistics", "attention_entropy", "rollout")


class Lane(Reading):
    """One model reading one text.

    Attributes:
        label: its name above its tracks.
        model: who reads; None where the trace was opened without its model.
        parent: the lane that this one was forked from.
        gradients: what the loss of each row depends on, as far as it is known.
        steps: the norms of its step Jacobians, as far as they are known.
        shares: which rows taught W_hh, as far as it is known.
        note: what else must be said of it, e.g. `hand-set`.
        run, update: the folder of the recorded run that the model is a checkpoint of, and which.
    """

    def __init__(
        self,
        label: str,
        trace: Trace,
        model: LanguageModel | None = None,
        *,
        parent: Lane | None = None,
        note: str = "",
    ) -> None:
        self.label, self.model, self.parent, self.note = label, model, parent, note
        self.run: Path | None = None
        self.update: int | None = None
        super().__init__(trace)

    def changed(self) -> None:
        """Another trace: nothing is known of it yet."""
        trace = self.trace
        self._lenses: dict[tuple, Results] = {}
        self._largest = (0, 0.0)
        self.gradients, self._scales = Gradients(trace, self.model), Scales(trace)
        self.steps, self.shares = Steps(trace, self.model), Shares(trace, self.model)

    @property
    def cut(self) -> str:
        """What was held, cut or replaced in it, in words; "" for an untouched reading."""
        return " · ".join(str(from_record(r)) for r in self.trace.header.interventions)

    @property
    def name(self) -> str:
        """Its label with what must be said of it, e.g. `lstm · hand-set · f = 1`."""
        return " · ".join(part for part in (self.label, self.note, self.cut) if part)

    @property
    def held(self) -> tuple[str, ...]:
        """The values that are held in it."""
        return tuple(r["name"] for r in self.trace.header.interventions if "name" in r)

    # Beside its parent --------------------------------------------------------------------------

    def change(self, row: int) -> tuple[float, float]:
        """Against the parent lane: bits of surprisal more, and |h' - h| of the last layer.

        (NaN, 0.0) where there is nothing to compare: no parent, or a row that it does not have. The
        bits are NaN too where the two rows read different words: each is a surprise of its own.
        """
        parent = self.parent
        if parent is None or row >= len(parent):
            return math.nan, 0.0
        moved = self.trace["h"][row, -1] - parent.trace["h"][row, -1]
        bits = math.nan if self.departs(row) else self.bits(row) - parent.bits(row)
        return bits, float(np.linalg.norm(moved))

    def departs(self, row: int) -> str:
        """The word that the parent lane reads at a row, where it is another one; else ""."""
        parent = self.parent
        if parent is None or row >= len(parent):
            return ""
        other = parent.trace.tokens[row]
        return other if other != self.trace.tokens[row] else ""

    def largest_change(self) -> float:
        """The largest |h' - h| of any row; computed once a length."""
        n = len(self.trace)
        if self._largest[0] != n:
            self._largest = (n, max((self.change(row)[1] for row in range(n)), default=0.0))
        return self._largest[1]

    # Lenses -----------------------------------------------------------------------------------

    def lens(self, name: str, **args: Any) -> Results:
        """What a lens says of this reading; kept until the trace grows.

        Raises:
            PeepholeError: it is not recorded in the trace and the model is not at hand, or there is
                no such lens of this kind of model.
        """
        if name == "gradient_flow" and set(args) == {"row"}:
            return self.gradient(args["row"])
        if not args and name in self.trace.lenses:
            return self.trace.lenses[name]
        key = (name, len(self.trace), *sorted(args.items()))
        if key not in self._lenses:
            function = getattr(lenses, name, None)
            if function is None or name not in lenses.__all__:
                raise PeepholeError(f"no lens {name!r}", do=did_you_mean(name, lenses.__all__))
            if name in OF_TRACE:
                self._lenses[key] = function(self.trace, **args)
            else:
                self._lenses[key] = function(self._model(name), self.trace, **args)
        return self._lenses[key]

    def gradient(self, row: int) -> Results:
        """|dL_row/dh_k|, as `Gradients.of` gives it."""
        return self.gradients.of(row)

    def has_gradient(self, row: int) -> bool:
        """Whether `gradient(row)` costs nothing."""
        return self.gradients.has(row)

    def prepare(self) -> None:
        """Compute the gradients of all rows that have none yet, together; one batch for a thread."""
        self.gradients.prepare(part_of(self.trace, 0, len(self.trace), "logits"))

    def _model(self, what: str) -> LanguageModel:
        if self.model is None:
            raise PeepholeError(
                f"{what.replace('_', ' ')} is not recorded in this trace",
                do="Open the model itself to compute it",
            )
        return self.model

    def scale(self, name: str) -> float | None:
        """What the strongest colour of a value stands for, ±; None for a gate, which is 0..1.

        A fork has the scale of the reading that it was forked from, so that their colours compare.
        """
        if self.parent is not None and name in self.parent.trace:
            return self.parent.scale(name)
        return self._scales.of(name)
