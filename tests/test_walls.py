"""The walls between the packages, and what importing the engine costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import engine

ROOT = Path(__file__).resolve().parents[1]
FORBIDDEN = {
    "engine": {"tui", "scenarios", "textual", "plotext", "textual_plotext", "click", "rich"},
    "scenarios": {"tui", "textual", "plotext", "textual_plotext", "rich"},
}


def imports(path: Path) -> Iterator[str]:
    """The top-level package of every import in a file, wherever it stands."""
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (
                path.relative_to(ROOT).parts[0]
                if node.level
                else str(node.module).partition(".")[0]
            )
        elif isinstance(node, ast.Call) and "import" in ast.unparse(node.func):
            for arg in node.args[:1]:  # importlib.import_module("...") and __import__("...")
                if isinstance(arg, ast.Constant) and isinstance(arg.value, str):
                    yield arg.value.partition(".")[0]


@pytest.mark.parametrize("package", FORBIDDEN)
def test_a_package_knows_only_what_it_may(package: str) -> None:
    files = list((ROOT / package).rglob("*.py"))
    assert files
    for path in files:
        crossed = FORBIDDEN[package] & set(imports(path))
        assert not crossed, f"{path.relative_to(ROOT)} imports {', '.join(crossed)}"


def test_the_reader_of_imports_sees_them_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import a.b\ndef f():\n from c import d\n importlib.import_module('e.f')\nfrom . import g\n"
    )
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "x.py").write_text(code)
    monkeypatch.setattr("tests.test_walls.ROOT", tmp_path)
    assert sorted(imports(tmp_path / "engine" / "x.py")) == ["a", "c", "e", "engine"]


@pytest.mark.parametrize(("package", "loads"), [("tui", "textual"), ("scenarios", "engine")])
def test_what_may_be_known_is_known(package: str, loads: str) -> None:
    """The walls are about packages that are there: the names above are not misspelt."""
    files = (ROOT / package).rglob("*.py")
    assert any(loads in imports(path) for path in files)


def loaded_by(code: str) -> set[str]:
    """Top-level modules in memory after running code in a fresh interpreter."""
    code += "\nimport sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_importing_the_engine_alone_loads_not_even_numpy() -> None:
    assert not loaded_by("import engine; engine.PeepholeError; engine.tokenize") & {
        "numpy",
        "safetensors",
    }


def test_every_name_of_the_engine_is_where_its_table_says() -> None:
    assert set(engine.__all__) <= set(dir(engine))
    for name in engine.__all__:
        assert getattr(engine, name) is not None
    named = {name for names in engine._WHERE.values() for name in names} | {"lenses"}
    assert named == set(engine.__all__)
    with pytest.raises(AttributeError, match="no attribute 'lense'"):
        engine.lense  # noqa: B018


def test_importing_the_engine_loads_neither_torch_nor_autograd() -> None:
    loaded = loaded_by("import engine, engine.cells.lstm; engine.run; engine.lenses")
    assert not loaded & {"torch", "autograd", "array_api_compat", "textual", "scenarios", "tui"}
    assert "numpy" in loaded


def test_running_a_model_on_numpy_loads_no_torch() -> None:
    loaded = loaded_by(
        "import engine, numpy\n"
        "from tests.engine.build import build, tokens\n"
        "model = build('lstm')\n"
        "trace = engine.run(model, tokens(4))\n"
        "engine.lenses.gradient_map(model, trace)"
    )
    assert not loaded & {"torch", "autograd", "scipy"}, "the closed form needs numpy only"
    loaded = loaded_by(
        "import engine\n"
        "from tests.engine.build import build, tokens\n"
        "model = build('transformer')\n"
        "engine.lenses.gradient_map(model, engine.run(model, tokens(4)))"
    )
    assert "autograd" in loaded
    assert "torch" not in loaded


def test_the_engine_is_imported_in_about_the_time_of_numpy() -> None:
    """CPU time of everything that is not NumPy, best of three; half a second would be felt."""
    best = float("inf")
    for _ in range(3):
        code = "import numpy, time; t = time.process_time(); import engine; engine.run;"
        code += "print(time.process_time() - t)"
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
        )
        best = min(best, float(done.stdout))
    assert best < 0.5
