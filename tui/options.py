"""Options that several commands have: where what they write goes, how a model writes, what is done to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from engine.interventions import Intervention

Command = Callable[..., Any]
DONE = {
    "hold": 'E.g. "f[17] of layer 0 = 0 from 3".',
    "cut_head": 'E.g. "1 of layer 0".',
    "cut_edge": 'E.g. "9->2", rows that look.',
    "attention": 'E.g. "uniform from 9", "argmax", "permuted seed 1", "only 3 at 10", "self uniform".',
    "replace": 'E.g. "3 = mats": row 3 reads it.',
}  # parameter, whose words begin the phrase; help


def goes_to(forms: Iterable[str] = (), metavar: str = "FILE") -> Callable[[Command], Command]:
    """The parameters `output`, `form` (where there are several formats) and `force`."""
    options = [click.option("-o", "--output", metavar=metavar, help="Where to; - is stdout.")]
    if choice := list(forms):
        said = "Else as the name of the file ends."
        options.append(click.option("--format", "form", type=click.Choice(choice), help=said))
    options.append(click.option("--force", is_flag=True, help="Replace what is there already."))
    return lambda command: _with(command, options)


def writes(command: Command) -> Command:
    """The parameters `target`, `decode` and `most`, of what a model reads or writes as its own words."""
    how = 'How it writes, e.g. "beam 4" or "top-p 0.9 seed 1".'
    target = click.option(
        "--target", metavar="TEXT", help="Words that a model of pairs reads as its own."
    )
    decode = click.option("--decode", metavar="HOW", help=how)
    most = click.option(
        "--most", type=click.IntRange(1, 1000), metavar="N", help="Words it writes at most."
    )
    return _with(command, [target, decode, most])


def done(command: Command) -> Command:
    """A parameter for each kind of intervention; `interventions` reads them."""
    names = [f"--{name.replace('_', '-')}" for name in DONE]
    said = zip(names, DONE.values(), strict=True)
    return _with(
        command, [click.option(n, multiple=True, metavar="TEXT", help=text) for n, text in said]
    )


def interventions(asked: dict[str, tuple[str, ...]]) -> list[Intervention]:
    """What was asked for by the options of `done`, one kind after the other.

    Raises:
        PeepholeError: one cannot be read.
    """
    from engine.phrases import intervention

    return [intervention(f"{n.replace('_', ' ')} {item}") for n in DONE for item in asked[n]]


def _with(command: Command, options: Sequence[Callable[[Command], Command]]) -> Command:
    """The command with these options; help shows them in this order."""
    for option in reversed(options):
        command = option(command)
    return command
