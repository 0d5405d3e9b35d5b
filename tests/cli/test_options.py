"""Every option of every command, found by looking: none takes what is no number, and none is told badly."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

import click
import pytest
from click.types import FloatParamType
from hypothesis import given
from hypothesis import strategies as st

from tui.cli import main
from tui.number import Number


class Found(NamedTuple):
    """An option, and the words of the command that has it."""

    words: tuple[str, ...]
    option: click.Option

    @property
    def name(self) -> str:
        return max(self.option.opts, key=len)

    @property
    def help_(self) -> str:
        return f"({' '.join(('peephole', *self.words))} --help)"

    def __str__(self) -> str:
        return " ".join((*self.words, self.name))


def found(
    command: click.Command, context: click.Context, words: tuple[str, ...]
) -> Iterator[Found]:
    for one in command.params:
        if isinstance(one, click.Option):
            yield Found(words, one)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from found(below, click.Context(below, parent=context), (*words, name))


OPTIONS = list(found(main, click.Context(main), ()))
REAL = [one for one in OPTIONS if isinstance(one.option.type, FloatParamType)]
VALUED = [one for one in OPTIONS if not one.option.is_flag]


def test_those_that_are_known_are_found() -> None:
    assert {"play --timer", "record --tick", "learn --lr"} <= set(map(str, REAL))
    assert {"serve --columns", "export --output"} <= set(map(str, VALUED))


@pytest.mark.parametrize("found", REAL, ids=str)
@pytest.mark.parametrize("value", ["nan", "-NaN", "inf", "-inf", "Infinity", "1e999", "many", ""])
def test_none_takes_what_is_no_number(cli, found: Found, value: str) -> None:
    result = cli(*found.words, f"{found.name}={value}")
    assert result.exit_code == 2
    said = "finite number" if value not in ("many", "") else "number"
    assert result.stderr == f"peephole: {found.name}: {value!r} is no {said} {found.help_}\n"


@pytest.mark.parametrize("found", VALUED, ids=str)
def test_each_says_what_it_goes_without_and_where_help_is(cli, found: Found) -> None:
    result = cli(*found.words, found.name)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"peephole: {found.name}: ")
    assert result.stderr.endswith(f" {found.help_}\n")
    assert result.stderr.count("\n") == 1
    assert "something" not in result.stderr
    assert "RANGE" not in result.stderr


@given(st.floats(), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_a_number_is_taken_if_it_is_in_the_range(value: float, a: float, b: float) -> None:
    least, most = sorted((a, b))
    inside = math.isfinite(value) and Fraction(least) <= Fraction(value) <= Fraction(most)
    kind = Number(least, most)
    if inside:
        assert kind.convert(repr(value), None, None) == value
    else:
        with pytest.raises(click.BadParameter):
            kind.convert(repr(value), None, None)
