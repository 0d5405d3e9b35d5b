"""`peephole train`: a training run with its progress on the terminal."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from engine.arrays import Backend
from engine.errors import PeepholeError
from engine.training import Progress
from scenarios import zoo
from scenarios.train import CHECKPOINT_EVERY
from scenarios.train import train as run


def train(
    name: str,
    steps: int | None,
    seed: int | None,
    out: Path,
    resume: bool,
    backend: str | None,
    device: str,
    force: bool,
) -> None:
    """Train a bundled model; a bar on a terminal, a line every so often elsewhere.

    Raises:
        PeepholeError: no such model, nothing to resume, a place that cannot be written, or what is there
            already would be lost.
    """
    recipe = zoo.entry(name).recipe
    where = Backend(backend or "torch", device=device) if backend or device != "cpu" else None
    total = steps or recipe.steps
    checkpoint = out / f"{name}.checkpoint.safetensors"
    if resume and not os.path.exists(checkpoint):
        raise PeepholeError(
            "no such file: nothing was stopped here", where=str(checkpoint), do="Leave out --resume"
        )
    if not resume and not force:
        _nothing_lost(out / f"{zoo.stem(name, None)}.safetensors", checkpoint)
    try:
        if sys.stderr.isatty():
            with click.progressbar(
                length=total, label=f"training {name}", file=sys.stderr, item_show_func=_loss
            ) as bar:

                def advance(done: Progress) -> None:
                    bar.update(done.step - bar.pos, done)

                path = run(
                    name, out=out, steps=steps, seed=seed, backend=where, resume=resume,
                    progress=advance,
                )  # fmt: skip
        else:
            path = run(
                name, out=out, steps=steps, seed=seed, backend=where, resume=resume,
                progress=lambda done: _line(done, total),
            )  # fmt: skip
    except KeyboardInterrupt:
        if checkpoint.exists():
            click.echo("\nstopped; --resume goes on from the last checkpoint", err=True)
        raise
    click.echo(f"{path}")
    click.echo(f"{path.with_suffix('.md')}")
    click.echo(f"Open it: peephole open {path}", err=True)


def _nothing_lost(weights: Path, checkpoint: Path) -> None:
    """Refuse to begin where something was trained before."""
    if os.path.exists(checkpoint):
        raise PeepholeError(
            "a training was stopped here", where=str(checkpoint),
            do="--resume goes on with it, --force begins anew",
        )  # fmt: skip
    if os.path.exists(weights):
        raise PeepholeError(
            "it is there already", where=str(weights),
            do="--force replaces it, --out names another folder",
        )  # fmt: skip


def _loss(done: Progress | None) -> str:
    return f"loss {done.loss:.3f} nats" if done else ""


def _line(done: Progress, total: int) -> None:
    if done.step % CHECKPOINT_EVERY == 0 or done.step == total:
        click.echo(f"step {done.step} of {total}: {_loss(done)} a token", err=True)
