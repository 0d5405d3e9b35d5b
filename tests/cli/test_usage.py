"""A command line that cannot be taken: one line that says what is wrong, and where help is."""

from __future__ import annotations

import click
import pytest

from tui.usage import mistake


@pytest.mark.parametrize(("args", "says"), [
    (["srve"], "srve: no such command. Did you mean 'serve'? (peephole --help)"),
    (["serve", "stp"], "stp: no such command. Did you mean 'stop'? (peephole serve --help)"),
    (["card"], "MODEL is missing (peephole card --help)"),
    (["card", "lstm", "gru"], "gru: not expected here (peephole card --help)"),
    (["run", "lstm", "the", "cats"],
     "cats: not expected here. A text of several words stands in quotes (peephole run --help)"),
    (["serve", "--keys"], "--keys: FILE must be written after it (peephole serve --help)"),
    (["serve", "--columns", "20"], "--columns: it takes 2 values: MIN MAX (peephole serve --help)"),
    (["learn", "--layers"], "--layers: a whole number must be written after it (peephole learn --help)"),
    (["play", "x", "--timer", "0"],
     "--timer: 0 is not in the range 0.1 to 1440 minutes (peephole play --help)"),
    (["learn", "--lr", "-1"], "--lr: -1 is not in the range of 0 and more (peephole learn --help)"),
    (["serve", "--sessions", "many"], "--sessions: 'many' is no whole number (peephole serve --help)"),
    (["serve", "--sessions", "0"], "--sessions: 0 is not in the range 1 to 10000 (peephole serve --help)"),
    (["run", "lstm", "the", "--most", "0"], None),
])  # fmt: skip
def test_it_is_one_line(cli, args: list[str], says: str | None) -> None:
    result = cli(*args)
    assert result.exit_code == 2
    assert result.stdout == ""
    line, end, more = result.stderr.partition("\n")
    assert line.startswith("peephole: ")
    assert (end, more) == ("\n", "")
    if says is not None:
        assert line == f"peephole: {says}"


def test_near_options_are_named(cli) -> None:
    said = cli("serve", "--keyz", "x").stderr
    assert said.startswith("peephole: --keyz: no such option. Did you mean '--keys'")
    assert said.endswith("(peephole serve --help)\n")


def test_a_file_that_may_not_be_read_and_a_range_without_an_end() -> None:
    option = click.Option(["--keys", "-k"])
    unread = click.BadParameter("Path '/a b/keys' is not readable.", param=option)
    assert str(mistake(unread)) == "--keys: /a b/keys may not be read"
    option = click.Option(["--pid"], type=click.IntRange(1))
    outside = click.BadParameter("0 is not in the range x>=1.", param=option)
    assert str(mistake(outside)) == "--pid: 0 is not in the range of 1 and more"
