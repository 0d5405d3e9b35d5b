"""The score screen's keys: in the footer, in help, in the palette, and remapped."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.tui.score_stage import app, go_to, idle, lines, press, screen, text
from tui.app import PeepholeApp
from tui.keys import ANSWERS, KEYS


@pytest.mark.parametrize("width", [60, 80, 100, 250])
async def test_help_and_quit_are_always_in_the_footer(width: int) -> None:
    async with app("lstm", "gru").run_test(size=(width, 24)) as pilot:
        for key in (*"1234567890P", "escape"):
            await press(pilot, key)
            footer = lines(pilot)[-1]
            assert "? Help q Quit" in footer
            assert "1-9 Views" in footer or width < 80 or (key == "0" and width < 100)
            assert "n Next" not in footer  # there are no beats


def test_help_describes_keys_that_are_shown_together() -> None:
    shown: dict[str, set[str]] = {}
    for binding in KEYS:
        if len(binding.key_display or "") == 2:  # ↑↓ and ←→
            shown.setdefault(binding.key_display, set()).add(binding.tooltip)
    assert sorted(shown) == ["←→", "↑↓"]
    assert all(len(said) == 1 and " or " in min(said) for said in shown.values())
    views = next(b for b in KEYS if b.key_display == "1-9")
    assert "2 to 9" in views.tooltip


async def test_help_names_the_focused_panel_and_every_key() -> None:
    async with app("lstm").run_test(size=(120, 80)) as pilot:
        await go_to(pilot, "gradient")
        await press(pilot, "question_mark")
        shown = text(pilot)
        assert "Euclidean" in shown
        assert "Hold the focused gate at 1" in shown
        await press(pilot, "escape")
        assert pilot.app.screen is screen(pilot)


async def test_every_binding_has_an_id_a_tooltip_and_its_own_key() -> None:
    named = [b for b in KEYS if b.action != "hint"]  # that says what the other keys are for
    assert len({b.id for b in named}) == len(named) == len(KEYS) - 1
    assert all(b.id and b.tooltip and b.description for b in named)
    # The letters of answers come first: they count while a question is open, and only then.
    own = [b for b in KEYS if b.action.partition("(")[0] not in ANSWERS]
    keys = [key for b in own for key in b.key.split(",")]
    assert len(set(keys)) == len(keys)


async def test_keys_can_be_remapped() -> None:
    a = app("lstm")
    a.set_keymap({"score.last": "f9"})
    async with a.run_test(size=(100, 30)) as pilot:
        await press(pilot, "f9")
        assert screen(pilot).session.cursor == 9


async def test_the_command_palette_offers_every_key() -> None:
    async with app("lstm").run_test(size=(100, 30)) as pilot:
        await idle(pilot)
        titles = {c.title for c in pilot.app.get_system_commands(pilot.app.screen)}
        assert {"Jump", "Hold at 0", "Save trace", "Theme", "One unit"} <= titles


@pytest.mark.parametrize("made", [lambda: app("lstm"), PeepholeApp])
async def test_the_command_palette_offers_each_command_once(
    made: Callable[[], PeepholeApp],
) -> None:
    async with made().run_test(size=(100, 30)) as pilot:
        await idle(pilot)
        found = list(pilot.app.get_system_commands(pilot.app.screen))
        titles = [c.title for c in found]
        assert titles.count("Quit") == 1
        assert not {"Keys", "Maximize", "Minimize"} & set(titles)
        told = [(c.title, c.help.rpartition(" (")[0] or c.help) for c in found]
        assert len(told) == len(set(told))
        assert not any("widget" in c.help for c in found)
