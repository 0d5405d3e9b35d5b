"""Saturation: how steep the squashing function is at each unit, as a heatmap."""

from __future__ import annotations

import numpy as np

from engine.lenses.saturation import FLAT, slopes_of
from tui.lane import Lane
from tui.tracks.stage import Stage
from tui.tracks.units import UnitsTrack
from tui.views.plain import plain

SHORT = {"1 - h²": "1-h²", "1 - n²": "1-n²", "1 - g²": "1-g²", "1 - tanh²(c)": "tanh'(c)"}
OF = {"h": "of the hidden state", "c": "of tanh(c)", "g": "of the candidate"}


class SaturationTrack(UnitsTrack):
    """The slope of tanh (or ReLU) at each unit of one value, 0 (flat) to 1."""

    RAISED = False

    def __init__(self, stage: Stage, lane: Lane, value: str) -> None:
        super().__init__(stage, lane, value)
        self.slope, self.formula = slopes_of(lane.trace)[value]

    def about(self) -> str:
        p = self.palette
        how = "Dark is flat (0), bright is steep (1)." if p.dense else "The fuller, the steeper."
        return f"""How steep the squashing function is at each unit: {self.formula}. Every gradient that
goes through the unit is multiplied by it, so where it is 0 the unit is *saturated* and passes nothing
back, however large its weights. {how} At |tanh| = 0.9 the slope is 0.19; a unit below that counts as
saturated. No unit. (Glorot & Bengio 2010, section 3)

← → choose a unit (the same one in every track), [ ] a layer; - holds {self.value} at 0, X the chosen unit."""

    @property
    def key(self) -> str:
        """What a scenario calls it, in `of`: the state's own is `slope`."""
        return "slope g" if self.value == "g" else "slope"

    @property
    def called(self) -> str:
        return f"slope {OF.get(self.value, 'of the candidate')}"

    @property
    def symbol(self) -> str:
        return plain(self._short) if self.palette.ascii else self._short

    @property
    def _short(self) -> str:
        return SHORT.get(self.formula, "slope")

    @property
    def signed(self) -> bool:
        return False

    @property
    def limit(self) -> float | None:
        return None

    @property
    def claims(self) -> tuple[tuple[float, int], ...]:
        widths = [width for _, width in super().claims]
        return tuple(zip((29.0, 31.0, 32.0), widths, strict=True))

    def numbers(self, row: int) -> np.ndarray:
        return self.slope(super().numbers(row).astype(np.float64))

    def reading(self) -> str:
        row = self.session.cursor
        if row >= self.session.begun(self.lane):
            return self.beyond(row)
        slopes = self.numbers(row)
        unit = min(self.session.unit, len(slopes) - 1)
        flat = f"{(slopes < FLAT).mean():.0%} of units saturated"
        layer = f" of layer {self.layer_index}" if self.lane.layers > 1 else ""
        token = self.lane.trace.tokens[row]
        return f"{self._short}[{unit}]{layer} = {slopes[unit]:.4f} at row {row} {token!r} · {flat}"
