"""The commands about training. Nothing is imported here that `--help` can do without."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.errors import PeepholeError, did_you_mean
from engine.recipe import CHOICES
from engine.registry import NETWORKS
from tui.epilog import examples
from tui.number import Number

if TYPE_CHECKING:
    from engine.learning.folder import RunFolder

WIDE = 1024  # units from which on the first weights alone take seconds

_WHOLE = click.IntRange(1, 1 << 20)
_MODEL = [
    click.option("--cell", type=click.Choice(NETWORKS), help="What learns it (default lstm)."),
    click.option(
        "--length", type=click.IntRange(0, 1 << 20), metavar="T", help="Of the task's sequences."
    ),
    click.option(
        "--width", type=click.IntRange(1, 4096), metavar="H", help="Units of a layer (default 64)."
    ),
    click.option("--layers", type=click.IntRange(1, 64), help="Default 1; 2 for a Transformer."),
    click.option("--residual", is_flag=True, help="Add a layer's input to its output."),
]
_RECIPE = [
    click.option(
        "--init", type=click.Choice(CHOICES["init"]), help="Of the weights (default torch)."
    ),
    click.option("--gain", type=Number(0), help="Multiplies the recurrent matrices at the start."),
    click.option("--forget-bias", type=Number(-100, 100), help="Added to an LSTM's at the start."),
    click.option("--optimiser", type=click.Choice(CHOICES["optimiser"]), help="Default adam."),
    click.option("--momentum", type=Number(0), help="Of sgd."),
    click.option("--lr", type=Number(0), help="Learning rate, at its peak."),
    click.option("--schedule", type=click.Choice(CHOICES["schedule"]), help="Of the lr."),
    click.option("--warmup", type=click.IntRange(0), help="Updates until the lr is reached."),
    click.option("--clip", type=Number(0), help="Largest gradient norm; 0 does not clip."),
    click.option("--k1", type=click.IntRange(0), help="Truncated BPTT: after every k1 rows ..."),
    click.option("--k2", type=click.IntRange(0), help="... back k2 rows. 0 and 0: all the way."),
    click.option("--batch", type=_WHOLE, help="Sequences in an update."),
    click.option("--updates", "steps", type=_WHOLE, help="How many updates."),
    click.option("--seed", type=click.IntRange(0), help="Of the weights and of the batches."),
]
_PLACE = [
    click.option("--backend", type=click.Choice(["numpy", "torch"]), help="Default numpy."),
    click.option("--device", help="Where torch computes, e.g. cuda (default cpu)."),
    click.option("--run", "path", type=click.Path(path_type=Path), metavar="FOLDER",
                 help="Where it is kept (default runs/TASK-CELL-N). One that is there goes on."),
    click.option("--print", "printed", is_flag=True, help="No screen: progress in lines."),
    click.option("--list", "listed", is_flag=True, help="List the tasks."),
]  # fmt: skip


def _options(decorated: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_MODEL + _RECIPE + _PLACE):
        decorated = option(decorated)
    return decorated


@click.command(
    epilog=examples(
        "peephole learn recall --cell lstm --forget-bias 3",
        "peephole learn recall --cell rnn --length 20 --updates 500 --print",
        "peephole learn adding --cell relu --init orthogonal --gain 1.5 --optimiser sgd --clip 0",
        "peephole learn runs/recall-lstm-1         go on where it was stopped",
        "peephole learn --list",
    )
)
@click.argument("what", required=False, metavar="[TASK|RUN]")
@_options
def learn(what: str | None, path: Path | None, printed: bool, listed: bool, **asked: Any) -> None:
    """Train a small model on a TASK while you watch, or go on with the RUN in a folder.

    What is not given is the task's usual setting. The forget bias is torch's 0 unless given, with which
    an LSTM does not learn recall over 50 words: --forget-bias 3 does.
    """
    if listed or what is None:
        from tui.headless.listing import KINDS

        for line in KINDS["tasks"]():
            click.echo(line)
        return
    folder = _folder(
        what, path, {k: v for k, v in asked.items() if v is not None and v is not False}
    )
    if printed or not _terminal():
        from tui.headless.learning import learn as train

        sys.exit(train(folder))
    from tui.learning import launch

    sys.exit(launch([folder.path], drive=True))


@click.command(
    epilog=examples(
        "peephole watch runs/recall-lstm-1         while another process trains it, or after",
        "peephole watch runs/recall-lstm-1 runs/recall-gru-1",
        "peephole watch runs/mine --print",
        "peephole watch recall-gru-100             a bundled one: peephole list runs",
    )
)
@click.argument(
    "runs", nargs=-1, required=True, metavar="RUN [RUN2]", type=click.Path(path_type=Path)
)
@click.option("--print", "printed", is_flag=True, help="No screen: what is new, in lines.")
@click.option("--json", "as_json", is_flag=True, help="The same as JSON, one object a line.")
def watch(runs: tuple[Path, ...], printed: bool, as_json: bool) -> None:
    """Look at a RUN, or at two side by side, while they are written."""
    if len(runs) > 2:
        raise PeepholeError(f"{len(runs)} runs do not fit side by side", do="Name one or two")
    from engine.learning.folder import RunFolder
    from scenarios import readers

    folders = []
    for path in map(readers.run_folder, runs):
        if not os.path.exists(path) and (near := did_you_mean(str(path), readers.bundled_runs())):
            raise PeepholeError("no such run", where=str(path), do=near)
        folders.append(RunFolder.open(path))
    if printed or as_json or not _terminal():
        from tui.headless import watching

        sys.exit(watching.watch(folders, as_json))
    from tui.learning import launch

    sys.exit(launch([folder.path for folder in folders], drive=False))


@click.command(
    epilog=examples(
        "peephole train lstm                       as the bundled one, into ./weights",
        "peephole train gru --steps 1000 --seed 7 --out try",
        "peephole train gru --out try --resume     go on where it was stopped",
        "peephole open weights/lstm.safetensors",
    )
)
@click.argument("model")
@click.option("--steps", type=click.IntRange(1, 1_000_000), help="Training steps (updates).")
@click.option("--seed", type=click.IntRange(0), help="Of the first weights and of the sentences.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("weights"), help="A folder.")
@click.option("--resume", is_flag=True, help="Go on from the checkpoint in the folder.")
@click.option("--force", is_flag=True, help="Replace what was trained there before.")
@click.option("--backend", metavar="LIBRARY", help="torch (default where installed) or numpy.")
@click.option("--device", default="cpu", help="Where torch computes, e.g. cuda.")
def train(
    model: str,
    steps: int | None,
    seed: int | None,
    out: Path,
    resume: bool,
    force: bool,
    backend: str | None,
    device: str,
) -> None:
    """Train one of the bundled MODELs anew and write its weights and its model card."""
    from tui.headless import training

    training.train(model, steps, seed, out, resume, backend, device, force)


def _folder(what: str, path: Path | None, asked: dict[str, Any]) -> RunFolder:
    """The folder of the run that was asked for, made if it is a new one."""
    from engine.learning.folder import RunFolder, is_run
    from scenarios import tasks
    from scenarios.learning import plan

    if what not in tasks.TASKS and (is_run(what) or os.path.exists(what) or "/" in what):
        if path is not None:
            raise PeepholeError(
                "--run names the folder of a new run", where=what, do="Leave it out"
            )
        folder = RunFolder.open(what)
    elif path is not None and path.exists() and what in tasks.TASKS:
        folder, asked = RunFolder.open(path), asked | {"task": what}
    else:
        asked = {"cell": "lstm"} | ({"backend": "torch"} if "device" in asked else {}) | asked
        if asked.get("width", 0) >= WIDE:
            width = asked["width"]
            click.echo(f"building a model of width {width:,}, which takes a while", err=True)
        return plan.begin(plan.plan(what, **asked), path)
    plan.agrees(folder, asked)
    return folder


def _terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()
