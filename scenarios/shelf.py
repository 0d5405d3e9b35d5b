"""The scenarios that have a name: bundled, published by other packages, or in a folder for guests.

A name that is not taken yet is enough, and PACKAGE:NAME always is. A guest is somebody who looks on from
elsewhere (`peephole serve`): no path that a guest gives is opened, and none of this machine is told.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.errors import PeepholeError, did_you_mean
from scenarios import published
from scenarios.reader import read
from scenarios.script import WINGS, Scenario

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Heading:
    """What a list says of a scenario.

    Attributes:
        name: what `find` knows it by.
        beats: how many.
        problem: why it cannot be played; "" as far as its head goes.
        package: who publishes it; "" of a bundled one.
    """

    name: str
    title: str
    about: str = ""
    year: int = 0
    wing: str = ""
    beats: int = 0
    problem: str = ""
    package: str = ""


def bundled() -> dict[str, Path]:
    """The files of the bundled scenarios by name."""
    return {path.stem: path for path in sorted(HERE.glob("*.toml"))}


def headings(folder: Path | None = None, guest: bool = False) -> list[Heading]:
    """All scenarios with a name, wing by wing and each in the order of history.

    Args:
        folder: its scenarios are there as well, for guests.
        guest: only these and the bundled ones, as it is where there is a folder.
    """
    order = {wing: number for number, wing in enumerate(WINGS)}
    found, packages = [heading(path) for path in bundled().values()], _packages(folder, guest)
    for name, (package, path) in _named(packages).items():
        listed = heading(path, whole=folder is not None)
        if guest or folder is not None:
            listed = replace(listed, problem=listed.problem.replace(str(path), path.name))
        found.append(replace(listed, name=name, package=package))
    broken = [Heading(p.name, p.name, problem=p.problem) for p in packages if p.problem]
    found.sort(key=lambda h: (order.get(h.wing, len(order)), h.year, h.title))
    return found + broken


def heading(path: Path, whole: bool = False) -> Heading:
    """The heading of a scenario. Only the head of its file is parsed, unless there is a mistake in it.

    Args:
        path: of its file.
        whole: all of the file is read, once: a guest can neither mend nor check a broken one.
    """
    try:
        stat = path.stat()
        known = _whole if whole else _head
        return known(path, stat.st_mtime_ns, stat.st_size)
    except (OSError, ValueError, RecursionError):
        return _read(path)


@lru_cache(maxsize=512)
def _whole(path: Path, changed: int, size: int) -> Heading:
    """As `_head`."""
    return _read(path)


def _read(path: Path) -> Heading:
    try:
        scenario = read(path)
    except PeepholeError as error:
        return Heading(path.stem, path.stem, problem=str(error).split("\n")[0])
    said = scenario.title, scenario.about, scenario.year, scenario.wing
    return Heading(path.stem, *said, len(scenario.beats))


@lru_cache(maxsize=512)
def _head(path: Path, changed: int, size: int) -> Heading:
    """As long as the file has not changed, for home lists them all, again and again.

    Raises:
        ValueError, OSError, RecursionError: there is a mistake in it.
    """
    text = path.read_text(encoding="utf-8-sig")
    head = tomllib.loads(re.split(r"^\[", text, maxsplit=1, flags=re.MULTILINE)[0])
    said = {key: head.get(key, kind()) for key, kind in _HEAD.items()}
    if not said["title"] or any(type(said[key]) is not kind for key, kind in _HEAD.items()):
        raise ValueError("no heading")
    beats = len(re.findall(r"^\[\[beats\]\]", text, re.MULTILINE))
    return Heading(path.stem, **{k: _plain(v) for k, v in said.items()}, beats=beats)


_HEAD = {"title": str, "about": str, "year": int, "wing": str}


def _plain(value: Any) -> Any:
    """A text that is only shown: others wrote it, and a terminal obeys what it is sent."""
    return "".join(c if c.isprintable() else " " for c in value) if type(value) is str else value


def find(name: str | Path, folder: Path | None = None, guest: bool = False) -> Scenario:
    """A scenario by its name, or any by its file (whose name ends in .toml, or has a /).

    Args:
        name: of the scenario, PACKAGE:NAME, or the file of one.
        folder: its scenarios have names as well, and no file is read that has none.
        guest: the same without such a folder: only bundled scenarios are found.

    Raises:
        PeepholeError: there is none, or there is a mistake in it.
    """
    guest = guest or folder is not None
    if not guest and (Path(name).suffix == ".toml" or len(Path(name).parts) > 1):
        if not os.path.exists(name) and (near := _file(str(name))):
            raise PeepholeError("no such file", where=str(name), do=near)
        return read(name)
    name, shelf = str(name), bundled()
    if name in shelf:
        return read(shelf[name])
    packages = _packages(folder, guest)
    named = {name: path for name, (_, path) in _named(packages).items()}
    for package in packages:
        if package.problem and name.partition(":")[0] == package.name:
            raise PeepholeError(f"its package publishes none: {package.problem}", where=name)
        named |= {f"{package.name}:{stem}": path for stem, path in package.files.items()}
    if name in named:
        return read(named[name], named[name].name if guest else "")
    near = did_you_mean(name, {**shelf, **named})
    if not guest:
        near = near or "Give the file of one, as in ./my.toml."
        near = _file(name) or _opened(name) or f"{near} `peephole list scenarios` names all"
    raise PeepholeError(f"no scenario {name!r}", do=near)


def _file(name: str) -> str:
    """What to say instead of a name that is a file's without its ending."""
    path = f"{name}.toml"
    if not os.path.isfile(path):
        return ""
    return f"Its file is here: say {path if os.path.dirname(path) else f'./{path}'}"


def _opened(name: str) -> str:
    """What to do with a name that is a model's or a run's."""
    from scenarios import readers, zoo

    if name not in zoo.names() and name not in readers.bundled_runs():
        return ""
    return f"{name} is a {'model' if name in zoo.names() else 'run'}: `peephole open {name}`"


def _packages(folder: Path | None, guest: bool) -> tuple[published.Package, ...]:
    """Those whose scenarios are beside the bundled ones."""
    if folder is None:
        return () if guest else published.packages()
    try:
        return (published.Package(folder.resolve().name, published.toml(folder)),)
    except PeepholeError:  # the server's own matter, of which a guest is told nothing
        return ()


def _named(packages: Iterable[published.Package]) -> dict[str, tuple[str, Path]]:
    """(package, file) by the name that lists say: PACKAGE:NAME where NAME alone would not be clear."""
    stems = Counter([*bundled(), *(stem for package in packages for stem in package.files)])
    return {
        f"{package.name}:{stem}" if stems[stem] > 1 else stem: (package.name, path)
        for package in packages
        for stem, path in package.files.items()
    }
