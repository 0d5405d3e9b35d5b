"""`peephole new` and `peephole schema`: for those who write scenarios."""

from __future__ import annotations

from pathlib import Path

import click

from engine.errors import PeepholeError
from tui.epilog import examples
from tui.options import goes_to
from tui.output import free, put


@click.command(
    epilog=examples(
        "peephole new mine                         a sentence, read by the LSTM",
        'peephole new mine --model gru --text "the cats were happy ."',
        "peephole new mine --model spell-bahdanau --text through",
        'peephole new mine --model spell-bahdanau --text through --target "TH R UW1"',
        'peephole new mine --model gru --task "recall 20"',
    )
)
@click.argument("name")
@click.option("--model", default="lstm", help="Who reads; with --task, the cell (default lstm).")
@click.option("--text", help="What is read; of a model of pairs, the source.")
@click.option("--target", help="What a model of pairs reads as its own output.")
@click.option("--task", default="", metavar="NAME [LENGTH]", help="In place of a text.")
def new(name: str, model: str, text: str | None, target: str | None, task: str) -> None:
    """Write NAME.toml: a scenario to begin with, every key explained, its claims measured."""
    from scenarios import beginning, template

    made = beginning.new(name, model, text, task, target)
    try:
        with made.path.open("x", encoding="utf-8") as file:
            file.write(made.text)
    except OSError as error:
        raise PeepholeError(f"cannot write ({error.strerror})", where=str(made.path)) from None
    click.echo(f"wrote {made.path}: {template.words(made.scenario)}, measured as true")
    click.echo("Next:")
    width = len(f"peephole play {made.path} --watch")
    for command, about in (
        (f"peephole check {made.path}", "are its claims true? Mistakes are underlined"),
        (f"peephole play {made.path} --watch", "on the screen, and anew whenever you save"),
        ("peephole list measures", "what can be measured"),
        ("peephole schema -o scenario.schema.json", "so that your editor completes its keys"),
    ):
        click.echo(f"  {command:<{max(width, 39)}}  {about}")


@click.command(
    epilog=examples(
        "peephole schema -o scenario.schema.json   then begin a scenario with the line",
        "                                          #:schema ./scenario.schema.json",
        "peephole schema | jq .properties.beats",
    )
)
@goes_to()
def schema(output: str | None, force: bool) -> None:
    """Print the JSON Schema of scenarios, by which an editor completes keys and explains them."""
    from scenarios import schema as made

    if output is None or output == "-":
        click.echo(made.text(), nl=False)
        return
    to = Path(output)
    free([to], force)
    put(to, lambda path: path.write_text(made.text(), encoding="utf-8"))
    click.echo(f"wrote {to}; a scenario begins with  #:schema ./{to.name}", err=True)
