"""Where what a command writes goes: its name, its format, and a file that is there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from engine.errors import PeepholeError, did_you_mean

SLASHES = ("/", "\\")  # a name that ends with one is a folder's


def place(
    what: str, output: str | None, form: str | None, known: Mapping[str, str], usual: str = ""
) -> tuple[Path | None, str]:
    """The file to write, None for stdout, and its format.

    Args:
        what: what is written of, after which the file is called where `output` is not given.
        known: each format, and how the name of such a file ends.
        usual: the format where neither `output` nor `form` says it.

    Raises:
        PeepholeError: nothing says which format, or two things say two; or it is a folder.
    """
    if output == "":
        raise PeepholeError("nothing is written after it", where="--output")
    if output is None:
        form = form or usual
    elif output != "-":
        if output.endswith(SLASHES) or os.path.isdir(output):
            raise PeepholeError("this is a folder", where=output, do="Name a file in it")
        return Path(output), format_of(Path(output), form, known)
    if not form:
        *names, last = known
        said = "stdout has no name to tell the format by" if output else "no format is said"
        do = f"Say --format {', '.join(names)} or {last}, or -o FILE{known[names[0]]}"
        raise PeepholeError(said, do=do)
    return (None if output else Path(f"{stem(what)}{known[form]}")), form


def stem(what: str) -> str:
    """The name of a file of what is written of, without its ending."""
    return Path(what).stem.replace(":", "-") or "peephole"


def format_of(path: Path, asked: str | None, known: Mapping[str, str]) -> str:
    """The format of a file: what was asked for, else what its name ends with (`known`: format -> end).

    Raises:
        PeepholeError: its name ends with nothing that is known, or with what was not asked for.
    """
    ends, name = sorted(known.items(), key=lambda item: -len(item[1])), path.name.lower()
    found = next((form for form, end in ends if name.endswith(end)), None)  # .film.svg before .svg
    if asked is not None:
        if found is not None and not known[asked].endswith(known[found]):
            raise PeepholeError(
                f"its name says {found}, and --format says {asked}",
                where=str(path),
                do=f"Leave out --format, or end the name with {known[asked]}",
            )
        return asked
    if found is None:
        raise PeepholeError(
            f"no format is called {path.suffix or path.name!r}",
            where=str(path),
            do=did_you_mean(path.suffix, list(known.values()))
            or f"End it with {', '.join(known.values())}, or say --format",
        )
    return found


def free(paths: Iterable[Path], force: bool, make: bool = False) -> None:
    """See that files can be written, before the work begins; `make` is whether their folder is made.

    Raises:
        PeepholeError: one is there already and is not to be replaced, or its folder is not there.
    """
    for path in paths:
        try:
            _free(path, force, make)
        except OSError as error:  # a name that no file could have
            raise PeepholeError(f"cannot be written ({error.strerror})", where=str(path)) from None


def _free(path: Path, force: bool, make: bool) -> None:
    folder = path.parent
    while make and not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        if folder.exists():
            raise PeepholeError("this is no folder", where=str(folder))
        raise PeepholeError("there is no such folder", where=str(folder), do="Make it first")
    if path.is_dir():
        raise PeepholeError("this is a folder", where=str(path), do="Name a file in it")
    if path.exists() and not path.is_file():  # a file in its place would end the device for all
        raise PeepholeError("a device, not a file", where=str(path), do="-o - writes to stdout")
    if path.exists() and not force:
        raise PeepholeError("it is there already", where=str(path), do="--force replaces it")
    if not os.access(folder, os.W_OK):
        raise PeepholeError("its folder may not be written", where=str(path), do="Name another one")


def put(path: Path, write: Callable[[Path], object]) -> None:
    """Have a file written under another name in the same folder, then give it its own.

    Raises:
        PeepholeError: it cannot be written.
    """
    # the suffix stays: what writes films goes by it
    part = path.with_name(f".{os.getpid()}.part.{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(part)
        os.replace(part, path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise PeepholeError(f"cannot be written ({reason})", where=str(path)) from None
    finally:
        part.unlink(missing_ok=True)
