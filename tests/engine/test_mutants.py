"""Two swapped gates, a transposed matrix and a slip in time each fail a test (all: mutants.py)."""

from __future__ import annotations

from pathlib import Path

from tests.engine.mutants import MUTANTS, sandbox, verdicts

QUICK = {
    "lstm: i and f swapped": "tests/engine/test_cells.py",
    "elman: W_hh transposed": "tests/engine/test_cells.py",
    "slopes lstm: i and f swapped": "tests/engine/test_bptt.py",
    "truncation: one row too far": "tests/engine/test_bptt.py",
    "time: the loss of row t is read off row t": "tests/engine/test_gradient.py",
}


def test_a_mutant_does_not_survive(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    sandbox(whole, None)
    jobs = {whole: ["tests/engine/test_cells.py::test_a_step_equals_torchs_cell"]}
    for index, (name, tests) in enumerate(QUICK.items()):
        (mutant,) = (m for m in MUTANTS if m.name == name)
        sandbox(tmp_path / str(index), mutant)
        jobs[tmp_path / str(index)] = [tests]
    found = {folder: (what, which) for folder, what, which in verdicts(jobs)}
    assert found.pop(whole) == ("survived", "")  # or a test could fail of anything
    for index, name in enumerate(QUICK):
        what, which = found[tmp_path / str(index)]
        assert what == "killed", f"{name} {what}: {which}"


def test_every_mutant_still_finds_its_text() -> None:
    """A mutant whose text is gone would test nothing."""
    root = Path(__file__).resolve().parents[2] / "engine"
    for mutant in MUTANTS:
        assert (root / mutant.file).read_text().count(mutant.old) == 1, mutant.name
