"""Scenarios that others have published: a package installed beside peephole says where its files are.

    [project.entry-points."peephole.scenarios"]
    my-course = "my_course.scenarios"

names the folder `scenarios` of the package `my_course`; every `*.toml` in it is a scenario, and weights and
runs that they name lie beside them. Nothing of the package is imported or run: a scenario is data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from engine.errors import PeepholeError

GROUP = "peephole.scenarios"


@dataclass(frozen=True)
class Package:
    """What one entry point publishes.

    Attributes:
        name: of the entry point, which stands before the colon in `NAME:scenario`.
        files: its scenarios by name.
        problem: why there are none; "" where there are.
    """

    name: str
    files: Mapping[str, Path] = field(default_factory=dict)
    problem: str = ""


@cache
def packages() -> tuple[Package, ...]:
    """All that is published here, by name; asked for once, since every installed package is read.

    A package that is broken has a `problem` and no files: it never hides another one.
    """
    from importlib.metadata import entry_points

    found: dict[str, Package] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        name = "".join(c for c in point.name if c.isprintable() and c not in ":/\\") or "?"
        if name in found:
            found[name] = Package(name, problem=f"two packages publish scenarios as {name!r}")
            continue
        try:
            found[name] = Package(name, toml(_folder(point.value)))
        except PeepholeError as error:
            found[name] = Package(name, problem=str(error))
    return tuple(found.values())


def toml(folder: Path) -> dict[str, Path]:
    """The scenarios of a folder by name; files whose name no terminal could show are left out.

    Raises:
        PeepholeError: it has none, or cannot be read.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".toml")
    except OSError as error:
        raise PeepholeError(f"cannot read ({error.strerror})", where=str(folder)) from None
    files = {path.stem: path for path in paths if path.stem.isprintable() and path.is_file()}
    if not files:
        raise PeepholeError("no TOML file in it", where=str(folder))
    return files


def _folder(value: str) -> Path:
    """The folder that `package.folder` (or `package:folder`) means, found without running any of it.

    Raises:
        PeepholeError: there is no such package, or no such folder in it.
    """
    from importlib.util import find_spec

    package, *parts = re.split(r"[.:]", value.strip())
    try:
        spec = find_spec(package) if package.isidentifier() else None
        places = list(spec.submodule_search_locations or ()) if spec else []
    except Exception as error:  # finders are others' code: whatever it is, it is their package's
        raise PeepholeError(f"cannot be found ({error})", where=value) from None
    if spec is None:
        raise PeepholeError(f"there is no package {package!r}", where=value)
    if not places:
        what = f"{package!r} is a module and no package, which has a folder"
        raise PeepholeError(what, where=value)
    folders = [Path(place).joinpath(*parts) for place in places]
    for folder in folders:
        if all(part.isidentifier() for part in parts) and folder.is_dir():
            return folder
    raise PeepholeError("there is no such folder", where=str(folders[0]))
