"""A command line that click does not take, told in one line, as all other mistakes are."""

from __future__ import annotations

import re

import click
from click.exceptions import BadOptionUsage, MissingParameter, NoSuchCommand, NoSuchOption

from engine.errors import PeepholeError, did_you_mean
from tui.number import span

BARE = re.compile(r"Option '(?P<name>[^']+)' requires (?P<what>.+?)\.?")
EXTRA = re.compile(r"Got unexpected extra arguments? \((?P<words>.*)\)", re.DOTALL)
NUMBER = re.compile(
    r"(?P<value>'.*') is not a valid (?P<kind>integer|float)( range)?\.?", re.DOTALL
)
UNREADABLE = re.compile(r"\w+ '(?P<path>.*)' is not readable\.?", re.DOTALL)


def mistake(error: click.ClickException) -> PeepholeError:
    """What click complains of, with the option or argument first and where help is last."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    told = _told(error, context)
    if context is None:
        return told
    path = " ".join(("peephole", *context.command_path.split()[1:]))
    help_ = f"({path} --help)"
    if told.do:
        return PeepholeError(told.what, where=told.where, do=f"{told.do} {help_}")
    return PeepholeError(f"{told.what} {help_}", where=told.where)


def _told(error: click.ClickException, context: click.Context | None) -> PeepholeError:
    said = " ".join(error.message.split())
    if isinstance(error, NoSuchOption):
        known = (
            [name for one in context.command.get_params(context) for name in one.opts]
            if context
            else []
        )
        do = did_you_mean(error.option_name, known)
        return PeepholeError("no such option", where=error.option_name, do=do)
    if isinstance(error, NoSuchCommand):
        group = context.command if context else None
        names = group.list_commands(context) if context and isinstance(group, click.Group) else []
        return PeepholeError(
            "no such command", where=error.command_name, do=did_you_mean(error.command_name, names)
        )
    if isinstance(error, MissingParameter):
        return PeepholeError(f"{_name(error) or 'something'} is missing")
    if isinstance(error, BadOptionUsage) and (bare := BARE.fullmatch(said)):
        return PeepholeError(_bare(bare["name"], context), where=bare["name"])
    if extra := EXTRA.fullmatch(said):
        text = any(one.name == "text" for one in context.command.params) if context else False
        return PeepholeError(
            "not expected here", where=extra["words"],
            do="A text of several words stands in quotes" if text else "",
        )  # fmt: skip
    if isinstance(error, click.BadParameter):
        return PeepholeError(_value(error, said), where=_name(error))
    return PeepholeError(said[:1].lower() + said[1:].rstrip("."))


def _bare(name: str, context: click.Context | None) -> str:
    """What an option goes without, called as help calls it."""
    known = context.command.get_params(context) if context else []
    option = next((one for one in known if name in one.opts), None)
    if context is None or option is None:
        return "something must be written after it"
    whole = option.metavar is None and isinstance(option.type, click.types.IntParamType)
    called = "a whole number" if whole else option.make_metavar(context)
    if option.nargs > 1:
        return f"it takes {option.nargs} values: {called}"
    return f"{called} must be written after it"


def _value(error: click.BadParameter, said: str) -> str:
    """What is wrong with a value."""
    kind = error.param.type if error.param is not None else None
    value, found, _ = said.partition(" is not in the range ")
    if found and isinstance(kind, (click.IntRange, click.FloatRange)):
        return f"{value} is not in the range {span(kind)}"
    if number := NUMBER.fullmatch(said):
        return f"{number['value']} is no {'whole ' * (number['kind'] == 'integer')}number"
    if unreadable := UNREADABLE.fullmatch(said):
        return f"{unreadable['path']} may not be read"
    return said[:1].lower() + said[1:].rstrip(".")


def _name(error: click.BadParameter) -> str:
    """The option, or the argument as help has it."""
    if error.param is None:
        return ""
    if isinstance(error.param, click.Option):
        return max(error.param.opts, key=len)
    name = error.param.human_readable_name
    return "" if name.startswith("[") else name
