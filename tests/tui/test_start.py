"""How the app begins, and how it looks: ASCII where the terminal needs it, themes by their names."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from textual.fuzzy import Matcher
from textual.widgets import Input, OptionList

from tests.tui.score_stage import app, idle
from tests.waiting import until
from tui.start import only_ascii


@pytest.mark.parametrize(
    ("environ", "encoding", "ascii"),
    [
        ({}, "utf-8", False),
        ({"LANG": "C", "LC_ALL": "C"}, "utf-8", True),
        ({"LANG": "C"}, "utf-8", True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, "utf-8", True),  # as PEP 538 leaves it
        ({"LANG": "en_GB.UTF-8"}, "utf-8", False),
        ({"LANG": "C.utf8"}, "UTF-8", False),
        ({"LANG": "de_DE.ISO-8859-1"}, "utf-8", True),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "POSIX"}, "utf-8", True),
        ({"LANG": "C", "LC_ALL": "en_GB.UTF-8"}, "utf-8", False),
        ({"LANG": "en_GB.UTF-8"}, "latin-1", True),
        ({"LANG": "en_GB.UTF-8", "PEEPHOLE_ASCII": "1"}, "utf-8", True),
        ({"LC_ALL": "C", "PEEPHOLE_ASCII": "0"}, "ascii", False),
    ],
)
def test_ascii_is_chosen_by_the_locale(environ: dict[str, str], encoding: str, ascii: bool) -> None:
    assert only_ascii(environ, encoding) is ascii


@pytest.mark.parametrize(
    ("named", "ascii"),
    [({"LANG": "C"}, True), ({"LC_ALL": "C"}, True), ({"LANG": "C.UTF-8"}, False)],
)
def test_ascii_is_chosen_in_a_process_of_that_locale(named: dict[str, str], ascii: bool) -> None:
    code = """
import tui.app
tui.app.PeepholeApp.run = lambda app: print(app.plain)
tui.app.launch()
"""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "PEEPHOLE"))}
    done = subprocess.run(
        [sys.executable, "-c", code], env=clean | named, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(ascii)


@pytest.mark.parametrize(
    ("typed", "theme"),
    [("light", "peephole-light"), ("dark", "peephole-dark"), ("colour-blind", "peephole-safe")],
)
async def test_the_command_palette_finds_and_sets_themes(typed: str, theme: str) -> None:
    async with app("lstm").run_test(size=(100, 30)) as pilot:
        await idle(pilot)
        pilot.app.theme = "peephole-light" if typed == "dark" else "peephole-dark"
        await pilot.press("ctrl+p")
        pilot.app.screen.query_one(Input).value = typed
        found = pilot.app.screen.query_one(OptionList)  # the palette searches while one types
        await until(
            lambda: [str(o.prompt)[: 7 + len(typed)] for o in found.options] == [f"Theme: {typed}"]
        )
        await pilot.press("enter")
        await until(lambda: pilot.app.theme == theme)


async def test_all_themes_are_found_by_theme() -> None:
    async with app("lstm").run_test(size=(100, 30)) as pilot:
        await idle(pilot)
        titles = [c.title for c in pilot.app.get_system_commands(pilot.app.screen)]
        found = [title for title in titles if Matcher("theme").match(title)]
        for name in ("Theme: dark", "Theme: light", "Theme: colour-blind safe"):
            assert found.count(name) == 1
        assert titles.count("Theme") == 1  # the key T
