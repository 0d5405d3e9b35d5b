"""The README's pictures: `python -m tests.pictures [NAME ...]` makes them, as docs/pictures.toml says."""

from __future__ import annotations

import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Picture:
    """A picture and what `peephole record` is told to make it."""

    name: str
    file: Path
    arguments: tuple[str, ...]

    def command(self, to: Path) -> list[str]:
        """The arguments of `peephole` that make it."""
        return ["record", *self.arguments, "-o", str(to), "--force"]


def pictures() -> list[Picture]:
    """All of them, in the order of the list."""
    listed = tomllib.loads((ROOT / "docs/pictures.toml").read_text(encoding="utf-8"))
    return [
        Picture(name, ROOT / entry["file"], tuple(shlex.split(entry["record"])))
        for name, entry in listed.items()
    ]


def make(names: list[str]) -> None:
    """Make some of them, or all."""
    for picture in pictures():
        if not names or picture.name in names:
            command = [sys.executable, "-m", "tui.cli", *picture.command(picture.file)]
            subprocess.run(command, cwd=ROOT, check=True)  # runs are named by their folders


if __name__ == "__main__":
    make(sys.argv[1:])
