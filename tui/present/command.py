"""`peephole play`. Nothing is imported here that `--help` can do without."""

from __future__ import annotations

import click

from tui.epilog import examples
from tui.number import Number


@click.command(
    epilog=examples(
        "peephole play agreement",
        "peephole play ./my.toml --watch           read again whenever you save it",
        "peephole play coreference --big --timer 20",
        "peephole play agreement --beat 5",
        "peephole play agreement coreference --kiosk",
    )
)
@click.argument("scenarios", nargs=-1, required=True, metavar="SCENARIO...")
@click.option("--loop", is_flag=True, help="Behind the last beat comes the first one.")
@click.option(
    "--kiosk",
    is_flag=True,
    help="For a booth: plays by itself, over and over. Any key hands it over; a minute without one, and it "
    "begins again. Nothing can be saved, trained or left: only Ctrl+C or a signal ends it.",
)
@click.option("--watch", is_flag=True, help="Read a file again when it changes.")
@click.option(
    "--timer",
    type=Number(0.1, 24 * 60, "minutes"),
    help="Count the time down at the top.",
)
@click.option("--big", is_flag=True, help="Few and large cells, for a projector (key z).")
@click.option("--beat", type=click.IntRange(1), default=1, metavar="N", help="Begin at this beat.")
def play(
    scenarios: tuple[str, ...],
    loop: bool,
    kiosk: bool,
    watch: bool,
    timer: float | None,
    big: bool,
    beat: int,
) -> None:
    """Play a SCENARIO, by name or from a TOML file, beat by beat on the screen; or several in turn.

    n or Page Down is the next beat, as on a clicker; G goes to any by its number, c is a dark screen, z large
    cells. `peephole notes` in a second terminal shows the speaker's notes.
    """
    from scenarios import shelf
    from tui import start
    from tui.present.show import Show, run

    if watch and start.has_terminal():  # else a mistake is told, and not waited upon
        from tui.present.watching import awaited

        found = tuple(map(awaited, scenarios))
    else:
        found = tuple(map(shelf.find, scenarios))
    run(Show(found, loop or kiosk, kiosk, watch, timer or 0.0, big, beat - 1))
