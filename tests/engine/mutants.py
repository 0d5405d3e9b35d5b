"""Break the engine on purpose and see a test fail: `python -m tests.engine.mutants [WORD ...]`.

Each mutant (mutants.toml) is one textual change to a temporary copy of engine/; the oracle tests run
against that copy. A mutant that survives is a hole in the tests. With words, only mutants whose name
holds one of them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
ORACLES = tuple(
    f"tests/engine/test_{name}.py"
    for name in (
        "cells",
        "attention",
        "encoder_decoder",
        "bidirectional",
        "pairs",
        "transformer",
        "seq2seq",
        "gradient",
        "lenses",
        "spectrum",
        "interventions",
        "forms",
        "trace",
        "bptt",
        "inits",
        "training",
        "pair_lenses",
    )
)


class Mutant(NamedTuple):
    """One change: what it means, and the text that it replaces in a file of engine/."""

    name: str
    file: str
    old: str
    new: str


MUTANTS = tuple(
    Mutant(**mutant)
    for mutant in tomllib.loads((Path(__file__).parent / "mutants.toml").read_text())["mutant"]
)


def sandbox(folder: Path, mutant: Mutant | None) -> None:
    """A copy of engine/ and of its tests in `folder`, with the mutant's change made."""
    skip = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "engine", folder / "engine", ignore=skip)
    shutil.copytree(ROOT / "tests" / "engine", folder / "tests" / "engine", ignore=skip)
    for name in ("pyproject.toml", "tests/__init__.py", "tests/conftest.py"):
        shutil.copy(ROOT / name, folder / name)
    if mutant is None:
        return
    path = folder / "engine" / mutant.file
    text = path.read_text()
    if text.count(mutant.old) != 1:
        raise SystemExit(f"{mutant.name}: its text stands {text.count(mutant.old)} times in {path}")
    path.write_text(text.replace(mutant.old, mutant.new))


def start(folder: Path, tests: Sequence[str]) -> subprocess.Popen[str]:
    """The tests, started against the copy in `folder`."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider"]
    return subprocess.Popen(
        [*command, *tests],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def verdict(process: subprocess.Popen[str]) -> tuple[str, str]:
    """`killed` with the test that failed, `survived`, or `broken` when no test could run."""
    output, _ = process.communicate()
    if process.returncode == 0:
        return "survived", ""
    failed = [line for line in output.splitlines() if line.startswith("FAILED")]
    if process.returncode != 1 or not failed:
        return "broken", output[-500:]
    return "killed", failed[0].removeprefix("FAILED ").split(" - ")[0].rpartition("/")[2]


def main(words: Sequence[str]) -> int:
    """Run every mutant (and first none at all); returns how many were not killed."""
    chosen = [m for m in MUTANTS if not words or any(word in m.name for word in words)]
    alive, began = 0, time.monotonic()
    for mutant in (None, *chosen):
        with tempfile.TemporaryDirectory() as folder:
            sandbox(Path(folder), mutant)
            what, which = verdict(start(Path(folder), ORACLES))
        if mutant is None:
            if what != "survived":
                raise SystemExit(f"the tests fail without any mutant: {which}")
            continue
        alive += what != "killed"
        print(f"{what:9}{mutant.name:58}{which}", flush=True)
    seconds = time.monotonic() - began
    print(f"{len(chosen) - alive} of {len(chosen)} mutants killed in {seconds:.0f} s")
    return alive


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1:]) else 0)
