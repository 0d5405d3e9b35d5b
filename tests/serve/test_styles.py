"""Style sheets that were read before a visit are not read in it, and look the same."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.css import stylesheet
from textual.css.stylesheet import Stylesheet
from textual.widgets import Button, Footer, Input

from tui.serve.styles import kept


class Painted(App[None]):
    CSS = "Input { background: $primary; width: 17; }"

    def compose(self) -> ComposeResult:
        yield Input()
        yield Button("press")
        yield Footer()


async def looks(theme: str) -> list[str]:
    app = Painted()
    app.theme = theme
    async with app.run_test():
        return [str(node.styles.css) for node in app.screen.walk_children(with_self=True)]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The style sheets that are parsed."""
    parse, read = stylesheet.parse, []
    monkeypatch.setattr(Stylesheet, "_parse_rules", Stylesheet._parse_rules)  # put back at the end

    def counted(scope: str, css: str, *about: object, **more: object) -> object:
        read.append(css)
        return parse(scope, css, *about, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(stylesheet, "parse", counted)
    return read


async def test_sheets_are_read_once_for_all_apps_of_a_theme(read: list[str]) -> None:
    plain = await looks("nord")
    assert Painted.CSS in read
    with kept():
        assert await looks("nord") == plain
    read.clear()
    assert await looks("nord") == plain
    assert read == []


async def test_another_theme_is_read_anew(read: list[str]) -> None:
    plain = await looks("gruvbox")
    with kept():
        await looks("nord")
    read.clear()
    assert await looks("gruvbox") == plain
    assert Painted.CSS in read
    assert await looks("nord") != plain
