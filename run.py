"""Start peephole, or run its tests, from a fresh clone: needs Python 3.11 and pip, nothing else.

    python3 run.py                    the app (arguments go to it: python3 run.py play agreement)
    python3 run.py test               formatting, lint, types and tests (arguments go to pytest)
    python3 run.py install serve      what the app has no need of: serve, video, torch, data, g2p

All make a virtual environment of their own in .venv and install into it what is missing.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")


def main(arguments: list[str]) -> int:
    """Set up what the arguments need, then run it; returns its exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036  an older Python runs this file too
        print(
            f"peephole needs Python 3.11 or newer; this is {sys.version.split()[0]}",
            file=sys.stderr,
        )
        return 2
    os.chdir(ROOT if arguments[:1] == ["test"] else Path.cwd())
    if arguments[:1] == ["test"]:
        return set_up("torch,dev") or check(arguments[1:])
    if arguments[:1] == ["install"]:
        return install(arguments[1:])
    return set_up("") or subprocess.call([str(BIN / "peephole"), *arguments])


def install(extras: list[str]) -> int:
    """Add extras of pyproject.toml to .venv, which stays a link to this folder."""
    import tomllib  # an older Python, which has none, was told so above

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    known = project["optional-dependencies"]
    if not extras or not set(extras) <= set(known):
        print(f"peephole: install what? There are: {', '.join(known)}", file=sys.stderr)
        return 2
    failed = set_up(",".join(sorted(set(extras))))
    if not failed:
        print(f"{', '.join(extras)}: installed", file=sys.stderr)
    return failed


def set_up(extras: str) -> int:
    """Make .venv and install peephole with these extras, unless that was done already."""
    project = (ROOT / "pyproject.toml").read_bytes()
    stamps = {
        VENV / f".peephole-{name or 'base'}": hashlib.sha256(project + name.encode()).hexdigest()
        for name in ("", extras)  # what the app itself needs comes with any extra
    }
    stamp = VENV / f".peephole-{extras or 'base'}"
    if stamp.exists() and stamp.read_text() == stamps[stamp]:
        return 0
    print(f"setting up {VENV} (once) ...", file=sys.stderr, flush=True)
    if not PYTHON.exists():
        # Debian splits ensurepip off its Python: without pip inside, our own pip installs into it.
        failed = subprocess.call([sys.executable, "-m", "venv", "--without-pip", str(VENV)])
        if failed:
            return failed
    target = f"{ROOT}[{extras}]" if extras else str(ROOT)
    failed = subprocess.call([*pip_of(), "install", "--quiet", "--editable", target])
    if failed:
        print("pip could not install peephole; its message stands above", file=sys.stderr)
        return failed
    for stamp, wanted in stamps.items():
        stamp.write_text(wanted)
    return 0


def pip_of() -> list[str]:
    """The pip that installs into .venv; within .venv itself, which has none, that of its own Python."""
    own = importlib.util.find_spec("pip") is not None
    python = sys.executable if own else getattr(sys, "_base_executable", sys.executable)
    return [python, "-m", "pip", "--python", str(PYTHON), "--disable-pip-version-check"]


def check(arguments: list[str]) -> int:
    """Formatting, lint, types, tests; stops at the first that fails."""
    for tool in (["ruff", "format", "--check", "."], ["ruff", "check", "."], ["mypy"]):
        failed = subprocess.call([str(PYTHON), "-m", *tool])
        if failed:
            return failed
    # All tests take all cores; some of them, by name, are read more easily one after the other.
    return subprocess.call([str(PYTHON), "-m", "pytest", *(arguments or ["-n", "auto"])])


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
