"""`peephole run`: a reading, printed. Nothing is imported here that `--help` can do without."""

from __future__ import annotations

from pathlib import Path

import click

from tui.epilog import examples
from tui.options import done, interventions
from tui.output import free


@click.command(
    epilog=examples(
        'peephole run lstm "the cats on the mat were happy ."',
        'peephole run rnn "the cats were happy ." --json | jq .bits',
        'peephole run lstm "the cats were happy ." --hold "f = 0 from 2"',
        'peephole run lstm "the cats were happy ." --hold "c[3,17] = 0" --save held.safetensors',
        'peephole run transformer "the cats were happy ." --cut-head "1 of layer 0"',
        'peephole run transformer "the cats were happy ." --cut-edge "3->2" --lens rollout',
        'peephole run lstm "the cats were happy ." --replace "2 = cat"',
        'peephole run transformer "the cats that" --continue 12 --decode "top-p 0.9 seed 1"',
        'peephole run spell-bahdanau through --decode "beam 4 length 0.6"',
        'peephole run spell-bahdanau through --target "TH R UW1"',
        'peephole run spell-bahdanau through --attention "uniform from 9"',
    )
)
@click.argument("model")
@click.argument("text")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a row.")
@click.option("--save", type=click.Path(path_type=Path), help="Write the trace to this file.")
@click.option("--force", is_flag=True, help="Replace the file of --save where it is there already.")
@click.option("--values", is_flag=True, help="Also print every value of every equation.")
@click.option(
    "--lens",
    multiple=True,
    metavar="NAME",
    help="gradient_map, jacobian_norms, gate_statistics, attention_entropy, rollout, surprisal or "
    "top_k; may be repeated.",
)
@done
@click.option(
    "--target", metavar="TEXT", help="What a model of pairs shall read as its own output."
)
@click.option(
    "--decode",
    metavar="TEXT",
    help='How words are chosen that it writes: "greedy", "beam 4 length 0.6", "temperature 0.7", '
    '"top-k 5", "top-p 0.9 seed 1".',
)
@click.option("--most", type=int, metavar="N", help="Words that it writes at most (default 40).")
@click.option("--continue", "go_on", type=int, metavar="N", help="Go on with the text for N words.")
@click.option("--backend", default="numpy", metavar="LIBRARY", help="numpy (default) or torch.")
@click.option("--device", default="cpu", help="Where torch computes, e.g. cuda.")
def run(
    model: str,
    text: str,
    as_json: bool,
    save: Path | None,
    force: bool,
    values: bool,
    lens: tuple[str, ...],
    target: str | None,
    decode: str | None,
    most: int | None,
    go_on: int | None,
    backend: str,
    device: str,
    **acts: tuple[str, ...],
) -> None:
    """Let a MODEL read a TEXT and print what it did at each row."""
    from engine import Backend, save_trace
    from engine import run as read
    from engine.lenses.record import record
    from scenarios import sides, zoo
    from tui.headless import reading

    if save is not None:
        free([save], force)
    items = interventions(acts)
    loaded = zoo.model(model)
    if (backend, device) != ("numpy", "cpu"):
        loaded = loaded.to(Backend(backend, device=device))
    writes = reading.writes(loaded, target, decode, most, go_on)
    if not acts["replace"]:  # what is not known may be what is replaced
        sides.check(loaded, text, target, model)
    trace = read(loaded, text, items, target=target, **writes)
    reading.acted(trace)
    found = reading.look(loaded, trace, lens)
    if save is not None:
        save_trace(record(loaded, trace), save)
    texts = reading.json_lines(trace, found, values, reading.never_said(loaded))
    for line in texts if as_json else reading.table(loaded, trace, found, values):
        click.echo(line)
    if outside := sides.outside(loaded, text):
        click.echo(f"note: {outside}; `peephole list words {model}` names them", err=True)
    if save is not None:
        click.echo(f"saved {save}", err=True)
