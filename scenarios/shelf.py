"""The bundled scenarios, and finding one by its name or by its file."""

from __future__ import annotations

from pathlib import Path

from engine.errors import PeepholeError, did_you_mean
from scenarios.reader import read
from scenarios.script import Scenario

HERE = Path(__file__).parent


def bundled() -> dict[str, Path]:
    """The files of the bundled scenarios by name."""
    return {path.stem: path for path in sorted(HERE.glob("*.toml"))}


def find(name: str | Path) -> Scenario:
    """A bundled scenario by its name, or any by its file (whose name ends in .toml, or has a /).

    Raises:
        PeepholeError: there is none, or there is a mistake in it.
    """
    if Path(name).suffix == ".toml" or len(Path(name).parts) > 1:
        return read(name)
    shelf = bundled()
    if str(name) not in shelf:
        do = did_you_mean(str(name), shelf) or "Give the file of a scenario, as in ./my.toml"
        raise PeepholeError(f"no scenario {str(name)!r}", do=do)
    return read(shelf[str(name)])
