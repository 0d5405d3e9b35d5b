"""`peephole record`: films, pictures and text of the app, made without a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.epilog import examples
from tui.number import Number
from tui.options import goes_to, writes
from tui.output import SLASHES, free, place, put, stem

if TYPE_CHECKING:
    from tui.record.frame import Frame
    from tui.record.what import Press, Subject, Theme

SUFFIXES = {
    "cast": ".cast",
    "svg": ".svg",
    "film.svg": ".film.svg",
    "text": ".txt",
    "gif": ".gif",
    "mp4": ".mp4",
}
LEAST, MOST = (60, 12), (300, 100)  # columns and lines


class Size(click.ParamType):
    """Columns and lines, as `100x30`."""

    name = "size"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        columns, _, lines = str(value).lower().partition("x")
        if not (columns.isdecimal() and lines.isdecimal()):
            self.fail(f"{value!r} is not COLUMNSxLINES, as 100x30", param, ctx)
        size = (int(columns), int(lines))
        if not all(a <= n <= b for a, n, b in zip(LEAST, size, MOST, strict=True)):
            (a, b), (c, d) = LEAST, MOST
            self.fail(f"{value} is not between {a}x{b} and {c}x{d}", param, ctx)
        return size


@click.command(
    epilog=examples(
        "peephole record agreement                   agreement.cast, for asciinema",
        "peephole record agreement -o demo.mp4       or .gif .svg .film.svg .txt",
        "peephole record agreement -o pictures/      a picture of the end of each beat",
        "peephole record agreement --beats 2-4 -o - --format text",
        'peephole record lstm "the cats were happy ." -o lstm.film.svg',
        'peephole record transformer "the cats were happy ." --keys "end 2" -o attention.svg',
        'peephole record lstm "the cats were happy ." --beside transformer -o both.svg',
        "peephole record runs/recall-lstm-1 -o learned.svg",
    )
)
@click.argument("what", metavar="SCENARIO|MODEL|TRACE|RUN")
@click.argument("text", required=False)
@goes_to(SUFFIXES, "FILE|FOLDER")
@click.option("--size", type=Size(), default="100x30", show_default=True, help="Of the terminal.")
@click.option("--beats", metavar="N|A-B", help="Only these beats of a scenario.")
@click.option("--keys", "pressed", metavar="KEYS", help='Keys to press, e.g. "end up 2".')
@click.option("--beside", multiple=True, metavar="MODEL|RUN", help="Put this one beside it.")
@writes
@click.option(
    "--theme",
    type=click.Choice(["dark", "light", "safe"]),
    default="dark",
    show_default=True,
    help="safe: for the colour-blind.",
)
@click.option("--ascii", "plain", is_flag=True, help="Draw with ASCII only.")
@click.option("--bare", is_flag=True, help="Without the line of keys at the bottom.")
@click.option(
    "--tick",
    type=Number(0.02, 10, "seconds"),
    default=0.25,
    show_default=True,
    help="How long a row is shown while it plays.",
)
def record(
    what: str,
    text: str | None,
    output: str | None,
    form: str | None,
    size: tuple[int, int],
    beats: str | None,
    pressed: str | None,
    beside: tuple[str, ...],
    target: str | None,
    decode: str | None,
    most: int | None,
    theme: Theme,
    plain: bool,
    bare: bool,
    tick: float,
    force: bool,
) -> None:
    """Record a SCENARIO beat by beat, or what a MODEL reads, without a terminal.

    A film is made tick by tick and no clock is asked: the same command makes the same bytes. The beats are
    the chapters of a cast, and each is shown for as long as it takes to read it.

    Formats: cast (asciinema, version 3), svg (a picture), film.svg (one that moves), text (frames that can be
    compared line by line, without colours), gif, mp4 (needs peephole[video]).
    """
    from tui.record import timing, writers
    from tui.record import what as wanted

    asked = wanted.Asked(
        what, text, beside, target, decode, most, wanted.keys(pressed or "")
    )  # fmt: skip
    folder = _folder(output)
    to, kind = (folder, form or "svg") if folder else place(what, output, form, SUFFIXES, "cast")
    writers.at_hand(kind, to is None)
    with wanted.terminal():
        subject = wanted.subject(asked, theme, plain, "none" if kind == "text" else "full", bare)
        numbers = wanted.beats(beats, subject.script)
        paths = [] if to is None else [to]
        if folder:  # a film is one file, and of stills each beat has one
            name = stem(what)
            each = [f"{name}-{number:02}" for number in numbers] if kind == "svg" else []
            paths = [folder / f"{called}{SUFFIXES[kind]}" for called in each or [name]]
        free(paths, force, make=folder is not None)
        frames = timing.timed(_film(subject, asked.press, size, numbers), tick)
        if to is None:
            click.echo(writers.text(kind, frames, subject), nl=False)
        pieces = list(timing.by_beat(frames)) if len(paths) > 1 else [frames]
        for path, piece in zip(paths, pieces, strict=False):
            put(path, partial(writers.write, kind, piece, subject))
            click.echo(f"{path}: {writers.said(kind, piece, path)}", err=True)


def _folder(output: str | None) -> Path | None:
    """Where several files go: a folder that is there, or one that is to be made."""
    if output is None or output == "-":
        return None
    return Path(output) if output.endswith(SLASHES) or os.path.isdir(output) else None


def _film(
    subject: Subject, press: Sequence[Press], size: tuple[int, int], numbers: Sequence[int]
) -> list[Frame]:
    """Play it, with how far that is on stderr."""
    from tui.record import stage

    many = len(numbers) if subject.script is not None else len(press)
    false = 0
    with click.progressbar(length=many, label=subject.title, file=sys.stderr) as bar:

        def told(untrue: int) -> None:
            nonlocal false
            false += untrue
            bar.update(1)

        script = subject.script
        if script is None:
            return stage.keys(subject.app, size, press, told)
        frames = stage.scenario(script, subject.app, size, numbers, told)
    if false:
        hold = (
            "1 claim of this scenario does" if false == 1 else f"{false} claims of this scenario do"
        )
        click.echo(f"{hold} not hold: peephole check {script.source.name}", err=True)
    return frames
