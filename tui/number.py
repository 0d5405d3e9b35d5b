"""The type of an option that is a real number: in a range, and of a unit."""

from __future__ import annotations

import math

import click


class Number(click.FloatRange):
    """A finite number from `least` to `most`, both included.

    click's own takes nan, which no comparison finds outside of a range, and inf where a range has no end.
    Help calls the value by its `unit`, unless a metavar is given.
    """

    name = "number"

    def __init__(self, least: float, most: float | None = None, unit: str = "") -> None:
        super().__init__(least, most)
        self.unit = unit

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str | None:
        return self.unit.upper() or None

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number; what is wrong quotes what was typed.

        Raises:
            click.BadParameter: it is none, or outside of the range.
        """
        typed = str(value).strip()
        try:
            number = float(typed)
        except ValueError:
            self.fail(f"{typed!r} is no number", param, ctx)
        if not math.isfinite(number):
            self.fail(f"{typed!r} is no finite number", param, ctx)
        least, most = self.min, self.max
        if (least is not None and number < least) or (most is not None and number > most):
            self.fail(f"{typed} is not in the range {span(self)}", param, ctx)
        return number


def span(kind: click.IntRange | click.FloatRange) -> str:
    """A range in words, with its unit; without an end: `of 1 and more`."""
    unit = f" {kind.unit}" if isinstance(kind, Number) and kind.unit else ""
    least = f"{'above ' * kind.min_open}{kind.min}" if kind.min is not None else ""
    most = f"{'below ' * kind.max_open}{kind.max}" if kind.max is not None else ""
    if least and most:
        return f"{least} to {most}{unit}"
    return f"of {least}{unit} and more" if least else f"of {most}{unit} and less"
