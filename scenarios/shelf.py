"""The bundled scenarios, and finding one by its name or by its file."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from engine.errors import PeepholeError, did_you_mean
from scenarios.reader import read
from scenarios.script import WINGS, Scenario

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Heading:
    """What a list says of a scenario.

    Attributes:
        beats: how many.
        problem: why it cannot be played; "" as far as its head goes.
    """

    name: str
    title: str
    about: str = ""
    year: int = 0
    wing: str = ""
    beats: int = 0
    problem: str = ""


def bundled() -> dict[str, Path]:
    """The files of the bundled scenarios by name."""
    return {path.stem: path for path in sorted(HERE.glob("*.toml"))}


def headings() -> list[Heading]:
    """The bundled scenarios, wing by wing and each in the order of history."""
    order = {wing: number for number, wing in enumerate(WINGS)}
    found = [heading(path) for path in bundled().values()]
    return sorted(found, key=lambda h: (order.get(h.wing, len(order)), h.year, h.title))


def heading(path: Path) -> Heading:
    """The heading of a scenario. Only the head of its file is parsed, unless there is a mistake in it."""
    try:
        text = path.read_text(encoding="utf-8")
        head = tomllib.loads(re.split(r"^\[", text, maxsplit=1, flags=re.MULTILINE)[0])
        said = {key: head.get(key, kind()) for key, kind in _HEAD.items()}
        if said["title"] and all(type(said[key]) is kind for key, kind in _HEAD.items()):
            beats = len(re.findall(r"^\[\[beats\]\]", text, re.MULTILINE))
            return Heading(path.stem, **said, beats=beats)
    except (OSError, ValueError, RecursionError):
        pass
    try:
        whole = read(path)
    except PeepholeError as error:
        return Heading(path.stem, path.stem, problem=str(error))
    return Heading(path.stem, whole.title, whole.about, whole.year, whole.wing, len(whole.beats))


_HEAD = {"title": str, "about": str, "year": int, "wing": str}


def find(name: str | Path) -> Scenario:
    """A bundled scenario by its name, or any by its file (whose name ends in .toml, or has a /).

    Raises:
        PeepholeError: there is none, or there is a mistake in it.
    """
    if Path(name).suffix == ".toml" or len(Path(name).parts) > 1:
        return read(name)
    shelf = bundled()
    if str(name) not in shelf:
        near = did_you_mean(str(name), shelf) or "Give the file of one, as in ./my.toml."
        raise PeepholeError(
            f"no scenario {str(name)!r}", do=f"{near} `peephole list scenarios` names all"
        )
    return read(shelf[str(name)])
