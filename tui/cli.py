"""The command line. Nothing but `peephole`, `play` and `open` needs the screen or imports it.

Exit codes: 0; 1 a claim failed or a run diverged; 2 the user's mistake; 130 stopped with Ctrl-C.
"""

from __future__ import annotations

import errno
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from engine.errors import PeepholeError, did_you_mean
from scenarios.learning import one_thread
from tui import start
from tui.epilog import examples
from tui.options import writes
from tui.usage import mistake

MISTAKE, STOPPED, CLOSED = 2, 130, 141
ELSEWHERE = {
    "run": "tui.headless.run",
    "check": "tui.headless.check",
    "record": "tui.record.command",
    "export": "tui.export.command",
    "serve": "tui.serve.command",
    "tour": "tui.tour.command",
    "play": "tui.present.command",
    "learn": "tui.commands",
    "train": "tui.commands",
    "watch": "tui.commands",
    "new": "tui.headless.writing",
    "notes": "tui.notes.command",
    "schema": "tui.headless.writing",
}  # commands of other modules, each imported when it is called


class Cli(click.Group):
    """A group whose commands end with one message where something is wrong, and never a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *ELSEWHERE])

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in ELSEWHERE:
            return getattr(import_module(ELSEWHERE[name]), name)
        return super().get_command(ctx, name)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        kwargs["standalone_mode"] = False
        try:
            code = super().main(*args, **kwargs)
            sys.stdout.flush()
        except PeepholeError as error:
            click.echo(f"peephole: {error}", err=True)
            _more(error)
            code = MISTAKE
        except click.ClickException as error:
            click.echo(f"peephole: {mistake(error)}", err=True)
            code = MISTAKE
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
            told = PeepholeError("no file can have such a name: it is too long", where=_cut(error))
            click.echo(f"peephole: {told}", err=True)
            code = MISTAKE
        except (click.Abort, KeyboardInterrupt):
            click.echo("stopped", err=True)
            code = STOPPED
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except click.UsageError as error:
            name = ctx.invoked_subcommand
            if error.ctx is None and name and (command := self.get_command(ctx, name)):
                error.ctx = click.Context(command, parent=ctx, info_name=name)
            raise
        except BrokenPipeError:  # the reader (head, less) has gone: no more to say, and to nobody
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(CLOSED)


def _cut(error: OSError) -> str:
    """The beginning of a file's name."""
    return f"{str(error.filename)[:40]}..."


def _more(error: PeepholeError) -> None:
    """Of many mistakes in a scenario's file one is told, with how many there are."""
    from scenarios.source import ScriptError

    if isinstance(error, ScriptError) and error.more:
        click.echo(f"and {len(error.more)} more: peephole check {error.source.name}", err=True)


