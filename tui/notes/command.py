"""The command `peephole notes`."""

from __future__ import annotations

import asyncio
import sys

import click

from engine.errors import PeepholeError
from tui.epilog import examples


@click.command(
    epilog=examples(
        "peephole play agreement                   in the terminal on the projector",
        "peephole notes                            in the one before you",
        "peephole notes 4711                       of that process, where there are several",
        "peephole notes --plain                    a line a beat",
    )
)
@click.argument("pid", required=False, type=click.IntRange(1))
@click.option("--plain", is_flag=True, help="Print a line a beat, until the presentation ends.")
def notes(pid: int | None, plain: bool) -> None:
    """Show the speaker's notes of what `peephole play` presents, and drive it.

    It finds the presentation by itself, or waits for one; PID is the process of one of several.
    """
    from tui.notes.finding import socket_of

    path = socket_of(pid) if pid is not None else None
    if pid is not None and path is not None and not path.exists():
        raise PeepholeError(
            f"process {pid} presents nothing", do="`peephole notes` finds what is presented"
        )
    if plain:
        from tui.notes.plain import follow

        def wait() -> None:
            click.echo("no presentation is running: waiting for `peephole play`", err=True)

        asyncio.run(follow(path, click.echo, wait))
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise PeepholeError("notes need a terminal", do="Without one: peephole notes --plain")
    from tui.app import PeepholeApp
    from tui.notes.screen import NotesScreen
    from tui.start import only_ascii

    app = PeepholeApp(first=NotesScreen(path), plain=only_ascii())
    app.run()
    sys.exit(app.return_code or 0)
