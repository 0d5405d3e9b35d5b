"""`peephole new` and `peephole schema`: for those who write scenarios."""

from __future__ import annotations

from pathlib import Path

import click

from engine.errors import PeepholeError
from tui.epilog import examples


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
def schema(output: Path | None) -> None:
    """Print the JSON Schema of scenarios, by which an editor completes keys and explains them."""
    from scenarios import schema as made

    if output is None:
        click.echo(made.text(), nl=False)
        return
    try:
        output.write_text(made.text(), encoding="utf-8")
    except OSError as error:
        raise PeepholeError(f"cannot write ({error.strerror})", where=str(output)) from None
    click.echo(f"wrote {output}", err=True)