@click.group(
    cls=Cli,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "peephole                                  the lab: scenarios and models",
        "peephole tour                             all scenarios as one course, from 1990 on",
        "peephole play agreement                   a scenario on the screen",
        'peephole open lstm "the cats were happy ."',
        'peephole run lstm "the cats were happy ." --json',
        "peephole record agreement                 a film of it, without a terminal",
        "peephole learn recall --forget-bias 3     train a small network while you watch",
        "peephole check                            is every claim of every scenario true?",
    ),
)
@click.version_option(package_name="peephole", prog_name="peephole")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Look inside sequence models, one token at a time, in your terminal."""
    one_thread()  # lenses work on many small matrices, and beside them the screen wants a core
    if ctx.invoked_subcommand is None:
        start.screen()


@main.command(
    "open",
    epilog=examples(
        'peephole open lstm "the keys to the cabinet were old ."',
        "peephole open transformer",
        "peephole open lstm@600                    as it was after 600 training steps",
        'peephole open spell-bahdanau "through"    a source: it writes the target itself',
        'peephole open spell-bahdanau "through" --target "TH R UW1"',
        'peephole open spell-bahdanau "through" --decode "beam 4"',
        "peephole open reading.safetensors         a trace that was saved",
        "peephole open runs/recall-lstm-1          what `learn` made reads its probe",
        "peephole open runs/recall-lstm-1@0        as it was before any update",
    ),
)
@click.argument("what", metavar="MODEL|TRACE|RUN")
@click.argument("text", required=False)
@writes
def open_(
    what: str, text: str | None, target: str | None, decode: str | None, most: int | None
) -> None:
    """Open a MODEL with a TEXT that it reads, a saved TRACE, or the network of a RUN, on the screen.

    A model of pairs reads the TEXT as its source and writes the target itself, unless --target gives it. A
    language model goes on with the TEXT if --decode says how.
    """
    start.quick()
    from engine.decoding import Decoding
    from engine.storage import content_of, load_trace

    folder, _, update = (
        what.rpartition("@") if what.rpartition("@")[2].isdecimal() else (what, "", "")
    )
    written = [target, decode, most] != [None, None, None]
    if (run := _run(folder)) is not None:
        if text is not None or written:
            raise PeepholeError("a run has its own probe to read", where=what)
        session = start.of_run(run, int(update) if update else None)
        start.screen(lambda: session)
    elif os.path.exists(what) and content_of(what) == "trace":
        if text is not None or written:
            raise PeepholeError("a trace has its text already", where=what)
        trace = load_trace(what)
        start.screen(lambda: start.of_trace(trace))
    else:
        if target is not None:
            from tui.headless.reading import target_given

            target_given(target)
        decoding = Decoding.parse(decode) if decode is not None else None
        session = start.of_text([_model(what, True)], text or "", target, decoding, most)
        start.screen(lambda: session, begin="play" if text else "type")


@main.command(
    "list",
    epilog=examples(
        "peephole list",
        "peephole list words                       of the language models of a little English",
        "peephole list words en-fr-transformer     its source and its target",
        "peephole list measures",
        "peephole list runs                        recorded runs, for open, watch and scenarios",
    ),
)
@click.argument(
    "kind",
    required=False,
    type=click.Choice(["models", "scenarios", "words", "measures", "tasks", "runs"]),
)
@click.argument("model", required=False)
def list_(kind: str | None, model: str | None) -> None:
    """List models, scenarios, the words a MODEL knows, measures, tasks to learn, or recorded runs."""
    from tui.headless.listing import KINDS, words_of

    if model is not None:
        if kind != "words":
            raise PeepholeError(f"`list {kind}` takes no model", do="`list words` does")
        for line in words_of(_model(model)):
            click.echo(line)
        return
    for name in [kind] if kind else ["scenarios", "models"]:
        if not kind:
            click.echo(f"{name}:")
        for line in KINDS[name]():
            click.echo(line)


@main.command(epilog=examples("peephole card lstm", "peephole card lstm --measure"))
@click.argument("model")
@click.option(
    "--measure", is_flag=True, help="Measure the accuracies again instead of reading them."
)
def card(model: str, measure: bool) -> None:
    """Print the model card of a MODEL: what it is, how it was trained, how well it does."""
    from dataclasses import replace

    from scenarios.card import as_markdown
    from scenarios.train import score

    loaded = _model(model)
    if measure:
        loaded = replace(loaded, card={**loaded.card, "scores": score(loaded)})
    try:
        click.echo(as_markdown(loaded))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise PeepholeError(
            f"its card is not whole ({error})", where=model, do="`peephole train` writes one"
        ) from None


def _run(name: str) -> Path | None:
    """The folder of a run; None where it names none."""
    from engine.learning.folder import is_run
    from scenarios.readers import run_folder

    folder = run_folder(name)
    return folder if is_run(folder) else None


def _model(name: str, or_run: bool = False) -> Any:
    """A model; where a run could have been meant as well, it may be the one that was misspelt."""
    from scenarios import readers, zoo

    try:
        return zoo.model(name)
    except PeepholeError as error:
        if not or_run or "no model" not in error.what:
            raise
        near = did_you_mean(name, [*zoo.names(), *zoo.FOREIGN, *readers.bundled_runs()])
        raise PeepholeError(f"no model and no run {name!r}", do=near or error.do) from None


if __name__ == "__main__":
    main()
