"""The same command makes the same bytes, whatever it runs in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ELSEWHERE = {
    "PYTHONHASHSEED": "4711",
    "NO_COLOR": "1",
    "TERM": "dumb",
    "COLORTERM": "",
    "COLUMNS": "37",
    "TZ": "Asia/Tokyo",
    "LC_ALL": "C",
}


def recorded(arguments: tuple[str, ...], **environ: str) -> bytes:
    """What a process of its own records to stdout."""
    command = [sys.executable, "-m", "tui.cli", "record", *arguments, "-o", "-"]
    environ = {**os.environ, "PYTHONHASHSEED": "1", "PYTHONPATH": str(ROOT), **environ}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, check=True)
    assert done.stdout
    return done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("agreement", "--beats", "6-7", "--format", "cast"),  # two lanes, rows that play
        ("vanishing", "--beats", "1-2", "--format", "cast"),  # recorded runs of training
        ("multi-head", "--beats", "1-2", "--format", "cast"),  # a Transformer
        ("en-fr-transformer", "she sees the red car .", "--format", "film.svg"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_two_processes_record_the_same(arguments: tuple[str, ...]) -> None:
    assert recorded(arguments) == recorded(arguments, **ELSEWHERE)
