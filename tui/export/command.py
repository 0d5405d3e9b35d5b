"""`peephole export`: a reading as numbers for other programs, or as a page for a browser."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from engine.errors import PeepholeError
from tui.epilog import examples
from tui.options import done, goes_to, interventions, writes
from tui.output import free, place, put

if TYPE_CHECKING:
    from tui.export.tracks import Track
    from tui.lane import Lane

SUFFIXES = {"npz": ".npz", "jsonl": ".jsonl", "csv": ".csv", "html": ".html"}
Write = Callable[[IO[bytes]], None]


@click.command(
    epilog=examples(
        'peephole export lstm "the cats were happy ." -o lstm.html      a page that scrubs',
        'peephole export lstm "the cats were happy ." -o lstm.npz       every array',
        "peephole export reading.safetensors --track f --track c --format csv -o -",
        "peephole export reading.safetensors --track surprisal --wide -o surprisal.csv",
        'peephole export transformer "the cats were happy ." --track gradient -o g.jsonl',
        "peephole export spell-bahdanau through -o through.html",
        'peephole export lstm "the cats were happy ." --beside transformer -o both.html',
        'peephole export lstm "the cats were happy ." --hold "f = 0 from 2" -o held.html',
        "peephole export agreement --beat 4 --lane lstm -o lstm.npz     as it is there",
        'peephole export lstm "the cats were happy ." --list            what there is',
    )
)
@click.argument("what", metavar="TRACE|MODEL|RUN|SCENARIO")
@click.argument("text", required=False)
@goes_to(SUFFIXES)
@click.option("--track", "names", multiple=True, metavar="NAME", help="Only this; repeat for more.")
@click.option("--list", "listed", is_flag=True, help="Say what tracks there are; write nothing.")
@click.option("--wide", is_flag=True, help="CSV with one row a line, not one number.")
@click.option(
    "--beside", multiple=True, metavar="MODEL|TRACE|RUN", help="Put it beside, on a page."
)
@writes
@click.option("--continue", "go_on", type=click.IntRange(1, 1000), metavar="N", help="Go on for N.")
@click.option("--lane", metavar="LABEL", help="This reading of a scenario.")
@click.option("--beat", type=click.IntRange(1), metavar="N", help="As a scenario's beat N has it.")
@done
def export(
    what: str,
    text: str | None,
    output: str | None,
    form: str | None,
    names: tuple[str, ...],
    listed: bool,
    wide: bool,
    beside: tuple[str, ...],
    target: str | None,
    decode: str | None,
    most: int | None,
    go_on: int | None,
    lane: str | None,
    beat: int | None,
    force: bool,
    **acts: tuple[str, ...],
) -> None:
    """Write the numbers of a saved TRACE, of what a MODEL does with a TEXT, of the probe of a RUN, or of a
    lane of a SCENARIO.

    Formats: npz (NumPy), jsonl (one object a row), csv (one number a line, or --wide), html (a page that
    needs nothing else: the score, with every number under the cursor).

    Tracks: a value of the equations (h, c, f, weights, logits), probabilities, a lens (surprisal, prediction,
    gradient, attention_entropy) or one result of it (gradient_map.h). All of them unless --track names some.

    Row t has what is computed once its token is read: its probabilities and attention are those with which
    the token of row t + 1 is predicted. Its surprisal is that of its own token. --list says what each is.
    """
    to, kind = (None, "") if listed else place(what, output, form, SUFFIXES)
    if beside and kind != "html":
        raise PeepholeError("only a page shows readings side by side", where="--beside")
    if wide and kind != "csv":
        raise PeepholeError("only CSV is wide or long", where="--wide", do="Say --format csv")
    if to is not None:
        free([to], force)
    from tui.export.what import Asked, lanes

    items = interventions(acts)
    asked = Asked(what, text, beside, target, decode, most, go_on, items, lane, beat)
    found = lanes(asked, kind == "html")
    if listed:
        _list(_tracks(found[0], names, "npz", False))
        return
    write, told = _writer(found, names, kind, wide)
    if to is None:
        write(sys.stdout.buffer)
        return
    put(to, partial(_into, write))
    click.echo(f"{to}: {told}, {to.stat().st_size / 1000:,.0f} kB", err=True)


def _writer(lanes: list[Lane], names: tuple[str, ...], kind: str, wide: bool) -> tuple[Write, str]:
    """What writes it, and what is to be said of it."""
    if kind == "html":
        from tui.export.page import page

        whole = page(lanes, names)
        return partial(_pour, pieces=[whole.text]), whole.said
    tracks = _tracks(lanes[0], names, kind, wide)
    told = f"{len(tracks)} track{'s' * (len(tracks) != 1)}"
    return partial(_numbers, lanes[0], tracks, kind, wide), told


def _tracks(lane: Lane, names: tuple[str, ...], kind: str, wide: bool) -> list[Track]:
    """The tracks, without those that a format of rows has no place for.

    Raises:
        PeepholeError: one of these was asked for by name.
    """
    from tui.export.tracks import Catalogue

    tracks = Catalogue(lane.trace, lane.model).of(names)
    if kind == "jsonl" or wide:
        out = [track.name for track in tracks if not track.rows]
        if out and names:
            where = "wide CSV" if wide else "JSON lines"
            raise PeepholeError(
                f"{', '.join(out)}: not by row, so it has no place in {where}",
                do="Export it as npz or long CSV",
            )
        if out:
            click.echo(f"left out, since not by row: {', '.join(out)}", err=True)
        tracks = [track for track in tracks if track.rows]
    return tracks


def _numbers(lane: Lane, tracks: list[Track], kind: str, wide: bool, out: IO[bytes]) -> None:
    if kind == "npz":
        from tui.export import npz

        npz.write(lane.trace, tracks, out)
    elif kind == "jsonl":
        from tui.export.lines import lines

        _pour(out, lines(lane.trace, tracks))
    else:
        from tui.export import table

        _pour(out, (table.wide if wide else table.long)(lane.trace, tracks))


def _pour(out: IO[bytes], pieces: Iterable[str]) -> None:
    for piece in pieces:
        out.write(piece.encode("utf-8"))
    out.flush()


def _into(write: Write, path: Path) -> None:
    with path.open("wb") as out:
        write(out)


def _list(tracks: list[Track]) -> None:
    """Each track's name, axes, precision and unit, and below it what it is."""
    from tui.export.meanings import meaning

    wide = max(len(track.name) for track in tracks)
    shape = max(len(track.shape) for track in tracks)
    for track in tracks:
        line = (
            f"{track.name:<{wide}}  {track.shape:<{shape}}  {track.array.dtype!s:<8}  {track.unit}"
        )
        click.echo(line.rstrip())
        if said := meaning(track.name):
            click.echo(f"    {said}")
    sys.stdout.flush()
