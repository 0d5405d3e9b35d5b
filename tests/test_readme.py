"""The README says what is so: its table, its scenario, its five lines and its commands."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from scenarios import zoo
from scenarios.card import summary
from tui.cli import main

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """The first fenced block of a language."""
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found, f"the README has no {language} block"
    return found[1]


def test_the_table_of_models_is_what_their_cards_say() -> None:
    assert summary([zoo.model(name) for name in zoo.names("english")]) in README


def test_the_scenario_in_ten_lines_passes_check(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(block("toml"), encoding="utf-8")
    assert tomllib.loads(block("toml"))["beats"], "it has a beat"
    result = CliRunner().invoke(main, ["check", str(path)])
    assert result.exit_code == 0, result.output


def test_the_five_lines_of_a_notebook_run() -> None:
    scope: dict = {}
    exec(block("python"), scope)
    trace = scope["trace"]
    assert trace["f"].shape == (len(trace), 1, 64)


@pytest.mark.parametrize("command", re.findall(r"^\| `peephole (\w+)", README, re.MULTILINE))
def test_every_command_named_is_there(command: str) -> None:
    assert CliRunner().invoke(main, [command, "--help"]).exit_code == 0


@pytest.mark.parametrize("picture", re.findall(r"\]\((docs/\S+\.svg)\)", README))
def test_every_picture_is_there(picture: str) -> None:
    assert (Path(__file__).parents[1] / picture).read_text(encoding="utf-8").startswith("<svg")
