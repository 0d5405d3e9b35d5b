"""`peephole new` and `peephole schema`: for those who write scenarios."""

from __future__ import annotations

from pathlib import Path

import click

from engine.errors import PeepholeError
from tui.epilog import examples


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
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write it there."
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
def schema(output: Path | None, force: bool) -> None:
    """Print the JSON Schema of scenarios, by which an editor completes keys and explains them."""
    from scenarios import schema as made

    if output is None:
        click.echo(made.text(), nl=False)
        return
    try:
        with output.open("w" if force else "x", encoding="utf-8") as file:
            file.write(made.text())
    except FileExistsError:
        raise PeepholeError(
            "is there already", where=str(output), do="Say --force to replace it"
        ) from None
    except OSError as error:
        raise PeepholeError(f"cannot write ({error.strerror})", where=str(output)) from None
    click.echo(f"wrote {output}; a scenario begins with  #:schema ./{output.name}", err=True)
