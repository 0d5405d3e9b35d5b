"""A value with one number a unit as a heatmap: hidden state, cell state, a gate."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from rich.segment import Segment

from tui.lane import Lane
from tui.tracks.base import Track
from tui.tracks.stage import Stage

LONG = {
    "h": "hidden state",
    "c": "cell state",
    "i": "input gate",
    "f": "forget gate",
    "o": "output gate",
    "g": "candidate",
    "r": "reset gate",
    "z": "update gate",
    "n": "candidate",
    "a": "attention out",
    "b": "cross-attention out",
    "m": "feed-forward out",
    "h_tilde": "attentional state",
}
ABOUT = {
    "h": "What the model shows of itself after this token; the prediction is read from it.",
    "c": "What an LSTM carries on: c = f ⊙ c' + i ⊙ g. It is not squashed.",
    "i": "How much of the candidate g is written into the cell state.",
    "f": "How much of the cell state before is kept: 0 forgets, 1 keeps.",
    "o": "How much of the cell state is shown as h.",
    "g": "What could be written into the cell state.",
    "r": "How much of the state before the candidate n may see.",
    "z": "How much of the state before is kept (torch's form: here z keeps, 1 - z writes).",
    "n": "What could be written into the state.",
    "a": "What attention adds to the residual stream in this block.",
    "b": "What cross-attention, the look at the source, adds to the residual stream in this block.",
    "h_tilde": "tanh(W_c [context ; h]): the state together with what was looked at; the prediction\nis "
    "read from it (Luong et al. 2015, equation 5).",
    "m": "What the feed-forward net adds to the residual stream in this block.",
}
RANKS = {"h": (3, 8, 20), "c": (6, 21, 22), "f": (5, 9.5, 23), "z": (5, 9.5, 23)}
GATES = (7, 21, 24)
OTHERS = (25, 26, 27)
WIDTHS = (8, 16, 32)  # columns of the three claims
UNITS = (4, 8, 12)  # the same in units, where each is larger than a column


class UnitsTrack(Track):
    """One value's units, two a cell in full colour."""

    NAME: ClassVar[str] = "units"

    def __init__(self, stage: Stage, lane: Lane, value: str) -> None:
        super().__init__(stage, lane)
        self.value = value

    # What a track of something else than a value says of it ------------------------------------

    @property
    def symbol(self) -> str:
        """What stands in the title before the name."""
        return self.value

    @property
    def signed(self) -> bool:
        """Whether its numbers have a sign; else they lie within 0..1."""
        return self.value not in self.lane.trace.header.gates

    @property
    def limit(self) -> float | None:
        """What the strongest colour stands for, ±; None for 0..1."""
        return self.lane.scale(self.value)

    def numbers(self, row: int) -> np.ndarray:
        """(unit,) of the layer on show; NaN where the row has no such value."""
        return self.lane.trace[self.value][row, self.layer_at(row)]

    # -------------------------------------------------------------------------------------------

    def about(self) -> str:
        gate = not self.signed
        p, scale = self.palette, f"±{self._limits():g}"
        colour = (
            "Blue is minus, orange is plus"
            if p.dense
            else f"{p.glyph('▿ ▾ ▼', '- = %')} is minus, {p.glyph('▵ ▴ ▲', '+ * #')} is plus"
        )
        how = f"{colour}; the strongest is {scale} and beyond."
        if gate:
            how = (
                "Dark is shut (0), bright is open (1)." if p.dense else "The fuller, the more open."
            )
        return f"""{ABOUT.get(self.value, "A value of every unit.")} A column is a unit, a row a token. {how}
The numbers have no unit; the line at the bottom tells the exact one.

← → choose a unit (the same one in every track), [ ] a layer, - holds it all at 0, + a gate at 1, X holds
the chosen unit at 0: a second reading appears beside this one."""

    @property
    def called(self) -> str:
        return LONG.get(self.value, self.value)

    @property
    def width_units(self) -> int:
        """How many units there are."""
        return self.lane.trace[self.value].shape[-1]

    @property
    def claims(self) -> tuple[tuple[float, int], ...]:
        ranks = RANKS.get(self.value, OTHERS if self.signed else GATES)
        most = self._columns(self.width_units)
        widths = WIDTHS if self._columns(2) == 1 else (8, 16, 64)
        if self.stage.wide > 1:
            few, some, many = map(self._columns, UNITS)
            widths = (few, some, many)
        return tuple(
            (rank, min(width, most) + 1) for rank, width in zip(ranks, widths, strict=True)
        )

    def _columns(self, units: int) -> int:
        """How many columns so many units take."""
        wide = self.stage.wide
        return units * wide if wide > 1 else -(-units // self.palette.per_cell)

    def _room(self, columns: int) -> int:
        """How many units there is room for."""
        wide = self.stage.wide
        return max(1, columns // wide) if wide > 1 else columns * self.palette.per_cell

    def window(self, width: int) -> range:
        """The units in sight: the page of them that the selected unit is on."""
        room = self._room(width)
        total = self.width_units
        start = min(self.session.unit, total - 1) // room * room
        start = min(start, max(0, total - room))
        return range(start, min(total, start + room))

    def title(self, width: int) -> str:
        layer = f" L{self.layer_index}" if self.lane.layers > 1 else ""
        unit = f"[{self._unit}]" if self.has_focus else ""
        short = f"{self.symbol}{unit}{layer}"
        forms = (f"{short} {self.called}", short, f"{self.symbol}{unit}", f"{self.symbol}{layer}")
        return next((form for form in forms if len(form) <= width), self.symbol)

    @property
    def _unit(self) -> int:
        """The selected unit; the last one where there are not so many."""
        return min(self.session.unit, self.width_units - 1)

    def pointed(self, width: int) -> int | None:
        at = self._columns(self._unit - self.window(width)[0] + 1) - self.stage.wide
        return at if 0 <= at < width else None

    def scale(self, width: int) -> list[Segment]:
        signed = self.signed
        low, high = (f"-{self._limits():g}", f"+{self._limits():g}") if signed else ("0", "1")
        room = width - len(low) - len(high)
        text = self.palette.text
        if room < 3:
            bound = self.palette.glyph("±", "+-")
            return [text(f"{bound}{self._limits():g}" if signed else "0..1", "muted")]
        swatch = self.palette.swatch(signed, min(7, room))
        blank = " " if room - len(swatch) >= 2 else ""
        parts = [text(low + blank, "muted"), *swatch, text(blank + high, "muted")]
        units = self.window(width)
        more = f"   {units[0]}-{units[-1]} of {self.width_units}"
        if len(units) < self.width_units and room - len(swatch) - 2 * len(blank) >= len(more):
            parts.append(text(more, "muted"))
        return parts

    def _limits(self) -> float:
        return self.limit or 1.0

    def cells(self, row: int, width: int) -> list[Segment]:
        return self._drawn(row, width, False)

    def below(self, row: int, width: int) -> list[Segment]:
        return self._drawn(row, width, True)

    def _drawn(self, row: int, width: int, below: bool) -> list[Segment]:
        if self.layer_at(row) < 0:
            return []
        units, numbers = self.window(width), self.numbers(row)
        if math.isnan(float(numbers[0])):
            return []
        known = self._known(row)
        first, stop = max(units.start, known.start), min(units.stop, known.stop)
        values, wide = numbers[first:stop].tolist(), self.stage.wide
        if wide > 1:
            shown = self.palette.blocks(values, self.limit, wide, below)
        else:
            shown = self.palette.cells(values, self.limit)
        if len(known) == len(numbers):
            return shown
        before = self._columns(first - units.start)
        return [self.palette.text(" " * min(before, width)), *shown]

    def _known(self, row: int) -> range:
        """The units that are computed so far: of a net that reads both ways perhaps only half of them."""
        forward, backward = self.lane.pace.halves(row, self.session.clock, self.layer_at(row))
        half = self.width_units // 2
        return range(0 if forward else half, 2 * half if backward else half)

    def crossing(self) -> str:
        return "state" if self.value in self.lane.trace.header.states else ""

    def reading(self) -> str:
        row = self.session.cursor
        if row >= self.session.begun(self.lane) or self.layer_at(row) < 0:
            return self.beyond(row)
        unit = self._unit
        number = float(self.numbers(row)[unit])
        if unit not in self._known(row) and unit < 2 * (self.width_units // 2):
            return self.beyond(row)
        if math.isnan(number):
            return f"row {row} {self.lane.trace.tokens[row]!r} has no {self.value} · {self.called}"
        layer = f" of layer {self.layer_at(row)}" if self.lane.layers > 1 else ""
        token = self.lane.trace.tokens[row]
        sign = "+" if self.signed else ""
        return f"{self.value}[{unit}]{layer} = {number:{sign}.4f} at row {row} {token!r} · {self.called}"

    def select(self, by: int) -> bool:
        unit = self._unit + by
        if not 0 <= unit < self.width_units:
            return False
        self.session.unit = unit
        return True

    def pick(self, column: int) -> None:
        units = self.window(self.size.width - 1)
        wide = self.stage.wide
        at = units[0] + (column // wide if wide > 1 else column * self.palette.per_cell)
        self.session.unit = min(at, units[-1])

    def grown(self) -> None:
        if self.signed:
            self.refresh()  # its scale may have changed
