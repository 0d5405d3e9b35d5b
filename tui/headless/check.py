"""`peephole check`: are all claims true? Nothing is imported here that `--help` can do without."""

from __future__ import annotations

import json
from typing import Any

import click

from engine.errors import PeepholeError
from tui.epilog import examples

FAILED, MISTAKE = 1, 2


@click.command(
    epilog=examples(
        "peephole check                            all bundled scenarios, and the tour",
        "peephole check tour                       its chapters and what its questions measure",
        "peephole check agreement ./my.toml",
        "peephole check agreement --say            with the narration, numbers filled in",
        "peephole check ./my.toml --json           for an editor: a mistake, or an untrue claim, a line",
    )
)
@click.argument("scenarios", nargs=-1, metavar="[SCENARIO]...")
@click.option("--say", is_flag=True, help="Print the narration as well.")
@click.option("--json", "as_json", is_flag=True, help="Only what is wrong, one JSON object a line.")
@click.pass_context
def check(ctx: click.Context, scenarios: tuple[str, ...], say: bool, as_json: bool) -> None:
    """Play SCENARIOs without the screen and measure every claim; exits with 1 if one fails.

    All mistakes that can be found are underlined, those of the files before anything runs; exits with 2.
    """
    from scenarios import shelf
    from tui.headless import checking

    names = scenarios or (*shelf.bundled(), checking.TOUR)
    tally = checking.Tally()
    found = checking.read([name for name in names if name != checking.TOUR], tally)
    if not tally.mistakes:
        runs = [checking.lines(scenario, tally, say) for scenario in found]
        for run in [*runs, *([checking.tour(tally, say)] if checking.TOUR in names else [])]:
            for line in run:
                if not as_json:
                    click.echo(line)
    tally.sort()
    if as_json:
        for kind, errors in (("mistake", tally.mistakes), ("claim", tally.untrue)):
            for error in errors:
                click.echo(json.dumps(record(kind, error), ensure_ascii=False))
    else:
        for error in tally.mistakes:
            click.echo(f"peephole: {error}", err=True)
        if len(tally.mistakes) > 1:
            click.echo(f"{len(tally.mistakes)} mistakes", err=True)
        if tally.failed:
            click.echo(f"{tally.failed} of {tally.claims} claims failed", err=True)
    if tally.mistakes or tally.failed:
        ctx.exit(MISTAKE if tally.mistakes else FAILED)


def record(kind: str, error: PeepholeError) -> dict[str, Any]:
    """A mistake as an editor wants it: line and column from 1; of a file that cannot be read, its start."""
    from scenarios.source import Place, ScriptError

    place = error.place if isinstance(error, ScriptError) else Place(1, 1, 0)
    path = error.source.name if isinstance(error, ScriptError) else error.where
    return {"path": path, **place._asdict(), "kind": kind, "message": error.what, "hint": error.do}
