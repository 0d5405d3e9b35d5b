"""Break the engine on purpose and see a test fail: `python -m tests.engine.mutants [WORD ...]`.

Each mutant (mutants.toml) is one textual change to a temporary copy of engine/; the oracle tests run
against that copy. A mutant that survives is a hole in the tests. With words, only mutants whose name
holds one of them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.engine.forks import OUTPUT

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


def verdicts(jobs: Mapping[Path, Sequence[str]]) -> Iterator[tuple[Path, str, str]]:
    """The tests of each copy are run: the folder, what became of its mutant, and a word on that.

    `killed` with the test that failed, `survived`, or `broken` when no test could run.
    """
    command = [sys.executable, str(Path(__file__).with_name("forks.py"))]
    quiet = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        command,
        env={**os.environ, **quiet},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for folder, tests in jobs.items():
            print(json.dumps({"folder": str(folder), "tests": tests}), file=process.stdin)
        process.stdin.close()
        for line in process.stdout:
            done = json.loads(line)
            folder = Path(done["folder"])
            yield folder, *_verdict(done["code"], (folder / OUTPUT).read_text())
    if process.returncode:
        raise SystemExit("the tests could not be started")


def _verdict(code: int, output: str) -> tuple[str, str]:
    if code == 0:
        return "survived", ""
    failed = [line for line in output.splitlines() if line.startswith("FAILED")]
    if code != 1 or not failed:
        return "broken", output[-500:]
    return "killed", failed[0].removeprefix("FAILED ").split(" - ")[0].rpartition("/")[2]


def main(words: Sequence[str]) -> int:
    """Run every mutant (and first none at all); returns how many were not killed."""
    chosen = [m for m in MUTANTS if not words or any(word in m.name for word in words)]
    alive, began = 0, time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        whole = Path(place, "whole")
        sandbox(whole, None)
        for _, what, which in verdicts({whole: ORACLES}):
            if what != "survived":
                raise SystemExit(f"the tests fail without any mutant: {which}")
        copies = {Path(place, str(n)): mutant for n, mutant in enumerate(chosen)}
        for folder, mutant in copies.items():
            sandbox(folder, mutant)
        for folder, what, which in verdicts(dict.fromkeys(copies, ORACLES)):
            alive += what != "killed"
            print(f"{what:9}{copies[folder].name:58}{which}", flush=True)
    seconds = time.monotonic() - began
    print(f"{len(chosen) - alive} of {len(chosen)} mutants killed in {seconds:.0f} s")
    return alive


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1:]) else 0)
