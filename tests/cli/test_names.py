"""A name of another kind than was meant: what there is of that name is said, and which command takes it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scenarios import shelf


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "week").mkdir()
    for path in ("class.toml", "week/two.toml"):
        shutil.copy(shelf.bundled()["agreement"], path)
    return tmp_path


@pytest.mark.parametrize("command", ["play", "check", "record"])
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("class", "no scenario 'class'. Its file is here: say ./class.toml"),
        ("./class", "no scenario './class'. Its file is here: say ./class.toml"),
        ("week/two", "week/two: no such file. Its file is here: say week/two.toml"),
        ("nine", "no scenario 'nine'. Give the file of one, as in ./my.toml. `peephole list scenarios`"
         " names all"),
    ],
)  # fmt: skip
def test_a_scenario(cli, command: str, name: str, says: str) -> None:
    result = cli(command, name)
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["play", "check"])
@pytest.mark.parametrize(("name", "kind"), [("lstm", "model"), ("recall-gru-100", "run")])
def test_what_opens_is_no_scenario(cli, command: str, name: str, kind: str) -> None:
    says = f"peephole: no scenario {name!r}. {name} is a {kind}: `peephole open {name}`\n"
    assert cli(command, name).stderr == says


@pytest.mark.parametrize("args", [("open",), ("run", "x"), ("card",), ("list", "words")], ids=str)
@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("agreement", "a scenario, not a model."),
        ("class.toml", "not a model's file. Is it a scenario?"),
    ],
)
def test_a_scenario_is_no_model(cli, args: tuple[str, ...], name: str, what: str) -> None:
    before, after = (args, ()) if args[0] == "list" else (args[:1], args[1:])
    result = cli(*before, name, *after)
    assert result.exit_code == 2
    assert result.stderr == f"peephole: {name}: {what} `peephole play {name}`\n"


def test_a_guest_is_told_of_no_file() -> None:
    with pytest.raises(Exception, match="no scenario 'class'") as mistake:
        shelf.find("class", guest=True)
    assert "toml" not in str(mistake.value)
