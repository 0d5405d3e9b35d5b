"""What SECURITY.md and docs/serving.md say is there, is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import click
import pytest

from tui.serve.command import serve

ROOT = Path(__file__).resolve().parents[2]


def _rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the table that begins with a heading."""
    lines = (ROOT / page).read_text().split(heading)[1].splitlines()[2:]
    table = []
    for line in lines:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return table


def test_each_test_that_is_said_to_hold_an_answer_exists() -> None:
    named = 0
    for row in _rows("SECURITY.md", "| Threat | Answer | Held by |"):
        module = ""
        for said in re.findall("`([^`]*)`", row[-1]):
            file, _, test = said.partition("::")
            module = file or module
            paths = [*(ROOT / "tests").rglob(module)]
            assert paths, module
            defined = {
                node.name
                for path in paths
                for node in ast.walk(ast.parse(path.read_text()))
                if hasattr(node, "name")
            }
            assert not test or test in defined, said
            named += 1
        assert module or row[0].startswith("**"), row
    assert named > 20


@pytest.fixture
def options() -> dict[str, click.Option]:
    return {param.opts[0]: param for param in serve.params if isinstance(param, click.Option)}


def test_the_page_has_all_options_with_their_defaults(options: dict[str, click.Option]) -> None:
    said: dict[str, str] = {}
    for option, default, *_ in _rows("docs/serving.md", "| option | default | what it does |"):
        names = re.findall(r"--[a-z-]+", option)
        defaults = default.split(", ") if len(names) > 1 else [default]
        said |= dict(zip(names, defaults * len(names), strict=False))
    assert set(said) == set(options)
    for name, option in options.items():
        if isinstance(option.type, click.IntRange):
            shown = option.default if isinstance(option.default, tuple) else (option.default,)
            assert said[name] == " ".join(map(str, shown)), name
