"""Scenarios that others publish, and what guests find: by names, and nothing else."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.errors import PeepholeError
from scenarios import published, shelf
from scenarios.play import Play
from scenarios.source import ScriptError
from tests.scenarios.models import GOOD, untrained
from tui.cli import main
from tui.screens import choices

DOCS = (Path(__file__).parents[2] / "docs" / "scenarios.md").read_text(encoding="utf-8")
SCRIPT, PYPROJECT = re.findall(r"```toml\n(.*?)```", DOCS, re.DOTALL)


@pytest.fixture(autouse=True)
def asked_anew() -> Iterator[None]:
    """What is installed is asked for once; here it changes from test to test."""
    published.packages.cache_clear()
    yield
    published.packages.cache_clear()


def install(site: Path, package: str, point: str, files: dict[str, str]) -> None:
    """A package as pip leaves it: its folder, and the metadata that names its entry point."""
    folder = site / package
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    info = site / f"{package}-1.dist-info"
    info.mkdir(parents=True)
    importlib.invalidate_caches()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[peephole.scenarios]\n{point}\n")


def named(**of: object) -> dict[str, shelf.Heading]:
    importlib.invalidate_caches()  # what was installed by another process a moment ago
    return {heading.name: heading for heading in shelf.headings(**of)}  # type: ignore[arg-type]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "site").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return tmp_path / "site"


def test_a_package_that_pip_installed_is_on_the_shelf(site: Path, tmp_path: Path) -> None:
    """The one of the docs, built and installed without a network."""
    pytest.importorskip("setuptools")
    source = tmp_path / "source"
    folder = source / "my_course" / "scenarios"
    folder.mkdir(parents=True)
    (source / "pyproject.toml").write_text(PYPROJECT)
    (source / "my_course" / "__init__.py").write_text("raise SystemExit('was run')\n")
    (folder / "mine.toml").write_text(GOOD, encoding="utf-8")
    (folder / "agreement.toml").write_text(GOOD, encoding="utf-8")
    pip = ["-m", "pip", "--python", sys.executable]  # of the machine: a venv need not have its own
    how = ["install", "-q", "--no-deps", "--no-index", "--no-build-isolation", "--target", site]
    outside = sys._base_executable  # type: ignore[attr-defined]
    subprocess.run([outside, *pip, *how, source], check=True, timeout=120)
    there = named()
    assert there["mine"].title == there["my-course:agreement"].title == "A test"
    assert there["mine"].package == "my-course"
    assert there["agreement"].package == "", "a bundled one keeps its name"
    assert shelf.find("mine").source == shelf.find("my-course:mine").source
    assert shelf.find("my-course:agreement").source.path.parent == site / "my_course/scenarios"
    assert len(Play(shelf.find("mine"), untrained).stage(0).lanes) == 2
    listed = CliRunner().invoke(main, ["list", "scenarios"])
    assert "A test, 3 beats  [my-course]" in listed.output


def test_the_scenario_of_the_docs_plays_and_holds(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(SCRIPT, encoding="utf-8")
    result = CliRunner().invoke(main, ["check", str(path)])
    assert result.exit_code == 0, result.output


def test_weights_and_runs_lie_beside_the_file(site: Path) -> None:
    text = GOOD.replace('{ model = "lstm" }', '{ model = "deep/own.safetensors" }', 1)
    install(site, "weighty", "weighty = weighty", {"own.toml": text})
    asked = []

    def models(name: str, steps: int | None) -> object:
        asked.append(name)
        return untrained("lstm", steps)

    Play(shelf.find("own"), models).lane("lstm")  # type: ignore[arg-type]
    assert asked == [str(site / "weighty/deep/own.safetensors")]


def test_names_that_two_packages_use_are_said_in_full(site: Path) -> None:
    for package in ("aa", "bb"):
        install(site, package, f"{package} = {package}", {"same.toml": GOOD})
    assert {"aa:same", "bb:same"} <= named().keys()
    assert "same" not in named()
    with pytest.raises(
        PeepholeError, match=r"no scenario 'same'\. Did you mean 'bb:same' or 'aa:same'"
    ):
        shelf.find("same")


@pytest.mark.parametrize(
    ("point", "files", "says"),
    [
        ("odd = not_there", {}, "no package 'not_there'"),
        ("odd = odd.nowhere", {"a.toml": GOOD}, "no such folder"),
        ("odd = odd", {"__init__.py": ""}, "no TOML file"),
        ("odd = json", {"a.toml": GOOD}, None),
        ("odd = this", {"a.toml": GOOD}, "is a module and no package"),
        ("odd = odd.__init__:../..", {"a.toml": GOOD}, "no such folder"),
        ("odd = ../odd", {"a.toml": GOOD}, "there is no"),
        ("odd = :", {"a.toml": GOOD}, "no package ''"),
        ("od\x1b[31md = odd", {"a.toml": GOOD}, None),
    ],
)
def test_a_broken_package_is_one_line_and_hides_no_other(
    site: Path, point: str, files: dict[str, str], says: str | None
) -> None:
    install(site, "odd", point, files)
    install(site, "well", "well = well", {"sound.toml": GOOD})
    there = named()
    assert there["sound"].problem == ""
    assert len(there) >= len(shelf.bundled()) + 1
    assert all(name.isprintable() for name in there)
    if says is not None:
        assert says in there["odd"].problem
        assert "\n" not in there["odd"].problem
        with pytest.raises(PeepholeError, match="its package publishes none"):
            shelf.find("odd:anything")
    listed = CliRunner().invoke(main, ["list", "scenarios"])
    assert listed.exit_code == 0
    assert "sound" in listed.output
    assert "\x1b" not in listed.output


def test_a_broken_file_of_a_package_is_listed_with_its_mistake(site: Path) -> None:
    install(
        site, "odd", "odd = odd", {"bad.toml": "title =\n", "esc.toml": 'title = "a\\u001b[31mb"\n'}
    )
    problem = named()["bad"].problem
    assert "bad.toml:1:8: not TOML" in problem
    assert "\n" not in problem
    lines = {choice.name: choice for choice in choices.scenarios()}
    assert lines["bad"].problem == problem
    assert lines["esc"].enter.endswith("(from odd)")
    assert lines["esc"].size.endswith("[odd]")
    assert named()["esc"].title == "a [31mb"
    with pytest.raises(ScriptError, match="not TOML"):
        shelf.find("bad")


def test_two_entry_points_of_one_name_are_told(site: Path) -> None:
    install(site, "aa", "same = aa", {"one.toml": GOOD})
    install(site, "bb", "same = bb", {"two.toml": GOOD})
    assert "two packages publish scenarios as 'same'" in named()["same"].problem


def test_guests_find_names_and_no_path(site: Path, tmp_path: Path) -> None:
    install(site, "other", "other = other", {"other.toml": GOOD})
    folder, secret = tmp_path / "shown", tmp_path / "secret.toml"
    folder.mkdir()
    for path in (secret, folder / "mine.toml", folder / "agreement.toml"):
        path.write_text(GOOD, encoding="utf-8")
    (folder / "bad.toml").write_text("title =\n")
    there = named(folder=folder)
    assert {"mine", "shown:agreement", "agreement"} <= there.keys()
    assert "other" not in there, "guests see bundled scenarios and those of the folder"
    assert shelf.find("mine", folder).title == "A test"
    assert shelf.find("shown:agreement", folder).title == "A test"
    refused = [str(secret), "../secret.toml", "../secret", "shown/mine.toml", "mine.toml", "", "other",
               "other:other", "shown:../secret", str(folder / "mine.toml"), "a\0b", "shown:"]  # fmt: skip
    for name in refused:
        for of in ({"folder": folder}, {"guest": True}):
            with pytest.raises(PeepholeError, match="no scenario") as caught:
                shelf.find(name, **of)  # type: ignore[arg-type]
            assert str(tmp_path) not in str(caught.value).replace(repr(name), "")
    with pytest.raises(PeepholeError, match="no scenario 'mine'"):
        shelf.find("mine", guest=True)


def test_a_guest_is_told_nothing_of_the_servers_folders(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("title =\n")
    (tmp_path / "late.toml").write_text(GOOD.replace('"lstm"', '"lstn"'), encoding="utf-8")
    problem = named(folder=tmp_path)["bad"].problem
    assert problem.startswith("bad.toml:1:8: not TOML")
    with pytest.raises(PeepholeError) as caught:
        Play(shelf.find("late", tmp_path)).stage(0)
    assert str(caught.value).startswith("late.toml:")
    assert str(tmp_path) not in str(caught.value) + problem
    assert named(folder=tmp_path / "gone").keys() == shelf.bundled().keys()


def test_what_is_installed_is_asked_for_once_and_not_by_a_bundled_name(site: Path) -> None:
    shelf.find("agreement")
    with pytest.raises(PeepholeError):
        shelf.find("unknown", guest=True)
    assert published.packages.cache_info().misses == 0
    named(), named()
    assert published.packages.cache_info().misses == 1
