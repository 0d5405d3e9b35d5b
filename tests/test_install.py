"""How to add what the base install leaves out: said so that it works, and done by run.py."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from engine import extras

REPO = Path(__file__).parents[1]


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("run.py", "pyproject.toml"):
        (tmp_path / name).write_bytes((REPO / name).read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run_py(clone: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[ModuleType, list[list[str]]]:
    """run.py of a clone, and the commands that it would have run."""
    spec = importlib.util.spec_from_file_location("clone_run", clone / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    ran: list[list[str]] = []

    def call(command: list[str]) -> int:
        ran.append(command)
        module.VENV.mkdir(exist_ok=True)
        return 0

    monkeypatch.setattr(module.subprocess, "call", call)
    return module, ran


def test_what_is_said_fits_the_installation(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", str(clone / ".venv"))
    assert extras.install("serve", clone) == "python3 run.py install serve"
    (clone / "deeper").mkdir()
    monkeypatch.chdir(clone / "deeper")
    assert extras.install("serve", clone) == "python3 ../run.py install serve"
    monkeypatch.setattr(sys, "prefix", "/usr")  # of an environment of one's own
    assert extras.install("video", clone).endswith("-m pip install -e '../[video]'")
    assert extras.install("torch", clone / "site-packages").startswith(
        "pip install 'peephole[torch]'"
    )


def test_run_py_adds_extras_and_keeps_the_link_to_the_clone(run_py, clone: Path) -> None:
    module, ran = run_py
    assert module.main(["install", "video", "serve"]) == 0
    pip = ran[-1]
    assert pip[1:3] == ["-m", "pip"]
    assert pip[pip.index("--python") + 1] == str(module.PYTHON)
    assert pip[pip.index("--editable") + 1] == f"{clone}[serve,video]"


def test_an_extra_brings_the_app_which_is_not_set_up_again(run_py) -> None:
    module, ran = run_py
    assert module.main(["install", "serve"]) == 0
    ran.clear()
    assert module.main(["list"]) == 0
    assert ran == [[str(module.BIN / "peephole"), "list"]]
    (module.ROOT / "pyproject.toml").write_text("[project]\n")
    assert module.main(["list"]) == 0
    assert "--editable" in ran[-2]


def test_within_an_environment_without_pip_it_takes_that_of_the_python_it_was_made_from(
    tmp_path: Path,
) -> None:
    """`.venv/bin` stands in the PATH of who types `peephole`."""
    made = tmp_path / "without"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(made)], check=True)
    asked = "import run; print(run.pip_of()[0])"
    found = subprocess.run(
        [str(made / "bin" / "python"), "-c", asked], cwd=REPO, capture_output=True, text=True
    ).stdout.strip()
    assert Path(found).parent != made / "bin"
    assert subprocess.run([found, "-m", "pip", "--version"], capture_output=True).returncode == 0


def test_an_extra_that_there_is_not_is_told_with_those_that_there_are(run_py, capsys) -> None:
    module, ran = run_py
    for asked in ([], ["serv"], ["serve", "-y"]):
        assert module.main(["install", *asked]) == 2
        assert "torch, data, g2p, serve, video" in capsys.readouterr().err
    assert not ran


def test_no_message_says_to_install_from_an_index_that_has_no_peephole() -> None:
    told = [
        path
        for folder in ("engine", "tui", "scenarios")
        for path in (REPO / folder).rglob("*.py")
        if "pip install 'peephole" in path.read_text(encoding="utf-8")
    ]
    assert told == [REPO / "engine" / "extras.py"]
