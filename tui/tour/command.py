"""`peephole tour`. Nothing is imported here that `--help` can do without."""

from __future__ import annotations

import sys

import click

from engine.errors import PeepholeError
from tui.epilog import examples


@click.command(
    epilog=examples(
        "peephole tour                             from where you were",
        "peephole tour 5                           chapter 5",
        "peephole tour vanishing",
        "peephole tour --list                      the chapters, and which of them are done",
        "peephole tour --restart                   forget what is done, and begin anew",
    )
)
@click.argument("chapter", required=False, metavar="[NAME|NUMBER]")
@click.option("--list", "listed", is_flag=True, help="Print the chapters; no screen.")
@click.option("--restart", is_flag=True, help="Forget what is done.")
def tour(chapter: str | None, listed: bool, restart: bool) -> None:
    """All scenarios as one course, in the order of history: from where you were, or from a CHAPTER on."""
    from scenarios.tour import course
    from tui.tour import launch, listing, progress

    whole = course()
    if chapter is not None:
        listing.chapter(whole, chapter)
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if not listed and not terminal and not restart:
        raise PeepholeError(
            "the screen needs a terminal", do="Without one, use `peephole tour --list`"
        )
    if restart:
        progress.forget()
    if listed or not terminal:
        for line in listing.lines(whole, progress.load()):
            click.echo(line)
        return
    sys.exit(launch(chapter or ""))
