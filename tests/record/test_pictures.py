"""The README's pictures are what their commands make, today."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.pictures import ROOT, Picture, pictures
from tui.cli import main

LARGEST = 300_000  # bytes that a reader of the README has to load for one picture


@pytest.mark.parametrize("picture", pictures(), ids=lambda picture: picture.name)
def test_a_picture_is_as_its_command_makes_it(
    picture: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    new = tmp_path / picture.file.name
    result = CliRunner().invoke(main, picture.command(new))
    assert result.exit_code == 0, result.output
    same = picture.file.exists() and picture.file.read_bytes() == new.read_bytes()
    if not same:
        pytest.fail(
            f"{picture.file.relative_to(ROOT)} is out of date. Look at what changed, then run:\n"
            f"    python -m tests.pictures {picture.name}"
        )
    assert new.stat().st_size < LARGEST


def test_every_picture_is_listed_and_every_one_listed_is_shown() -> None:
    listed = {str(picture.file.relative_to(ROOT)) for picture in pictures()}
    there = {str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.svg")}
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    said = "".join(page.read_text(encoding="utf-8") for page in pages)
    shown = {f"docs/{name}" for name in re.findall(r"\]\((?:docs/)?([\w.-]+\.svg)\)", said)}
    assert listed == there == shown
