"""The step Jacobian: how much each tick can stretch a small change of the state."""

from __future__ import annotations

import math

from rich.segment import Segment

from tui.tracks.base import Track

LOWEST = -6  # the power of ten that a bar goes down to at most


class JacobianTrack(Track):
    """|ds_t/ds_(t-1)| of each row, as a number and a bar on a logarithmic scale."""

    NAME = "step Jacobian"
    HELP = """How much the step of each row can stretch a small change of the state before it:
|ds_t/ds_(t-1)|, the spectral norm (largest singular value) of the Jacobian of one layer's step, with s all
that the cell carries (an LSTM: h and c). No unit; the bar is logarithmic, the upright line is 1: a bar that
does not reach it shrinks every change, one beyond it lets some change grow.

A gradient on its way back is multiplied by one such matrix a row. Row 0 is the step out of the zero state.
Float64. (Pascanu, Mikolov & Bengio 2013, equation 5)

[ ] choose a layer; 6 shows the singular values, the eigenvalues and the product over many rows."""
    MARKED = True

    @property
    def claims(self) -> tuple[tuple[float, int], ...]:
        return ((28, 18), (30, 22))

    def title(self, width: int) -> str:
        layer = f" L{self.layer_index}" if self.lane.layers > 1 else ""
        short = self.palette.glyph("|∂sₜ/∂s|", "|ds/ds|")
        long = self.palette.glyph("|∂sₜ/∂sₜ₋₁|", "|ds_t/ds_t-1|") + layer
        return long if len(long) <= width else short

    def _norm(self, row: int) -> float | None:
        norms = self.lane.steps.norm(row)
        return None if norms is None else float(norms[self.layer_index])

    def _ask(self, first: int, stop: int) -> None:
        """Have what of some rows is read and not known computed beside the interface."""
        steps = self.lane.steps
        rows = steps.missing(range(first, min(stop, self.session.shown)))
        if rows:
            self.post_message(self.Needs(self, lambda: steps.compute(rows)))

    def _decades(self) -> tuple[int, int]:
        """The powers of ten at the ends of the bar: what has been seen, 1 in the middle at least."""
        low, high = map(math.log10, self.lane.steps.extent(self.layer_index))
        return max(LOWEST, min(-1, math.floor(low))), max(1, math.ceil(high))

    def scale(self, width: int) -> list[Segment]:
        if not self.lane.steps.possible:
            return [self.palette.text("not saved"[:width], "muted")]
        room = width - 7
        if room < 5:
            return [self.palette.text("norm", "muted")]
        low, high = self._decades()
        ends, one = (f"1e{low}", f"1e{high}"), self._column(0.0, room)
        line = [*ends[0].ljust(room - len(ends[1])), *ends[1]]
        if len(ends[0]) < one < room - len(ends[1]) - 1:
            line[one] = "1"
        return [self.palette.text(" " * 7 + "".join(line), "muted")]

    def _column(self, power: float, room: int) -> int:
        """The column of the bar in which a power of ten stands."""
        low, high = self._decades()
        return min(room - 1, round((power - low) / (high - low) * room))

    def cells(self, row: int, width: int) -> list[Segment]:
        norm, ground = self._norm(row), self.ground(row)
        if norm is None:
            if not self.lane.steps.possible:
                return []
            self._ask(self.stage.top, self.stage.top + self.size.height)
            return [self.palette.text(self.palette.glyph("  …", "  .."), "muted", ground)]
        if not math.isfinite(norm):
            return [self.palette.text("   nan", "bad", ground)]
        text = self.palette.text(
            f"{norm:6.3f} "[:7] if norm < 99 else f"{norm:6.0e} ", "text", ground
        )
        room = width - 7
        if room < 5:
            return [text]
        low, high = self._decades()
        power = max(low, math.log10(norm)) if norm > 0 else low
        halves = round((power - low) / (high - low) * 2 * room)
        one = self._column(0.0, room)
        kind = "bar" if norm > 1 else "muted"
        (bar,) = self.palette.bar(halves, room, kind, ground)
        if halves > 2 * one:
            return [text, bar]
        line = self.palette.text(self.palette.glyph("│", "|"), "faint", ground)
        return [
            text,
            Segment(bar.text[:one], bar.style),
            line,
            Segment(bar.text[one + 1 :], bar.style),
        ]

    def reading(self) -> str:
        row = self.session.cursor
        norm = self._norm(row) if row < len(self.lane) else None
        if norm is None:
            self._ask(row, row + 1)  # it may be told where there is no room to draw it
            return "step Jacobian: " + ("computing" if self.lane.steps.possible else "not recorded")
        layer = f" of layer {self.layer_index}" if self.lane.layers > 1 else ""
        token = self.lane.trace.tokens[row]
        does = "every change shrinks" if norm < 1 else "some change grows"
        before = row - 1 if row else "start"
        return f"|ds_{row}/ds_{before}|{layer} = {norm:.4g} at row {row} {token!r}: {does}"

    def grown(self) -> None:
        self.refresh()
