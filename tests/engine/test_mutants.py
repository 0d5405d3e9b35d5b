"""Two swapped gates, a transposed matrix and a slip in time each fail a test (all: mutants.py)."""

from __future__ import annotations

from pathlib import Path

from tests.engine.mutants import MUTANTS, sandbox, start, verdict

QUICK = {
    "lstm: i and f swapped": "tests/engine/test_cells.py",
    "elman: W_hh transposed": "tests/engine/test_cells.py",
    "slopes lstm: i and f swapped": "tests/engine/test_bptt.py",
    "truncation: one row too far": "tests/engine/test_bptt.py",
    "time: the loss of row t is read off row t": "tests/engine/test_gradient.py",
}


def test_a_mutant_does_not_survive(tmp_path: Path) -> None:
    runs = []
    for index, (name, tests) in enumerate(QUICK.items()):
        (mutant,) = (m for m in MUTANTS if m.name == name)
        folder = tmp_path / str(index)
        folder.mkdir()
        sandbox(folder, mutant)
        runs.append((name, start(folder, [tests])))
    for name, process in runs:
        what, which = verdict(process)
        assert what == "killed", f"{name} {what}: {which}"


def test_every_mutant_still_finds_its_text() -> None:
    """A mutant whose text is gone would test nothing."""
    root = Path(__file__).resolve().parents[2] / "engine"
    for mutant in MUTANTS:
        assert (root / mutant.file).read_text().count(mutant.old) == 1, mutant.name
